import io
import re
import time
import tracemalloc

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from paradiddle import smf
from paradiddle.errors import MidiError
from paradiddle.score import Score
from paradiddle.smf import parse


def from_hex(dump: str) -> bytes:
    """Bytes of a hexdump in which `#` starts a comment."""
    return bytes.fromhex(re.sub(r"#.*", "", dump))


def file_of(*tracks: str, midi_format: int = 0, division: int = 96) -> bytes:
    """A MIDI file of the given track contents, each a hexdump; lengths are filled in."""
    header = b"".join(number.to_bytes(2) for number in (midi_format, len(tracks), division))
    chunks = [(b"MThd", header), *((b"MTrk", from_hex(track)) for track in tracks)]
    return b"".join(kind + len(content).to_bytes(4) + content for kind, content in chunks)


def notes_of(data: bytes) -> list[tuple[int, int, int, int]]:
    """(tick, channel, pitch, velocity) of every note-on."""
    score = parse(data)
    columns = (score.ticks, score.channels, score.pitches, score.velocities)
    return list(zip(*(column.tolist() for column in columns), strict=True))


# --- what a file may hold ---------------------------------------------------------------------

WHOLE_FILE = from_hex(
    """
    4D 54 68 64  00 00 00 06   # MThd, 6 bytes
    00 00  00 01  00 60        # format 0, one track, 96 ticks per quarter
    4D 54 72 6B  00 00 00 39   # MTrk, 57 bytes
    00  FF 03 04  72 6F 63 6B  # its name: rock
    00  FF 51 03  07 A1 20     # 500,000 microseconds a quarter: 120
    00  FF 58 04  07 03 18 08  # 7/8
    00  99 24 64               # kick, velocity 100
    00     2A 50               # closed hi-hat at once, running status
    18  99 24 00               # kick off, as a note-on of velocity 0
    18     26 7F               # snare a 16th later still
    00  89 26 40               # a real note-off
    60  B9 04 5A               # hi-hat pedal, a controller
    00  C9 00                  # program change: one data byte
    00  99 31 01               # crash, as soft as can be
    83 00  FF 2F 00            # end of track, four quarters later
    """
)


def test_a_whole_file() -> None:
    score = parse(WHOLE_FILE)
    assert score.midi_format == 0
    assert score.ticks_per_quarter == 96
    assert score.track_names == ("rock",)
    assert score.tempos == ((0, 120.0),)
    assert score.time_signatures == ((0, 7, 8),)
    assert notes_of(WHOLE_FILE) == [
        (0, 10, 36, 100),
        (0, 10, 42, 80),
        (48, 10, 38, 127),
        (144, 10, 49, 1),
    ]
    np.testing.assert_array_equal(score.seconds(), [0, 0, 0.25, 0.75])
    assert [score.ticks.dtype, score.pitches.dtype] == [np.int64, np.uint8]


def test_read_opens_a_path(tmp_path) -> None:
    path = tmp_path / "rock.mid"
    path.write_bytes(WHOLE_FILE)
    assert smf.read(path).track_names == smf.read(str(path)).track_names == ("rock",)
    with pytest.raises(FileNotFoundError):
        smf.read(tmp_path / "jazz.mid")


def test_format_1_merges_tracks_by_time() -> None:
    data = file_of(
        "00 FF 51 03 0F 42 40  00 FF 03 05 74 65 6D 70 6F  00 FF 2F 00",  # tempo track: 60
        "00 99 24 64  60 99 24 65  00 FF 2F 00",  # kick at 0 and 96
        "30 99 26 66  30 99 2A 67  00 FF 2F 00",  # snare at 48, hi-hat at 96
        midi_format=1,
    )
    assert parse(data).track_names == ("tempo", "", "")
    assert parse(data).tempos == ((0, 60.0),)
    assert notes_of(data) == [
        (0, 10, 36, 100),
        (48, 10, 38, 102),
        (96, 10, 36, 101),  # of one tick, the earlier track comes first
        (96, 10, 42, 103),
    ]


