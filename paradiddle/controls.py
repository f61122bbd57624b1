"""What keys and MIDI controllers do to the endless drummer."""

import queue
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Protocol

from paradiddle.bars import Wishes
from paradiddle.drums import VOICE_NAMES
from paradiddle.live import LiveDrummer
from paradiddle.timing import LIVE_QPM

__all__ = ["CONTROLLERS", "KEYS", "KEY_HELP", "LINK_HELP", "Controls", "Playback"]

_MUTE = tuple(f"mute {name}" for name in VOICE_NAMES)

# What each key does, and by how much.
KEYS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "s": ("style", 1),
        "S": ("style", -1),
        "t": ("temperature", -1),
        "T": ("temperature", 1),
        "d": ("density", -1),
        "D": ("density", 1),
        "-": ("qpm", -1),
        "+": ("qpm", 1),
        "=": ("qpm", 1),
        "down": ("qpm", -1),
        "up": ("qpm", 1),
        "left": ("qpm", -5),
        "right": ("qpm", 5),
        "f": ("fill", 1),
        "n": ("vary", 1),
        "b": ("bar", 1),
        " ": ("stop", 1),
        "q": ("quit", 1),
    }
    | {str(voice + 1): (action, 1) for voice, action in enumerate(_MUTE)}
)
KEY_HELP = (
    "s style · t T temperature · d D density · - + bpm · f fill · n new · 1-9 mute\n"
    "space stop · q quit"
)
LINK_HELP = " · b bar"

# What each MIDI controller does. Buttons count from 64 up; 20-31 and 102-119 are undefined in MIDI.
CONTROLLERS: Mapping[int, str] = MappingProxyType(
    {
        20: "style",
        21: "temperature",
        22: "density",
        23: "qpm",
        24: "fill",
        25: "vary",
        26: "stop",
        27: "bar",
    }
    | {102 + voice: action for voice, action in enumerate(_MUTE)}
)

_TEMPERATURES, _WARMER = (0.1, 10.0), 1.1
_DENSITIES, _DENSER, _USUAL = (0.1, 4.0), 0.1, 1.2
_HALF, _MOST = 64, 127


class Playback(Protocol):
    """What starts and stops the music, such as a `paradiddle.deck.Deck`."""

    follows: bool
    """Whether another clock sets the tempo."""

    def toggle(self) -> str:
        """Stop the music, or start it again; tell in a line what holds then."""

    def set_qpm(self, qpm: float) -> None:
        """Play at another tempo."""

    def begin_bar(self) -> bool:
        """Let a bar begin now, for all who share the clock; tell whether anybody does."""

    def mute(self, voice: int, on: bool) -> None:
        """Silence a voice, or let it be heard."""


