"""A drummer in a Python package.

    >>> import paradiddle
    >>> drummer = paradiddle.Drummer.load()
    >>> music = drummer.play(paradiddle.Length(bars=4), seed=1)
    >>> paradiddle.save("drums.mid", music)  # doctest: +SKIP

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paradiddle.corpus import Corpus, Filter, scan
    from paradiddle.drummer import Drummer, Length
    from paradiddle.drums import VOICES
    from paradiddle.encoding import Vocabulary
    from paradiddle.errors import ParadiddleError
    from paradiddle.events import Events, quantise
    from paradiddle.midi import read_events, read_pattern, to_bytes
    from paradiddle.pattern import Pattern
    from paradiddle.saving import save, sound_of

__version__ = "0.1.0"

__all__ = [
    "VOICES",
    "Corpus",
    "Drummer",
    "Events",
    "Filter",
    "Length",
    "ParadiddleError",
    "Pattern",
    "Vocabulary",
    "quantise",
    "read_events",
    "read_pattern",
    "save",
    "scan",
    "sound_of",
    "to_bytes",
]

_HOME = {
    "VOICES": "drums",
    "Corpus": "corpus",
    "Drummer": "drummer",
    "Events": "events",
    "Filter": "corpus",
    "Length": "drummer",
    "ParadiddleError": "errors",
    "Pattern": "pattern",
    "Vocabulary": "encoding",
    "quantise": "events",
    "read_events": "midi",
    "read_pattern": "midi",
    "save": "saving",
    "scan": "corpus",
    "sound_of": "saving",
    "to_bytes": "midi",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
