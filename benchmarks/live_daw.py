"""Another program that sends a MIDI clock whose speed drifts: plays the part of a DAW.

Run with the port to play to, quarters per minute at the start and at the end, and seconds. Prints
the second at which each pulse was due, as one JSON list. The last one is in the middle of a 16th,
so that it is certain which hits belong to it.
"""

import gc
import json
import math
import sys
import time

from paradiddle.ports import open_output
from paradiddle.priority import real_time

SIXTEENTH = 6  # pulses
JUMP = 0.4  # intervals that the start comes later than the pulses before it let expect


def pulses(low: float, high: float, seconds: float) -> list[float]:
    """When each pulse is due, from the start: speed rises evenly with time."""
    rise = (high - low) / seconds / 60  # quarters per second, per second
    begin, due, pulse = low / 60, [0.0], 1
    while due[-1] < seconds or len(due) % SIXTEENTH != SIXTEENTH // 2 + 1:
        place = pulse / 24
        root = math.sqrt(begin * begin + 2 * rise * place) if rise else 0.0
        due.append((root - begin) / rise if rise else place / begin)
        pulse += 1
    return due


def main() -> None:
    port, low, high, seconds = sys.argv[1], *map(float, sys.argv[2:])
    gc.disable()
    with open_output(port) as output, real_time():
        begin = time.perf_counter() + 1.0
        interval = 60 / low / 24
        for early in range(-24, 0):  # a clock that runs before its start tells its speed
            _wait(begin + (early - JUMP) * interval)
            output.clock("pulse")
        due = [begin + at for at in pulses(low, high, seconds)]
        output.clock("start")
        for at in due:
            _wait(at)
            output.clock("pulse")
        output.clock("stop")
        time.sleep(0.2)
    print(json.dumps(due))


def _wait(until: float) -> None:
    time.sleep(max(0.0, until - time.perf_counter()))


if __name__ == "__main__":
    main()
