"""The drum machine: patterns a second, the torch model stepped eagerly, and the whole command.

Both write the same two bars from the same draws with a network of the trained size. Its weights are
random, with biases that make it strike as often as recordings do; the figures below it are of the
model that comes with the package. All on one thread, in a process of its own: NumPy asks how many
there are when it is first imported.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from benchmarks.harness import alternate, show
from benchmarks.startup import ROOT, process
from paradiddle.fill_inputs import Recall, encoder_inputs
from paradiddle.fill_net import FillNet
from paradiddle.fill_playing import play
from paradiddle.given import Given, V, condition
from paradiddle.machine import Machine
from paradiddle.machine_file import shape_for
from paradiddle.pattern_questions import question, repeated
from paradiddle.quanta import OFFSET_BINS, VELOCITY_BINS, offset_in, velocity_in
from paradiddle.takes import STEPS_PER_BAR
from paradiddle.training.fill_model import FillModel

STYLES, TOGETHER = 18, 64
ROUNDS = 15
STRUCK = -1.5  # log odds of a hit: 1.6 hits a step
WITHIN = 12.0, 20.0, 1.2  # ms, ms, s
A_SECOND = 250.0


def random_model() -> FillModel:
    model = FillModel(shape_for(STYLES), VELOCITY_BINS, dropout=0.0, seed=0).eval()
    torch.nn.init.constant_(model.hits_bias, STRUCK)
    return model


def nothing(bars: int) -> Given:
    wishes = condition(np.eye(STYLES)[0], 96.0, None, "beat")
    return question(np.zeros((bars * STEPS_PER_BAR, 3 * V), np.float32), wishes)


class Eager:
    """`FillModel` stepped through one pattern of which nothing is known."""

    def __init__(self, model: FillModel) -> None:
        self.model = model

    @torch.inference_mode()
    def play(self, given: Given, seed: int) -> np.ndarray:
        """Write every step, (1, T, 27), as `paradiddle.fill_playing.play` does."""
        model, generator = self.model, np.random.default_rng(seed)
        encoded = model.encoder(torch.from_numpy(encoder_inputs(given)))
        cells = torch.zeros(1, given.steps, 3 * V)
        recall, written, state = Recall(1), torch.zeros(1, 3 * V), None
        for start in range(0, given.steps, STEPS_PER_BAR):
            draws = torch.from_numpy(generator.random((STEPS_PER_BAR, V, 5)))
            past = torch.from_numpy(recall.next_bar())
            bar = cells[:, start : start + STEPS_PER_BAR]
            for step in range(STEPS_PER_BAR):
                read = torch.cat([encoded[:, start + step], past[:, step]], -1)
                x = functional.relu(model.decoder_in(torch.cat([written, read], -1)))
                hidden, state = model.lstm(x[:, None], state)
                heard = torch.cat([read, hidden[:, 0]], -1)
                written = bar[:, step]
                self._strike(written, heard, draws[step])
                self._shade(written, heard, draws[step])
            recall.add(bar.numpy())
        return cells.numpy()

    def _strike(self, cells: torch.Tensor, heard: torch.Tensor, draws: torch.Tensor) -> None:
        """All voices at once, again from the one after each hit."""
        model = self.model
        units = model.hits_in(heard).view(V, -1)
        bounds = torch.logit(draws[:, 0]).float() - model.hits_bias
        voice = 0
        while voice < V:
            odds = (functional.relu(units[voice:]) * model.hits_out[voice:]).sum(-1)
            above = torch.nonzero(odds > bounds[voice:])
            if not len(above):
                return
            voice += int(above[0])
            cells[0, voice] = 1
            units[voice + 1 :] += model.hits_given[voice, voice + 1 :]
            voice += 1

    def _shade(self, cells: torch.Tensor, heard: torch.Tensor, draws: torch.Tensor) -> None:
        """Velocity and offset of each hit, given those of the voices before."""
        model = self.model
        hits, velocities, offsets = model.dynamics_given
        units = model.dynamics_in(heard).view(V, -1) + torch.tensordot(cells[0, :V], hits, 1)
        for voice in torch.nonzero(cells[0, :V])[:, 0].tolist():
            logits = functional.relu(units[voice]) @ model.dynamics_out[voice]
            parts = (logits + model.dynamics_bias[voice]).split([VELOCITY_BINS, OFFSET_BINS])
            bins = [
                int(torch.searchsorted(part.softmax(-1).cumsum(-1), float(draw), right=True))
                for part, draw in zip(parts, draws[voice, 1::2], strict=True)
            ]
            velocity = float(velocity_in(np.array(bins[0]), draws[voice, 2].numpy()))
            offset = float(offset_in(np.array(bins[1]), draws[voice, 4].numpy()))
            cells[0, V + voice], cells[0, 2 * V + voice] = velocity, offset
            later = slice(voice + 1, V)
            units[later] += velocity * velocities[voice, later] + offset * offsets[voice, later]


def check(net: FillNet, eager: Eager) -> None:
    """Both write the same music; a draw may fall between two roundings of one probability."""
    same = [
        np.array_equal(play(net, nothing(2), [seed]), eager.play(nothing(2), seed))
        for seed in range(10)
    ]
    assert sum(same) >= 9, same


def against_torch(rounds: int) -> None:
    model = random_model()
    net, eager = FillNet(model.shape, model.tensors()), Eager(model)
    check(net, eager)
    seeds = itertools.count()
    contestants: dict[str, Callable[[], object]] = {
        "engine": lambda: play(net, nothing(2), [next(seeds)]),
        "torch, eager": lambda: eager.play(nothing(2), next(seeds)),
    }
    medians = alternate(contestants, rounds)
    show("2 bars, one at a time", medians, "ms", 1e3, {"torch, eager": 2.0})


def shipped(rounds: int) -> None:
    machine, seeds = Machine.load(), itertools.count()
    [groove] = machine.generate("funk", bars=4, seed=1)
    mixed = repeated(nothing(2), TOGETHER)
    for k, wishes in enumerate(mixed.conditions):
        wishes[:] = condition(np.eye(STYLES)[k % STYLES], 96.0, None, "beat")
    medians = alternate(
        {
            "generate 2 bars": lambda: machine.generate("funk", bars=2, seed=next(seeds)),
            "humanize 4 bars": lambda: machine.humanize(groove, seed=next(seeds)),
            "64 at once": lambda: machine.generate("funk", 2, count=TOGETHER, seed=next(seeds)),
            "64 of all styles": lambda: machine.play(mixed, range(TOGETHER)),
        },
        rounds,
    )
    print(f"the machine that comes along (median); {int(groove.hits.sum())} hits to humanize")
    for name, bar in zip(("generate 2 bars", "humanize 4 bars"), WITHIN, strict=False):
        print(f"  {name:28} {1e3 * medians[name]:9.2f} ms  bar {bar:.0f} ms")
    for name in ("64 at once", "64 of all styles"):
        print(f"  {name:28} {TOGETHER / medians[name]:9.0f} patterns/s  bar {A_SECOND:.0f}")


def command(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        arguments = "-m", "paradiddle", "generate", "-o", str(Path(folder, "x.mid"))
        medians = alternate({"paradiddle generate -o x.mid": lambda: process(*arguments)}, rounds)
    print("whole process (median)")
    for name, seconds in medians.items():
        print(f"  {name:28} {seconds:9.2f} s  bar {WITHIN[-1]} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    if os.environ.get("OMP_NUM_THREADS") != "1":
        again = [sys.executable, "-m", "benchmarks.machine", "--rounds", str(rounds)]
        subprocess.run(again, check=True, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})
        return
    torch.set_num_threads(1)
    against_torch(rounds)
    shipped(rounds)
    command(max(rounds // 2, 1))


if __name__ == "__main__":
    main()
