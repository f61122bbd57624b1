"""`paradiddle play`: hear a file, through the sound card or live on a MIDI port."""

import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paradiddle.cli.leading import following
from paradiddle.cli.options import note, unpacks
from paradiddle.cli.outputs import Playing, outputs
from paradiddle.errors import InvalidValueError, MidiError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from paradiddle.pattern import Pattern
    from paradiddle.score import Score
    from paradiddle.transport import Loop

_PANEL = "How it is played live"
_POLL_SECONDS = 0.1
_FIND_SECONDS = 2.0  # in which others on Link are found


@unpacks(Playing)
def play(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|-", help="A MIDI file, or a pattern in JSON; - is the standard input."
        ),
    ],
    playing: Playing,
    channel: Annotated[
        str | None, typer.Option(metavar="N|all", help="Take the drums from this channel.")
    ] = None,
    loop: Annotated[
        bool, typer.Option("--loop", help="Again and again.", rich_help_panel=_PANEL)
    ] = False,
    bpm: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="Quarters per minute.",
            show_default="that of the file",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    from_: Annotated[
        int | None,
        typer.Option(
            "--from", metavar="BAR", help="Play from this bar on.", rich_help_panel=_PANEL
        ),
    ] = None,
    to: Annotated[
        int | None,
        typer.Option("--to", metavar="BAR", help="Play to the end of it.", rich_help_panel=_PANEL),
    ] = None,
    count_in: Annotated[
        int, typer.Option(metavar="BARS", help="Bars of clicks first.", rich_help_panel=_PANEL)
    ] = 0,
) -> None:
    """Play a MIDI file or a pattern; Ctrl+C stops.

    Through the sound card unless a port is named, rendered ahead unless it is played live.
    """
    from paradiddle.audio import card_rate
    from paradiddle.audio import play as play_sound
    from paradiddle.midi import parse_channel
    from paradiddle.timing import check_live_qpm

    asked = _is_live(playing)
    playing = replace(playing, audio=playing.audio or not _has_port(playing))
    playing.check()
    chosen = parse_channel(channel)
    if bpm is not None:
        check_live_qpm("--bpm", bpm)
    playing.check_count_in(count_in)
    some = (from_, to) != (None, None)
    live = asked or loop or bpm is not None or count_in or some
    try:
        music = _read(file)
        if not live:
            rate = card_rate()
            sound = _sound(music, chosen, playing.soundfont, rate)
        else:
            timed, usual = _loop(music, chosen, loop)
            first, last = _bars(timed, from_, to)
            timed = timed.between(first, last)
            qpm = check_live_qpm("qpm", usual, "add --bpm 120") if bpm is None else bpm
    except (InvalidValueError, MidiError) as error:
        raise type(error)(f"{file}: {error}") from None
    if live:
        _play_live(timed, qpm, playing, count_in, first - 1)
    else:
        play_sound(sound, sample_rate=rate)


def _is_live(playing: Playing) -> bool:
    """Whether an option asks for more than the sound of a file."""
    return playing.audio or _has_port(playing) or playing.clock is not None


def _has_port(playing: Playing) -> bool:
    """Whether it is to go to a MIDI port."""
    return playing.port is not None or playing.virtual is not None


def _bars(music: "Loop", first: int | None, last: int | None) -> tuple[int, int]:
    """Choose the bars to play: all that is not said otherwise."""
    from paradiddle.checks import check_whole

    end = music.bars if last is None else last
    check_whole("--to", end, 1, music.bars, f"there are {music.bars} bars")
    begin = 1 if first is None else first
    check_whole("--from", begin, 1, end, "bars are counted from 1, and end with --to")
    return begin, end


def _play_live(
    music: "Loop", qpm: float, playing: Playing, count_in: int, bars_before: int
) -> None:
    """Play until the end, or until it is stopped; be silent then, whatever stops it."""
    import time

    from paradiddle.live_audio import AudioSink
    from paradiddle.live_player import LivePlayer
    from paradiddle.stopping import stops_on_signals, suspended_in
    from paradiddle.transport import Transport

    transport = Transport(time.perf_counter, qpm)
    transport.set_loop(music)
    pitches = sorted({hit.pitch for hit in music.hits if hit.pitch >= 0})
    with (
        stops_on_signals(),
        outputs(playing, pitches, bars_before * music.quarters_per_bar) as sinks,
        LivePlayer(transport, sinks) as player,
        suspended_in(player.silent),
        ExitStack() as opened,
    ):
        player.tell = note
        bar, late = music.quarters_per_bar, player.latency
        led = following(playing, player, qpm, bar, latency=late, sleep=player.rest)
        link = opened.enter_context(led)
        opened.callback(player.stop)  # first of all: to let go of a clock takes a while
        if link is not None:
            link.find(_FIND_SECONDS)
            note(f"Ableton Link: {link.peers} others at {link.qpm:g} bpm; from the next bar on")
            link.play()
        elif playing.clock != "in":
            player.start(count_in_bars=count_in)
        ringing = [sink for sink in sinks if isinstance(sink, AudioSink)]
        while not player.finished or any(sink.sounds for sink in ringing):
            player.rest(_POLL_SECONDS)


def _read(file: Path) -> "Pattern | Score":
    """Read a pattern or a MIDI file, - from the standard input."""
    from paradiddle import smf
    from paradiddle.pattern import Pattern

    if str(file) == "-":
        data = sys.stdin.buffer.read(smf.MAX_BYTES + 1)
        if data[:1] != b"M":
            return Pattern.from_json(data.decode(errors="replace"))
        return smf.parse(data)
    if file.suffix.lower() == ".json":
        # bytes that are no text end up as no pattern
        return Pattern.from_json(file.read_text(encoding="utf-8", errors="replace"))
    return smf.read(file)


def _sound(
    music: "Pattern | Score", channel: int | None, soundfont: Path | None, rate: int
) -> "NDArray[np.float32]":
    """Render it."""
    from paradiddle import kit, midi
    from paradiddle.pattern import Pattern
    from paradiddle.saving import sound_of

    if isinstance(music, Pattern):
        return sound_of(music, soundfont, sample_rate=rate)
    if soundfont is not None:
        return sound_of(midi.events_of(music, channel), soundfont, sample_rate=rate)
    mask = midi.drums_of(music, channel).mask
    velocities = music.velocities[mask] / 127
    return kit.render(music.seconds()[mask], music.pitches[mask], velocities, sample_rate=rate)


def _loop(music: "Pattern | Score", channel: int | None, repeats: bool) -> "tuple[Loop, float]":
    """Place it in quarters; a file that changes its tempo as it sounds at its first."""
    from paradiddle import midi
    from paradiddle.events import Events
    from paradiddle.pattern import Pattern
    from paradiddle.timing import TICKS_PER_QUARTER
    from paradiddle.transport import Loop

    if isinstance(music, Pattern):
        return Loop.of(music, repeats=repeats), music.qpm
    events = midi.events_of(music, channel)
    if len({qpm for _, qpm in music.tempos}) > 1:
        note(f"the file changes its tempo; its bars and its clock are those of {events.qpm:g} bpm")
        mask = midi.drums_of(music, channel).mask
        ticks = music.seconds()[mask] * events.qpm / 60 * TICKS_PER_QUARTER
        events = Events.from_onsets(
            music.pitches[mask],
            ticks.round().astype(int),
            events.dynamics,
            events.qpm,
            events.quarters_per_bar,
        )
    return Loop.of_events(events, repeats=repeats), events.qpm
