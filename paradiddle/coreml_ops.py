"""Operations of Core ML's MIL, and graphs as ML programs.

Programs are built from our weights directly, so no torch model passes through coremltools. Core ML
has one batch: `BATCH` is 1 here.
"""

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import OutputError
from paradiddle.export_files import needs
from paradiddle.files import output_error
from paradiddle.graph import BATCH, TIME, Graph, Ops, Port, exactly_half

__all__ = ["MOST_STEPS", "gates", "ml_program", "with_coremltools"]

MOST_STEPS = 4096  # Core ML wants an upper bound of every flexible size

_WRITING = "[MIL FileWriter]", "filesystem error"  # how coremltools begins to say it cannot write

_OURS_TO_COREML = [1, 0, 2, 3]  # blocks f, i, o, g in the order i, f, o, g

_Array = NDArray[Any]


class _Understood(logging.Filter):
    """Drop two messages of coremltools that say nothing about what we do.

    That this torch was not tested with it: its torch front end is never used here. That its bridge
    to the system's Core ML is missing: it exists on macOS alone, and only prediction needs it.
    Everything else that it logs is let through.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        untested = text.startswith("Torch version") and "has not been tested" in text
        return not untested and "No module named 'coremltools.libcoremlpython'" not in text


@contextmanager
def with_coremltools() -> Iterator[Any]:
    """Lend coremltools without its progress bars and the messages that do not concern us.

    Yields
    ------
    module
        coremltools.

    Raises
    ------
    MissingExtraError
        If it is not installed, or cannot be loaded.
    """
    logger, understood = logging.getLogger("coremltools"), _Understood()
    logger.addFilter(understood)
    try:
        needs("the export to Core ML", "coremltools")
        import coremltools
        from coremltools.converters.mil.mil.passes import pass_pipeline

        bars = pass_pipeline.tqdm
        pass_pipeline.tqdm = lambda passes, **_: passes
        try:
            yield coremltools
        finally:
            pass_pipeline.tqdm = bars
    finally:
        logger.removeFilter(understood)


def ml_program(graph: Graph, described: Mapping[str, str]) -> Any:
    """Build an ML program of a graph, for iOS 16, macOS 13 and later, in float32.

    Parameters
    ----------
    graph : Graph
    described : mapping of str to str
        ``author``, ``licence`` and ``version``; all else becomes user-defined metadata.

    Returns
    -------
    coremltools.models.MLModel

    Raises
    ------
    OutputError
        If coremltools cannot write its temporary files.
    """
    with with_coremltools() as ct, _temporary_files():
        program = _program(ct, graph)
        program.functions["main"].set_input_types(
            tuple(
                ct.TensorType(
                    name=port.name,
                    shape=[_flexible(ct, size) for size in port.shape],
                    dtype=np.int32 if port.whole else np.float32,
                )
                for port in graph.inputs
            )
        )
        model = ct.convert(
            program,
            source="milinternal",
            convert_to="mlprogram",
            compute_precision=ct.precision.FLOAT32,
            minimum_deployment_target=ct.target.iOS16,
            skip_model_load=True,  # only macOS can load it
        )
    model.short_description = graph.text
    model.author, model.license = described["author"], described["licence"]
    model.version = described["version"]
    for name, text in described.items():
        if name not in ("author", "licence", "version"):
            model.user_defined_metadata[name] = text
    for port in graph.inputs:
        model.input_description[port.name] = port.text
    for port in graph.outputs:
        model.output_description[port.name] = port.text
    return model


@contextmanager
def _temporary_files() -> Iterator[None]:
    """Say in one line that coremltools could not write what it writes on its way."""
    place = Path(tempfile.gettempdir())
    try:
        yield
    except OSError as error:
        raise output_error(place, error) from error
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _WRITING):
            raise
        raise OutputError(
            f"cannot write temporary files to {place}: {str(error).rstrip('.')};"
            " free some space there, or name another folder in TMPDIR"
        ) from error


def _flexible(ct: Any, size: int | str) -> Any:
    if size == TIME:
        return ct.RangeDim(1, MOST_STEPS, default=1)
    return 1 if size == BATCH else size


def _program(ct: Any, graph: Graph) -> Any:
    """Build the MIL program of a graph."""
    from coremltools.converters.mil import Builder
    from coremltools.converters.mil.mil import Function, Program, get_new_symbol, types

    steps = get_new_symbol()

    def placeholder(port: Port) -> Any:
        shape = tuple(
            steps if size == TIME else 1 if size == BATCH else size for size in port.shape
        )
        return Builder.placeholder(shape=shape, dtype=types.int32 if port.whole else types.fp32)

    program, inputs = Program(), {port.name: placeholder(port) for port in graph.inputs}
    with Function(inputs, opset_version=ct.target.iOS16) as function:
        made = graph.build(_MilOps(Builder), function.inputs)
        named = [Builder.identity(x=made[port.name], name=port.name) for port in graph.outputs]
        function.set_outputs(named)
    program.add_function("main", function)
    return program


class _MilOps(Ops):
    """Operations as those of a MIL block; values are its variables."""

    def __init__(self, builder: Any) -> None:
        self._mb = builder

    def weight(self, array: _Array) -> Any:
        array = np.ascontiguousarray(array, np.float32)
        if array.size < 16 or not exactly_half(array):
            return self._mb.const(val=array)
        half = array.astype(np.float16)
        return self._mb.constexpr_cast(source_val=half, output_dtype="fp32")

    def matmul(self, x: Any, weights: _Array) -> Any:
        return self._mb.matmul(x=x, y=self.weight(weights))

    def add(self, x: Any, y: Any) -> Any:
        return self._mb.add(x=x, y=y)

    def sub(self, x: Any, y: Any) -> Any:
        return self._mb.sub(x=x, y=y)

    def mul(self, x: Any, y: Any) -> Any:
        return self._mb.mul(x=x, y=y)

    def div(self, x: Any, y: Any) -> Any:
        return self._mb.real_div(x=x, y=y)

    def maximum(self, x: Any, y: Any) -> Any:
        return self._mb.maximum(x=x, y=y)

    def minimum(self, x: Any, y: Any) -> Any:
        return self._mb.minimum(x=x, y=y)

    def floor(self, x: Any) -> Any:
        return self._mb.floor(x=x)

    def log(self, x: Any) -> Any:
        return self._mb.log(x=x)

    def relu(self, x: Any) -> Any:
        return self._mb.relu(x=x)

    def softmax(self, x: Any) -> Any:
        return self._mb.softmax(x=x, axis=-1)

    def greater(self, x: Any, y: Any) -> Any:
        return self._mb.cast(x=self._mb.greater(x=x, y=y), dtype="fp32")

    def cumsum(self, x: Any) -> Any:
        return self._mb.cumsum(x=x, axis=1)

    def sum_of(self, x: Any, axis: int) -> Any:
        return self._mb.reduce_sum(x=x, axes=[axis], keep_dims=True)

    def concat(self, values: Sequence[Any], axis: int) -> Any:
        return self._mb.concat(values=list(values), axis=axis)

    def part(self, x: Any, axis: int, start: int, stop: int, rank: int) -> Any:
        begin, end = [0] * rank, [0] * rank
        begin[axis], end[axis] = start, stop
        whole = [k != axis for k in range(rank)]
        return self._mb.slice_by_index(x=x, begin=begin, end=end, begin_mask=whole, end_mask=whole)

    def expand(self, x: Any, axis: int) -> Any:
        return self._mb.expand_dims(x=x, axes=[axis])

    def squeeze(self, x: Any, axis: int) -> Any:
        return self._mb.squeeze(x=x, axes=[axis])

    def transpose(self, x: Any, axes: Sequence[int]) -> Any:
        return self._mb.transpose(x=x, perm=list(axes))

    def one_hot_sum(self, indices: Any, starts: Sequence[int], width: int) -> Any:
        places = self._mb.add(x=indices, y=np.array(starts, np.int32))
        rows = self._mb.one_hot(
            indices=places, one_hot_vector_size=width, on_value=1.0, off_value=0.0
        )
        return self._mb.reduce_sum(x=rows, axes=[2], keep_dims=False)

    def conv(self, x: Any, weights: _Array, dilation: int) -> Any:
        return self._mb.conv(
            x=x,
            weight=self.weight(weights),
            strides=[1],
            pad_type="custom",
            pad=[dilation, dilation],
            dilations=[dilation],
        )

    def layer_norm(self, x: Any, scale: _Array, shift: _Array, epsilon: float) -> Any:
        return self._mb.layer_norm(
            x=x, axes=[-1], gamma=scale, beta=shift, epsilon=np.float32(epsilon)
        )

    def lstm(self, x: Any, h: Any, c: Any, weights: Sequence[_Array]) -> tuple[Any, Any, Any]:
        hidden, directions = weights[0].shape[1] // 4, len(weights)
        settings: dict[str, Any] = {"direction": "forward"}
        if directions == 2:
            settings["direction"] = "bidirectional"
        for suffix, one in zip(("", "_back"), weights, strict=False):
            by_gate = np.concatenate(gates(one))  # (4H, n)
            settings[f"weight_ih{suffix}"] = self.weight(by_gate[:, : -hidden - 1])
            settings[f"weight_hh{suffix}"] = self.weight(by_gate[:, -hidden - 1 : -1])
            settings[f"bias{suffix}"] = self.weight(by_gate[:, -1])
        states = (self._mb.reshape(x=state, shape=[1, directions * hidden]) for state in (h, c))
        y, *after = self._mb.lstm(
            x=x,
            **dict(zip(("initial_h", "initial_c"), states, strict=True)),
            output_sequence=True,
            **settings,
        )
        apart = [self._mb.reshape(x=state, shape=[directions, 1, hidden]) for state in after]
        return y, apart[0], apart[1]


def gates(weights: _Array) -> list[_Array]:
    """Split our matrix, (n, 4H), into one for each gate, (H, n), in the order i, f, o, g.

    Examples
    --------
    >>> [gate.tolist() for gate in gates(np.array([[0.0, 1.0, 2.0, 3.0]]))]
    [[[1.0]], [[0.0]], [[2.0]], [[3.0]]]
    """
    blocks = np.split(weights, 4, axis=1)
    return [np.ascontiguousarray(blocks[k].T) for k in _OURS_TO_COREML]
