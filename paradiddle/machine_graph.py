"""The drum machine's encoder and the humanizer as graphs for other programs.

Two graphs play: the encoder reads a whole question, and that of `paradiddle.machine_step_graph`
writes a step, drawing included, so that an app only keeps the memory, what recurs, and the random
numbers. The humanizer's foretells how given strokes are struck.

Shapes: B batch, T time, V voices, I inputs, E encoder.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.fill_net import FillShape
from paradiddle.given import V
from paradiddle.graph import BATCH, TIME, Built, Graph, Ops, Port
from paradiddle.humanizer_net import HumanizerShape
from paradiddle.quanta import OFFSET_BINS, VELOCITY_BINS
from paradiddle.takes import STEPS_PER_BAR

__all__ = ["encoder_graph", "humanizer_graph", "machine_tables"]

_EPSILON = 1e-5  # of the layer norms, see paradiddle.fill_encoder

_Tensors = Mapping[str, NDArray[np.float32]]


def machine_tables(kind: str, styles: Sequence[str], document: Mapping[str, Any]) -> dict[str, Any]:
    """Collect what an app needs to write questions and to read answers, as JSON can hold it.

    Parameters
    ----------
    kind : str
        ``machine`` or ``humanizer``, whose document knows no usual tempos.
    styles : sequence of str
    document : mapping
        Of the model file.

    Returns
    -------
    dict
        Names and values as `docs/embedding.md` has them.

    Examples
    --------
    >>> tables = machine_tables("humanizer", ["funk"], {"voices": {"names": ["kick", "snare"]}})
    >>> tables["inputs"][0], "qpm" in tables
    ({'what': 'hits_known', 'columns': 9}, False)
    """
    columns = [
        ("hits_known", V),
        ("dynamics_known", V),
        ("hits where known", V),
        ("velocities where known", V),
        ("offsets where known", V),
        ("tap: hit, velocity, offset", 3),
        ("tap known", 1),
        ("step of the bar, one-hot", STEPS_PER_BAR),
        ("bar of the phrase of 4, one-hot; the fifth for unknown", 5),
        ("style, one weight each", len(styles)),
        ("(qpm - 110) / 40, and 1; or 0, 0", 2),
        ("hits a step - 1.5, and 1; or 0, 0", 2),
        ("beat, fill", 2),
    ]
    tempos = {"qpm": dict(document.get("qpm", {}))} if kind == "machine" else {}
    return {
        "kind": kind,
        "voices": list(document["voices"]["names"]),
        "styles": list(styles),
        **tempos,
        "steps_per_bar": STEPS_PER_BAR,
        "velocity_bins": VELOCITY_BINS,
        "offset_bins": OFFSET_BINS,
        "inputs": [{"what": what, "columns": count} for what, count in columns],
    }


def encoder_graph(shape: FillShape, tensors: _Tensors) -> Graph:
    """Graph of the encoder: a whole question in, its encoding out.

    Examples
    --------
    >>> from paradiddle.machine_file import shape_for
    >>> encoder_graph(shape_for(18), {}).inputs[0].shape
    ('batch', 'time', 94)
    """
    return Graph(
        "encoder",
        "Reads a whole question to the drum machine in both directions.",
        (_rows_of(shape.inputs),),
        (Port("encoded", (BATCH, TIME, shape.encoder), "encoding of every step"),),
        partial(_encoder, tensors, shape.dilations),
    )


def humanizer_graph(shape: HumanizerShape, tensors: _Tensors) -> Graph:
    """Graph of the humanizer: hits in, how likely each way to strike them is out.

    Examples
    --------
    >>> from paradiddle.humanizer_file import humanizer_shape
    >>> {port.name: port.shape for port in humanizer_graph(humanizer_shape(18), {}).outputs}
    {'velocity': ('batch', 'time', 9, 32), 'offset': ('batch', 'time', 9, 40)}
    """
    bins = (("velocity", shape.fields[0]), ("offset", shape.fields[1]))
    return Graph(
        "humanizer",
        "Foretells how each given stroke of a pattern is struck.",
        (_rows_of(shape.inputs),),
        tuple(
            Port(name, (BATCH, TIME, shape.channels, size), f"probability of each {name} bin")
            for name, size in bins
        ),
        partial(_humanizer, shape, tensors),
    )


def _rows_of(width: int) -> Port:
    text = "the question, a row a step; the columns are listed in the metadata under inputs"
    return Port("inputs", (BATCH, TIME, width), text)


def _encoder(tensors: _Tensors, dilations: Sequence[int], ops: Ops, given: Built) -> dict[str, Any]:
    return {"encoded": _encoded(ops, given["inputs"], tensors, dilations)}


def _encoded(ops: Ops, inputs: Any, tensors: _Tensors, dilations: Sequence[int]) -> Any:
    """Follow `paradiddle.fill_encoder.encode`."""
    x = ops.relu(ops.affine(inputs, tensors["encoder.in"]))  # (B, T, E)
    for block, dilation in enumerate(dilations):
        name = f"encoder.{block}"
        normal = _normalised(ops, x, tensors[f"{name}.norm"])
        mix = tensors[f"{name}.mix"]
        taps = np.stack(np.split(mix[:-1], 3), axis=-1).swapaxes(0, 1)  # (out, in, 3)
        mixed = ops.conv(ops.transpose(normal, (0, 2, 1)), taps, dilation)
        units = ops.relu(ops.add(ops.transpose(mixed, (0, 2, 1)), ops.weight(mix[-1])))
        x = ops.add(x, ops.affine(units, tensors[f"{name}.out"]))
    return _normalised(ops, x, tensors["encoder.norm"])


def _normalised(ops: Ops, x: Any, scale_and_shift: NDArray[np.float32]) -> Any:
    scale, shift = scale_and_shift
    return ops.layer_norm(x, scale, shift, _EPSILON)


def _humanizer(shape: HumanizerShape, tensors: _Tensors, ops: Ops, given: Built) -> dict[str, Any]:
    """Average what the members say of every voice."""
    fields: list[list[Any]] = [[], []]
    for member in range(shape.members):
        prefix = f"{member}."
        own = {
            name.removeprefix(prefix): tensor
            for name, tensor in tensors.items()
            if name.startswith(prefix)
        }
        encoded = _encoded(ops, given["inputs"], own, shape.dilations)
        units = ops.relu(ops.affine(encoded, own["head.in"]))  # (B, T, VQ)
        logits = [
            ops.affine(
                ops.part(units, 2, voice * shape.units, (voice + 1) * shape.units, 3),
                own["head.out"][voice],
            )
            for voice in range(shape.channels)
        ]
        together = ops.concat([ops.expand(one, 2) for one in logits], 2)  # (B, T, V, N)
        for field, (start, stop) in zip(fields, _spans(shape.fields), strict=True):
            field.append(ops.softmax(ops.part(together, 3, start, stop, 4)))
    share = ops.number(1 / shape.members)
    return {
        name: ops.mul(_sum(ops, members), share)
        for name, members in zip(("velocity", "offset"), fields, strict=True)
    }


def _spans(sizes: Sequence[int]) -> list[tuple[int, int]]:
    ends = np.cumsum(sizes).tolist()
    return [(end - size, end) for size, end in zip(sizes, ends, strict=True)]


def _sum(ops: Ops, values: Sequence[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = ops.add(total, value)
    return total
