"""A step of the classic drummer: our NumPy engine, torch, onnxruntime and the naive product.

Every contestant takes one event of each stream (indices), keeps its own state, and returns one
probability vector per field. The sequence of events is the same for all.
"""

import argparse
import io
import warnings
from collections.abc import Callable

import numpy as np
import onnxruntime
import torch
from torch import nn

from benchmarks.harness import alternate, show
from paradiddle.engine import Lstm, LstmShape
from paradiddle.training.models import EventLstm

SHAPE = LstmShape((17, 209), 200)  # notes and ticks of the published drummer
WIDTH, HIDDEN = sum(SHAPE.sizes), SHAPE.hidden
STEPS, ROUNDS = 1000, 15

Step = Callable[[np.ndarray], object]


def engine(tensors: dict[str, np.ndarray], streams: int) -> Step:
    return Lstm(SHAPE, tensors).session(streams).step


def naive(tensors: dict[str, np.ndarray]) -> Step:
    """`[x, h, 1] @ Wx`, as the formula is written."""
    wx, wy = tensors["lstm.0.forward"], tensors["dense"]
    one = np.ones(1, np.float32)
    state = [np.zeros(HIDDEN, np.float32), np.zeros(HIDDEN, np.float32)]

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    def softmax(x: np.ndarray) -> np.ndarray:
        e = np.exp(x - x.max())
        return e / e.sum()

    def step(indices: np.ndarray) -> object:
        h, c = state
        x = np.zeros(WIDTH, np.float32)
        x[indices[0, 0]] = x[SHAPE.sizes[0] + indices[0, 1]] = 1
        f, i, o, g = np.split(np.concatenate([x, h, one]) @ wx, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        state[:] = h, c
        y = np.concatenate([h, one]) @ wy
        return softmax(y[: SHAPE.sizes[0]]), softmax(y[SHAPE.sizes[0] :])

    return step


def torch_cell(model: EventLstm, streams: int) -> Step:
    """`torch.nn.LSTMCell` on one-hot rows."""
    cell = nn.LSTMCell(WIDTH, HIDDEN)
    cell.load_state_dict(
        {name.removesuffix("_l0"): value for name, value in model.lstm.state_dict().items()}
    )
    starts = torch.tensor([0, SHAPE.sizes[0]])
    state = [torch.zeros(streams, HIDDEN), torch.zeros(streams, HIDDEN)]

    @torch.inference_mode()
    def step(indices: np.ndarray) -> object:
        rows = torch.zeros(streams, WIDTH).scatter_(1, torch.from_numpy(indices) + starts, 1.0)
        state[:] = cell(rows, tuple(state))
        return [p.softmax(-1) for p in model.dense(state[0]).split(SHAPE.sizes, -1)]

    return step


class _Step(nn.Module):
    """One step with the state passed in and out, for the ONNX graph."""

    def __init__(self, model: EventLstm) -> None:
        super().__init__()
        self.model = model

    def forward(self, rows: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> tuple:
        outputs, (h, c) = self.model.lstm(rows, (h, c))
        note, ticks = self.model.dense(outputs[0]).split(SHAPE.sizes, -1)
        return note.softmax(-1), ticks.softmax(-1), h, c


def onnx_step(model: EventLstm) -> Step:
    """Run the exported graph in onnxruntime, one thread."""
    buffer = io.BytesIO()
    example = torch.zeros(1, 1, WIDTH), torch.zeros(1, 1, HIDDEN), torch.zeros(1, 1, HIDDEN)
    names = ["rows", "h", "c"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        torch.onnx.export(_Step(model).eval(), example, buffer, input_names=names, dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(buffer.getvalue(), options)
    rows = np.zeros((1, 1, WIDTH), np.float32)
    state = [np.zeros((1, 1, HIDDEN), np.float32)] * 2

    def step(indices: np.ndarray) -> object:
        rows[:] = 0
        rows[0, 0, indices[0, 0]] = rows[0, 0, SHAPE.sizes[0] + indices[0, 1]] = 1
        note, ticks, *state[:] = session.run(None, {"rows": rows, "h": state[0], "c": state[1]})
        return note, ticks

    return step


def over(step: Step, sequence: np.ndarray) -> Callable[[], None]:
    """Walk through a sequence, int64 of shape (T, B, 2)."""

    def run() -> None:
        for indices in sequence:
            step(indices)

    return run


def check(contestants: dict[str, Step], sequence: np.ndarray) -> None:
    """All contestants compute the same probabilities."""
    for indices in sequence[:50]:
        results = [[np.asarray(p) for p in step(indices)] for step in contestants.values()]
        for other in results[1:]:
            for ours, theirs in zip(results[0], other, strict=True):
                np.testing.assert_allclose(ours.ravel(), theirs.ravel(), atol=1e-5)


def events(streams: int, steps: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([rng.integers(0, size, (steps, streams)) for size in SHAPE.sizes], axis=-1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    model = EventLstm(SHAPE, seed=0)
    tensors = model.tensors()

    torch.set_num_threads(1)
    single = {
        "engine": engine(tensors, 1),
        "torch LSTMCell": torch_cell(model, 1),
        "onnxruntime": onnx_step(model),
        "naive [x, h, 1] @ Wx": naive(tensors),
    }
    sequence = events(1, STEPS)
    check(single, sequence)
    medians = alternate({name: over(step, sequence) for name, step in single.items()}, rounds)
    bars = {"torch LSTMCell": 3.5, "onnxruntime": 1.3, "naive [x, h, 1] @ Wx": 2.5}
    show("one stream, 1,000 notes", medians, "µs a step", 1e6 / STEPS, bars)

    torch.set_num_threads(2)
    many = {"engine": engine(tensors, 64), "torch LSTMCell": torch_cell(model, 64)}
    sequence = events(64, STEPS // 5)
    check(many, sequence)
    turns = {name: over(step, sequence) for name, step in many.items()}
    medians = alternate(turns, rounds, pause=0.3)
    show("64 streams, 2 threads", medians, "µs a step", 5e6 / STEPS, {"torch LSTMCell": 1.8})


if __name__ == "__main__":
    main()
