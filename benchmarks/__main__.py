"""Run every benchmark: `make bench`. PARADIDDLE_GROOVE names the dataset where one needs it."""

import os
import runpy

BENCHMARKS = ("engine", "machine", "reading", "kit", "startup", "server", "page", "export", "live")

for name in BENCHMARKS:
    print(f"\n== {name}")
    if name == "reading" and not os.environ.get("PARADIDDLE_GROOVE"):
        print("skipped: set PARADIDDLE_GROOVE to the folder or zip of the Groove MIDI Dataset")
        continue
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
