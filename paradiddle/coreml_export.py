"""Trained models as Core ML packages, proved by walking the saved files before they are kept.

Prediction with Core ML needs macOS; building and checking the files does not. A drummer becomes
``drummer.mlpackage``, or in the older form ``drummer.mlmodel`` (see `paradiddle.coreml_legacy`); a
drum machine ``machine-encoder.mlpackage`` and ``machine-step.mlpackage``, a humanizer
``humanizer.mlpackage``.
"""

from collections.abc import Mapping
from pathlib import Path

from paradiddle import __version__, drummer_file
from paradiddle.coreml_legacy import legacy_model, legacy_walker
from paradiddle.coreml_ops import ml_program, with_coremltools
from paradiddle.coreml_walk import walker
from paradiddle.drummer_graph import drummer_tables, sequence_graph
from paradiddle.errors import ModelError
from paradiddle.export_check import WINDOW, DrummerMusic, Proof, agree
from paradiddle.export_files import about, kind_of, staged
from paradiddle.export_forms import Form, export_model
from paradiddle.graph import Graph

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

    Examples
    --------
    >>> from paradiddle.drummer import DEFAULT_MODEL
    >>> proofs = export_coreml(DEFAULT_MODEL, Path("app"))  # doctest: +SKIP
    >>> {path.name: proof.worst < 1e-5 for path, proof in proofs.items()}  # doctest: +SKIP
    {'drummer.mlpackage': True}
    """
    drummer = _legacy_drummer if legacy else _drummer
    form = Form("the export to Core ML", ".mlpackage", (1,), _write, walker)
    with with_coremltools():
        kind = kind_of(model)
        if legacy and kind in ("machine", "humanizer"):
            raise ModelError(
                f"{model} is a {kind} model; the legacy form ends in the custom layer of a"
                " drummer's notes and ticks; leave out --legacy"
            )
        return export_model(form, drummer, model, Path(folder), force)


def _drummer(model: str | Path, folder: Path, force: bool) -> dict[Path, Proof]:
    shape, vocabulary, file = drummer_file.read_model(model)
    graph = sequence_graph(shape, vocabulary, file.tensors)
    tables = drummer_tables(shape, vocabulary, file.document)
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
    described = about(drummer_tables(shape, vocabulary, file.document), file.document, __version__)
    name = "drummer.mlmodel"
    with staged(folder, [name], force) as hidden:
        spec = legacy_model(shape, vocabulary, file.tensors, described)
        (hidden / name).write_bytes(spec.SerializeToString(deterministic=True))
        run = legacy_walker(hidden / name, shape, vocabulary)
        music = DrummerMusic(shape, vocabulary, file.tensors)
        worst = max(agree(name, run, music.cases(length, 1)) for length in (1, WINDOW))
        strayed = music.strayed(run, 1)
    return {folder / name: Proof(worst, strayed)}


def _write(path: Path, graph: Graph, described: Mapping[str, str]) -> None:
    ml_program(graph, described).save(str(path))
    folder_mode = path.parent.stat().st_mode & 0o777  # as other files of this person's
    for item in (path, *path.rglob("*")):
        item.chmod(folder_mode if item.is_dir() else folder_mode & 0o666)
