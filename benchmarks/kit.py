"""Seconds to render a minute of 1,000 hits: in a fresh process (cold) and again (warm).

Run: python benchmarks/kit.py
"""

import statistics
import subprocess
import sys
import time

import numpy as np

RUNS = 7


def hits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    pitches = [36, 38, 42, 46, 45, 48, 50, 49, 51]
    chances = [0.2, 0.2, 0.3, 0.05, 0.05, 0.05, 0.05, 0.02, 0.08]
    return (
        np.sort(rng.uniform(0, 60, 1000)),
        rng.choice(pitches, 1000, p=chances),
        rng.uniform(0.05, 1, 1000).astype(np.float32),
    )


def seconds_to_render() -> float:
    from paradiddle import kit

    beat = hits()
    start = time.perf_counter()
    kit.render(*beat)
    return time.perf_counter() - start


def cold() -> float:
    command = [sys.executable, __file__, "--once"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    if "--once" in sys.argv:
        print(seconds_to_render())
        return
    first = statistics.median(cold() for _ in range(RUNS))
    seconds_to_render()
    again = statistics.median(seconds_to_render() for _ in range(RUNS))
    print(f"cold {first:.3f} s, warm {again:.3f} s (medians of {RUNS}; 60 s of sound, 1,000 hits)")


if __name__ == "__main__":
    main()
