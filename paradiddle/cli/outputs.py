"""Where live music goes, and whose clock it keeps: options that several commands share."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from paradiddle.cli.options import note
from paradiddle.cli.pieces import KitMap

if TYPE_CHECKING:
    from paradiddle.clock_in import Playable
    from paradiddle.link_clock import LinkClock
    from paradiddle.live_player import Sink

__all__ = ["Playing", "WithVirtual", "following", "outputs"]

_NAME = "paradiddle"
_PANEL = "Where it is heard"


class WithVirtual(TyperCommand):
    """A command whose `--virtual` may stand without a name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give it the usual name where it has none."""
        return super().parse_args(ctx, list(_named(args)))


@dataclass(frozen=True)
class Playing:
    """Where live music goes, as typed."""

    port: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Play to this MIDI port; part of its name will do. See paradiddle ports.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    virtual: Annotated[
        str | None,
        typer.Option(
            metavar="[NAME]",
            help="Play to a MIDI port of our own, which a DAW sees as an input.",
            show_default=_NAME,
            rich_help_panel=_PANEL,
        ),
    ] = None
    audio: Annotated[
        bool, typer.Option("--audio", help="Play on the sound card.", rich_help_panel=_PANEL)
    ] = False
    kit_map: KitMap = None
    midi_channel: Annotated[
        int,
        typer.Option(metavar="N", help="MIDI channel to play on.", rich_help_panel=_PANEL),
    ] = 10
    soundfont: Annotated[
        Path | None,
        typer.Option(
            "--soundfont",
            metavar="FILE.sf2",
            help="Play --audio with this SoundFont.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    clock: Annotated[
        str | None,
        typer.Option(
            metavar="out|in|link",
            help="Send MIDI clock, follow one, or play with Ableton Link.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    clock_port: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Where the clock to follow comes in.",
            show_default="a port of our own",
            rich_help_panel=_PANEL,
        ),
    ] = None
    clock_wait: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Give up if no clock comes in so long.",
            show_default="wait for ever",
            rich_help_panel=_PANEL,
        ),
    ] = None

    def check(self) -> None:
        """Raise unless the options fit each other.

        Raises
        ------
        InvalidValueError
            Naming the one that does not.
        """
        from paradiddle.checks import check_whole
        from paradiddle.errors import InvalidValueError
        from paradiddle.kit_maps import kit_pitches

        check_whole("--midi-channel", self.midi_channel, 1, 16, "drums have 10")
        if self.clock not in (None, "out", "in", "link"):
            raise InvalidValueError(f"--clock must be out, in or link, got {self.clock!r}")
        if self.clock == "out" and self.is_audio:
            raise InvalidValueError("--clock out needs a MIDI port; add --port NAME or --virtual")
        if self.clock != "in" and (self.clock_port or self.clock_wait is not None):
            raise InvalidValueError("--clock-port and --clock-wait are for --clock in; add it")
        kit_pitches(self.kit_map or "gm")

    @property
    def is_audio(self) -> bool:
        """Whether it is heard on the sound card alone."""
        return self.audio and self.port is None and self.virtual is None


@contextmanager
def outputs(playing: Playing) -> "Iterator[Sequence[Sink]]":
    """Open what is asked for: by default a MIDI port of our own, or the sound card with --audio.

    Raises
    ------
    ParadiddleError
        If something cannot be opened; it says what there is.
    """
    from paradiddle.kit_maps import kit_pitches
    from paradiddle.live_player import MidiSink
    from paradiddle.ports import open_output

    playing.check()
    with ExitStack() as stack:
        sinks: list[Sink] = []
        if playing.audio:
            from paradiddle.live_audio import AudioSink

            sound = AudioSink(playing.soundfont)
            stack.callback(sound.close)
            sinks.append(sound)
        if not playing.is_audio:
            virtual = playing.virtual or (_NAME if playing.port is None else None)
            output = open_output(playing.port, virtual=virtual)
            stack.callback(output.close)
            pitches = kit_pitches(playing.kit_map) if playing.kit_map else None
            clock = playing.clock == "out"
            sinks.append(MidiSink(output, pitches, playing.midi_channel, clock=clock))
            note(f"playing to MIDI port {output.name}")
        yield sinks


@contextmanager
def following(playing: Playing, player: "Playable", qpm: float) -> "Iterator[LinkClock | None]":
    """Let a clock lead a player, if one is to; give the Link session where it is that.

    Raises
    ------
    PortError
        If no clock comes in the time it may take.
    """
    with ExitStack() as stack:
        if playing.clock == "in":
            _follow(playing, player, stack)
        yield _joined(player, qpm, stack) if playing.clock == "link" else None


def _follow(playing: Playing, player: "Playable", stack: ExitStack) -> None:
    """Listen for a MIDI clock, and wait for the first of it."""
    from paradiddle.clock_in import ClockFollower
    from paradiddle.ports import open_input

    virtual = _NAME if playing.clock_port is None else None
    port = stack.enter_context(open_input(playing.clock_port, virtual=virtual))
    follower = ClockFollower(player, now=time.perf_counter)
    port.listen(follower.listen)
    stack.callback(port.listen, None)
    stack.enter_context(_checking(follower.check))
    note(f"waiting for a MIDI clock on {port.name}")
    follower.wait(playing.clock_wait)
    note("a MIDI clock is here; it starts and stops the music")


def _joined(player: "Playable", qpm: float, stack: ExitStack) -> "LinkClock":
    """Join Ableton Link."""
    from paradiddle.link_clock import LinkClock, join_link

    link = LinkClock(player, join_link(qpm))
    stack.callback(link.close)
    link.run()
    return link


@contextmanager
def _checking(check: Any) -> Iterator[None]:
    """Call something now and then, in a thread."""
    import threading

    closing = threading.Event()

    def run() -> None:
        while not closing.wait(0.2):
            check()

    thread = threading.Thread(target=run, name="clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join()


def _named(arguments: Sequence[str]) -> Iterator[str]:
    """Put a name after each `--virtual` that stands alone, or has a file behind it."""
    for argument, after in zip(arguments, [*arguments, "-"][1:], strict=True):
        yield argument
        if argument == "--virtual" and (after.startswith("-") or Path(after).is_file()):
            yield _NAME
