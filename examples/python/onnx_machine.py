"""The exported drum machine with onnxruntime and numpy alone: generate, fill and humanize.

python onnx_machine.py FOLDER STYLE BARS SEED prints a pattern that the graphs in FOLDER play.
Cells are rows of 27 numbers a 16th: nine hits, nine velocities, nine offsets.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

V, BAR, PHRASE = 9, 16, 4


class Machine:
    """What is exported as machine-encoder.onnx and machine-step.onnx, ready to play."""

    def __init__(self, folder):
        self.encoder, self.step = (
            opened(Path(folder, f"machine-{name}.onnx")) for name in ("encoder", "step")
        )
        told = self.step.get_modelmeta().custom_metadata_map["paradiddle"]
        self.tables = json.loads(told)

    def generate(self, style, bars, seed, **wishes):
        """Play a pattern of its own."""
        nothing = np.zeros((bars * BAR, 3 * V), np.float32)
        return self.play(nothing, seed, style, **wishes)

    def fill(self, cells, known, seed, style=None, **wishes):
        """Keep the cells that are known, hits and rests alike, and play the others anew."""
        return self.play(cells, seed, style, known, known, **wishes)

    def humanize(self, cells, seed, style=None, **wishes):
        """Keep the hits and strike them anew."""
        known = np.ones((len(cells), V), np.float32)
        return self.play(cells, seed, style, known, 0 * known, **wishes)

    def steady(self, humanizer, cells, style=None, qpm=None):
        """Strike hits most middlingly: medians of what humanizer.onnx, opened, finds likely."""
        hits = np.asarray(cells, np.float32)[:, :V]
        known = np.ones_like(hits)
        rows = question(cells, known, 0 * known, self._wishes(style, qpm, None, "beat"))
        velocity, offset = humanizer.run(None, {"inputs": rows[None]})
        velocities = np.minimum(1 + median(velocity[0], 4), 127) / np.float32(127)
        offsets = (median(offset[0], 3) - 60) / np.float32(120)
        return np.concatenate([hits, hits * velocities, hits * offsets], axis=1)

    def play(
        self,
        cells,
        seed,
        style=None,
        hits_known=None,
        dynamics_known=None,
        *,
        qpm=None,
        density=None,
        beat="beat",
        temperature=1.0,
    ):
        """Write every step: what is known stays, the rest is drawn."""
        cells = np.asarray(cells, np.float32)
        nothing = np.zeros((len(cells), V), np.float32)
        known = nothing if hits_known is None else np.asarray(hits_known, np.float32)
        struck = nothing if dynamics_known is None else np.asarray(dynamics_known, np.float32)
        wishes = self._wishes(style, qpm, density, beat)
        rows = question(cells, known, struck, wishes)
        [encoded] = self.encoder.run(None, {"inputs": rows[None]})
        ports = {each.name: each.shape for each in self.step.get_inputs()}
        h = c = np.zeros((ports["h_in"][0], 1, ports["h_in"][2]), np.float32)
        draws = np.random.default_rng(seed).random((len(cells), V, 5))
        made, written = np.zeros_like(cells), np.zeros((1, 3 * V), np.float32)
        recall, pace = Recall(), Pace(density)
        for step in range(len(cells)):
            bar = slice(step // BAR * BAR, step // BAR * BAR + BAR)
            if step % BAR == 0:
                recalled = recall.next_bar()
            inputs = {
                "written": written,
                "encoded": encoded[:, step],
                "recall": recalled[None, step % BAR],
                "given": cells[None, step],
                "hits_known": known[None, step],
                "dynamics_known": struck[None, step],
                "draws": draws[None, step],
                "temperature": [[temperature]],
                "lean": [[pace.lean]],
                "h_in": h,
                "c_in": c,
            }
            inputs = {name: np.asarray(value, np.float32) for name, value in inputs.items()}
            written, _, _, h, c = self.step.run(None, inputs)
            made[step] = written[0]
            if step % BAR == BAR - 1:
                recall.add(made[bar])
                pace.hear(made[bar], 1 - known[bar].mean())
        return made

    def _wishes(self, style, qpm, density, beat):
        """One weight a style, then tempo, density and kind, each beside a mark that it is given."""
        styles = self.tables["styles"]
        qpm = qpm or (self.tables["qpm"][style] if style else 120)
        return [
            *(float(name == style) for name in styles),
            *((qpm - 110) / 40, 1),
            *((0, 0) if density is None else (density - 1.5, 1)),
            *(beat == "beat", beat == "fill"),
        ]


def opened(path):
    """Open a graph in onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # so small a network is slower on several
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def median(probabilities, width):
    """Whole steps, `width` to a bin, below the median of each distribution over bins."""
    rising = np.cumsum(probabilities, axis=-1, dtype=np.float64)
    half = rising[..., -1:] / 2
    bins = (rising <= half).sum(-1)[..., None]
    above, mass = (np.take_along_axis(each, bins, -1) for each in (rising, probabilities))
    place = np.clip(1 - (above - half) / np.maximum(mass, 1e-30), 0, 1 - 1e-9)
    return (width * bins + np.floor(width * place))[..., 0].astype(np.float32)


