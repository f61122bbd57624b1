import re
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from paradiddle import kit, midi
from paradiddle.audio import SUFFIXES as SOUND_SUFFIXES
from paradiddle.errors import AudioError, InvalidValueError, OutputError, ParadiddleError
from paradiddle.events import Events, quantise
from paradiddle.pattern import Pattern
from paradiddle.saving import SUFFIXES, check_suffix, save, sound_of

EVENTS = Events([36, 42, 38], [0, 250, 230], [1, 0.5, 0.75], qpm=140)
PATTERN = quantise(EVENTS).pattern


def test_every_suffix_is_allowed_in_any_case() -> None:
    assert SUFFIXES == (".mid", ".midi", ".json", ".wav", ".ogg", ".flac", ".mp3")
    for suffix in SUFFIXES:
        check_suffix(Path(f"drums{suffix}"))
        check_suffix(Path(f"new folder/my.drums{suffix.upper()}"))


@pytest.mark.parametrize("name", ["drums", "drums.txt", "drums.mid.gz", "", "-", ".mid", "mid"])
def test_any_other_suffix_is_refused(tmp_path: Path, name: str) -> None:
    message = rf"^cannot write .*{re.escape(name)}; its name must end in \.mid, .*, \.mp3$"
    with pytest.raises(InvalidValueError, match=message):
        save(tmp_path / name, EVENTS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["drums.mid", "drums.MIDI"])
def test_midi(tmp_path: Path, name: str) -> None:
    save(str(tmp_path / name), EVENTS)
    found = midi.read_events(tmp_path / name)
    assert_array_equal(found.notes, EVENTS.notes)
    assert_array_equal(found.ticks, EVENTS.ticks)
    assert_allclose(found.dynamics, EVENTS.dynamics, atol=0.5 / 127)
    assert found.qpm == pytest.approx(140, rel=1e-5)


def test_a_pattern_and_its_events_are_the_same_midi_but_for_the_end(tmp_path: Path) -> None:
    save(tmp_path / "pattern.mid", PATTERN)
    assert midi.read_events(tmp_path / "pattern.mid").onsets.tolist() == [0, 250, 480]


def test_json_is_a_pattern_of_16ths(tmp_path: Path) -> None:
    for name, music in [("events.json", EVENTS), ("pattern.json", PATTERN)]:
        save(tmp_path / name, music)
        assert Pattern.from_json((tmp_path / name).read_text()) == PATTERN


def test_wav_is_what_the_kit_plays(tmp_path: Path) -> None:
    save(tmp_path / "drums.wav", EVENTS)
    with wave.open(str(tmp_path / "drums.wav")) as file:
        assert file.getframerate() == 44_100
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    expected = kit.render(EVENTS.seconds(), EVENTS.notes, EVENTS.dynamics)
    assert_allclose(sound / 32_767, expected, atol=1e-4)
    assert_array_equal(sound_of(EVENTS), expected)


def test_a_pattern_sounds_as_its_events() -> None:
    assert_array_equal(sound_of(PATTERN), sound_of(Events.from_pattern(PATTERN)))


@pytest.mark.parametrize(
    ("suffix", "start"), [(".ogg", b"OggS"), (".flac", b"fLaC"), (".mp3", b"\xff|ID3")]
)
def test_compressed_sound(tmp_path: Path, suffix: str, start: bytes) -> None:
    pytest.importorskip("soundfile")
    save(tmp_path / f"drums{suffix}", EVENTS)
    data = (tmp_path / f"drums{suffix}").read_bytes()
    assert re.match(start, data)
    assert len(data) > 1000


@pytest.mark.parametrize("music", [EVENTS, PATTERN], ids=["events", "pattern"])
def test_a_soundfont_that_is_none(tmp_path: Path, music: Events | Pattern) -> None:
    (tmp_path / "text.sf2").write_text("hello")
    for name, message in [
        ("nowhere.sf2", r"cannot read the SoundFont .*nowhere\.sf2: No such file or directory; "),
        ("text.sf2", r"text\.sf2 is not a SoundFont: .*; give an \.sf2 file"),
    ]:
        with pytest.raises(AudioError, match=message):
            save(tmp_path / "drums.wav", music, tmp_path / name)
    assert not (tmp_path / "drums.wav").exists()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nowhere_to_write(tmp_path: Path, suffix: str) -> None:
    if suffix in SOUND_SUFFIXES[1:]:
        pytest.importorskip("soundfile")
    (tmp_path / f"folder{suffix}").mkdir()
    for path, message in [
        (tmp_path / "nowhere" / f"drums{suffix}", "nowhere does not exist; create it first"),
        (tmp_path / f"folder{suffix}", "it is a folder; name a file inside it"),
    ]:
        with pytest.raises(OutputError, match=f"^cannot write {path}: .*{message}$"):
            save(path, EVENTS)
    assert [path.name for path in tmp_path.rglob("*")] == [f"folder{suffix}"]


def test_music_too_long_for_a_form(tmp_path: Path) -> None:
    endless = Events([36, 36], [0, 480 * 500_000], qpm=400)
    for name, message in [
        ("drums.wav", "the sound would last 75000 seconds, at most 7200 are rendered at once"),
        ("drums.json", "a grid of 2000016 steps is too long; at most"),
    ]:
        with pytest.raises(ParadiddleError, match=message):
            save(tmp_path / name, endless)
    assert list(tmp_path.iterdir()) == []


def test_no_hits_at_all(tmp_path: Path) -> None:
    nothing = Events([], [])
    for suffix in (".mid", ".json", ".wav"):
        save(tmp_path / f"drums{suffix}", nothing)
    assert Pattern.from_json((tmp_path / "drums.json").read_text()).steps == 0
    assert not sound_of(nothing).any()
