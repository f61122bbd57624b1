"""`paradiddle ports`: what can be played to and listened to."""

import json

import typer

from paradiddle.cli.options import Json
from paradiddle.stopping import stops_on_signals

__all__ = ["ports"]


def ports(as_json: Json = False) -> None:
    """List the MIDI ports of this machine."""
    from paradiddle.ports import list_ports

    with stops_on_signals():
        found = list_ports()
    if as_json:
        typer.echo(json.dumps({"inputs": found.inputs, "outputs": found.outputs}))
        return
    for title, names in (("to listen to", found.inputs), ("to play to", found.outputs)):
        typer.echo(f"{title}:")
        for name in names or ("(none)",):
            typer.echo(f"  {name}")