def question(cells, known, struck, wishes):
    """Rows for the encoder, in the order that the metadata lists under inputs."""
    hits, velocities, offsets = np.split(cells, 3, axis=1)
    count, step = len(cells), np.arange(len(cells))
    tap = np.zeros((count, 4))  # no rhythm is tapped
    places = np.eye(BAR)[step % BAR], np.eye(PHRASE + 1)[step // BAR % PHRASE]
    parts = [known, struck, hits * known, velocities * struck, offsets * struck, tap, *places]
    return np.concatenate([*parts, np.tile(wishes, (count, 1))], axis=1, dtype=np.float32)


class Recall:
    """What was played at the same place of the bars before."""

    def __init__(self):
        self.bars, self.sum, self.weight = [], np.zeros((BAR, V), np.float32), 0.0

    def next_bar(self):
        """Its cells a bar ago, hits two bars ago, mean hits; whether there was a bar, and two."""
        rows = np.zeros((BAR, 3 * V + V + V + 2), np.float32)
        if self.bars:
            rows[:, : 3 * V], rows[:, 4 * V : 5 * V] = self.bars[-1], self.sum / self.weight
            rows[:, -2] = 1
        if len(self.bars) == 2:
            rows[:, 3 * V : 4 * V], rows[:, -1] = self.bars[0][:, :V], 1
        return rows

    def add(self, bar):
        """Take in a bar that was played; recent ones count more."""
        self.bars = [*self.bars[-1:], bar.copy()]
        self.sum, self.weight = np.float32(0.8) * self.sum + bar[:, :V], 0.8 * self.weight + 1


class Pace:
    """Holds the density that was asked for, or that of the first four bars that sound."""

    def __init__(self, density):
        self.asked, self.aim, self.bars, self.lean = density is not None, density or 0, 0, 0.0
        if self.asked:
            change = -excess(1.45, density)
            self.lean = float(np.clip((0.6 if change < 0 else 1.8) * change, -4, 4))

    def hear(self, bar, open_share):
        """Take in a bar that was played, and the share of its cells that was not known."""
        density = float(bar[:, :V].sum(1).mean())
        first = not self.asked and self.bars < 4
        aim, most = (self.aim, 4) if self.asked else (max(self.aim, 0.6), 1)
        if not first:
            change = 0.5 * open_share * excess(density, aim)
            self.lean = float(np.clip(self.lean - change, -most, most))
        elif density > 0:
            self.aim = (self.aim * self.bars + density) / (self.bars + 1)
            self.bars += 1


def excess(density, aim):
    """By how many e-folds one density is above another."""
    return np.log((density + 0.1) / (aim + 0.1))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        raise SystemExit(__doc__)
    machine = Machine(sys.argv[1])
    pattern = machine.generate(sys.argv[2], *map(int, sys.argv[3:5]))
    for voice, name in enumerate(machine.tables["voices"]):
        line = "".join(".x"[int(hit)] for hit in pattern[:, voice])
        print(f"{name:>13} {' '.join(line[k : k + BAR] for k in range(0, len(line), BAR))}")
