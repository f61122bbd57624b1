"""The drummer's network as graphs for other programs: one event, or a whole sequence.

Shapes: T time, B batch, F + E fields read, D layers times directions, H hidden.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.encoding import Vocabulary
from paradiddle.engine import LstmShape
from paradiddle.graph import BATCH, TIME, Built, Graph, Ops, Port

__all__ = ["drummer_tables", "input_fields", "sequence_graph", "state_ports", "step_graph"]

_MEANING = {
    "note": "probability of each note being the next",
    "ticks": "probability of each number of ticks until that note",
    "velocity": "probability of each velocity of that note",
}

_Tensors = Mapping[str, NDArray[np.float32]]


def input_fields(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Name the columns of an event that the network reads.

    Examples
    --------
    >>> input_fields(Vocabulary((36,), (0, 480), places=4))
    ('note', 'ticks', 'place')
    """
    return vocabulary.fields + ("place",) * len(vocabulary.extra_inputs)


def drummer_tables(
    shape: LstmShape, vocabulary: Vocabulary, document: Mapping[str, Any]
) -> dict[str, Any]:
    """Collect what an app needs to turn indices into music, as JSON can hold it.

    Parameters
    ----------
    shape : LstmShape
    vocabulary : Vocabulary
    document : mapping
        Of the model file.

    Returns
    -------
    dict
        Names and values as `docs/embedding.md` has them.

    Examples
    --------
    >>> vocabulary = Vocabulary((36, 38), (0, 480))
    >>> tables = drummer_tables(LstmShape((2, 2), 8), vocabulary, {"encoding": {"qpm": 96}})
    >>> tables["notes"], tables["qpm"], tables["bidirectional"]
    ([36, 38], 96, False)
    """
    encoding = document.get("encoding", {})
    return {
        "kind": "drummer",
        "fields": list(input_fields(vocabulary)),
        "notes": list(vocabulary.notes),
        "ticks": list(vocabulary.ticks),
        "velocities": list(vocabulary.velocities),
        "places": vocabulary.places,
        "ticks_per_bar": vocabulary.ticks_per_bar,
        "ticks_per_quarter": encoding.get("ticks_per_quarter"),
        "qpm": encoding.get("qpm"),
        "resolution": encoding.get("resolution"),
        "layers": shape.layers,
        "bidirectional": shape.bidirectional,
    }


def state_ports(shape: LstmShape, suffix: str) -> tuple[Port, ...]:
    """Describe the memory that goes in or comes out.

    Examples
    --------
    >>> [port.name for port in state_ports(LstmShape((2, 3), 8), "in")]
    ['h_in', 'c_in']
    """
    cells = shape.layers * len(shape.directions)
    when = "before the first event" if suffix == "in" else "after the last event"
    text = f"state of every layer {when}, each layer forward then backward where it has both"
    return tuple(
        Port(f"{name}_{suffix}", (cells, BATCH, shape.hidden), f"{what} {text}")
        for name, what in (("h", "hidden"), ("c", "cell"))
    )


def step_graph(shape: LstmShape, vocabulary: Vocabulary, tensors: _Tensors) -> Graph:
    """Graph of one event: indices and memory in, probabilities and memory out.

    Examples
    --------
    >>> graph = step_graph(LstmShape((2, 3), 8), Vocabulary((36, 38), (0, 60, 120)), {})
    >>> {port.name: port.shape for port in graph.outputs}["note"]
    ('batch', 2)
    """
    return _graph("step", (BATCH,), shape, vocabulary, tensors)


def sequence_graph(shape: LstmShape, vocabulary: Vocabulary, tensors: _Tensors) -> Graph:
    """Graph of any number of events, time first.

    Examples
    --------
    >>> graph = sequence_graph(LstmShape((2, 3), 8), Vocabulary((36, 38), (0, 60, 120)), {})
    >>> {port.name: port.shape for port in graph.outputs}["note"]
    ('time', 'batch', 2)
    """
    return _graph("sequence", (TIME, BATCH), shape, vocabulary, tensors)


def _graph(
    name: str,
    lead: tuple[str, ...],
    shape: LstmShape,
    vocabulary: Vocabulary,
    tensors: _Tensors,
) -> Graph:
    fields = input_fields(vocabulary)
    events = "event" if name == "step" else "events"
    meaning = f"index of each field ({', '.join(fields)}) in its table"
    if vocabulary.places:
        meaning += "; the place is the part of the bar that the event starts in"
    probabilities = tuple(
        Port(field, (*lead, size), _MEANING[field])
        for field, size in zip(vocabulary.fields, shape.sizes, strict=True)
    )
    return Graph(
        name,
        "One event of a drummer: what was played in, what comes next out."
        if name == "step"
        else "Any number of events of a drummer: what was played in, what comes next out.",
        (Port(events, (*lead, len(fields)), meaning, whole=True), *state_ports(shape, "in")),
        (*probabilities, *state_ports(shape, "out")),
        partial(_build, shape, probabilities, tensors, events),
    )


def _build(
    shape: LstmShape,
    probabilities: tuple[Port, ...],
    tensors: _Tensors,
    events: str,
    ops: Ops,
    inputs: Built,
) -> dict[str, Any]:
    """Build the stacked layers, the output matrix and one softmax a field."""
    starts = np.cumsum((0, *shape.input_sizes[:-1])).tolist()
    single = events == "event"
    indices = ops.expand(inputs[events], 0) if single else inputs[events]
    x = ops.one_hot_sum(indices, starts, sum(shape.input_sizes))
    states: dict[str, list[Any]] = {"h": [], "c": []}
    for layer in range(shape.layers):
        h, c = (_own(ops, inputs[name], shape, layer) for name in ("h_in", "c_in"))
        weights = [tensors[f"lstm.{layer}.{direction}"] for direction in shape.directions]
        x, h, c = (ops.lstm_step if single else ops.lstm)(x, h, c, weights)
        states["h"].append(h)
        states["c"].append(c)
    logits = ops.affine(ops.squeeze(x, 0) if single else x, tensors["dense"])
    rank, ends = (2 if single else 3), np.cumsum(shape.sizes).tolist()
    made = {}
    for port, size, end in zip(probabilities, shape.sizes, ends, strict=True):
        made[port.name] = ops.softmax(ops.part(logits, rank - 1, end - size, end, rank))
    for name, layers in states.items():
        made[f"{name}_out"] = layers[0] if len(layers) == 1 else ops.concat(layers, 0)
    return made


def _own(ops: Ops, states: Any, shape: LstmShape, layer: int) -> Any:
    """Take one layer's part of the memory."""
    if shape.layers == 1:
        return states
    each = len(shape.directions)
    return ops.part(states, 0, layer * each, (layer + 1) * each, 3)