def test_hits_of_one_tick_keep_their_order_however_many() -> None:
    early, late = range(60), range(60, 120)
    track = " ".join([f"00 99 {pitch:02X} 64" for pitch in (*early, *late)])
    track = track.replace("00 99 3C", "60 99 3C")  # the second sixty a quarter later
    pitches = parse(file_of(track, track, midi_format=1)).pitches
    assert pitches.tolist() == [*early, *early, *late, *late]


def test_format_2_lays_tracks_end_to_end_on_bar_lines() -> None:
    data = file_of(
        "00 FF 58 04 03 02 18 08  00 99 24 64  81 00 FF 2F 00",  # 3/4, 128 ticks: one bar of 288
        "00 99 26 64  83 00 FF 2F 00",  # 4/4, 384 ticks: exactly one bar
        "00 FF 51 03 0F 42 40  0A 99 2A 64  00 FF 2F 00",
        midi_format=2,
    )
    assert notes_of(data) == [
        (0, 10, 36, 100),
        (288, 10, 38, 100),
        (288 + 384 + 10, 10, 42, 100),
    ]
    assert parse(data).tempos == ((288 + 384, 60.0),)
    assert parse(data).time_signatures == ((0, 3, 4),)


def test_format_2_counts_bars_from_the_last_change_of_metre() -> None:
    data = file_of(
        "00 99 24 64  83 00 FF 58 04 03 02 18 08  01 99 24 64  00 FF 2F 00",  # 4/4, then 3/4 at 384
        "00 99 26 64",
        midi_format=2,
    )
    assert [tick for tick, *_ in notes_of(data)] == [0, 385, 384 + 288]


NOTE = "00 99 24 64"


@pytest.mark.parametrize(
    ("between", "what"),
    [
        ("00 FF 01 03 68 65 79", "text"),
        ("00 FF 7F 00", "sequencer data of no length"),
        ("00 FF 60 02 01 02", "an unknown meta event"),
        ("00 FF 58 02 03 02", "a time signature cut to what matters"),
        ("00 F0 05 7E 7F 09 01 F7", "SysEx"),
        ("00 F0 03 43 12 00  00 F7 02 43 F7", "SysEx in two packets"),
        ("00 F7 02 F3 01", "an escape of a song select"),
        ("00 F1 12", "MTC quarter frame"),
        ("00 F2 01 02", "song position"),
        ("00 F3 05", "song select"),
        ("00 F6  00 F8  00 FA  00 FE", "tune request, clock, start, active sensing"),
        ("00 C9 00  00 01  00 02", "program changes under running status"),
        ("00 D9 7F  00 7E  00 00", "channel pressure under running status"),
        ("00 B9 04 5A  00 04 5B", "controllers under running status"),
        ("00 A9 24 10  00 E9 00 40", "aftertouch and pitch bend"),
        ("00 89 24 40  00 26 40", "note-offs under running status"),
    ],
)
def test_what_lies_between_notes_is_skipped(between: str, what: str) -> None:
    data = file_of(f"{NOTE} {between} 60 99 26 65 00 FF 2F 00")
    assert notes_of(data) == [(0, 10, 36, 100), (96, 10, 38, 101)], what


@pytest.mark.parametrize("between", ["00 FF 01 02 68 69", "00 F0 02 43 F7", "00 F8"])
def test_running_status_survives_meta_and_system_events(between: str) -> None:
    assert notes_of(file_of(f"{NOTE} {between} 60 26 65")) == [
        (0, 10, 36, 100),
        (96, 10, 38, 101),
    ]


def test_the_delta_of_a_skipped_event_counts() -> None:
    assert notes_of(file_of("10 FF 01 00  10 B9 04 5A  10 F0 01 F7  10 99 24 64")) == [
        (64, 10, 36, 100)
    ]


