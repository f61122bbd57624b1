import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from paradiddle.drums import VOICE_NAMES, VOICES
from paradiddle.errors import InvalidValueError
from paradiddle.events import Events
from paradiddle.kit_maps import KIT_MAPS, KitNote, kit_notes, kit_pitches
from paradiddle.midi import read_events, to_bytes, write
from paradiddle.pattern import Pattern
from paradiddle.saving import save

OWN = dict(zip(VOICE_NAMES, range(60, 69), strict=True))


def put(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_every_map_has_a_pitch_for_every_voice() -> None:
    for name, pitches in KIT_MAPS.items():
        assert kit_pitches(name) == pitches
        assert len(set(pitches)) == len(VOICES)
        assert all(0 <= pitch <= 127 for pitch in pitches)


def test_gm_is_what_is_written_anyway() -> None:
    assert kit_pitches("gm") == tuple(voice.pitch for voice in VOICES)


@pytest.mark.parametrize("kit", ["roland-td", "yamaha-dtx"])
def test_kits_differ_from_gm_in_their_toms_alone(kit: str) -> None:
    toms = [index for index, name in enumerate(VOICE_NAMES) if name.endswith("tom")]
    pitches = kit_pitches(kit)
    assert [k for k in range(9) if pitches[k] != VOICES[k].pitch] == toms
    assert [pitches[k] for k in toms] == sorted(pitches[k] for k in toms)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = put(tmp_path / "mine.JSON", OWN)
    assert kit_pitches(path) == kit_pitches(str(path)) == tuple(range(60, 69))


def test_a_channel_for_a_voice(tmp_path: Path) -> None:
    content = OWN | {"kick": {"note": 35, "channel": 3}, "ride": {"note": 59}}
    notes = kit_notes(put(tmp_path / "mine.json", content))
    assert (notes[0], notes[1], notes[8]) == (KitNote(35, 3), KitNote(61), KitNote(59))
    assert kit_pitches(tmp_path / "mine.json") == (35, *range(61, 68), 59)


def test_voices_by_their_letters_in_any_order_and_two_on_one_pitch(tmp_path: Path) -> None:
    content = {voice.short: 36 for voice in reversed(VOICES)} | {"CC": 0, "RC": 127}
    assert kit_pitches(put(tmp_path / "mine.json", content)) == (36,) * 7 + (0, 127)


@pytest.mark.parametrize(
    ("kit", "message"),
    [
        ("rolandtd", "unknown kit map 'rolandtd'; did you mean roland-td[?] choose one of gm, "),
        ("xyz", "unknown kit map 'xyz'; choose one of gm, .* or a .json file with a pitch for"),
        ("", "unknown kit map ''; choose one of"),
        ("kit.txt", "unknown kit map 'kit.txt'; choose one of"),
    ],
)
def test_a_name_that_is_unknown(kit: str, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        kit_pitches(kit)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"kick": 36}, "no pitch for snare, closed hi-hat, .*, ride; give every voice one"),
        (OWN | {"cowbell": 56}, "no voice is called 'cowbell'; choose one of: kick, snare"),
        (OWN | {"BD": 35}, "kick has two pitches; leave it one"),
        ('{"kick": 36, "kick": 35}', "kick has two pitches"),
        (OWN | {"ride": 128}, "the pitch of ride must be a whole number from 0 to 127, got 128"),
        (OWN | {"ride": -1}, "the pitch of ride must be .*, got -1"),
        (OWN | {"ride": 51.5}, "the pitch of ride must be .*, got 51.5"),
        (OWN | {"ride": float("nan")}, "the pitch of ride must be .*, got nan"),
        (OWN | {"ride": True}, "the pitch of ride must be .*, got True"),
        (OWN | {"ride": "51"}, "the pitch of ride must be .*, got '51'"),
        (OWN | {"ride": [51]}, 'ride must have a pitch such as 36, or {"note": 36, "channel": 3}'),
        (OWN | {"ride": {"pitch": 51}}, "ride must have a pitch such as 36, or "),
        (OWN | {"ride": {"channel": 3}}, "ride must have a pitch such as 36, or "),
        (OWN | {"ride": {"note": 51, "channel": 3, "x": 1}}, "ride must have a pitch such as"),
        (OWN | {"ride": {"note": 128}}, "the pitch of ride must be .* from 0 to 127, got 128"),
        (
            OWN | {"ride": {"note": 51, "channel": 17}},
            "the channel of ride must be a whole number from 1 to 16, got 17",
        ),
        (OWN | {"ride": {"note": 51, "channel": "3"}}, "the channel of ride must be .* got '3'"),
        ({}, "no pitch for kick, snare"),
        ([36, 38], "not of the form"),
        (36, "not of the form"),
        ("", "not of the form"),
        ("{", "not of the form"),
        ("[" * 100_000, "not of the form"),
    ],
)
def test_a_file_that_is_no_map(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(InvalidValueError, match=rf"^kit map .*mine\.json: {message}"):
        kit_pitches(put(tmp_path / "mine.json", content))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        kit_pitches(tmp_path / "mine.json")


# --- what is written ------------------------------------------------------------------------------

EVENTS = Events([22, 35, 36, 96, 45], [0, 100, 0, 300, 80], [1, 0.5, 0.25, 0.5, 1], 96.5, 3)


def test_events_keep_their_pitches_unless_a_kit_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "plain.mid", EVENTS)
    write(tmp_path / "kit.mid", EVENTS, kit_pitches("roland-td"))
    plain, mapped = (read_events(tmp_path / f"{name}.mid") for name in ("plain", "kit"))
    assert_array_equal(plain.notes, EVENTS.notes)
    assert_array_equal(mapped.notes, [42, 36, 36, 96, 43])
    assert_array_equal(mapped.onsets, EVENTS.onsets)
    assert_array_equal(mapped.dynamics, plain.dynamics)
    assert (mapped.qpm, mapped.quarters_per_bar) == (plain.qpm, 3)


def test_a_pattern_keeps_its_length_and_time_on_any_kit() -> None:
    pattern = Pattern.empty(2)
    assert to_bytes(pattern, kit_pitches("roland-td")) == to_bytes(pattern)


def test_saving_maps_midi_alone(tmp_path: Path) -> None:
    pattern = Pattern(*(np.ones((16, 9)) * value for value in (1, 0.5, 0.25)))
    pitches = tuple(range(60, 69))
    for name in ("a.mid", "a.MIDI", "a.json"):
        save(tmp_path / name, pattern, pitches=pitches)
    assert set(read_events(tmp_path / "a.mid", 10).notes) == set(pitches)
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "a.MIDI").read_bytes()
    assert Pattern.from_json((tmp_path / "a.json").read_text()) == pattern


@pytest.mark.parametrize(
    ("pitches", "message"),
    [
        ((36,), "a kit needs a pitch for each of 9 voices, got 1"),
        (range(120, 129), r"note must be in \[0, 127\], got 128"),
    ],
)
def test_pitches_that_are_no_kit(pitches: Sequence[int], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        to_bytes(Pattern(*np.ones((3, 16, 9)) * 0.25), pitches)
