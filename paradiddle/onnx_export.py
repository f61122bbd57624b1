"""Trained models as ONNX graphs, proved with onnxruntime before they are written.

A drummer becomes ``drummer-step.onnx``, one small file with all an app needs, and
``drummer-sequence.onnx``, which reads its weights from the step's file beside it. A drum machine
becomes ``machine-encoder.onnx`` and ``machine-step.onnx``, a humanizer ``humanizer.onnx``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from paradiddle import __version__, drummer_file
from paradiddle.drummer_graph import drummer_tables, sequence_graph, step_graph
from paradiddle.export_check import STEPS, WINDOW, DrummerMusic, Proof, agree
from paradiddle.export_files import about, needs, staged
from paradiddle.export_forms import Form, export_model
from paradiddle.graph import Graph, Runner
from paradiddle.onnx_ops import onnx_model

__all__ = ["export_onnx", "onnx_runner"]

_SHARED_BYTES = 1024  # of a constant that the second file takes from the first
_TOGETHER = 50  # run side by side, besides one by one


def export_onnx(model: str | Path, folder: Path, force: bool = False) -> dict[Path, Proof]:
    """Write a model's graphs, each run beside our own engine first.

    Parameters
    ----------
    model : str or Path
        File of a drummer, a drum machine or a humanizer.
    folder : Path
        Made when missing.
    force : bool, default False
        Whether to replace files that are there.

    Returns
    -------
    dict of Path to Proof
        The files written, and how well each agrees with ours.

    Raises
    ------
    MissingExtraError
        If onnx or onnxruntime is not installed.
    ModelError
        If the model cannot be read, is of a kind without graphs, or a graph differs from ours.
    OutputError
        If a file exists and `force` is not given, or cannot be written.

    Examples
    --------
    >>> from paradiddle.drummer import DEFAULT_MODEL
    >>> proofs = export_onnx(DEFAULT_MODEL, Path("app"))  # doctest: +SKIP
    >>> {path.name: proof.worst < 1e-5 for path, proof in proofs.items()}  # doctest: +SKIP
    {'drummer-step.onnx': True, 'drummer-sequence.onnx': True}
    """
    form = Form("the export to ONNX", ".onnx", (1, _TOGETHER), _write, onnx_runner)
    needs(form.feature, "onnx", "onnxruntime")
    return export_model(form, _drummer, model, Path(folder), force)


def onnx_runner(path: Path) -> Runner:
    """Open a graph in onnxruntime, on one core.

    Parameters
    ----------
    path : Path
        An ONNX file.

    Returns
    -------
    callable
        From inputs by name to outputs by name; inputs that the graph does not have are left out.

    Examples
    --------
    >>> run = onnx_runner(Path("app/machine-encoder.onnx"))  # doctest: +SKIP
    >>> run({"inputs": np.zeros((1, 16, 94), np.float32)})["encoded"].shape  # doctest: +SKIP
    (1, 16, 128)
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    wanted = {each.name for each in session.get_inputs()}
    names = [each.name for each in session.get_outputs()]

    def run(inputs: Mapping[str, Any]) -> dict[str, Any]:
        fed = {name: np.ascontiguousarray(inputs[name]) for name in wanted}
        return dict(zip(names, session.run(None, fed), strict=True))

    return run


def _drummer(model: str | Path, folder: Path, force: bool) -> dict[Path, Proof]:
    shape, vocabulary, file = drummer_file.read_model(model)
    description = about(
        drummer_tables(shape, vocabulary, file.document), file.document, __version__
    )
    names = ["drummer-step.onnx", "drummer-sequence.onnx"]
    with staged(folder, names, force) as hidden:
        step = onnx_model(step_graph(shape, vocabulary, file.tensors), description, __version__)
        stored = step.SerializeToString(deterministic=True)
        (hidden / names[0]).write_bytes(stored)
        whole = sequence_graph(shape, vocabulary, file.tensors)
        sequence = onnx_model(whole, description, __version__)
        _share(sequence, stored, names[0])
        (hidden / names[1]).write_bytes(sequence.SerializeToString(deterministic=True))
        music = DrummerMusic(shape, vocabulary, file.tensors)
        run = onnx_runner(hidden / names[0])
        worst = max(agree(names[0], run, music.single(batch)) for batch in (1, STEPS))
        by_step = Proof(worst, music.strayed(run, 1))
        run = onnx_runner(hidden / names[1])
        worst = max(agree(names[1], run, music.cases(WINDOW, batch)) for batch in (1, _TOGETHER))
        in_rows = Proof(worst, music.strayed(run, _TOGETHER))
    return {folder / names[0]: by_step, folder / names[1]: in_rows}


def _share(model: Any, other: bytes, location: str) -> None:
    """Let a model read its large constants from where they lie in another's file."""
    from onnx import TensorProto

    for tensor in model.graph.initializer:
        start = other.find(tensor.raw_data)
        if len(tensor.raw_data) < _SHARED_BYTES or start < 0:
            continue
        size = len(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", start), ("length", size)):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, str(value)


def _write(path: Path, graph: Graph, described: Mapping[str, str]) -> None:
    made = onnx_model(graph, described, __version__)
    path.write_bytes(made.SerializeToString(deterministic=True))
