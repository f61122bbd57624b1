"""`paradiddle export` and `paradiddle import-bin`: weights to and from other programs."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paradiddle.cli.options import note
from paradiddle.stopping import stops_on_signals

if TYPE_CHECKING:
    from paradiddle.export_check import Proof

export_app = typer.Typer(help="Take a trained model somewhere else.", no_args_is_help=True)


_Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]
_Model = Annotated[
    Path, typer.Argument(help="A drummer's, a drum machine's or a humanizer's file.")
]


@export_app.command("bin")
def export_bin(
    model: Annotated[Path, typer.Argument(help="A drummer's model file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")],
    force: _Force = False,
) -> None:
    """Write Wx.bin, Wy.bin and vocabulary.json, as the published LSTM drummer has them."""
    from paradiddle.export import export_bin as export

    with stops_on_signals():
        written = export(model, output, force)
    for path in written:
        note(f"{path}: {path.stat().st_size:,} bytes")


@export_app.command("onnx")
def export_onnx(
    model: _Model,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")],
    force: _Force = False,
) -> None:
    """Write ONNX graphs that take the memory in and give it back, proved with onnxruntime."""
    from paradiddle.onnx_export import export_onnx as export

    with stops_on_signals():  # for what is half-written to be cleared away
        written = export(model, output, force)
    _tell(written)
    _tell_backwards(model)


@export_app.command("coreml")
def export_coreml(
    model: _Model,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")],
    legacy: Annotated[
        bool,
        typer.Option(
            "--legacy",
            help="Write a drummer as a .mlmodel that ends in the layer MidiNoteTickActivation.",
        ),
    ] = False,
    force: _Force = False,
) -> None:
    """Write Core ML packages, proved by evaluating the saved files; predicting needs macOS."""
    from paradiddle.coreml_export import export_coreml as export

    with stops_on_signals():
        written = export(model, output, legacy=legacy, force=force)
    _tell(written)
    _tell_backwards(model)


def _tell(written: "Mapping[Path, Proof]") -> None:
    """Say how large each file, or folder of files, is, and how well it was proved."""
    from paradiddle.export_check import STEPS, TOLERANCE

    for path, (worst, strayed) in written.items():
        size = sum(one.stat().st_size for one in (path, *path.rglob("*")) if one.is_file())
        alone = "" if strayed is None else f", {strayed:.0e} after {STEPS:,} on a memory of its own"
        note(f"{path}: {size:,} bytes; probabilities as ours within {worst:.0e}{alone}")
    if max((proof.strayed or 0.0 for proof in written.values()), default=0.0) > TOLERANCE:
        note(
            "this drummer amplifies rounding: played for long, it will play other music than here;"
            " train with --steady for one that does not"
        )


def _tell_backwards(model: Path) -> None:
    """Say of a drummer that also reads backwards what it is no good for."""
    from paradiddle.drummer_file import read_model
    from paradiddle.export_files import kind_of

    if kind_of(model) == "drummer" and read_model(model)[0].bidirectional:
        note(
            "this drummer also reads backwards: it can follow whole sequences,"
            " but not play event by event"
        )


def import_bin(
    files: Annotated[
        list[Path], typer.Argument(help="A folder of an export, or Wx.bin and Wy.bin.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Model file to write.")],
    notes: Annotated[
        str, typer.Option(help="MIDI pitch of each index: 36,38,42 or a file of such.")
    ] = "",
    ticks: Annotated[str, typer.Option(help="Ticks of each index, in the same way.")] = "",
) -> None:
    """Read Wx.bin and Wy.bin, so that the published drummer's weights play here."""
    from paradiddle.export import import_bin as read
    from paradiddle.export import read_table

    tables = (read_table(text) if text else None for text in (notes, ticks))
    shape = read(files, output, *tables)
    note(f"{output}: {shape.hidden} units, {shape.sizes} values, {shape.parameters:,} parameters")
