"""Portraits side by side as a page of histograms."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from paradiddle.errors import InvalidValueError, MissingExtraError
from paradiddle.files import atomic_path
from paradiddle.portrait import ITEMS, Portrait, overlap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "MOST_PORTRAITS", "plot"]

FORMATS = (".png", ".pdf", ".svg")

_TITLES = {
    "notes_per_bar": "Notes per bar",
    "voices": "Voices",
    "kick": "Kick: place in the bar",
    "snare": "Snare: place in the bar",
    "velocities": "Velocity (MIDI)",
    "gaps": "Time since the hit before",
}
_WRAPPED = {"closed hi-hat": "closed\nhi-hat", "open hi-hat": "open\nhi-hat"}
_WRAPPED |= {name: name.replace(" ", "\n") for name in ITEMS["gaps"]}

_INK, _FAINT, _GRID, _REFERENCE = "#2b2b2b", "#8a8a8a", "#e4e4e4", "#c9ced3"
_SIZE = (12.0, 11.5)  # inches; with _DPI 1.5 times the width of a readme, for sharp screens
_DPI = 150
_TOP_SPACE = 1.08  # above the highest share


class _Mark(NamedTuple):
    """How one portrait is drawn: apart by colour, by shape and by line."""

    colour: str
    shape: str
    line: str
    filled: bool


# Blue and orange of Okabe & Ito, which the colour-blind can tell apart.
_MARKS = (
    _Mark("#0072b2", "o", "-", True),
    _Mark("#d55e00", "D", ":", False),
    _Mark("#3c3c3c", "_", "", True),
)
MOST_PORTRAITS = 1 + len(_MARKS)

_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": _FAINT,
    "xtick.color": _INK,
    "ytick.color": _FAINT,
    "text.color": _INK,
    "text.parse_math": False,  # a model may be called $x
    "svg.hashsalt": "paradiddle",  # the same portraits give the same file
}


def plot(portraits: Mapping[str, Portrait], path: str | Path, *, title: str = "") -> None:
    """Draw portraits as one page, six charts with the first portrait as bars behind the others.

    Parameters
    ----------
    portraits : mapping of str to Portrait
        Two to `MOST_PORTRAITS`, by the names for the legend. The second is drawn as a line, the
        third as a dotted line, the fourth as dashes; each chart names their overlap with the first.
    path : str or Path
        A ``.png``, ``.pdf`` or ``.svg`` file; an existing one is replaced.
    title : str
        Above the page.

    Raises
    ------
    MissingExtraError
        Without matplotlib.
    InvalidValueError
        If there are too few or too many portraits, or the name ends in none of `FORMATS`.
    OutputError
        If the file cannot be written; nothing is left behind.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise InvalidValueError(
            f"a plot must be named {', '.join(FORMATS)}, got {path.name!r}; try portrait.png"
        )
    if not 2 <= len(portraits) <= MOST_PORTRAITS:
        raise InvalidValueError(
            f"a page compares 2 to {MOST_PORTRAITS} portraits, got {len(portraits)};"
            " choose the ones that matter"
        )
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError("--plot", "plot") from error
    with matplotlib.rc_context(_STYLE), atomic_path(path) as temporary:
        figure = _page(portraits, title)
        # Without dates and versions the same portraits give the same file.
        metadata = {".png": {"Software": None}, ".pdf": {"CreationDate": None}}
        figure.savefig(
            temporary,
            dpi=_DPI,
            format=path.suffix[1:].lower(),
            metadata=metadata.get(path.suffix.lower(), {"Date": None}),
        )


def _page(portraits: Mapping[str, Portrait], title: str) -> "Figure":
    # Without pyplot there is no window system to find and no figure to close.
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12, rect=(0, 0, 1, 0.925))
    figure = Figure(figsize=_SIZE, layout=layout, facecolor="white")
    figure.text(0.012, 0.982, title, fontsize=17, weight="bold", va="top")
    charts = figure.subplots(3, 2)
    for axes, item in zip(charts.flat, ITEMS, strict=True):
        _chart(axes, item, portraits)
    handles, labels = charts.flat[0].get_legend_handles_labels()
    drawn = dict(zip(labels, handles, strict=True))
    figure.legend(
        [drawn[name] for name in portraits],
        list(portraits),
        loc="upper left",
        bbox_to_anchor=(0.004, 0.958),
        ncols=len(portraits),
        frameon=False,
        fontsize=11,
        columnspacing=2.5,
    )
    return figure


def _chart(axes: "Axes", item: str, portraits: Mapping[str, Portrait]) -> None:
    """Draw one item: bars for the first portrait, marks for the others."""
    (reference_name, reference), *others = portraits.items()
    shares = getattr(reference, item)
    axes.bar(range(len(shares)), shares, 0.82, color=_REFERENCE, label=reference_name)
    for (name, other), mark in zip(others, _MARKS, strict=False):
        _marks(axes, name, getattr(other, item), mark, joined=item != "voices")
    tops = [max(getattr(each, item)) for each in portraits.values()]
    _frame(axes, item, max(tops) * _TOP_SPACE)
    _overlaps(axes, [overlap(reference, other)[item] for _, other in others])


def _marks(
    axes: "Axes", name: str, shares: tuple[float, ...], mark: _Mark, *, joined: bool
) -> None:
    """Draw one portrait over the bars; a line joins only bins that follow one another."""
    dash = mark.shape == "_"
    axes.plot(
        range(len(shares)),
        shares,
        color=mark.colour,
        marker=mark.shape,
        markersize=14 if dash else 6,
        markeredgewidth=2 if dash else 1.4,
        markerfacecolor=mark.colour if mark.filled else "white",
        linestyle=mark.line if joined else "",
        linewidth=1.6,
        label=name,
        clip_on=False,
    )


def _frame(axes: "Axes", item: str, top: float) -> None:
    """Name the bins, and count in per cent."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    labels = [_WRAPPED.get(label, label) for label in ITEMS[item]]
    axes.set_title(_TITLES[item], pad=10)
    axes.set_xticks(range(len(labels)), labels, fontsize=8.5)
    axes.set_xlim(-0.6, len(labels) - 0.4)
    axes.set_ylim(0, top)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(axis="y", color=_GRID)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=6)


def _overlaps(axes: "Axes", overlaps: list[float]) -> None:
    """Write at the top right how much each portrait shares with the bars, in its colour."""
    words = [("overlap", _FAINT, "normal")]
    words += [
        (f"{value:.0%}", mark.colour, "bold") for value, mark in zip(overlaps, _MARKS, strict=False)
    ]
    for place, (word, colour, weight) in enumerate(reversed(words)):
        axes.annotate(
            word,
            (1, 1),
            xytext=(-40 * place, 10),
            xycoords="axes fraction",
            textcoords="offset points",
            color=colour,
            ha="right",
            weight=weight,
        )