@pytest.mark.parametrize(
    ("delta", "ticks"),
    [
        ("00", 0),
        ("7F", 127),
        ("81 00", 128),
        ("FF 7F", 16383),
        ("81 80 00", 16384),
        ("BC 84 40", 983616),
        ("81 80 80 00", 2_097_152),
        ("80 80 80 05", 5),  # padded
    ],
)
def test_deltas_of_up_to_four_bytes(delta: str, ticks: int) -> None:
    assert parse(file_of(f"{delta} 99 24 64", division=480)).ticks.tolist() == [ticks]


def test_a_delta_of_five_bytes_is_refused() -> None:
    with pytest.raises(MidiError, match="more than four bytes"):
        parse(file_of("81 80 80 80 00 99 24 64"))


def test_a_missing_end_of_track_does_not_matter() -> None:
    assert notes_of(file_of(NOTE)) == [(0, 10, 36, 100)]


def test_nothing_after_the_end_of_track_is_read() -> None:
    assert notes_of(file_of(f"{NOTE} 00 FF 2F 00 00 99 26 64 FF FF FF")) == [(0, 10, 36, 100)]


def test_chunks_of_other_kinds_are_skipped() -> None:
    alien = b"XFIH" + (3).to_bytes(4) + b"abc"
    data = file_of(NOTE)
    assert notes_of(data[:14] + alien + data[14:]) == [(0, 10, 36, 100)]


def test_garbage_after_the_last_track_is_ignored() -> None:
    assert notes_of(file_of(NOTE) + b"\0MTrk garbage") == [(0, 10, 36, 100)]


def test_a_longer_header_is_skipped_over() -> None:
    data = file_of(NOTE)
    assert notes_of(data[:4] + b"\0\0\0\x08" + data[8:14] + b"??" + data[14:]) == [(0, 10, 36, 100)]


def test_notes_on_every_channel_keep_it() -> None:
    track = "".join(f"00 9{channel:X} 24 64 " for channel in range(16))
    assert parse(file_of(track)).channels.tolist() == list(range(1, 17))


def test_a_file_without_notes_is_a_score_without_notes() -> None:
    score = parse(file_of("00 FF 2F 00"))
    assert len(score.ticks) == len(score.pitches) == 0
    assert score.seconds().tolist() == []
    assert parse(file_of()).track_names == ()


def test_changes_of_tempo_and_metre() -> None:
    score = parse(
        file_of(
            """
            00 FF 51 03 07 A1 20  00 FF 58 04 04 02 18 08  # 120, 4/4
            83 00 FF 58 04 06 03 18 08                     # 6/8 at 384
            60 FF 51 03 0F 42 40                           # 60 at 480
            60 99 24 64
            """
        )
    )
    assert score.tempos == ((0, 120.0), (480, 60.0))
    assert score.time_signatures == ((0, 4, 4), (384, 6, 8))
    np.testing.assert_allclose(score.seconds(), [5 * 0.5 + 1])


def test_a_tempo_of_any_but_three_bytes_is_none() -> None:
    assert parse(file_of("00 FF 51 02 07 A1  00 FF 51 04 00 07 A1 20")).tempos == ()


def test_of_two_names_the_first_counts() -> None:
    assert parse(file_of("00 FF 03 02 68 69  00 FF 03 02 68 6F")).track_names == ("hi",)


