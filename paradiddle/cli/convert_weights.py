"""`paradiddle export` and `paradiddle import-bin`: weights to and from other programs."""

from pathlib import Path
from typing import Annotated

import typer

from paradiddle.cli.options import note

export_app = typer.Typer(help="Take a trained model somewhere else.", no_args_is_help=True)


@export_app.callback()
def _export() -> None:
    """Keep `bin` a command of its own although it is the only one."""


@export_app.command("bin")
def export_bin(
    model: Annotated[Path, typer.Argument(help="A drummer's model file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")],
) -> None:
    """Write Wx.bin, Wy.bin and vocabulary.json, as the published LSTM drummer has them."""
    from paradiddle.export import export_bin as export

    for path in export(model, output):
        note(f"{path}: {path.stat().st_size:,} bytes")


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
