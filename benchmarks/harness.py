"""Take turns, so that a noisy machine is noisy for everyone, and print medians and ratios."""

import statistics
import time
from collections.abc import Callable, Mapping


def alternate(
    contestants: Mapping[str, Callable[[], object]], rounds: int, *, pause: float = 0.0
) -> dict[str, float]:
    """Median seconds of each contestant over `rounds` turns, after one turn to warm up.

    Threads that wait for their next task in a loop take a core from whoever comes next; a pause
    before each turn, in seconds, lets them go to sleep.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            time.sleep(pause)
            start = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def show(
    title: str, medians: Mapping[str, float], unit: str, per_second: float, bars: dict[str, float]
) -> None:
    """Print a table: each median, and how many times quicker the first contestant is."""
    first, ours = next(iter(medians.items()))
    print(f"{title} (median, {unit})")
    for name, value in medians.items():
        ratio = value / ours
        bar = f"  bar {bars[name]}x" if name in bars else ""
        shown = "" if name == first else f"  {first} is {ratio:5.2f}x as fast{bar}"
        print(f"  {name:28} {value * per_second:9.2f}{shown}")