def test_a_name_in_another_encoding_does_not_stop_the_reading() -> None:
    assert parse(file_of("00 FF 03 04 20 E9 21 20")).track_names == ("\ufffd!",)


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"RIFF" + bytes(40), "it starts with 'RIFF', not 'MThd'"),
        (b"\xff\0\x7f\n" + bytes(40), "it starts with FF 00 7F 0A, not 'MThd'"),
        (b"MThd\0\0\0\x06\0\0", "the header is cut short: 10 bytes"),
        (b"MThd\0\0\0\x04" + bytes(20), "the header is cut short"),
        (b"MThd\xff\xff\xff\xff" + bytes(20), "the header is cut short"),
        (file_of(NOTE, midi_format=3), "MIDI format 3 is unknown; formats 0, 1 and 2"),
        (file_of(NOTE, division=0xE728), "SMPTE frames; export the file with ticks per quarter"),
        (file_of(NOTE, division=0), "a division of 0 ticks per quarter"),
        (file_of("00 24 64"), "an event without a status byte"),
        (file_of("00 99 24"), "track 1 ends in the middle of an event"),
        (file_of("00"), "track 1 ends in the middle of an event"),
        (file_of("00 F0 7F 01"), "track 1 ends in the middle of an event"),
        (file_of(NOTE, "00 FF 03 7F 41", midi_format=1), "track 2 ends in the middle"),
        (file_of("00 99 80 64"), "a data byte above 127"),
        (file_of("00 99 24 C0"), "a data byte above 127"),
        (file_of("00 FF 51 03 00 00 00"), "a tempo of 0 microseconds"),
        (file_of("00 FF 58 04 00 02 18 08"), r"a time signature of 0/2\^2"),
        (file_of("00 FF 58 04 04 1F 18 08"), r"a time signature of 4/2\^31"),
        (file_of(NOTE)[:11] + b"\x02" + file_of(NOTE)[12:], "1 of 2 tracks are there"),
        (file_of(NOTE)[:-1], "track 1 ends 1 bytes after the file"),
        (file_of(NOTE)[:18] + b"\xff\xff\xff\xff" + file_of(NOTE)[22:], "bytes after the file"),
    ],
)
def test_a_damaged_file_is_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(MidiError, match=message):
        parse(data)


@pytest.mark.parametrize("data", [WHOLE_FILE, file_of(NOTE, NOTE, midi_format=1)])
def test_a_file_cut_at_any_byte_is_refused(data: bytes) -> None:
    for length in range(len(data)):
        with pytest.raises(MidiError, match=r"cut short|empty|not a Standard MIDI File"):
            parse(data[:length])


def read_or_refused(data: bytes) -> Score | None:
    """None where the file is refused; any other exception is a failure."""
    try:
        return parse(data)
    except MidiError:
        return None


def test_a_track_cut_at_any_byte_reads_or_is_refused() -> None:
    track = WHOLE_FILE[22:]
    scores = [read_or_refused(file_of(track[:length].hex())) for length in range(len(track))]
    assert {len(score.ticks) for score in scores if score} == {0, 1, 2, 3, 4}
    assert scores.count(None) == len(track) - 12  # all but the cuts before its 12 events


@pytest.mark.parametrize("value", [0x00, 0x01, 0x7F, 0x80, 0xFF])
def test_any_one_byte_changed_reads_or_is_refused(value: int) -> None:
    for position in range(len(WHOLE_FILE)):
        read_or_refused(WHOLE_FILE[:position] + bytes([value]) + WHOLE_FILE[position + 1 :])


# --- bounded in memory and time ---------------------------------------------------------------


def test_more_than_16_mib_is_refused_before_it_is_read(tmp_path) -> None:
    path = tmp_path / "huge.mid"
    with path.open("wb") as file:
        file.write(WHOLE_FILE)
        file.truncate(10 * smf.MAX_BYTES)  # sparse: it takes no space
    tracemalloc.start()
    with pytest.raises(MidiError, match="larger than 16 MiB; no drum part is"):
        smf.read(path)
    assert tracemalloc.get_traced_memory()[1] < 3 * smf.MAX_BYTES
    tracemalloc.stop()


def test_a_file_of_44_bytes_that_claims_thousands_of_hours_is_refused() -> None:
    tempo = "00 FF 51 03 FF FF FF"  # the slowest there is
    data = file_of(f"{tempo} FF FF FF 7F 99 24 64 00 FF 2F 00", division=240)
    assert len(data) <= 44  # 268 million ticks
    with pytest.raises(MidiError, match=r"claims to last [\d,.]+ (hours|quarters), the limit is"):
        parse(data)


