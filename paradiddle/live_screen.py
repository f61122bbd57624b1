"""What live playing looks like: a grid with a playhead, or plain lines without a terminal."""

from collections.abc import Collection
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.text import Text

from paradiddle.pattern import Pattern

__all__ = ["Screen", "View", "grid_text"]

_NAMES = 15  # characters before the first step of a drawn pattern
_STYLES = {"X": "bold", "x": "", "o": "dim", ".": "dim"}


@dataclass(frozen=True)
class View:
    """One moment of live playing.

    Attributes
    ----------
    bar : int
        Number of the bar that sounds, from 1.
    pattern : Pattern, optional
        Of this bar.
    place : float, optional
        Quarters from the bar line; None where nothing plays.
    muted : collection of int
        Voices that are silent.
    title : str
        What holds now: style, tempo and so on.
    remark : str
        What happens or is about to.
    keys : str
        What can be pressed, in lines of at most 80 characters.
    """

    bar: int = 0
    pattern: Pattern | None = None
    place: float | None = None
    muted: Collection[int] = ()
    title: str = ""
    remark: str = ""
    keys: str = ""


class Screen:
    """Shows one `View` after the other.

    In a terminal it draws over what it drew before; elsewhere it writes a line for each bar and
    each remark. As a context manager it leaves the cursor as it was.

    Parameters
    ----------
    console : rich.console.Console
        Where to draw.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._last: View | None = None

    def __enter__(self) -> "Screen":
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=False)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, view: View) -> None:
        """Draw a moment."""
        if self._live is not None:
            self._live.update(grid_text(view), refresh=True)
        else:
            for line in _news(self._last, view):
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        self._last = view


def grid_text(view: View) -> Text:
    """Draw the grid of a moment, its playhead reversed and what is muted dim.

    Examples
    --------
    >>> print(grid_text(View(3, Pattern.empty(1), 1.0, title="funk")).plain.splitlines()[1])
      1 kick          |.... .... .... ....|
    """
    text = Text(no_wrap=True, overflow="crop")
    text.append(f"bar {view.bar}  {view.title}\n", style="bold")
    if view.pattern is not None:
        column = _column(view.pattern, view.place)
        for voice, line in enumerate(str(view.pattern).splitlines()):
            text.append(f"{voice + 1:3} ", style="dim")
            text.append_text(_line(line, column, voice in view.muted))
    text.append(f"{view.remark}\n", style="italic")
    text.append(view.keys, style="dim")
    return text


def _line(line: str, column: int | None, muted: bool) -> Text:
    """Draw one voice."""
    drawn = Text(line, style="dim strike" if muted else "")
    if not muted:
        for place in range(_NAMES, len(line)):
            if style := _STYLES.get(line[place]):
                drawn.stylize(style, place, place + 1)
    if column is not None:
        drawn.stylize("reverse", column, column + 1)
    return drawn.append("\n")


def _column(pattern: Pattern, place: float | None) -> int | None:
    """Find the character of a drawn bar that a place is at."""
    if place is None:
        return None
    step = int(place * pattern.steps_per_quarter) % max(pattern.steps, 1)
    return _NAMES + step + step // pattern.steps_per_quarter


def _news(before: View | None, now: View) -> list[str]:
    """Say what is new, in plain lines."""
    lines = []
    if now.remark and (before is None or now.remark != before.remark):
        lines.append(now.remark)
    if now.pattern is not None and (before is None or now.bar != before.bar):
        lines.append(f"bar {now.bar}: {int(now.pattern.hits.sum())} hits, {now.title}")
    return lines
