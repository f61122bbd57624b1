import dataclasses
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from strategies import patterns, performances

from paradiddle import midi, smf
from paradiddle.errors import InvalidValueError, MidiError, OutputError
from paradiddle.events import DEFAULT_VELOCITY, Events
from paradiddle.midi import drums_of, events_of, parse_channel, to_bytes
from paradiddle.pattern import Pattern

KICK, SNARE, HAT = 36, 38, 42


def with_mido(*messages: mido.Message | mido.MetaMessage, division: int = 480) -> bytes:
    """A MIDI file of one track, written by mido."""
    file = mido.MidiFile(type=0, ticks_per_beat=division, tracks=[mido.MidiTrack(messages)])
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def note(pitch: int, *, channel: int = 10, velocity: int = 100, time: int = 0) -> mido.Message:
    return mido.Message("note_on", channel=channel - 1, note=pitch, velocity=velocity, time=time)


# --- which notes are drums --------------------------------------------------------------------


def drums_in(*messages: mido.Message, channel: int | None = None) -> tuple[list[int], str]:
    """The pitches taken for drums, and by what rule."""
    score = smf.parse(with_mido(*messages))
    mask, rule = drums_of(score, channel)
    return score.pitches[mask].tolist(), rule


def test_channel_10_counts_where_it_has_notes() -> None:
    bass, kick = note(40, channel=1), note(KICK)
    assert drums_in(bass, kick) == ([KICK], "channel 10")
    assert drums_in(note(0), note(127)) == ([0, 127], "channel 10")  # whatever they are


@pytest.mark.parametrize("channel", [1, 11])
def test_elsewhere_notes_count_if_all_lie_in_the_percussion_range(channel: int) -> None:
    """The published drummer's own files are on channels 1 and 11."""
    pitches, rule = drums_in(*(note(pitch, channel=channel) for pitch in (22, 27, 87)))
    assert pitches == [22, 27, 87]
    assert rule == f"channel {channel}: every note lies in the percussion range"


def test_several_other_channels_count_together() -> None:
    assert drums_in(note(KICK, channel=3), note(SNARE, channel=1)) == (
        [KICK, SNARE],
        "channel 1, 3: every note lies in the percussion range",
    )


@pytest.mark.parametrize("pitch", [0, 21, 23, 88, 127])
def test_one_note_beyond_the_percussion_range_and_none_count(pitch: int) -> None:
    with pytest.raises(
        MidiError,
        match=r"no drums: nothing on channel 10, notes on channel 1, 3; name one with --channel",
    ):
        drums_in(note(KICK, channel=1), note(pitch, channel=3))


def test_a_channel_asked_for_is_taken() -> None:
    piano, kick = note(100, channel=1), note(KICK)
    assert drums_in(piano, kick, channel=1) == ([100], "channel 1")
    assert drums_in(piano, kick, channel=0) == ([100, KICK], "all channels, as asked")


def test_a_channel_asked_for_in_vain_is_refused() -> None:
    with pytest.raises(MidiError, match="nothing on channel 2, notes on channel 10; name one"):
        drums_in(note(KICK), channel=2)


@pytest.mark.parametrize("channel", [None, 0, 10])
def test_a_file_without_notes_holds_no_drums(channel: int | None) -> None:
    with pytest.raises(MidiError, match="no notes in the file"):
        drums_in(note(KICK, velocity=0), channel=channel)


@pytest.mark.parametrize(
    ("text", "channel"), [(None, None), ("all", 0), ("1", 1), ("10", 10), ("16", 16)]
)
def test_the_channel_option(text: str | None, channel: int | None) -> None:
    assert parse_channel(text) == channel


@pytest.mark.parametrize("text", ["0", "17", "-1", "ten", "", "1.5"])
def test_a_channel_that_does_not_exist_is_named(text: str) -> None:
    with pytest.raises(InvalidValueError, match=f"must be 1 to 16 or 'all', got '{text}'"):
        parse_channel(text)


