"""A drummer in a Python package.

    >>> import paradiddle
    >>> [funk] = paradiddle.generate("funk", bars=2, seed=1)
    >>> paradiddle.save("funk.mid", funk)  # doctest: +SKIP
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
    from paradiddle.instrument import (
        continue_,
        embed,
        fill,
        generate,
        humanize,
        morph,
        styles,
        tap,
        vary,
    )
    from paradiddle.latent import Latent
    from paradiddle.machine import Machine
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
    "Latent",
    "Length",
    "Machine",
    "ParadiddleError",
    "Pattern",
    "Vocabulary",
    "continue_",
    "embed",
    "fill",
    "generate",
    "humanize",
    "morph",
    "quantise",
    "read_events",
    "read_pattern",
    "save",
    "scan",
    "sound_of",
    "styles",
    "tap",
    "to_bytes",
    "vary",
]

_HOME = {
    "VOICES": "drums",
    "Corpus": "corpus",
    "Drummer": "drummer",
    "Events": "events",
    "Filter": "corpus",
    "Latent": "latent",
    "Length": "drummer",
    "Machine": "machine",
    "ParadiddleError": "errors",
    "Pattern": "pattern",
    "Vocabulary": "encoding",
    "continue_": "instrument",
    "embed": "instrument",
    "fill": "instrument",
    "generate": "instrument",
    "humanize": "instrument",
    "morph": "instrument",
    "quantise": "events",
    "read_events": "midi",
    "read_pattern": "midi",
    "save": "saving",
    "scan": "corpus",
    "sound_of": "saving",
    "styles": "instrument",
    "tap": "instrument",
    "to_bytes": "midi",
    "vary": "instrument",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
