"""Trained models as Core ML packages, proved by walking the saved files before they are kept.

Prediction with Core ML needs macOS; building and checking the files does not. A drummer becomes
``drummer.mlpackage``, or in the older form ``drummer.mlmodel`` (see `paradiddle.coreml_legacy`); a
drum machine ``machine-encoder.mlpackage`` and ``machine-step.mlpackage``, a humanizer
``humanizer.mlpackage``.
"""

from collections.abc import Mapping
from pathlib import Path

from paradiddle import __version__, drummer_file, humanizer_file, machine_file
from paradiddle.coreml_legacy import legacy_model, legacy_walker
from paradiddle.coreml_ops import ml_program, with_coremltools
from paradiddle.coreml_walk import walker
from paradiddle.drummer_graph import drummer_tables, sequence_graph
from paradiddle.errors import ModelError
from paradiddle.export_check import (
    WINDOW,
    DrummerMusic,
    Proof,
    agree,
)
from paradiddle.export_files import about, kind_of, refuse_kind, staged
from paradiddle.graph import Graph
from paradiddle.machine_check import MachineMusic, humanizer_cases
from paradiddle.machine_graph import (
    encoder_graph,
    fill_step_graph,
    humanizer_graph,
    machine_tables,
)

__all__ = ["export_coreml"]


def export_coreml(
    model: str | Path, folder: Path, *, legacy: bool = False, force: bool = False
) -> dict[Path, Proof]:
    """Write a model for Core ML, each file read back and evaluated in NumPy first.

    Parameters
    ----------
    model : str or Path
        File of a drummer, a drum machine or a humanizer.
    folder : Path
        Made when missing.
    legacy : bool, default False
        Write a drummer as a ``.mlmodel`` whose last layer is the custom ``MidiNoteTickActivation``.
    force : bool, default False
        Whether to replace files that are there.

    Returns
    -------
    dict of Path to Proof
        The files written, and how well each agrees with ours.

    Raises
    ------
    MissingExtraError
        If coremltools is not installed.
    ModelError
        If the model cannot be read, cannot be said in this form, or a file differs from ours.
    OutputError
        If a file exists and `force` is not given, or cannot be written.
    """
    with with_coremltools():
        return _export(model, Path(folder), legacy, force)


def _export(model: str | Path, folder: Path, legacy: bool, force: bool) -> dict[Path, Proof]:
    """Choose the exporter that fits the model's kind."""
    kind = kind_of(model)
    exporters = {"drummer": _drummer, "machine": _machine, "humanizer": _humanizer}
    if kind not in exporters:
        raise refuse_kind(model, kind, "the export to Core ML")
    if not legacy:
        return exporters[kind](model, folder, force)
    if kind != "drummer":
        raise ModelError(
            f"{model} is a {kind} model; the legacy form ends in the custom layer of a drummer's"
            " notes and ticks; leave out --legacy"
        )
    return _legacy_drummer(model, folder, force)


def _drummer(model: str | Path, folder: Path, force: bool) -> dict[Path, Proof]:
    shape, vocabulary, file = drummer_file.read_model(model)
    graph = sequence_graph(shape, vocabulary, file.tensors)
    tables = drummer_tables(vocabulary, file.document)
    name = "drummer.mlpackage"
    with staged(folder, [name], force) as hidden:
        _write(hidden / name, graph, about(tables, file.document, __version__))
        run = walker(hidden / name)
        music = DrummerMusic(shape, vocabulary, file.tensors)
        worst = max(agree(name, run, music.cases(length, 1)) for length in (1, WINDOW))
        strayed = music.strayed(run, 1)
    return {folder / name: Proof(worst, strayed)}


def _legacy_drummer(model: str | Path, folder: Path, force: bool) -> dict[Path, Proof]:
    shape, vocabulary, file = drummer_file.read_model(model)
    described = about(drummer_tables(vocabulary, file.document), file.document, __version__)
    name = "drummer.mlmodel"
    with staged(folder, [name], force) as hidden:
        spec = legacy_model(shape, vocabulary, file.tensors, described)
        (hidden / name).write_bytes(spec.SerializeToString(deterministic=True))
        run = legacy_walker(hidden / name, shape, vocabulary)
        music = DrummerMusic(shape, vocabulary, file.tensors)
        worst = max(agree(name, run, music.cases(length, 1)) for length in (1, WINDOW))
        strayed = music.strayed(run, 1)
    return {folder / name: Proof(worst, strayed)}


def _machine(model: str | Path, folder: Path, force: bool) -> dict[Path, Proof]:
    shape, styles, file = machine_file.read_model(model)
    tables = machine_tables("machine", styles, file.document)
    described = about(tables, file.document, __version__)
    names = ["machine-encoder.mlpackage", "machine-step.mlpackage"]
    graphs = encoder_graph(shape, file.tensors), fill_step_graph(shape, file.tensors)
    with staged(folder, names, force) as hidden:
        for name, graph in zip(names, graphs, strict=True):
            _write(hidden / name, graph, described)
        music = MachineMusic(shape, file.tensors, styles)
        encoder = agree(names[0], walker(hidden / names[0]), music.encodings(1))
        step = music.check_steps(names[1], walker(hidden / names[1]), 1)
    return {folder / names[0]: Proof(encoder), folder / names[1]: Proof(step)}


def _humanizer(model: str | Path, folder: Path, force: bool) -> dict[Path, Proof]:
    shape, styles, file = humanizer_file.read_model(model)
    tables = machine_tables("humanizer", styles, file.document)
    name = "humanizer.mlpackage"
    with staged(folder, [name], force) as hidden:
        graph = humanizer_graph(shape, file.tensors)
        _write(hidden / name, graph, about(tables, file.document, __version__))
        cases = humanizer_cases(shape, file.tensors, len(styles), 1)
        return {folder / name: Proof(agree(name, walker(hidden / name), cases))}


def _write(path: Path, graph: Graph, described: Mapping[str, str]) -> None:
    ml_program(graph, described).save(str(path))
    folder_mode = path.parent.stat().st_mode & 0o777  # as other files of this person's
    for item in (path, *path.rglob("*")):
        item.chmod(folder_mode if item.is_dir() else folder_mode & 0o666)