# --- reading ----------------------------------------------------------------------------------


def test_events_of_a_file() -> None:
    data = with_mido(
        mido.MetaMessage("set_tempo", tempo=625_000),
        mido.MetaMessage("time_signature", numerator=6, denominator=8),
        note(KICK, velocity=127, time=24),
        note(50, channel=1, time=24),
        note(HAT, velocity=1, time=24),
        division=96,
    )
    velocities = np.array([127, 1], np.float32) / 127
    assert events_of(smf.parse(data)) == Events([KICK, HAT], [120, 240], velocities, 96, 3)
    assert events_of(smf.parse(data), 1) == Events([50], [240], [100 / 127], 96, 3)


def test_without_tempo_and_time_signature_the_midi_defaults_hold() -> None:
    assert events_of(smf.parse(with_mido(note(KICK, velocity=127)))) == Events([KICK], [0], [1])


def test_the_first_tempo_and_metre_count() -> None:
    data = with_mido(
        mido.MetaMessage("set_tempo", tempo=500_000),
        note(KICK),
        mido.MetaMessage("set_tempo", tempo=1_000_000, time=480),
        mido.MetaMessage("time_signature", numerator=3, denominator=4),
        note(KICK, time=480),
    )
    score = smf.parse(data)
    assert events_of(score).qpm == 120
    assert score.seconds().tolist() == [0, 1.5]


@pytest.mark.parametrize("division", [1, 24, 96, 120, 384, 480, 960, 1000, 32767])
def test_any_resolution_is_read_without_drift(division: int) -> None:
    count = 2000
    events = events_of(smf.parse(with_mido(*[note(HAT, time=7)] * count, division=division)))
    exact = np.arange(1, count + 1) * 7 * 480 / division
    assert np.abs(events.onsets - exact).max() <= 0.5


def test_files_are_read_from_paths(tmp_path: Path) -> None:
    path = tmp_path / "beat.mid"
    path.write_bytes(with_mido(note(KICK), note(SNARE, time=475), note(SNARE, time=10)))
    assert midi.read_events(path).onsets.tolist() == [0, 475, 485]
    pattern, collisions, unmapped = midi.read_pattern(str(path))
    assert np.argwhere(pattern.hits).tolist() == [[0, 0], [4, 1]]
    assert (collisions, unmapped) == (1, 0)
    assert midi.read_pattern(path, steps_per_quarter=96).collisions == 0
    with pytest.raises(MidiError, match="nothing on channel 9, notes on channel 10"):
        midi.read_pattern(path, 9)
    with pytest.raises(IsADirectoryError):
        midi.read_events(tmp_path)


@given(st.binary(max_size=100), st.integers(1, 0x7FFF))
def test_any_track_is_read_or_refused(track: bytes, division: int) -> None:
    header = b"MThd\0\0\0\x06\0\0\0\x01" + division.to_bytes(2)
    try:
        events = events_of(smf.parse(header + b"MTrk" + len(track).to_bytes(4) + track), 0)
    except MidiError:
        return
    assert len(events)


# --- agreement with mido on the Groove MIDI Dataset -------------------------------------------


