"""Where live music goes, and whose clock it keeps: options that several commands share."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from paradiddle.cli.options import note
from paradiddle.held_port import VIRTUAL_NAME
from paradiddle.kit_maps import KIT_MAPS

if TYPE_CHECKING:
    from paradiddle.live_player import MidiSink, Sink

__all__ = ["Playing", "WithVirtual", "outputs"]

_PANEL = "Where it is heard"
_MOST_BARS = 16  # of clicks
_FILES = (".json", ".mid", ".midi")  # what no port is called
_LONGEST_LATENCY = 500  # milliseconds


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
            show_default=VIRTUAL_NAME,
            rich_help_panel=_PANEL,
        ),
    ] = None
    audio: Annotated[
        bool, typer.Option("--audio", help="Play on the sound card.", rich_help_panel=_PANEL)
    ] = False
    kit_map: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.json",
            help=f"Notes of the voices on a MIDI port: {', '.join(KIT_MAPS)}, or a file with one a"
            " voice.",
            show_default="gm",
            rich_help_panel=_PANEL,
        ),
    ] = None
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
    clock_latency: Annotated[
        float | None,
        typer.Option(
            metavar="MS",
            help="Play so much earlier than the clock followed: what it takes to come in and music"
            " to be heard.",
            show_default="1.25 periods of JACK for --clock in, and what the sound card says",
            rich_help_panel=_PANEL,
        ),
    ] = None

    def check(self) -> None:
        """Raise unless the options fit each other.

        Raises
        ------
        InvalidValueError
            Naming the one that does not.
        MissingExtraError
            If what it takes to play with Ableton Link is not installed.
        """
        from paradiddle.checks import check_at_least, check_whole
        from paradiddle.errors import InvalidValueError
        from paradiddle.kit_maps import kit_pitches

        check_whole("--midi-channel", self.midi_channel, 1, 16, "drums have 10")
        if self.clock not in (None, "out", "in", "link"):
            raise InvalidValueError(f"--clock must be out, in or link, got {self.clock!r}")
        if self.clock == "out" and self.is_audio:
            raise InvalidValueError("--clock out needs a MIDI port; add --port NAME or --virtual")
        if self.clock != "in" and (self.clock_port or self.clock_wait is not None):
            raise InvalidValueError("--clock-port and --clock-wait are for --clock in; add it")
        check_at_least("--clock-wait", self.clock_wait or 0.0, 0, "leave it out to wait for ever")
        if self.port is not None and self.virtual is not None:
            raise InvalidValueError(
                f"--port {self.port} and --virtual {self.virtual} exclude each other; leave one out"
            )
        if self.soundfont is not None and not self.audio:
            raise InvalidValueError(f"--soundfont {self.soundfont} is for --audio; add it")
        if self.is_audio and self.kit_map is not None:
            raise InvalidValueError(
                f"--kit-map {self.kit_map} is for a MIDI port; add --port NAME or --virtual"
            )
        if self.clock_latency is not None:
            if self.clock not in ("in", "link"):
                raise InvalidValueError("--clock-latency is for --clock in or link; add one")
            if not 0 <= self.clock_latency <= _LONGEST_LATENCY:
                raise InvalidValueError(
                    f"--clock-latency must be in [0, {_LONGEST_LATENCY}] ms, got"
                    f" {self.clock_latency:g}; 5 to 10 are usual"
                )
        kit_pitches(self.kit_map or "gm")
        if self.clock == "link":
            from paradiddle.link_clock import load_link

            load_link()

    def check_count_in(self, bars: int) -> None:
        """Raise if a count-in cannot be, as where another clock says when the music begins.

        Raises
        ------
        InvalidValueError
            Naming the options.
        """
        from paradiddle.checks import check_whole
        from paradiddle.errors import InvalidValueError

        check_whole("--count-in", bars, 0, _MOST_BARS, "0 starts at once")
        if bars and self.clock in ("in", "link"):
            raise InvalidValueError(
                f"--count-in {bars} needs a clock of our own, got --clock {self.clock};"
                " leave one of them out"
            )

    @property
    def is_audio(self) -> bool:
        """Whether it is heard on the sound card alone."""
        return self.audio and self.port is None and self.virtual is None


@contextmanager
def outputs(
    playing: Playing, pitches: Sequence[int] = (), begins: float = 0.0
) -> "Iterator[Sequence[Sink]]":
    """Open what is asked for: by default a MIDI port of our own, or the sound card with --audio.

    Parameters
    ----------
    playing : Playing
    pitches : sequence of int
        What will be played beside the nine voices.
    begins : float
        Where the music begins in the song of those who follow our clock, in quarters.

    Raises
    ------
    ParadiddleError
        If something cannot be opened; it says what there is.
    """
    playing.check()
    if playing.clock_port is not None:
        from paradiddle.ports import check_input

        check_input(playing.clock_port)  # before a port of our own is among those it lists
    with ExitStack() as stack:
        sinks: list[Sink] = []
        if playing.audio:
            from paradiddle.live_audio import AudioSink

            sound = AudioSink(playing.soundfont, pitches)
            sound.tell = note
            stack.callback(sound.close)
            sinks.append(sound)
        if not playing.is_audio:
            sinks.append(_midi(playing, stack, begins))
        yield sinks


def _midi(playing: Playing, stack: ExitStack, begins: float) -> "MidiSink":
    """Open a MIDI port."""
    from paradiddle.kit_maps import kit_notes
    from paradiddle.live_player import MidiSink
    from paradiddle.ports import open_output

    virtual = playing.virtual or (VIRTUAL_NAME if playing.port is None else None)
    output = open_output(playing.port, virtual=virtual)
    stack.callback(output.close)
    output.tell = note
    notes = kit_notes(playing.kit_map) if playing.kit_map else ()
    pitches, channels = [one.pitch for one in notes], [one.channel for one in notes]
    note(f"playing to MIDI port {output.name}")
    clock = playing.clock == "out"
    channel = playing.midi_channel
    return MidiSink(output, pitches or None, channel, channels, clock=clock, begins=begins)


def _named(arguments: Sequence[str]) -> Iterator[str]:
    """Put a name after each `--virtual` that stands alone, or has a file behind it."""
    for argument, after in zip(arguments, [*arguments, "-"][1:], strict=True):
        yield argument
        if argument == "--virtual" and (after.startswith("-") or _is_file(after)):
            yield VIRTUAL_NAME


def _is_file(argument: str) -> bool:
    """Whether an argument means a file, be it there or not."""
    path = Path(argument)
    return path.suffix.lower() in _FILES or path.is_file()
