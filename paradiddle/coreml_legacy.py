"""The drummer as a Core ML neural network of the older form, with its custom last layer.

As in *Bring the drummer along* of 2020: one-hot events and the memory go in, notes, ticks and the
memory come out, and the layer `MidiNoteTickActivation`, which the app brings, turns the output
matrix's values into one softmax over the notes and one over the ticks. Its parameters say how many
there are of each: ``notes``, ``ticks``, and ``velocities`` for a drummer that plays those.

Shapes: T time, I values read, D layers times directions, H hidden, S values out; Core ML's
recurrent layers want them with two more axes of size 1.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.coreml_ops import MOST_STEPS, gates, with_coremltools
from paradiddle.coreml_walk import lstm_pass
from paradiddle.encoding import Vocabulary
from paradiddle.engine import LstmShape
from paradiddle.graph import Runner, exactly_half
from paradiddle.sampling import softmax

__all__ = ["ACTIVATION", "legacy_model", "legacy_walker"]

ACTIVATION = "MidiNoteTickActivation"

_GATE_NAMES = (
    "inputGate",
    "forgetGate",
    "outputGate",
    "blockInput",
)  # the specification's, in that order
_PARAMETERS = {"note": "notes", "ticks": "ticks", "velocity": "velocities"}
_SUFFIXES = ("", "_reverse")
_FLOAT32, _IOS13 = 65568, 4  # codes of the specification

_Array = NDArray[Any]
_Tensors = Mapping[str, NDArray[np.float32]]


def legacy_model(
    shape: LstmShape, vocabulary: Vocabulary, tensors: _Tensors, described: Mapping[str, str]
) -> Any:
    """Build the neural network.

    Parameters
    ----------
    shape, vocabulary, tensors
        The drummer.
    described : mapping of str to str
        As `paradiddle.export_files.about` makes it.

    Returns
    -------
    coremltools.proto.Model_pb2.Model
    """
    with with_coremltools() as ct:
        from coremltools.models import datatypes
        from coremltools.models.neural_network import NeuralNetworkBuilder

        states = [name for layer in range(shape.layers) for name in _state(shape, layer)]
        size = (1, 1, shape.hidden, 1, 1)
        builder = NeuralNetworkBuilder(
            [("events", datatypes.Array(1, 1, sum(shape.input_sizes), 1, 1))]
            + [(f"{name}_in", datatypes.Array(*size)) for name in states],
            [("probabilities", None)] + [(f"{name}_out", None) for name in states],
            disable_rank5_shape_mapping=True,
        )
        _fill(builder, ct, shape, vocabulary, tensors)
        spec = builder.spec
    _describe(spec, shape, vocabulary, described)
    _halve(spec)
    return spec


def _state(shape: LstmShape, layer: int) -> list[str]:
    """Name a layer's memory, in the order in which Core ML wants it."""
    number = "" if shape.layers == 1 else str(layer)
    return [
        f"{name}{number}{suffix}"
        for suffix in _SUFFIXES[: len(shape.directions)]
        for name in ("h", "c")
    ]


def _fill(
    builder: Any, ct: Any, shape: LstmShape, vocabulary: Vocabulary, tensors: _Tensors
) -> None:
    """Add all layers."""
    below, width = "events", sum(shape.input_sizes)
    for layer in range(shape.layers):
        names, above = _state(shape, layer), f"lstm{layer}"
        parts = [
            _by_gate(tensors[f"lstm.{layer}.{direction}"], shape.hidden)
            for direction in shape.directions
        ]
        blobs = {
            "hidden_size": shape.hidden,
            "input_size": width,
            "input_names": [below, *(f"{name}_in" for name in names)],
            "output_names": [above, *(f"{name}_out" for name in names)],
            "output_all": True,
        }
        forward = parts[0]
        if shape.bidirectional:
            back = parts[1]
            builder.add_bidirlstm(
                above,
                W_h=forward[0],
                W_x=forward[1],
                b=forward[2],
                W_h_back=back[0],
                W_x_back=back[1],
                b_back=back[2],
                **blobs,
            )
        else:
            builder.add_unilstm(above, W_h=forward[0], W_x=forward[1], b=forward[2], **blobs)
        below, width = above, shape.output_width
    builder.add_squeeze("flat", below, "flat", axes=[3, 4])  # (T, 1, D H)
    dense, outputs = tensors["dense"], sum(shape.sizes)
    builder.add_inner_product(
        "dense", dense[:-1].T.copy(), dense[-1], width, outputs, True, "flat", "values"
    )
    builder.add_custom("activation", ["values"], ["probabilities"], _custom(ct, vocabulary))


