"""Core ML packages evaluated in NumPy: saved files, read back and walked through.

Core ML itself predicts on macOS alone. This shows, on any system, that what lies in the file
computes what it should; how Apple's own kernels round is theirs to say.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.coreml_ops import with_coremltools
from paradiddle.errors import ModelError
from paradiddle.graph import Runner

__all__ = ["lstm_pass", "walker"]

_Array = NDArray[Any]
_Named = Mapping[str, Any]
_DTYPES = {"fp32": np.float32, "fp16": np.float16, "int32": np.int32, "bool": np.bool_}


def walker(package: Path) -> Runner:
    """Read a saved ``.mlpackage`` back and make it a function.

    Parameters
    ----------
    package : Path

    Returns
    -------
    callable
        From inputs by name to outputs by name; what the program does not take is left out.

    Raises
    ------
    ModelError
        If the program has an operation that is not known here.

    Examples
    --------
    >>> run = walker(Path("app/machine-encoder.mlpackage"))  # doctest: +SKIP
    >>> run({"inputs": np.zeros((1, 16, 94))})["encoded"].shape  # doctest: +SKIP
    (1, 16, 128)
    """
    with with_coremltools() as ct:
        from coremltools.converters.mil.frontend.milproto.load import load

        spec = ct.utils.load_spec(str(package))
        weights = str(package / "Data" / "com.apple.CoreML" / "weights")
        main = load(spec, spec.specificationVersion, weights).functions["main"]
    steps, constants = [], {}
    for operation in main.operations:
        kind, out = operation.op_type, [var.name for var in operation.outputs]
        if kind == "const":
            constants[out[0]] = operation.outputs[0].val
        elif kind == "constexpr_cast":
            half = _value(operation.inputs["source_val"])
            constants[out[0]] = half.astype(_DTYPES[_value(operation.inputs["output_dtype"])])
        elif kind in _OPERATIONS:
            steps.append((_OPERATIONS[kind], operation.inputs, out))
        else:
            raise ModelError(f"{package.name} has an operation {kind!r} that cannot be checked")
    plan = [(run, _sources(inputs, constants), out) for run, inputs, out in steps]
    outputs, wanted = [var.name for var in main.outputs], list(main.inputs)

    def run(inputs: _Named) -> dict[str, _Array]:
        known = {name: _fed(inputs[name]) for name in wanted}
        for compute, sources, out in plan:
            made = compute({name: source(known) for name, source in sources.items()})
            known.update(zip(out, made if len(out) > 1 else [made], strict=True))
        return {name: known[name] for name in outputs}

    return run


def lstm_pass(
    x: _Array, h: _Array, c: _Array, wx: _Array, wh: _Array, bias: _Array
) -> tuple[_Array, _Array, _Array]:
    """Run an LSTM over (T, n) from (H,) and (H,), with gates in the order i, f, o, g.

    Returns
    -------
    (T, H), and h and c after the last step

    Examples
    --------
    >>> rows, h, c = lstm_pass(*(np.zeros(n) for n in ((5, 3), 2, 2, (8, 3), (8, 2), 8)))
    >>> rows.shape, h.tolist()
    ((5, 2), [0.0, 0.0])
    """
    rows, outputs = x @ wx.T + bias, []
    for row in rows:
        i, f, o, g = np.split(row + wh @ h, 4)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs), h, c


def _fed(array: _Array) -> _Array:
    """Give an input the type that Core ML would."""
    return array.astype(np.int32 if array.dtype.kind == "i" else np.float32)


def _value(var: Any) -> Any:
    return var.val if var.val is not None else var.op.outputs[0].val


def _sources(inputs: _Named, constants: _Named) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
    """Say where each input of an operation comes from, once the program runs."""

    def source(var: Any) -> Callable[[Mapping[str, Any]], Any]:
        if isinstance(var, list | tuple):
            parts = [source(one) for one in var]
            return lambda known: [part(known) for part in parts]
        if var.name in constants or var.val is not None:
            value = constants.get(var.name, var.val)
            return lambda _: value
        return lambda known: known[var.name]

    return {name: source(var) for name, var in inputs.items() if var is not None}


def _sigmoid(x: _Array) -> _Array:
    return np.asarray(np.float32(0.5) * np.tanh(np.float32(0.5) * x) + np.float32(0.5))


def _softmax(given: _Named) -> _Array:
    exponentials = np.exp(given["x"] - given["x"].max(given["axis"], keepdims=True))
    return np.asarray(exponentials / exponentials.sum(given["axis"], keepdims=True))


def _sliced(given: _Named) -> _Array:
    spans = zip(given["begin"], given["end"], given["begin_mask"], given["end_mask"], strict=True)
    places = (
        slice(None if from_start else start, None if to_end else stop)
        for start, stop, from_start, to_end in spans
    )
    return np.asarray(given["x"][tuple(places)])


def _one_hot(given: _Named) -> _Array:
    rows = np.arange(given["one_hot_vector_size"]) == given["indices"][..., None]
    return np.asarray(np.where(rows, given["on_value"], given["off_value"]), np.float32)


def _conv(given: _Named) -> _Array:
    """Convolve along the last axis, taps apart by the dilation."""
    x, weight, [apart] = given["x"], given["weight"], given["dilations"]
    steps = x.shape[-1]
    padded = np.pad(x, ((0, 0), (0, 0), tuple(given["pad"])))
    taps = [
        weight[..., k] @ padded[..., k * apart : k * apart + steps] for k in range(weight.shape[-1])
    ]
    return np.asarray(sum(taps) + given.get("bias", np.zeros(len(weight), np.float32))[:, None])


def _layer_norm(given: _Named) -> _Array:
    x = given["x"]
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred * centred).mean(-1, keepdims=True)
    return np.asarray(
        centred / np.sqrt(variance + given["epsilon"]) * given["gamma"] + given["beta"]
    )


def _lstm(given: _Named) -> tuple[_Array, _Array, _Array]:
    """Run one layer for a batch of one, forward and, where it has it, backward."""
    x, hs, cs = given["x"][:, 0], given["initial_h"][0], given["initial_c"][0]
    hidden, passes = given["weight_hh"].shape[1], []
    both = given["direction"] == "bidirectional"
    for k, suffix in enumerate(("", "_back")[: 2 if both else 1]):
        own = slice(k * hidden, (k + 1) * hidden)
        weights = (given[f"{name}{suffix}"] for name in ("weight_ih", "weight_hh", "bias"))
        y, h, c = lstm_pass(x[::-1] if k else x, hs[own], cs[own], *weights)
        passes.append((y[::-1] if k else y, h, c))
    y, h, c = (np.concatenate(part, axis=-1) for part in zip(*passes, strict=True))
    return y[:, None], h[None], c[None]


_OPERATIONS: dict[str, Callable[[_Named], Any]] = {
    "add": lambda given: given["x"] + given["y"],
    "cast": lambda given: given["x"].astype(_DTYPES[given["dtype"]]),
    "concat": lambda given: np.concatenate(given["values"], axis=given["axis"]),
    "conv": _conv,
    "cumsum": lambda given: np.cumsum(given["x"], axis=given["axis"], dtype=np.float32),
    "expand_dims": lambda given: np.expand_dims(given["x"], tuple(given["axes"])),
    "floor": lambda given: np.floor(given["x"]),
    "greater": lambda given: given["x"] > given["y"],
    "identity": lambda given: given["x"],
    "layer_norm": _layer_norm,
    "linear": lambda given: given["x"] @ given["weight"].T + given["bias"],
    "log": lambda given: np.log(given["x"] + given["epsilon"]),
    "lstm": _lstm,
    "matmul": lambda given: given["x"] @ given["y"],
    "maximum": lambda given: np.maximum(given["x"], given["y"]),
    "minimum": lambda given: np.minimum(given["x"], given["y"]),
    "mul": lambda given: given["x"] * given["y"],
    "one_hot": _one_hot,
    "real_div": lambda given: given["x"] / given["y"],
    "reduce_sum": lambda given: given["x"].sum(
        tuple(given["axes"]), keepdims=bool(given["keep_dims"])
    ),
    "relu": lambda given: np.maximum(given["x"], 0),
    "reshape": lambda given: given["x"].reshape(tuple(given["shape"])),
    "slice_by_index": _sliced,
    "softmax": _softmax,
    "squeeze": lambda given: np.squeeze(given["x"], tuple(given["axes"])),
    "sub": lambda given: given["x"] - given["y"],
    "transpose": lambda given: np.transpose(given["x"], tuple(given["perm"])),
}