class Controls:
    """Turns keys and MIDI controllers into what a drummer does.

    Parameters
    ----------
    drummer : LiveDrummer
    deck : Playback
        For tempo, mutes and stop.
    styles : sequence of str
        Those there are to choose from; none for the LSTM drummer, which knows no densities and
        plays no fills either.

    Attributes
    ----------
    quits : bool
        Whether it was asked to end.
    remark : str
        What was done last, for people.
    """

    def __init__(self, drummer: LiveDrummer, deck: Playback, styles: Sequence[str]) -> None:
        self.drummer, self.deck, self.styles = drummer, deck, tuple(styles)
        self.quits, self.remark = False, ""
        self.muted: set[int] = set()
        self._pressed: set[int] = set()
        self._came: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()

    def key(self, key: str) -> None:
        """Do what a key is for; others do nothing."""
        action, amount = KEYS.get(key, ("", 0))
        if action:
            self._do(action, amount)

    def hear(self, message: Any) -> None:
        """Note what a `mido.Message` asks for, in whatever thread it comes; `turn` does it."""
        if message.type == "control_change":
            self._came.put((message.control, message.value))

    def turn(self) -> None:
        """Do what controllers have asked for."""
        while not self._came.empty():
            self.controller(*self._came.get())

    def controller(self, number: int, value: int) -> None:
        """Do what a MIDI controller, 0-127, is for at a value, 0-127; others do nothing."""
        action = CONTROLLERS.get(number, "")
        if action in _MUTE:
            self._mute(_MUTE.index(action), value >= _HALF)
        elif action in ("fill", "vary", "stop", "bar"):
            self._press(number, action, value >= _HALF)
        elif action == "style" and self.styles:
            self._set_style(self.styles[value * len(self.styles) // (_MOST + 1)])
        elif action == "temperature":  # 64 is 1; from a third to three
            self._set_temperature(3 ** ((value - _HALF) / _HALF))
        elif action == "density":  # 0 leaves it open
            self._set_density(_DENSITIES[1] * value / _MOST if value else None)
        elif action == "qpm":
            self._set_qpm(60.0 + value)

    def _press(self, number: int, action: str, down: bool) -> None:
        """Take a button for pressed once until it is let go."""
        if down and number not in self._pressed:
            self._do(action, 1)
        (self._pressed.add if down else self._pressed.discard)(number)

    def _do(self, action: str, amount: int) -> None:
        """Do something once, or by so many steps."""
        if action in _MUTE:
            voice = _MUTE.index(action)
            self._mute(voice, voice not in self.muted)
            return
        now = self.drummer.wishes
        doing: dict[str, Callable[[], None]] = {
            "style": lambda: self._set_style(self._next_style(amount)),
            "temperature": lambda: self._set_temperature(now.temperature * _WARMER**amount),
            "density": lambda: self._set_density((now.density or _USUAL) + _DENSER * amount),
            "qpm": lambda: self._set_qpm(self.drummer.transport.qpm + amount),
            "fill": self._fill,
            "vary": self._vary,
            "stop": self._stop,
            "bar": self._begin_bar,
            "quit": self._quit,
        }
        doing[action]()

    def _next_style(self, amount: int) -> str:
        """Go on from the style of now, or begin with the first or the last."""
        now = self.drummer.wishes.style
        if now in self.styles:
            return self.styles[(self.styles.index(str(now)) + amount) % len(self.styles)]
        return self.styles[0 if amount > 0 else -1] if self.styles else ""

    def _set_style(self, style: str) -> None:
        if not self.styles:
            self.remark = "this model knows no styles"
            return
        self._change(replace(self.drummer.wishes, style=style), f"style {style}")

    def _set_temperature(self, temperature: float) -> None:
        chosen = round(_within(temperature, *_TEMPERATURES), 2)
        wishes = replace(self.drummer.wishes, temperature=chosen)
        self._change(wishes, f"temperature {chosen:g}")

    def _set_density(self, density: float | None) -> None:
        if not self.styles:
            self.remark = "this model knows no densities"
            return
        chosen = None if density is None else round(_within(density, *_DENSITIES), 2)
        wishes = replace(self.drummer.wishes, density=chosen)
        self._change(wishes, "density as it comes" if chosen is None else f"density {chosen:g}")

    def _change(self, wishes: Wishes, remark: str) -> None:
        self.drummer.change(wishes)
        self.remark = f"{remark} from the next bar on"

    def _set_qpm(self, qpm: float) -> None:
        if self.deck.follows:
            self.remark = "the clock it follows sets the tempo"
            return
        now, (slowest, fastest) = self.drummer.transport.qpm, LIVE_QPM
        # a tempo from elsewhere may lie beyond
        chosen = _within(qpm, min(slowest, now), max(fastest, now))
        self.deck.set_qpm(chosen)
        self.remark = f"{chosen:g} bpm"

    def _mute(self, voice: int, on: bool) -> None:
        (self.muted.add if on else self.muted.discard)(voice)
        self.deck.mute(voice, on)
        self.remark = f"{VOICE_NAMES[voice]} {'muted' if on else 'back'}"

    def _fill(self) -> None:
        if not self.styles:
            self.remark = "this model plays no fills"
            return
        self.drummer.fill()
        self.remark = "a fill comes"

    def _vary(self) -> None:
        self.drummer.vary()
        self.remark = "something new comes"

    def _stop(self) -> None:
        self.remark = self.deck.toggle()

    def _begin_bar(self) -> None:
        moved = self.deck.begin_bar()
        self.remark = "the bar begins now, for all" if moved else "only Ableton Link's bars move"

    def _quit(self) -> None:
        self.quits = True


def _within(value: float, lowest: float, highest: float) -> float:
    return min(max(value, lowest), highest)