def _custom(ct: Any, vocabulary: Vocabulary) -> Any:
    """Describe the layer that the app brings."""
    parameters = ct.proto.NeuralNetwork_pb2.CustomLayerParams()
    parameters.className = ACTIVATION
    parameters.description = "One softmax over the notes, one over the ticks, and so on."
    for field, size in zip(vocabulary.fields, vocabulary.sizes, strict=True):
        parameters.parameters[_PARAMETERS[field]].intValue = size
    return parameters


def _by_gate(weights: _Array, hidden: int) -> tuple[list[_Array], list[_Array], list[_Array]]:
    """Split our matrix, (n, 4H), into what coremltools wants of each gate."""
    by_gate = gates(weights)
    return (
        [gate[:, -hidden - 1 : -1] for gate in by_gate],
        [gate[:, : -hidden - 1] for gate in by_gate],
        [gate[:, -1] for gate in by_gate],
    )


def _describe(
    spec: Any, shape: LstmShape, vocabulary: Vocabulary, described: Mapping[str, str]
) -> None:
    """Say what goes in and out, how long it may be, and where it comes from."""
    spec.specificationVersion = max(spec.specificationVersion, _IOS13)
    about = spec.description.metadata
    about.shortDescription = "Events of a drummer in, what comes next out."
    about.author, about.license = described["author"], described["licence"]
    about.versionString = described["version"]
    about.userDefined["paradiddle"] = described["paradiddle"]
    fields = ", ".join(
        f"{size} {_PARAMETERS[field]}"
        for field, size in zip(vocabulary.fields, shape.sizes, strict=True)
    )
    read = fields + (f", {vocabulary.places} places in the bar" if vocabulary.places else "")
    for port in (*spec.description.input, *spec.description.output):
        if port.name == "events":
            port.shortDescription = f"events, one-hot side by side: {read}"
            _flexible(port, (1, 1, sum(shape.input_sizes), 1, 1))
        elif port.name == "probabilities":
            port.shortDescription = f"of what comes next, side by side: {fields}"
            _sized(port, (1, 1, sum(shape.sizes)))
        else:
            what = "hidden" if port.name.startswith("h") else "cell"
            way = ", of the backward half" if "reverse" in port.name else ""
            port.shortDescription = f"{what} state{way}"
            _sized(port, (1, 1, shape.hidden, 1, 1))


def _sized(port: Any, size: tuple[int, ...]) -> None:
    kind = port.type.multiArrayType
    del kind.shape[:]
    kind.shape.extend(size)
    kind.dataType = _FLOAT32


def _flexible(port: Any, size: tuple[int, ...]) -> None:
    """Allow any number of events, the first axis."""
    _sized(port, size)
    ranges = port.type.multiArrayType.shapeRange
    for axis, length in enumerate(size):
        span = ranges.sizeRanges.add()
        span.lowerBound, span.upperBound = length, length if axis else MOST_STEPS


def _halve(spec: Any) -> None:
    """Store weights in half the bytes where nothing is lost."""
    for weight in _weights(spec):
        values = np.array(weight.floatValue, np.float32)
        if values.size and exactly_half(values):
            del weight.floatValue[:]
            weight.float16Value = values.astype(np.float16).tobytes()


def _weights(spec: Any) -> list[Any]:
    """Every weight array of the network."""
    found = []
    for layer in spec.neuralNetwork.layers:
        if layer.HasField("innerProduct"):
            found += [layer.innerProduct.weights, layer.innerProduct.bias]
        for _, parameters in _lstms(layer):
            for gate in _GATE_NAMES:
                found += [getattr(parameters, name) for name in _fields_of(gate)]
    return found


def _fields_of(gate: str) -> tuple[str, str, str]:
    """Name a gate's weights in the specification."""
    return (f"{gate}WeightMatrix", f"{gate}RecursionMatrix", f"{gate}BiasVector")


