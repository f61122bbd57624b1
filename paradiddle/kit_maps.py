"""Which MIDI note is written for each voice: General MIDI's, those of a kit, or one's own.

Reading knows no kit maps: it goes by the table of `paradiddle.drums`, in which a pitch may belong
to another voice than the one it was written for.
"""

import difflib
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from paradiddle.drums import VOICE_NAMES, VOICES, voice_index
from paradiddle.errors import InvalidValueError

__all__ = ["KIT_MAPS", "KitNote", "kit_notes", "kit_pitches"]

# Pitches of the voices, in their order. Where a pad has several zones, that of its head or bow.
KIT_MAPS = MappingProxyType(
    {
        "gm": tuple(voice.pitch for voice in VOICES),
        # TD-11 and TD-17, default note map; the Alesis Nitro sends the same
        "roland-td": (36, 38, 42, 46, 43, 45, 48, 49, 51),
        # DTX502 reference manual, note assignment of the preset kits; crash: its edge
        "yamaha-dtx": (36, 38, 42, 46, 43, 47, 48, 49, 51),
    }
)


class KitNote(NamedTuple):
    """What is sent for a voice.

    Attributes
    ----------
    pitch : int
        0 to 127.
    channel : int, optional
        1 to 16; None for that of all voices.
    """

    pitch: int
    channel: int | None = None


def kit_pitches(kit: str | Path) -> tuple[int, ...]:
    """Find the pitches of a kit; parameters and errors as for `kit_notes`.

    Returns
    -------
    tuple of int
        One a voice, in the order of `paradiddle.drums.VOICES`.

    Examples
    --------
    >>> kit_pitches("roland-td")
    (36, 38, 42, 46, 43, 45, 48, 49, 51)
    """
    return tuple(note.pitch for note in kit_notes(kit))


def kit_notes(kit: str | Path) -> tuple[KitNote, ...]:
    """Find the notes of a kit.

    Parameters
    ----------
    kit : str or Path
        A name in `KIT_MAPS`, or a JSON file that gives every voice a pitch, 0 to 127, or a note
        with a channel of its own: ``{"kick": 36, "snare": {"note": 38, "channel": 3}, ...}``.

    Returns
    -------
    tuple of KitNote
        One a voice, in the order of `paradiddle.drums.VOICES`.

    Raises
    ------
    InvalidValueError
        If there is no such kit, or a file names an unknown voice, leaves one out or gives one
        twice, or a pitch or a channel is no whole number or out of range.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> kit_notes("roland-td")[0]
    KitNote(pitch=36, channel=None)
    """
    if str(kit) in KIT_MAPS:
        return tuple(KitNote(pitch) for pitch in KIT_MAPS[str(kit)])
    path = Path(kit)
    if path.suffix.lower() != ".json":
        near = difflib.get_close_matches(str(kit).lower(), KIT_MAPS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InvalidValueError(
            f"unknown kit map {str(kit)!r}; {hint}choose one of {', '.join(KIT_MAPS)}, or a .json"
            " file with a pitch for every voice"
        )
    try:
        return _parsed(path.read_text(encoding="utf-8", errors="replace"))
    except InvalidValueError as error:
        raise InvalidValueError(f"kit map {path}: {error}") from None


def _parsed(text: str) -> tuple[KitNote, ...]:
    """Read the text of a file."""
    try:
        entries = json.loads(text, object_pairs_hook=list)
        pairs = [(voice_index(name), given) for name, given in entries]
    except InvalidValueError:
        raise
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise InvalidValueError('not of the form {"kick": 36, "snare": 38, ...}') from None
    notes: dict[int, KitNote] = {}
    for voice, given in pairs:
        if voice in notes:
            raise InvalidValueError(f"{VOICE_NAMES[voice]} has two pitches; leave it one")
        notes[voice] = _note(VOICE_NAMES[voice], given)
    missing = [name for voice, name in enumerate(VOICE_NAMES) if voice not in notes]
    if missing:
        raise InvalidValueError(f"no pitch for {', '.join(missing)}; give every voice one")
    return tuple(notes[voice] for voice in range(len(VOICES)))


def _note(name: str, given: Any) -> KitNote:
    """Read what a file gives a voice: a pitch, or the pairs of an object."""
    if not isinstance(given, list):
        return KitNote(_whole("pitch", name, given, 0, 127))
    if not all(isinstance(pair, tuple) for pair in given) or (
        sorted(key for key, _ in given) not in (["note"], ["channel", "note"])
    ):
        raise InvalidValueError(
            f'{name} must have a pitch such as 36, or {{"note": 36, "channel": 3}}'
        )
    parts = dict(given)
    pitch = _whole("pitch", name, parts["note"], 0, 127)
    if "channel" not in parts:
        return KitNote(pitch)
    return KitNote(pitch, _whole("channel", name, parts["channel"], 1, 16))


def _whole(what: str, name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number, or raise unless it is in range."""
    if type(value) is not int or not low <= value <= high:
        raise InvalidValueError(
            f"the {what} of {name} must be a whole number from {low} to {high}, got {value!r}"
        )
    return value