def test_two_hours_are_the_limit() -> None:
    quarters = smf.MAX_HOURS * 60 * 120

    def length(ticks: int) -> bytes:
        septets = [ticks >> shift & 0x7F for shift in (21, 14, 7, 0)]
        delta = bytes([*(septet | 0x80 for septet in septets[:3]), septets[3]])
        return file_of(f"{delta.hex()} 99 24 64", division=480)

    assert parse(length(quarters * 480)).seconds().tolist() == [7200]
    with pytest.raises(MidiError, match=r"claims to last 2\.1 hours, the limit is 2"):
        parse(length(quarters * 480 * 21 // 20))


def test_a_slow_passage_counts_only_while_it_lasts() -> None:
    slow, fast = "FF 51 03 FF FF FF", "FF 51 03 07 A1 20"  # 3.6 and 120
    assert len(parse(file_of(f"00 {slow} 60 {fast} C0 80 00 99 24 64")).ticks) == 1


def test_a_fast_file_of_too_many_quarters_is_refused() -> None:
    # 268 seconds long, but an interval that no MIDI file of 480 ticks per quarter could hold
    data = file_of("00 FF 51 03 00 00 01 FF FF FF 7F 99 24 64", division=1)
    with pytest.raises(MidiError, match="claims to last 268435455 quarters, the limit is 500000"):
        parse(data)


def crowded(tracks: int, notes: int) -> bytes:
    """A file of `tracks` tracks of so many notes each, all at once under running status."""
    track = bytes.fromhex("00 99 24 64") + bytes.fromhex("00 24 64") * (notes - 1)
    header = b"MThd\0\0\0\x06\0\x01" + tracks.to_bytes(2) + b"\0\x60"
    return header + (b"MTrk" + len(track).to_bytes(4) + track) * tracks


def test_a_million_notes_are_the_limit_of_a_track() -> None:
    start = time.process_time()
    assert len(parse(crowded(1, smf.MAX_NOTES)).ticks) == smf.MAX_NOTES
    with pytest.raises(MidiError, match="over 1000000 notes in 1 tracks; split the file"):
        parse(crowded(1, smf.MAX_NOTES + 1))
    assert time.process_time() - start < 60


def test_a_million_notes_are_the_limit_of_all_tracks_together() -> None:
    with pytest.raises(MidiError, match="over 1000000 notes in 3 tracks"):
        parse(crowded(5, 400_000))


TEMPO, METRE = b"\x00\xff\x51\x03\x07\xa1\x20", b"\x00\xff\x58\x04\x04\x02\x18\x08"


def changing(*changes: bytes) -> bytes:
    """A file of one track for each run of changes."""
    header = b"MThd" + bytes([0, 0, 0, 6, 0, 1, 0, len(changes), 0, 96])
    return header + b"".join(b"MTrk" + len(track).to_bytes(4) + track for track in changes)


def test_a_flood_of_tempi_is_refused_quickly() -> None:
    half = smf.MAX_CHANGES // 2
    assert len(parse(changing(TEMPO * half + METRE * half)).tempos) == half
    start = time.process_time()
    for flood in (
        [TEMPO * (smf.MAX_BYTES // len(TEMPO) - 10)],
        [TEMPO * half, METRE * half, TEMPO],
    ):
        with pytest.raises(MidiError, match=r"^over 100000 tempi and time signatures; the file"):
            parse(changing(*flood))
    assert time.process_time() - start < 15


def test_many_empty_tracks_cost_little() -> None:
    start = time.process_time()
    assert len(parse(file_of(*[""] * 65_535, midi_format=2)).track_names) == 65_535
    assert time.process_time() - start < 30


# --- any bytes at all -------------------------------------------------------------------------


def check_what_is_read(data: bytes) -> None:
    score = read_or_refused(data)
    if score:
        assert (np.diff(score.ticks) >= 0).all()
        assert score.pitches.max(initial=0) < 128
        assert ((score.velocities > 0) & (score.velocities < 128)).all()
        assert ((score.channels > 0) & (score.channels < 17)).all()
        assert np.isfinite(score.seconds()).all()


@given(st.binary(max_size=200))
@example(b"MThd")
def test_arbitrary_bytes_raise_nothing_else(data: bytes) -> None:
    check_what_is_read(data)


@given(st.lists(st.binary(max_size=80), max_size=4), st.integers(0, 2), st.integers(1, 0x7FFF))
def test_arbitrary_tracks_raise_nothing_else(
    tracks: list[bytes], midi_format: int, division: int
) -> None:
    hexdumps = [track.hex() for track in tracks]
    check_what_is_read(file_of(*hexdumps, midi_format=midi_format, division=division))


@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE_FILE) - 1), st.binary(max_size=3)), max_size=6),
    st.booleans(),
)
def test_mutated_files_raise_nothing_else(
    mutations: list[tuple[int, bytes]], overwrite: bool
) -> None:
    data = bytearray(WHOLE_FILE)
    for position, replacement in mutations:
        data[position : position + len(replacement) * overwrite] = replacement
    check_what_is_read(bytes(data))