def _lstms(layer: Any) -> list[tuple[int, Any]]:
    """Weights of a recurrent layer: of each direction the size of its state and its parameters."""
    if layer.HasField("uniDirectionalLSTM"):
        own = layer.uniDirectionalLSTM
        return [(own.outputVectorSize, own.weightParams)]
    if layer.HasField("biDirectionalLSTM"):
        own = layer.biDirectionalLSTM
        return [(own.outputVectorSize, parameters) for parameters in own.weightParams]
    return []


def legacy_walker(path: Path, shape: LstmShape, vocabulary: Vocabulary) -> Runner:
    """Read a saved network back and make it a function with the engine's inputs and outputs.

    Parameters
    ----------
    path : Path
    shape, vocabulary
        The drummer, to write one-hot rows and to name the fields; everything else is the file's.

    Returns
    -------
    callable
        From ``events`` (T, 1, F + E), ``h_in`` and ``c_in`` (D, 1, H) to the same names as
        `paradiddle.drummer_graph.sequence_graph`.
    """
    with with_coremltools() as ct:
        layers = list(ct.utils.load_spec(str(path)).neuralNetwork.layers)
    read = {layer.name: _layer(layer) for layer in layers}
    starts = np.cumsum((0, *shape.input_sizes[:-1]))
    order = [name for layer in range(shape.layers) for name in _state(shape, layer)]
    hs, cs = ([name for name in order if name[0] == letter] for letter in "hc")

    def run(inputs: Mapping[str, Any]) -> dict[str, Any]:
        rows = np.eye(sum(shape.input_sizes), dtype=np.float32)
        known = {"events": rows[inputs["events"][:, 0] + starts].sum(1)}
        for letter, names in (("h", hs), ("c", cs)):
            known |= {f"{name}_in": inputs[f"{letter}_in"][k, 0] for k, name in enumerate(names)}
        for layer in layers:
            made = read[layer.name](*(known[name] for name in layer.input))
            known.update(zip(layer.output, made, strict=True))
        parts = np.split(known["probabilities"], np.cumsum(shape.sizes)[:-1], axis=-1)
        found = {field: part[:, None] for field, part in zip(vocabulary.fields, parts, strict=True)}
        for letter, names in (("h", hs), ("c", cs)):
            found[f"{letter}_out"] = np.stack([known[f"{name}_out"] for name in names])[:, None]
        return found

    return run


def _layer(layer: Any) -> Any:
    """Make a function of one layer, from arrays to a list of arrays; axes of size 1 left out."""
    if layer.HasField("squeeze"):
        return lambda x: [x]
    if layer.HasField("innerProduct"):
        own = layer.innerProduct
        matrix = _read(own.weights).reshape(own.outputChannels, own.inputChannels)
        bias = _read(own.bias)
        return lambda x: [x @ matrix.T + bias]
    if layer.HasField("custom"):
        sizes = [layer.custom.parameters[name].intValue for name in _PARAMETERS.values()]
        ends = np.cumsum([size for size in sizes if size])[:-1]
        return lambda x: [
            np.concatenate([softmax(part) for part in np.split(x, ends, axis=-1)], axis=-1)
        ]
    return _recurrent(layer)


def _recurrent(layer: Any) -> Any:
    """Make a function of a recurrent layer, one direction after the other."""
    directions = []
    for hidden, parameters in _lstms(layer):
        read = [
            [_read(getattr(parameters, name)) for name in _fields_of(gate)] for gate in _GATE_NAMES
        ]
        wx, wh = (np.concatenate([gate[k].reshape(hidden, -1) for gate in read]) for k in range(2))
        directions.append((wx, wh, np.concatenate([gate[2] for gate in read])))

    def run(x: _Array, *states: _Array) -> list[_Array]:
        outputs, after = [], []
        for k, weights in enumerate(directions):
            h, c = states[2 * k : 2 * k + 2]
            y, h, c = lstm_pass(x[::-1] if k else x, h, c, *weights)
            outputs.append(y[::-1] if k else y)
            after += [h, c]
        return [np.concatenate(outputs, axis=-1), *after]

    return run


def _read(weight: Any) -> _Array:
    """Values of a weight array in either precision."""
    if weight.float16Value:
        return np.frombuffer(weight.float16Value, np.float16).astype(np.float32)
    return np.array(weight.floatValue, np.float32)
