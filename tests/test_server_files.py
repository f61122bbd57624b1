"""Files through a server: MIDI in, MIDI and sound out."""

import io
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from answers import patterns_in, played, post, sent
from fastapi.testclient import TestClient
from machines import groove_of
from servers import served, shipped_models

from paradiddle import midi, smf
from paradiddle.drummer import Length
from paradiddle.events import Events
from paradiddle.kit_maps import KIT_MAPS
from paradiddle.midi import read_pattern, to_bytes
from paradiddle.pattern import Pattern
from paradiddle.saving import sound_of
from paradiddle.server.wav import wav_bytes

PATTERN = groove_of(2, seed=4, qpm=93)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served() as client:
        yield client


@pytest.mark.parametrize("kit_map", ["gm", "roland-td"])
def test_a_midi_file_reads_back_as_the_pattern(
    client: TestClient, tmp_path: Path, kit_map: str
) -> None:
    [human] = played(client, "generate", bars=2, style="funk", seed=2, qpm=120)
    answer = post(client, "midi", pattern=sent(human), kit_map=kit_map)
    assert answer.headers["content-type"] == "audio/midi"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content == to_bytes(human, KIT_MAPS[kit_map])
    (tmp_path / "x.mid").write_bytes(answer.content)
    read = read_pattern(tmp_path / "x.mid").pattern
    assert np.array_equal(read.hits, human.hits)
    assert np.allclose(read.velocities, human.velocities, atol=0.5 / 127 + 1e-6)
    assert np.allclose(read.offsets, human.offsets, atol=0.5 / 120 + 1e-6)
    again = post(client, "midi", pattern=sent(read), kit_map=kit_map)
    (tmp_path / "y.mid").write_bytes(again.content)
    assert read_pattern(tmp_path / "y.mid").pattern == read


def test_events_are_written_and_played(client: TestClient) -> None:
    events = post(client, "drum", notes=50, seed=5).json()["events"]
    music = shipped_models().drummer.play(Length(notes=50), 5)
    assert post(client, "midi", events=events).content == to_bytes(music)
    seconds = float(music.seconds()[-1])
    assert length_of(post(client, "wav", events=events).content) > seconds


def length_of(data: bytes) -> float:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 44_100)
        return file.getnframes() / 44_100


@pytest.mark.parametrize("swing", [0.54, 0.66, 0.75])
def test_a_swung_download_is_imported_as_the_grid(client: TestClient, swing: float) -> None:
    [human] = played(client, "generate", bars=2, style="funk", seed=2, qpm=101)
    data = post(client, "midi", pattern=sent(human), swing=swing).content
    answer = client.post("/api/import", content=data)
    [found] = patterns_in(answer)
    told = answer.json()
    assert (told["swing"], told["qpm"], told["collided"]) == (swing, 101, 0)
    assert found.qpm == 101
    assert np.array_equal(found.hits, human.hits)
    assert np.abs(found.offsets - human.offsets).max() <= 0.5 / 120 + 1e-6


def test_swing_reaches_the_midi_file(client: TestClient) -> None:
    hits = np.zeros((16, 9), bool)
    hits[:4, 0] = True
    straight = Pattern(hits, hits * 0.5, hits * 0.0)
    data = post(client, "midi", pattern=sent(straight), swing=0.75).content
    assert midi.events_of(smf.parse(data)).onsets.tolist() == [0, 180, 240, 420]
    assert data == to_bytes(straight, swing=0.75)


