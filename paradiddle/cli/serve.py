"""`paradiddle serve`: the drum machine in the browser."""

import os
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from paradiddle.cli.options import note

if TYPE_CHECKING:
    from paradiddle.server.cable import Cable
    from paradiddle.server.guards import Hosts

_MOST_WORKERS = 64


class WithMidiPort(TyperCommand):
    """A command whose `--midi-port` may stand without a name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give it an empty one where it has none."""
        named = []
        for argument, after in zip(args, [*args, "-"][1:], strict=True):
            named.append(argument)
            if argument == "--midi-port" and after.startswith("-"):
                named.append("")
        return super().parse_args(ctx, named)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes one that is free.")] = 8765,
    workers: Annotated[int, typer.Option(help="Processes that play.")] = 1,
    open_: Annotated[bool, typer.Option("--open", help="Show the page in a browser.")] = False,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of your own machine.safetensors, humanizer.safetensors,"
            " latent.safetensors or drummer.safetensors.",
            show_default="the models that come along",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Answer also to this name; repeat for more.", show_default="none"
        ),
    ] = None,
    midi_port: Annotated[
        str | None,
        typer.Option(
            metavar="[NAME]",
            help="Let the page play to this MIDI port of this machine, or without a name to one of"
            " our own, which a DAW sees as an input.",
            show_default="none",
        ),
    ] = None,
) -> None:
    """Open the drum machine for a browser, and its API for your own programs."""
    # each worker has one thread that plays; more threads of NumPy would get in each other's way
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    from paradiddle.checks import check_whole
    from paradiddle.server.guards import Hosts
    from paradiddle.server.models import load_models
    from paradiddle.server.serving import Settings, bind, end_quietly
    from paradiddle.server.serving import serve as run

    check_whole("port", port, 0, 65535, "8765 is usual")
    check_whole("workers", workers, 1, _MOST_WORKERS, "one for each core is plenty")
    end_quietly(with_port=midi_port is not None)
    with nullcontext() if midi_port is None else closing(_cable(midi_port, workers)) as cable:
        sources = load_models(model).sources
        listening = bind(host, port)
        address, port = listening.getsockname()[:2]
        hosts = Hosts.of(host, port, allow_host or ())
        for name, source in sources.items() if model else ():
            note(f"{name}: {source}")
        _warn(address)
        if cable is not None:
            note(f"pages may play to MIDI port {cable.output.name}")
        _announce(f"http://{_reachable(host, hosts)}:{port}/", open_)
        run(Settings(model, hosts), listening, workers, cable)


def _cable(name: str, workers: int) -> "Cable":
    """Open a port, one of our own if it has no name."""
    from importlib.util import find_spec

    from paradiddle.errors import InvalidValueError, MissingExtraError
    from paradiddle.ports import VIRTUAL_NAME, open_output
    from paradiddle.server.cable import Cable

    if workers != 1:
        raise InvalidValueError(
            f"--midi-port needs --workers 1, got {workers}; one process holds the port"
        )
    if find_spec("websockets") is None:
        raise MissingExtraError("a MIDI port of the server", "ports")
    output = open_output(name or None, virtual=None if name else VIRTUAL_NAME)
    output.tell = note
    return Cable(output)


def _warn(address: str) -> None:
    """Say what a person might not expect."""
    import ipaddress

    from paradiddle.server.pages import WEB

    if not (WEB / "index.html").is_file():
        note("this install has no page; the API is there, see /docs")
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        note(f"listening on {address}: whoever can reach it may play")


def _reachable(host: str, hosts: "Hosts") -> str:
    """Name the server for a browser on this machine."""
    if hosts.any_address:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _announce(url: str, show: bool) -> None:
    typer.echo(f"paradiddle plays at {url} (Ctrl+C ends it)")
    if show:
        import threading
        import webbrowser

        # it listens already; a browser that runs in the terminal must not hold it up
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
