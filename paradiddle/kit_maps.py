"""Which MIDI pitch is written for each voice: General MIDI's, those of a kit, or one's own.

Reading knows no kit maps: it goes by the table of `paradiddle.drums`, in which a pitch may belong
to another voice than the one it was written for.
"""

import difflib
import json
from pathlib import Path
from types import MappingProxyType

from paradiddle.drums import VOICE_NAMES, VOICES, voice_index
from paradiddle.errors import InvalidValueError

__all__ = ["KIT_MAPS", "kit_pitches"]

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


def kit_pitches(kit: str | Path) -> tuple[int, ...]:
    """Find the pitches of a kit.

    Parameters
    ----------
    kit : str or Path
        A name in `KIT_MAPS`, or a JSON file that gives every voice a pitch, 0 to 127:
        ``{"kick": 36, "snare": 38, ...}``.

    Returns
    -------
    tuple of int
        One a voice, in the order of `paradiddle.drums.VOICES`.

    Raises
    ------
    InvalidValueError
        If there is no such kit, or a file names an unknown voice, leaves one out or gives one
        twice, or a pitch is no whole number from 0 to 127.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> kit_pitches("roland-td")
    (36, 38, 42, 46, 43, 45, 48, 49, 51)
    """
    if str(kit) in KIT_MAPS:
        return KIT_MAPS[str(kit)]
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


def _parsed(text: str) -> tuple[int, ...]:
    """Read the text of a file."""
    try:
        entries = json.loads(text, object_pairs_hook=list)
        pairs = [(voice_index(name), pitch) for name, pitch in entries]
    except InvalidValueError:
        raise
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise InvalidValueError('not of the form {"kick": 36, "snare": 38, ...}') from None
    pitches: dict[int, int] = {}
    for voice, pitch in pairs:
        if voice in pitches:
            raise InvalidValueError(f"{VOICE_NAMES[voice]} has two pitches; leave it one")
        if type(pitch) is not int or not 0 <= pitch <= 127:
            raise InvalidValueError(
                f"the pitch of {VOICE_NAMES[voice]} must be a whole number from 0 to 127,"
                f" got {pitch!r}"
            )
        pitches[voice] = pitch
    missing = [name for voice, name in enumerate(VOICE_NAMES) if voice not in pitches]
    if missing:
        raise InvalidValueError(f"no pitch for {', '.join(missing)}; give every voice one")
    return tuple(pitches[voice] for voice in range(len(VOICES)))
