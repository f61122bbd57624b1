"""Nine drum voices and the one table that maps General MIDI percussion pitches to them.

The pitch table is version 1. It follows the nine classes of Gillick et al., *Learning to Groove
with Inverse Sequence Transformations* (ICML 2019), as note-seq distributes them today; names come
from the General MIDI Level 1 percussion key map, extended downwards by Roland's and GM2's keys.
"""

from dataclasses import dataclass
from types import MappingProxyType

from paradiddle.errors import InvalidValueError

__all__ = [
    "PERCUSSION_PITCHES",
    "PITCH_NAMES",
    "TABLE_VERSION",
    "VOICES",
    "VOICE_NAMES",
    "VOICE_OF_PITCH",
    "Voice",
    "pitch_name",
    "voice_index",
]

TABLE_VERSION = 1


@dataclass(frozen=True)
class Voice:
    """One line of the drum grid.

    Attributes
    ----------
    name : str
        Name for people, such as ``closed hi-hat``.
    short : str
        Two letters for tight columns.
    pitches : tuple of int
        MIDI pitches read as this voice; the first is the one written.
    """

    name: str
    short: str
    pitches: tuple[int, ...]

    @property
    def pitch(self) -> int:
        """The MIDI pitch written for this voice."""
        return self.pitches[0]


VOICES: tuple[Voice, ...] = (
    Voice("kick", "BD", (36, 35)),
    Voice("snare", "SD", (38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85)),
    Voice("closed hi-hat", "CH", (42, 44, 54, 68, 69, 70, 71, 73, 78, 80, 22)),
    Voice("open hi-hat", "OH", (46, 67, 72, 74, 79, 81, 26)),
    Voice("low tom", "LT", (45, 29, 41, 43, 61, 64, 84)),
    Voice("mid tom", "MT", (48, 47, 60, 63, 77, 86, 87)),
    Voice("high tom", "HT", (50, 30, 62, 76, 83)),
    Voice("crash", "CC", (49, 52, 55, 57, 58)),
    Voice("ride", "RC", (51, 53, 59, 82)),
)
VOICE_NAMES = tuple(voice.name for voice in VOICES)
VOICE_OF_PITCH = MappingProxyType(
    {pitch: index for index, voice in enumerate(VOICES) for pitch in voice.pitches}
)

# What a file without channel 10 may hold and still count as drums.
PERCUSSION_PITCHES = frozenset(range(27, 88)) | {22, 24, 25, 26}

PITCH_NAMES = MappingProxyType(
    {
        22: "closed hi-hat edge",
        24: "open hi-hat (24)",
        25: "open hi-hat (25)",
        26: "open hi-hat edge",
        27: "high Q",
        28: "slap",
        29: "scratch push",
        30: "scratch pull",
        31: "sticks",
        32: "square click",
        33: "metronome click",
        34: "metronome bell",
        35: "acoustic bass drum",
        36: "bass drum 1",
        37: "side stick",
        38: "acoustic snare",
        39: "hand clap",
        40: "electric snare",
        41: "low floor tom",
        42: "closed hi-hat",
        43: "high floor tom",
        44: "pedal hi-hat",
        45: "low tom",
        46: "open hi-hat",
        47: "low-mid tom",
        48: "hi-mid tom",
        49: "crash cymbal 1",
        50: "high tom",
        51: "ride cymbal 1",
        52: "Chinese cymbal",
        53: "ride bell",
        54: "tambourine",
        55: "splash cymbal",
        56: "cowbell",
        57: "crash cymbal 2",
        58: "vibraslap",
        59: "ride cymbal 2",
        60: "hi bongo",
        61: "low bongo",
        62: "mute hi conga",
        63: "open hi conga",
        64: "low conga",
        65: "high timbale",
        66: "low timbale",
        67: "high agogo",
        68: "low agogo",
        69: "cabasa",
        70: "maracas",
        71: "short whistle",
        72: "long whistle",
        73: "short guiro",
        74: "long guiro",
        75: "claves",
        76: "hi wood block",
        77: "low wood block",
        78: "mute cuica",
        79: "open cuica",
        80: "mute triangle",
        81: "open triangle",
        82: "shaker",
        83: "jingle bell",
        84: "bell tree",
        85: "castanets",
        86: "mute surdo",
        87: "open surdo",
    }
)


def pitch_name(pitch: int) -> str:
    """Name a MIDI pitch as a percussion instrument.

    Examples
    --------
    >>> pitch_name(38), pitch_name(96)
    ('acoustic snare', 'pitch 96')
    """
    return PITCH_NAMES.get(pitch, f"pitch {pitch}")


def voice_index(name: str) -> int:
    """Find a voice by its name, its two letters or its number.

    Parameters
    ----------
    name : str
        Such as ``"snare"``, ``"SD"`` or ``"1"``; case does not matter.

    Returns
    -------
    int
        Index into `VOICES`, 0 to 8.

    Raises
    ------
    InvalidValueError
        If no voice is called that.

    Examples
    --------
    >>> voice_index("closed hi-hat"), voice_index("rc"), voice_index("0")
    (2, 8, 0)
    """
    wanted = name.strip().lower().replace("_", " ").replace("-", " ")
    for index, voice in enumerate(VOICES):
        if wanted in (voice.name.replace("-", " "), voice.short.lower(), str(index)):
            return index
    text = f"no voice is called {name!r}; choose one of: {', '.join(VOICE_NAMES)}"
    raise InvalidValueError(text, field="voice")
