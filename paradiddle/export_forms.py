"""What exporting a model is like whatever the format: read, build, write, prove, put in place.

A `Form` brings what differs. Drum machines and humanizers are exported here; of a drummer each
format makes something else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from paradiddle import __version__, humanizer_file, machine_file
from paradiddle.export_check import Proof, agree
from paradiddle.export_files import about, kind_of, refuse_kind, staged
from paradiddle.graph import Graph, Runner
from paradiddle.machine_check import MachineMusic, humanizer_cases
from paradiddle.machine_graph import (
    encoder_graph,
    humanizer_graph,
    machine_tables,
)
from paradiddle.machine_step_graph import fill_step_graph

__all__ = ["Exporter", "Form", "export_model"]

Exporter = Callable[[str | Path, Path, bool], dict[Path, Proof]]  # of model, folder and force


@dataclass(frozen=True)
class Form:
    """How a format writes graphs, and how its files are run.

    Attributes
    ----------
    feature : str
        What it is called, as the start of a sentence.
    suffix : str
        Of its files.
    batches : tuple of int
        How many patterns run side by side, one after the other.
    write : callable
        Writes a graph to a path, with what `paradiddle.export_files.about` says of it.
    runner : callable
        Reads a file back and makes it a function.
    """

    feature: str
    suffix: str
    batches: tuple[int, ...]
    write: Callable[[Path, Graph, Mapping[str, str]], None]
    runner: Callable[[Path], Runner]


def export_model(
    form: Form, drummer: Exporter, model: str | Path, folder: Path, force: bool
) -> dict[Path, Proof]:
    """Export a model in a form, as its kind asks for.

    Parameters
    ----------
    form : Form
    drummer : callable
        Exports a drummer.
    model : str or Path
    folder : Path
        Made when missing.
    force : bool
        Whether to replace files that are there.

    Returns
    -------
    dict of Path to Proof
        The files written, and how well each agrees with ours.

    Raises
    ------
    ModelError
        If the model cannot be read, is of a kind without graphs, or a graph differs from ours.
    OutputError
        If a file exists and `force` is not given, or cannot be written.
    """
    kind = kind_of(model)
    if kind == "drummer":
        return drummer(model, folder, force)
    exporters = {"machine": _export_machine, "humanizer": _export_humanizer}
    if kind not in exporters:
        raise refuse_kind(model, kind, form.feature)
    return exporters[kind](form, model, folder, force)


def _export_machine(form: Form, model: str | Path, folder: Path, force: bool) -> dict[Path, Proof]:
    shape, styles, file = machine_file.read_model(model)
    tables = machine_tables("machine", styles, file.document)
    described = about(tables, file.document, __version__)
    names = [f"machine-{part}{form.suffix}" for part in ("encoder", "step")]
    graphs = encoder_graph(shape, file.tensors), fill_step_graph(shape, file.tensors)
    with staged(folder, names, force) as hidden:
        for name, graph in zip(names, graphs, strict=True):
            form.write(hidden / name, graph, described)
        music = MachineMusic(shape, file.tensors, styles)
        run = form.runner(hidden / names[0])
        encoder = max(agree(names[0], run, music.encodings(batch)) for batch in form.batches)
        run = form.runner(hidden / names[1])
        step = max(music.check_steps(names[1], run, batch) for batch in form.batches)
    return {folder / names[0]: Proof(encoder), folder / names[1]: Proof(step)}


def _export_humanizer(
    form: Form, model: str | Path, folder: Path, force: bool
) -> dict[Path, Proof]:
    shape, styles, file = humanizer_file.read_model(model)
    tables = machine_tables("humanizer", styles, file.document)
    described = about(tables, file.document, __version__)
    name = f"humanizer{form.suffix}"
    with staged(folder, [name], force) as hidden:
        form.write(hidden / name, humanizer_graph(shape, file.tensors), described)
        run = form.runner(hidden / name)
        worst = max(
            agree(name, run, humanizer_cases(shape, file.tensors, len(styles), batch))
            for batch in form.batches
        )
    return {folder / name: Proof(worst)}