def test_a_wav_file_repeats_and_does_not_clip(client: TestClient) -> None:
    loud = Pattern(PATTERN.hits, PATTERN.hits * 1.0, PATTERN.offsets, 120)
    once, twice = (post(client, "wav", pattern=sent(loud), repeat=n).content for n in (1, 2))
    assert length_of(twice) - length_of(once) == pytest.approx(4, abs=0.02)
    with wave.open(io.BytesIO(twice)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert 10_000 < np.abs(samples.astype(int)).max() < 32_767


def test_a_wav_file_sounds_as_the_midi_file_does(client: TestClient) -> None:
    hits = np.zeros((16, 9), bool)
    hits[1:3, 0] = hits[5, 2] = hits[8, 4] = True
    velocities, offsets = hits * np.float32(100 / 127), np.zeros(hits.shape)
    velocities[1, 0] = 64 / 127
    offsets[1, 0], offsets[2, 0], offsets[5, 2] = 0.25, -0.24, 0.1  # the kicks all but meet
    music = {"pattern": sent(Pattern(hits, velocities, offsets, 120)), "swing": 0.75}
    events = midi.events_of(smf.parse(post(client, "midi", **music).content))
    assert events.onsets[:2].tolist() == [210, 211]
    assert post(client, "wav", **music).content == wav_bytes(sound_of(events), 44_100)


def test_what_was_written_can_be_imported(client: TestClient) -> None:
    [human] = played(client, "generate", bars=2, style="funk", seed=2)
    data = to_bytes(human)
    answer = client.post("/api/import", content=data)
    assert answer.status_code == 200, answer.text
    [read] = patterns_in(answer)
    assert read == midi.pattern_of(smf.parse(data)).pattern
    told = answer.json()
    assert (told["collided"], told["qpm"], told["swing"]) == (0, human.qpm, 0.5)
    assert told["notes"] == ["drums: channel 10"]


@pytest.mark.parametrize("bars", [1, 2, 4, 8])
def test_bars_that_are_silent_at_the_end_come_back(client: TestClient, bars: int) -> None:
    hits = np.zeros((16 * bars, 9), bool)
    hits[3, 1] = True
    written = Pattern(hits, hits * 0.5, hits * 0.0)
    [read] = patterns_in(client.post("/api/import", content=to_bytes(written)))
    assert read.bars == bars
    assert np.array_equal(read.hits, hits)


def test_a_long_file_comes_in_pieces_without_the_silent_ones(client: TestClient) -> None:
    hits = np.zeros((16 * 20, 9), bool)
    hits[16 * 9, 1] = hits[16 * 19, 0] = True
    data = to_bytes(Pattern(hits, hits * 0.5, hits * 0.0))
    first, second = patterns_in(client.post("/api/import", content=data))
    assert (first.bars, second.bars) == (8, 4)
    assert np.argwhere(first.hits).tolist() == [[16, 1]]
    [whole] = patterns_in(client.post("/api/import?piece=64", content=data))
    assert np.array_equal(whole.hits, hits)


def test_what_an_import_leaves_out_is_told(client: TestClient) -> None:
    events = Events([36, 36, 100], [0, 10, 240], [0.5, 0.4, 0.5])
    told = client.post("/api/import", content=to_bytes(events)).json()
    assert told["collided"] == 1
    assert told["notes"][1:] == [
        "1 note belongs to none of the nine voices and was left out",
        "1 note fell on a hit of the same drum and was left out",
    ]
    roll = Events([36, 38, 38, 38, 100, 101], [0, 10, 5, 5, 240, 0])
    told = client.post("/api/import", content=to_bytes(roll)).json()
    assert told["notes"][1:] == [
        "2 notes belong to none of the nine voices and were left out",
        "2 notes fell on a hit of the same drum and were left out",
    ]


@pytest.mark.parametrize("data", [b"", b"MThd", b"RIFF" * 20, b"\xff" * 1000])
def test_what_is_no_midi_file_is_refused(client: TestClient, data: bytes) -> None:
    assert client.post("/api/import", content=data).status_code == 422


@pytest.mark.parametrize(
    ("data", "said"), [(b"hello", "'hell'"), (b"\x00\x01drums", "00 01 64 72")]
)
def test_what_it_is_instead_is_told_in_plain_words(
    client: TestClient, data: bytes, said: str
) -> None:
    [detail] = client.post("/api/import", content=data).json()["detail"]
    expected = f"not a Standard MIDI File: it starts with {said}, not 'MThd'"
    assert detail["message"] == expected


def test_a_file_of_hours_is_refused_before_it_costs_memory(client: TestClient) -> None:
    events = Events([36, 36], [0, 480 * 4 * 4999], qpm=300)
    answer = client.post("/api/import", content=to_bytes(events))
    assert answer.status_code == 422
    assert "5000 bars long, at most 4096" in answer.text


def bars_of_64_quarters(*events: int) -> bytes:
    """A file in 64/1: bars of a thousand steps."""
    track = bytes([0, 0xFF, 0x58, 4, 64, 0, 24, 8, *events])
    head = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96])
    return head + b"MTrk" + len(track).to_bytes(4) + track


def test_silence_after_the_last_hit_costs_no_memory(client: TestClient) -> None:
    data = bars_of_64_quarters(0, 0x99, 36, 100, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0x2F, 0)
    answer = client.post("/api/import?piece=4096", content=data)
    [pattern] = answer.json()["patterns"]
    assert len(data) == 41
    assert (pattern["quarters_per_bar"], pattern["steps"]) == (256, 65_536)


@pytest.mark.parametrize(("delta", "status"), [((0x8C, 0x80, 0), 200), ((0xE0, 0x80, 0), 422)])
def test_of_long_bars_a_file_may_have_fewer(
    client: TestClient, delta: tuple[int, ...], status: int
) -> None:
    hasty = 0, 0xFF, 0x51, 3, 3, 0x0D, 0x40  # 300 quarters a minute
    data = bars_of_64_quarters(*hasty, 0, 0x99, 36, 100, *delta, 36, 100, 0, 0xFF, 0x2F, 0)
    answer = client.post("/api/import?piece=4096", content=data)
    assert answer.status_code == status
    assert status == 200 or "65 bars long, at most 64" in answer.text


def test_sound_of_many_minutes_is_refused(client: TestClient) -> None:
    slow = Pattern(PATTERN.hits, PATTERN.velocities, PATTERN.offsets, 10)
    answer = client.post("/api/wav", json={"pattern": sent(slow), "repeat": 8})
    assert answer.status_code == 422
    assert "would last 384 seconds, at most 300" in answer.text
