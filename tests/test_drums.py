import dataclasses

import pytest

from paradiddle.drums import (
    PERCUSSION_PITCHES,
    PITCH_NAMES,
    TABLE_VERSION,
    VOICE_NAMES,
    VOICE_OF_PITCH,
    VOICES,
    pitch_name,
    voice_index,
)
from paradiddle.errors import InvalidValueError

# Models and patterns name the version: change it with the table.
VERSION_1 = {
    "kick": (36, {35, 36}),
    "snare": (38, {27, 28, 31, 32, 33, 34, 37, 38, 39, 40, 56, 65, 66, 75, 85}),
    "closed hi-hat": (42, {22, 42, 44, 54, 68, 69, 70, 71, 73, 78, 80}),
    "open hi-hat": (46, {26, 46, 67, 72, 74, 79, 81}),
    "low tom": (45, {29, 41, 43, 45, 61, 64, 84}),
    "mid tom": (48, {47, 48, 60, 63, 77, 86, 87}),
    "high tom": (50, {30, 50, 62, 76, 83}),
    "crash": (49, {49, 52, 55, 57, 58}),
    "ride": (51, {51, 53, 59, 82}),
}
GROOVE_PITCHES = {22, 26, 36, 37, 38, 40, *range(42, 54), 55, 57, 58, 59}


def test_the_table_is_version_1() -> None:
    assert TABLE_VERSION == 1
    assert {voice.name: (voice.pitch, set(voice.pitches)) for voice in VOICES} == VERSION_1
    assert tuple(VERSION_1) == VOICE_NAMES


def test_no_pitch_belongs_to_two_voices() -> None:
    assert len(VOICE_OF_PITCH) == sum(len(voice.pitches) for voice in VOICES)
    assert all(pitch in VOICES[voice].pitches for pitch, voice in VOICE_OF_PITCH.items())


def test_every_pitch_of_the_groove_dataset_has_a_voice() -> None:
    assert set(VOICE_OF_PITCH) >= GROOVE_PITCHES


def test_every_general_midi_percussion_pitch_has_a_voice_and_a_name() -> None:
    assert set(range(27, 88)) | {22, 24, 25, 26} == PERCUSSION_PITCHES == set(PITCH_NAMES)
    assert PERCUSSION_PITCHES - set(VOICE_OF_PITCH) == {24, 25}
    assert len(set(PITCH_NAMES.values())) == len(PITCH_NAMES)


def test_the_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        VOICE_OF_PITCH[36] = 1  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        VOICES[0].name = "drum"  # type: ignore[misc]


def test_pitch_names() -> None:
    assert pitch_name(36) == "bass drum 1"
    assert pitch_name(0) == "pitch 0"


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("kick", 0),
        ("SNARE", 1),
        (" closed hi-hat ", 2),
        ("closed_hi_hat", 2),
        ("open-hi-hat", 3),
        ("lt", 4),
        ("5", 5),
        ("RC", 8),
    ],
)
def test_voices_by_name_letters_or_number(name: str, index: int) -> None:
    assert voice_index(name) == index


@pytest.mark.parametrize("name", ["cowbell", "", "9", "-1", "hi-hat"])
def test_an_unknown_voice_is_named_with_those_there_are(name: str) -> None:
    with pytest.raises(
        InvalidValueError, match=f"no voice is called '{name}'; choose one of: kick, snare, .*ride$"
    ):
        voice_index(name)
