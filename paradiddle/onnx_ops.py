"""Operations of ONNX, and graphs as ONNX models."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.graph import Graph, Ops, Port, exactly_half

__all__ = ["OPSET", "onnx_model"]

OPSET = 17  # the first with layer normalisation
_IR_VERSION = 8  # the oldest for that opset: old runtimes read it
_MOST_PARTS = 16  # of a sum over the memory

_Array = NDArray[Any]


def onnx_model(graph: Graph, metadata: Mapping[str, str], version: str) -> Any:
    """Build an ONNX model of a graph.

    Parameters
    ----------
    graph : Graph
    metadata : mapping of str to str
        Stored with the model.
    version : str
        Of the package.

    Returns
    -------
    onnx.ModelProto
    """
    from onnx import checker, helper

    ops = _OnnxOps()
    made = graph.build(ops, {port.name: port.name for port in graph.inputs})
    for port in graph.outputs:
        ops.nodes.append(helper.make_node("Identity", [made[port.name]], [port.name]))
    body = helper.make_graph(
        ops.nodes,
        graph.name,
        [_declared(port) for port in graph.inputs],
        [_declared(port) for port in graph.outputs],
        ops.initializers,
        doc_string=graph.text,
    )
    model = helper.make_model(
        body,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="paradiddle",
        producer_version=version,
        doc_string=graph.text,
    )
    helper.set_model_props(model, dict(metadata))
    checker.check_model(model, full_check=True)
    return model


def _declared(port: Port) -> Any:
    from onnx import TensorProto, helper

    kind = TensorProto.INT64 if port.whole else TensorProto.FLOAT
    return helper.make_tensor_value_info(port.name, kind, list(port.shape), port.text)


class _OnnxOps(Ops):
    """Operations as nodes of a graph; values are names.

    Attributes
    ----------
    nodes, initializers : list
        Of onnx.NodeProto and onnx.TensorProto, in the order in which they were asked for.
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._known: dict[tuple[bytes, tuple[int, ...], str], str] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._made = 0  # nodes, those of bodies included

    def weight(self, array: _Array) -> str:
        array = np.ascontiguousarray(array, np.float32)
        if array.size < 16 or not exactly_half(array):
            return self._stored(array)
        return self._stored(array.astype(np.float16), cast=True)

    def matmul(self, x: str, weights: _Array) -> str:
        return self._node("MatMul", x, self.weight(weights))

    def add(self, x: str, y: str) -> str:
        return self._node("Add", x, y)

    def sub(self, x: str, y: str) -> str:
        return self._node("Sub", x, y)

    def mul(self, x: str, y: str) -> str:
        return self._node("Mul", x, y)

    def div(self, x: str, y: str) -> str:
        return self._node("Div", x, y)

    def maximum(self, x: str, y: str) -> str:
        return self._node("Max", x, y)

    def minimum(self, x: str, y: str) -> str:
        return self._node("Min", x, y)

    def floor(self, x: str) -> str:
        return self._node("Floor", x)

    def log(self, x: str) -> str:
        return self._node("Log", x)

    def relu(self, x: str) -> str:
        return self._node("Relu", x)

    def softmax(self, x: str) -> str:
        return self._node("Softmax", x, axis=-1)

    def greater(self, x: str, y: str) -> str:
        from onnx import TensorProto

        return self._node("Cast", self._node("Greater", x, y), to=TensorProto.FLOAT)

    def cumsum(self, x: str) -> str:
        return self._node("CumSum", x, self._integers([1]))

    def sum_of(self, x: str, axis: int) -> str:
        return self._node("ReduceSum", x, self._integers([axis]), keepdims=1)

    def concat(self, values: Sequence[str], axis: int) -> str:
        return self._node("Concat", *values, axis=axis)

    def part(self, x: str, axis: int, start: int, stop: int, rank: int) -> str:
        return self._node("Slice", x, *(self._integers([n]) for n in (start, stop, axis)))

    def expand(self, x: str, axis: int) -> str:
        return self._node("Unsqueeze", x, self._integers([axis]))

    def squeeze(self, x: str, axis: int) -> str:
        return self._node("Squeeze", x, self._integers([axis]))

    def transpose(self, x: str, axes: Sequence[int]) -> str:
        return self._node("Transpose", x, perm=list(axes))

    def one_hot_sum(self, indices: str, starts: Sequence[int], width: int) -> str:
        places = self._node("Add", indices, self._integers(starts))
        values = self._stored(np.array([0, 1], np.float32))
        rows = self._node("OneHot", places, self._integers([width]), values, axis=-1)
        return self._node("ReduceSum", rows, self._integers([2]), keepdims=0)

    def conv(self, x: str, weights: _Array, dilation: int) -> str:
        pads = [dilation, dilation]
        return self._node("Conv", x, self.weight(weights), dilations=[dilation], pads=pads)

    def layer_norm(self, x: str, scale: _Array, shift: _Array, epsilon: float) -> str:
        constants = self.weight(scale), self.weight(shift)
        return self._node("LayerNormalization", x, *constants, axis=-1, epsilon=epsilon)

    def lstm(self, x: str, h: str, c: str, weights: Sequence[_Array]) -> tuple[str, str, str]:
        """Scan over time: the operator LSTM would round more, see `_short_sums`."""
        made = []
        for direction, own in enumerate(weights):
            read, recalled = self._split(own)
            start = self._own(h, direction), self._own(c, direction)
            made.append(self._scan(self.affine(x, read), recalled, *start, bool(direction)))
        ys, hs, cs = zip(*made, strict=True)
        return self.concat(ys, 2), self._stacked(hs), self._stacked(cs)

    def lstm_step(self, x: str, h: str, c: str, weights: Sequence[_Array]) -> tuple[str, str, str]:
        now, made = self.squeeze(x, 0), []
        for direction, own in enumerate(weights):
            read, recalled = self._split(own)
            before = self._own(h, direction), self._own(c, direction)
            made.append(self._cell(self.affine(now, read), recalled, *before))
        hs, cs = zip(*made, strict=True)
        return self.expand(self.concat(hs, 1), 0), self._stacked(hs), self._stacked(cs)

    def _split(self, weights: _Array) -> tuple[_Array, str]:
        """Give the rows for inputs and bias, and store those for the memory: (P, H / P, 4H)."""
        hidden = weights.shape[1] // 4
        parts = max(n for n in range(1, _MOST_PARTS + 1) if hidden % n == 0)
        recalled = weights[-hidden - 1 : -1].reshape(parts, -1, 4 * hidden)
        return np.delete(weights, np.s_[-hidden - 1 : -1], axis=0), self.weight(recalled)

    def _own(self, state: str, direction: int) -> str:
        """Take one direction's part of a memory."""
        return self.squeeze(self.part(state, 0, direction, direction + 1, 3), 0)

    def _stacked(self, states: Sequence[str]) -> str:
        """Put the directions' parts of a memory together."""
        return self.concat([self.expand(one, 0) for one in states], 0)

    def _cell(self, driven: str, recalled: str, h: str, c: str) -> tuple[str, str]:
        """Compute h and c, (B, H), after what the input adds to the gates, (B, 4H)."""
        gates = self.add(driven, self._short_sums(h, recalled))
        f, i, o, g = self._nodes("Split", 4, gates, axis=1)
        f, i, o = (self._node("Sigmoid", gate) for gate in (f, i, o))
        c = self.add(self.mul(f, c), self.mul(i, self._node("Tanh", g)))
        return self.mul(o, self._node("Tanh", c)), c

    def _short_sums(self, h: str, blocks: str) -> str:
        """Multiply (B, H) by (H, 4H), whose rows come in blocks, (P, H / P, 4H).

        Runtimes add up all H products from first to last, and in float32 that strays twice as far
        as when blocks are added up by themselves.
        """
        parts, each, _ = self._shapes[blocks]
        rows = self._node("Reshape", h, self._integers([-1, parts, each]))
        products = self._node("MatMul", self.transpose(rows, (1, 0, 2)), blocks)  # (P, B, 4H)
        return self.squeeze(self.sum_of(products, 0), 0)

    def _scan(
        self, driven: str, recalled: str, h: str, c: str, backwards: bool
    ) -> tuple[str, str, str]:
        """Run a cell over (T, B, 4H): what it puts out, (T, B, H), and the last h and c."""
        from onnx import TensorProto, helper

        outer, self.nodes = self.nodes, []
        inputs = [f"{name}{len(outer)}" for name in ("h", "c", "driven")]
        after = self._cell(inputs[2], recalled, *inputs[:2])
        outputs = [*after, self._node("Identity", after[0])]
        taken, given = (
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
            for names in (inputs, outputs)
        )
        body, self.nodes = helper.make_graph(self.nodes, "cell", taken, given), outer
        way = {
            name: [int(backwards)] for name in ("scan_input_directions", "scan_output_directions")
        }
        h, c, y = self._nodes("Scan", 3, h, c, driven, body=body, num_scan_inputs=1, **way)
        return y, h, c

    def _stored(self, array: _Array, cast: bool = False) -> str:
        """Name of a constant; what was stored already is not stored again."""
        from onnx import TensorProto, numpy_helper

        key = array.tobytes(), array.shape, array.dtype.str
        if key not in self._known:
            name = f"w{len(self.initializers)}"
            self.initializers.append(numpy_helper.from_array(array, name))
            self._known[key] = self._node("Cast", name, to=TensorProto.FLOAT) if cast else name
            self._shapes[self._known[key]] = array.shape
        return self._known[key]

    def _integers(self, values: Sequence[int]) -> str:
        return self._stored(np.array(values, np.int64))

    def _node(self, kind: str, *inputs: str, **settings: Any) -> str:
        return self._nodes(kind, 1, *inputs, **settings)[0]

    def _nodes(self, kind: str, outputs: int, *inputs: str, **settings: Any) -> list[str]:
        from onnx import helper

        self._made += 1
        names = [f"v{self._made}.{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **settings))
        return names
