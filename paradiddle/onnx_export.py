"""Trained models as ONNX graphs, proved with onnxruntime before they are written.

A drummer becomes ``drummer-step.onnx``, one small file with all an app needs, and
``drummer-sequence.onnx``, which reads its weights from the step's file beside it. A drum machine
becomes ``machine-encoder.onnx`` and ``machine-step.onnx``, a humanizer ``humanizer.onnx``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from paradiddle import __version__, drummer_file, humanizer_file, machine_file
from paradiddle.drummer_graph import drummer_tables, sequence_graph, step_graph
from paradiddle.export_check import (
    STEPS,
    WINDOW,
    DrummerMusic,
    Proof,
    agree,
)
from paradiddle.export_files import about, kind_of, needs, refuse_kind, staged
from paradiddle.graph import Runner
from paradiddle.machine_check import MachineMusic, humanizer_cases
from paradiddle.machine_graph import (
    encoder_graph,
    fill_step_graph,
    humanizer_graph,
    machine_tables,
)
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
    """
    needs("the export to ONNX", "onnx", "onnxruntime")
    kind = kind_of(model)
    exporters = {"drummer": _drummer, "machine": _machine, "humanizer": _humanizer}
    if kind not in exporters:
        raise refuse_kind(model, kind, "the export to ONNX")
    return exporters[kind](model, Path(folder), force)


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
    description = about(drummer_tables(vocabulary, file.document), file.document, __version__)
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


def _machine(model: str | Path, folder: Path, force: bool) -> dict[Path, Proof]:
    shape, styles, file = machine_file.read_model(model)
    tables = machine_tables("machine", styles, file.document)
    description = about(tables, file.document, __version__)
    names = ["machine-encoder.onnx", "machine-step.onnx"]
    graphs = encoder_graph(shape, file.tensors), fill_step_graph(shape, file.tensors)
    with staged(folder, names, force) as hidden:
        for name, graph in zip(names, graphs, strict=True):
            made = onnx_model(graph, description, __version__)
            (hidden / name).write_bytes(made.SerializeToString(deterministic=True))
        music = MachineMusic(shape, file.tensors, styles)
        run = onnx_runner(hidden / names[0])
        encoder = max(agree(names[0], run, music.encodings(batch)) for batch in (1, _TOGETHER))
        run = onnx_runner(hidden / names[1])
        step = max(music.check_steps(names[1], run, batch) for batch in (1, _TOGETHER))
    return {folder / names[0]: Proof(encoder), folder / names[1]: Proof(step)}


def _humanizer(model: str | Path, folder: Path, force: bool) -> dict[Path, Proof]:
    shape, styles, file = humanizer_file.read_model(model)
    tables = machine_tables("humanizer", styles, file.document)
    name = "humanizer.onnx"
    graph = humanizer_graph(shape, file.tensors)
    with staged(folder, [name], force) as hidden:
        made = onnx_model(graph, about(tables, file.document, __version__), __version__)
        (hidden / name).write_bytes(made.SerializeToString(deterministic=True))
        run = onnx_runner(hidden / name)
        cases = humanizer_cases(shape, file.tensors, len(styles), 4)
        return {folder / name: Proof(agree(name, run, cases))}
