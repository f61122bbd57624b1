"""A step of the shipped drummer: NumPy engine, ONNX export, JavaScript in Chromium.

First how far each format strays from the engine over 1,000 events. Then, one stream, one thread
each, what a step takes: all get the same events one by one, keep their own memory and give one
probability vector a field; they take turns. Then four bars of the drum machine: ours, and the
example that plays its ONNX export. Needs the extra `export`, Playwright and a Chromium.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from playwright.sync_api import Page, sync_playwright

from benchmarks.harness import alternate, show
from paradiddle.coreml_export import export_coreml
from paradiddle.coreml_walk import walker
from paradiddle.drummer import DEFAULT_MODEL, Drummer
from paradiddle.drummer_file import read_model
from paradiddle.export_check import TOLERANCE, DrummerMusic
from paradiddle.graph import Runner
from paradiddle.machine import DEFAULT_MACHINE, Machine
from paradiddle.onnx_export import export_onnx, onnx_runner
from tests.examples import example

STEPS, ROUNDS, PIECES = 1000, 15, 16
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
ONE_STEP = "event => drummer.step(event).map((field) => [...field])"
WITH_MEMORY = """({event, h, c}) => {
  h.forEach((layer, k) => drummer.h[k].set(layer));
  c.forEach((layer, k) => drummer.c[k].set(layer));
  const fields = drummer.step(event);
  return [fields, drummer.h, drummer.c].map((each) => each.map((one) => [...one]));
}"""
FORGET = "() => [...drummer.h, ...drummer.c].forEach((state) => state.fill(0))"
IN_PAGE = "events => { for (const event of events) drummer.step(event); }"

Step = Callable[[np.ndarray], list[np.ndarray]]


def onnx_step(path: Path) -> Step:
    """Step the exported graph as an app would: the memory goes in and comes out."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options)
    layers, _, hidden = session.get_inputs()[1].shape
    state = [np.zeros((layers, 1, hidden), np.float32)] * 2

    def step(event: np.ndarray) -> list[np.ndarray]:
        *fields, state[0], state[1] = session.run(
            None, {"event": event, "h_in": state[0], "c_in": state[1]}
        )
        return fields

    return step


def page_runner(page: Page, fields: Sequence[str]) -> Runner:
    """Step the drummer in the page as the graphs are run, its memory given and taken."""

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        memory = {name: inputs[f"{name}_in"][:, 0].tolist() for name in "hc"}
        told = {"event": inputs["event"][0].tolist(), **memory}
        found, h, c = page.evaluate(WITH_MEMORY, told)
        states = {
            f"{name}_out": np.array(one, np.float32)[:, None] for name, one in (("h", h), ("c", c))
        }
        return {field: np.array([one]) for field, one in zip(fields, found, strict=True)} | states

    return run


def embedded(folder: Path) -> Path:
    """Write the page with the shipped drummer in it."""
    example("web/embed.py").embed(DEFAULT_MODEL, folder / "drums.html")
    return folder / "drums.html"


def music() -> np.ndarray:
    """Give events that the drummer played, int64 of shape (T, 1, F + E)."""
    drummer = Drummer.load()
    stream = drummer.stream(seed=0)
    rows = np.stack([next(stream) for _ in range(STEPS)])
    return drummer.vocabulary.inputs(rows)[:, None]


def show_strayed(runs: dict[str, Runner], count: int) -> None:
    """Print how far each graph strays from the engine in pieces of 1,000 events."""
    shape, vocabulary, file = read_model(DEFAULT_MODEL)
    pieces = [DrummerMusic(shape, vocabulary, file.tensors, seed) for seed in range(count)]
    print(f"over 1,000 events of {count} pieces, on a memory of its own; bar {TOLERANCE:.0e}")
    for name, run in runs.items():
        print(f"  {name:22}", *(f"{piece.strayed(run, 1):.1e}" for piece in pieces), flush=True)


def over(step: Step, sequence: np.ndarray) -> Callable[[], None]:
    def run() -> None:
        for event in sequence:
            step(event)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--pieces", type=int, default=PIECES, help="of 1,000 events")
    chosen, events = parser.parse_args(), music()
    rounds = chosen.rounds
    names = "chromium", "chromium-browser", "google-chrome", "chromium-headless-shell"
    chromium = next(filter(None, map(shutil.which, names)))
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        written = export_onnx(DEFAULT_MODEL, Path(name))
        page = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS).new_page()
        page.goto(embedded(Path(name)).as_uri())
        packages = export_coreml(DEFAULT_MODEL, Path(name))
        runs = {path.name: onnx_runner(path) for path in written}
        runs |= {path.name: walker(path) for path in packages}
        fields = Drummer.load().vocabulary.fields
        runs["the page in Chromium"] = page_runner(page, fields)
        show_strayed(runs, chosen.pieces)
        page.evaluate(FORGET)
        engine, onnx = Drummer.load().lstm.session(1).step, onnx_step(next(iter(written)))
        for event in events[:20]:
            theirs = page.evaluate(ONE_STEP, event[0].tolist())
            for ours, *others in zip(engine(event), onnx(event), theirs, strict=True):
                for other in others:
                    np.testing.assert_allclose(np.ravel(other), ours[0], atol=TOLERANCE)
        in_page = events[:, 0].tolist()
        contestants = {
            "engine": over(engine, events),
            "onnxruntime": over(onnx, events),
            "JavaScript in Chromium": lambda: page.evaluate(IN_PAGE, in_page),
        }
        medians = alternate(contestants, rounds)
    show(
        "one stream, 1,000 notes of the shipped drummer",
        medians,
        "µs a step",
        1e6 / STEPS,
        {"onnxruntime": 1.3},
    )
    with tempfile.TemporaryDirectory() as name:
        export_onnx(DEFAULT_MACHINE, Path(name))
        ours = Machine.load()
        theirs = example("python/onnx_machine.py").Machine(Path(name))
        machines = {
            "Machine.generate": lambda: ours.generate("funk", 4, 100, seed=1),
            "onnx_machine.py": lambda: theirs.generate("funk", 4, 1, qpm=100),
        }
        show("four bars of the drum machine", alternate(machines, rounds), "ms", 1e3, {})


if __name__ == "__main__":
    main()
