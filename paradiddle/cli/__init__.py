"""The command line: argument parsing and exit codes, nothing else.

Commands import what they need when they run, so that `paradiddle --help` stays quick.
"""

import io
import sys

import typer

from paradiddle.cli import (
    convert_weights,
    corpus,
    drum,
    evaluate,
    jam,
    latent,
    live,
    machine,
    outputs,
    play,
    ports,
    serve,
    train,
    train_models,
)
from paradiddle.errors import ParadiddleError

__all__ = ["app", "main"]

app = typer.Typer(
    name="paradiddle",
    help="A drummer that learns from MIDI files and plays something new.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("drum")(drum.drum)
app.command("generate")(machine.generate)
app.command("continue")(machine.continue_)
app.command("fill")(machine.fill)
app.command("humanize")(machine.humanize)
app.command("tap")(machine.tap)
app.command("morph")(latent.morph)
app.command("vary")(latent.vary)
app.command("play", cls=outputs.WithVirtual)(play.play)
app.command("live", cls=outputs.WithVirtual)(live.live)
app.command("jam", cls=outputs.WithVirtual)(jam.jam)
app.command("ports")(ports.ports)
app.command("serve", cls=serve.WithMidiPort)(serve.serve)
app.command("styles")(machine.styles)
app.command("embed")(latent.embed)
train.app.command("machine")(train_models.machine)
train.app.command("humanizer")(train_models.humanizer)
train.app.command("latent")(train_models.latent)
app.add_typer(train.app, name="train")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(corpus.app, name="corpus")
app.add_typer(convert_weights.export_app, name="export")
app.command("import-bin")(convert_weights.import_bin)


@app.callback(invoke_without_command=True)
def _version(
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    if version:
        from paradiddle import __version__

        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; a mistake prints one line on stderr and exits with 1, usage with 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console may not know every sign
            stream.reconfigure(errors="replace")
    try:
        app()
    except ParadiddleError as error:
        _fail(str(error))
    except MemoryError:
        _fail("out of memory; ask for something smaller")
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        _fail(f"{error.filename or 'input/output'}: {error.strerror or error}")


def _fail(message: str) -> None:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    sys.exit(1)
