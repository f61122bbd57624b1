"""Operations of ONNX, and graphs as ONNX models."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.graph import Graph, Ops, Port, exactly_half

__all__ = ["OPSET", "onnx_model"]

OPSET = 17  # the first with layer normalisation
_IR_VERSION = 8  # the oldest for that opset: old runtimes read it
_OURS_TO_ONNX = [1, 2, 0, 3]  # blocks f, i, o, g in the order i, o, f, g

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
        hidden, directions = weights[0].shape[1] // 4, len(weights)
        by_gate = [_gates_first(one, hidden) for one in weights]
        constants = [
            self.weight(np.stack([one[:, : -hidden - 1] for one in by_gate])),
            self.weight(np.stack([one[:, -hidden - 1 : -1] for one in by_gate])),
            self.weight(np.stack([np.pad(one[:, -1], (0, 4 * hidden)) for one in by_gate])),
        ]
        settings = {
            "hidden_size": hidden,
            "direction": ("forward", "bidirectional")[directions - 1],
        }
        y, *state = self._nodes("LSTM", 3, x, *constants, "", h, c, **settings)  # (T, D, B, H)
        if directions == 1:
            return self.squeeze(y, 1), state[0], state[1]
        side_by_side = self._node(
            "Reshape", self.transpose(y, (0, 2, 1, 3)), self._integers([0, 0, directions * hidden])
        )
        return side_by_side, state[0], state[1]

    def _stored(self, array: _Array, cast: bool = False) -> str:
        """Name of a constant; what was stored already is not stored again."""
        from onnx import TensorProto, numpy_helper

        key = array.tobytes(), array.shape, array.dtype.str
        if key not in self._known:
            name = f"w{len(self.initializers)}"
            self.initializers.append(numpy_helper.from_array(array, name))
            self._known[key] = self._node("Cast", name, to=TensorProto.FLOAT) if cast else name
        return self._known[key]

    def _integers(self, values: Sequence[int]) -> str:
        return self._stored(np.array(values, np.int64))

    def _node(self, kind: str, *inputs: str, **settings: Any) -> str:
        return self._nodes(kind, 1, *inputs, **settings)[0]

    def _nodes(self, kind: str, outputs: int, *inputs: str, **settings: Any) -> list[str]:
        from onnx import helper

        names = [f"v{len(self.nodes)}.{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **settings))
        return names


def _gates_first(weights: _Array, hidden: int) -> _Array:
    """Our matrix, (n, 4H), as ONNX wants it, (4H, n)."""
    blocks = np.split(weights, 4, axis=1)
    return np.concatenate([blocks[k] for k in _OURS_TO_ONNX], axis=1).T