def groove_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every MIDI file of the dataset, in a folder or a zip archive."""
    if path.is_dir():
        for file in sorted(path.rglob("*.mid")):
            yield str(file), file.read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".mid"):
                yield name, archive.read(name)


def notes_by_mido(data: bytes) -> list[tuple[int, int, int, int]]:
    """(tick, channel, pitch, velocity) of every note-on, as mido reads them."""
    notes, tick = [], 0
    (track,) = mido.MidiFile(file=io.BytesIO(data)).tracks
    for message in track:
        tick += message.time
        if message.type == "note_on" and message.velocity:
            notes.append((tick, message.channel + 1, message.note, message.velocity))
    return notes


@pytest.mark.groove
def test_every_groove_file_reads_as_mido_reads_it(groove: Path) -> None:
    files = notes = 0
    for name, data in groove_files(groove):
        score = smf.parse(data)
        columns = (score.ticks, score.channels, score.pitches, score.velocities)
        ours = list(zip(*(column.tolist() for column in columns), strict=True))
        assert ours == notes_by_mido(data), name
        assert drums_of(score).rule == "channel 10", name
        files, notes = files + 1, notes + len(ours)
    assert files == 1150
    assert notes in (446_311, 446_312)


# --- writing ----------------------------------------------------------------------------------


def random_performance(count: int, seed: int = 1) -> Events:
    rng = np.random.default_rng(seed)
    return Events(
        rng.choice([KICK, SNARE, HAT, 46, 49, 51], count),
        rng.choice([0, 3, 30, 60, 120, 121, 480, 5000], count),
        rng.integers(1, 128, count) / 127,
        qpm=93,
        quarters_per_bar=3.5,
    )


def test_the_head_of_a_file() -> None:
    file = mido.MidiFile(file=io.BytesIO(to_bytes(Events([KICK], [0], qpm=96))))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (0, 480, 1)
    name, tempo, metre = file.tracks[0][:3]
    assert (name.type, name.name) == ("track_name", "paradiddle")
    assert (tempo.type, tempo.tempo) == ("set_tempo", 625_000)
    assert (metre.type, metre.numerator, metre.denominator) == ("time_signature", 4, 4)
    assert {message.time for message in (name, tempo, metre)} == {0}


def test_ten_thousand_events_are_written_without_drift_on_channel_10() -> None:
    events = random_performance(10_000)
    expected = zip(
        events.onsets.tolist(),
        [10] * len(events),
        events.notes.tolist(),
        np.rint(events.dynamics * 127).astype(int).tolist(),
        strict=True,
    )
    assert notes_by_mido(to_bytes(events)) == list(expected)


def check_note_offs(data: bytes) -> None:
    """Every note is ended once, by the next hit of its drum at the latest, within the file."""
    tick, sounding, struck = 0, dict.fromkeys(range(128), 0), {}
    for message in mido.MidiFile(file=io.BytesIO(data)).tracks[0]:
        tick += message.time
        if message.type == "note_on":
            assert not sounding[message.note] or struck[message.note] == tick
            sounding[message.note] += 1
            struck[message.note] = tick
        elif message.type == "note_off":
            assert message.channel == 9
            sounding[message.note] -= 1
            assert 0 < tick - struck[message.note] <= 60
    assert message.type == "end_of_track"
    assert not any(sounding.values())


def test_every_note_has_its_note_off() -> None:
    check_note_offs(to_bytes(random_performance(2000)))
    check_note_offs(to_bytes(Events([KICK] * 4, [0, 0, 0, 1])))  # struck thrice at once


def end_of(data: bytes) -> int:
    """Tick of the end of the track."""
    return sum(message.time for message in mido.MidiFile(file=io.BytesIO(data)).tracks[0])


@pytest.mark.parametrize(
    ("events", "end"),
    [
        (Events([], []), 0),
        (Events([KICK], [0]), 1920),
        (Events([KICK], [1919]), 1920),  # its note-off comes early for that
        (Events([KICK], [1920]), 3840),
        (Events([KICK], [1680], quarters_per_bar=3.5), 3360),
        (Events([KICK], [1439], quarters_per_bar=3), 1440),
    ],
)
def test_a_file_ends_on_a_bar_line(events: Events, end: int) -> None:
    assert end_of(to_bytes(events)) == end
    check_note_offs(to_bytes(events))


def test_a_pattern_is_written_with_its_silent_bars() -> None:
    assert end_of(to_bytes(Pattern.empty(3))) == 3 * 1920
    triplets = Pattern.empty(5, steps_per_quarter=3, quarters_per_bar=3)
    assert end_of(to_bytes(triplets)) == 5 * 1440


def test_softest_and_loudest_hits_stay_hits() -> None:
    data = to_bytes(Events([KICK, KICK, KICK], [0, 10, 10], [0, 0.001, 1]))
    assert [velocity for *_, velocity in notes_by_mido(data)] == [1, 1, 127]


def test_without_velocities_the_default_is_written() -> None:
    assert notes_by_mido(to_bytes(Events([KICK], [0]))) == [(0, 10, KICK, 100)]
    assert DEFAULT_VELOCITY * 127 == 100


@pytest.mark.parametrize(
    ("quarters_per_bar", "written"), [(4, (4, 4)), (3, (3, 4)), (3.5, (7, 8)), (4.5, (9, 8))]
)
def test_metres(quarters_per_bar: float, written: tuple[int, int]) -> None:
    data = to_bytes(Events([KICK], [0], quarters_per_bar=quarters_per_bar))
    assert smf.parse(data).time_signatures == ((0, *written),)
    assert events_of(smf.parse(data)).quarters_per_bar == quarters_per_bar


def test_a_bar_that_no_time_signature_has_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="quarters_per_bar must be a whole number of 64ths"):
        to_bytes(Events([KICK], [0], quarters_per_bar=4.01))


# --- round trips ------------------------------------------------------------------------------


@given(performances().filter(len), st.integers(200_000, 3_000_000))
def test_events_to_bytes_and_back_are_exact(events: Events, microseconds: int) -> None:
    """Ticks, notes and tempo exact; velocities to the 127 that MIDI has."""
    events = dataclasses.replace(events, qpm=60e6 / microseconds)
    back = events_of(smf.parse(to_bytes(events)))
    assert_array_equal(back.notes, events.notes)
    assert_array_equal(back.ticks, events.ticks)
    assert (back.qpm, back.quarters_per_bar) == (events.qpm, events.quarters_per_bar)
    in_midi = np.clip(np.rint(events.dynamics * 127), 1, 127) / np.float32(127)
    assert_array_equal(back.dynamics, in_midi)
    assert events_of(smf.parse(to_bytes(back))) == back


@given(patterns(whole_bars=True))
def test_pattern_to_bytes_and_back_keeps_every_hit(pattern: Pattern) -> None:
    data = to_bytes(pattern)
    back, collisions, unmapped = midi.pattern_of(
        smf.parse(data), steps_per_quarter=pattern.steps_per_quarter
    )
    assert (collisions, unmapped) == (0, 0)
    assert_array_equal(back.hits, pattern.hits)
    assert np.abs(back.velocities - pattern.velocities).max() <= 1 / 127 + 1e-6
    tick = pattern.steps_per_quarter / 480
    assert np.abs(back.offsets - pattern.offsets).max() <= tick + 1e-6
    assert back.qpm == pytest.approx(pattern.qpm, rel=1e-5)
    assert to_bytes(back) == data
    assert end_of(data) == round(pattern.steps / pattern.steps_per_quarter * 480)
    check_note_offs(data)


def test_a_file_is_written_and_read_back(tmp_path: Path) -> None:
    events = random_performance(50)
    path = tmp_path / "beat.mid"
    midi.write(path, events)
    assert path.read_bytes() == to_bytes(events)
    back = midi.read_events(path)
    assert back.qpm == pytest.approx(93, rel=1e-5)
    assert dataclasses.replace(back, qpm=93) == events


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    events = Events([KICK], [0])
    with pytest.raises(OutputError, match="it is a folder; name a file inside"):
        midi.write(tmp_path, events)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is not a folder"):
        midi.write(tmp_path / "file" / "beat.mid", events)
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_file_is_not_touched_when_the_music_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "beat.mid"
    path.write_bytes(b"old")
    with pytest.raises(InvalidValueError, match="quarters_per_bar"):
        midi.write(path, Events([KICK], [0], quarters_per_bar=4.01))
    assert path.read_bytes() == b"old"