# --- against mido -----------------------------------------------------------------------------

data_byte = st.integers(0, 127)
channel = st.integers(0, 15)
messages = st.one_of(
    st.builds(
        mido.Message,
        st.sampled_from(["note_on", "note_off"]),
        channel=channel,
        note=data_byte,
        velocity=data_byte,
    ),
    st.builds(
        mido.Message,
        st.just("control_change"),
        channel=channel,
        control=data_byte,
        value=data_byte,
    ),
    st.builds(mido.Message, st.just("program_change"), channel=channel, program=data_byte),
    st.builds(mido.Message, st.just("aftertouch"), channel=channel, value=data_byte),
    st.builds(mido.Message, st.just("pitchwheel"), channel=channel, pitch=st.integers(-8192, 8191)),
    st.builds(mido.Message, st.just("sysex"), data=st.lists(data_byte, max_size=200).map(tuple)),
    st.builds(mido.MetaMessage, st.just("text"), text=st.text("abc", max_size=5)),
    st.builds(mido.MetaMessage, st.just("set_tempo"), tempo=st.integers(1, 1_500_000)),
    st.builds(
        mido.MetaMessage,
        st.just("time_signature"),
        numerator=st.integers(1, 255),
        denominator=st.sampled_from([1, 2, 4, 8, 16, 32, 64]),
    ),
)
timed = st.builds(
    lambda message, time: message.copy(time=time),
    messages,
    st.one_of(st.integers(0, 200), st.integers(0, 100_000)),
)


@given(st.lists(st.lists(timed, max_size=20), min_size=1, max_size=3), st.integers(480, 0x7FFF))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_reads_what_mido_writes_as_mido_does(
    tracks: list[list[mido.Message]], division: int
) -> None:
    file = mido.MidiFile(
        type=1, ticks_per_beat=division, tracks=[mido.MidiTrack(track) for track in tracks]
    )
    buffer = io.BytesIO()
    file.save(file=buffer)
    expected, tempos, metres = [], [], []
    for track in tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                expected.append((tick, message.channel + 1, message.note, message.velocity))
            elif message.type == "set_tempo":
                tempos.append((tick, 60e6 / message.tempo))
            elif message.type == "time_signature":
                metres.append((tick, message.numerator, message.denominator))
    score = parse(buffer.getvalue())
    assert notes_of(buffer.getvalue()) == sorted(expected, key=lambda note: note[0])
    assert score.tempos == tuple(sorted(tempos, key=lambda change: change[0]))
    assert score.time_signatures == tuple(sorted(metres, key=lambda change: change[0]))
