"""A corpus report as a page of histograms."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paradiddle.drums import pitch_name
from paradiddle.errors import InvalidValueError, MissingExtraError
from paradiddle.files import atomic_path
from paradiddle.report import Report
from paradiddle.report_text import gaps, tempi

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "check_name", "plot"]

FORMATS = (".png", ".pdf", ".svg")

_COLOUR, _INK, _FAINT = "#2a6f97", "#333333", "#8a8a8a"
_SIZE = (11.0, 15.0)  # inches
_FEWEST_ROWS, _MOST_ROWS = 10, 24  # a bar is never thicker than a tenth of its chart
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _FAINT,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "text.color": _INK,
    "text.parse_math": False,  # a folder may be called $x
}


def plot(report: Report, path: str | Path) -> None:
    """Draw a report as one page: tempi, metres, voices, pitches, gaps, velocities, styles, splits.

    Parameters
    ----------
    report : Report
        What to draw.
    path : str or Path
        A ``.png``, ``.pdf`` or ``.svg`` file; an existing one is replaced.

    Raises
    ------
    MissingExtraError
        Without matplotlib.
    InvalidValueError
        If the name ends in none of `FORMATS`.
    OutputError
        If the file cannot be written; nothing is left behind.
    """
    path = Path(path)
    check_name(path)
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError("--plot", "plot") from error
    with matplotlib.rc_context(_STYLE), atomic_path(path) as temporary:
        figure = _page(report)
        figure.savefig(temporary, dpi=120, format=path.suffix[1:].lower())


def check_name(path: Path) -> None:
    """Raise unless a plot can be written under a name.

    Raises
    ------
    InvalidValueError
        If the name ends in none of `FORMATS`.
    """
    if path.suffix.lower() not in FORMATS:
        raise InvalidValueError(
            f"a plot must be named {', '.join(FORMATS)}, got {path.name!r}; try report.png"
        )


def _page(report: Report) -> "Figure":
    # Without pyplot there is no window system to find and no figure to close.
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=_SIZE, layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15))
    figure.suptitle(
        f"{Path(report.root).name}: {report.files:,} files, {report.hours:,.1f} h,"
        f" {report.hits:,} hits",
        fontsize=15,
        x=0.015,
        ha="left",
    )
    axes = figure.subplots(4, 2, height_ratios=(3, 3, 5, 5))
    _columns(axes[0, 0], "Tempo: files by quarters per minute", tempi(report.qpm))
    _columns(axes[0, 1], "Time signature: files", report.time_signatures)
    _distribution(axes[1, 0], "Velocity: hits by MIDI velocity", report.velocities)
    short_gaps = {name.split(",")[0]: hits for name, hits in gaps(report.ticks).items()}
    _columns(axes[1, 1], "Gap: hits by ticks since the last, 480 a quarter", short_gaps)
    _rows(axes[2, 0], "Voice: hits", report.voices)
    pitches = {f"{pitch} {pitch_name(pitch)}": hits for pitch, hits in report.pitches.items()}
    _rows(axes[2, 1], "Pitch: hits", pitches)
    _rows(axes[3, 0], "Style: files", report.styles)
    _rows(axes[3, 1], "Split: files", report.splits)
    return figure


def _columns(axes: "Axes", title: str, counts: Mapping[str, int]) -> None:
    """Draw upright, labelled bars for values that have an order."""
    axes.set_title(title)
    crowded = len(counts) > 7
    bars = axes.bar(range(len(counts)), list(counts.values()), 0.85, color=_COLOUR)
    axes.bar_label(bars, [f"{count:,}" for count in counts.values()], padding=1, fontsize=8)
    axes.set_xticks(
        range(len(counts)),
        list(counts),
        rotation=40 if crowded else 0,
        ha="right" if crowded else "center",
        rotation_mode="anchor",
    )
    axes.set_xlim(-0.6, max(len(counts), 6) - 0.4)
    axes.margins(y=0.1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=0)


def _distribution(axes: "Axes", title: str, velocities: Mapping[int, int]) -> None:
    """Draw one column for each of the 127 velocities."""
    axes.set_title(title)
    axes.bar(list(velocities), list(velocities.values()), 1.0, color=_COLOUR)
    axes.set_xlim(0, 128)
    axes.set_xticks([1, 32, 64, 96, 127])
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(length=0)


def _rows(axes: "Axes", title: str, counts: Mapping[str, int]) -> None:
    """Draw lying, labelled bars for names, the first on top; say so if there are none."""
    axes.set_title(title)
    if not counts:
        axes.set_axis_off()
        axes.text(0, 0.95, "no index names any", color=_FAINT, transform=axes.transAxes, va="top")
        return
    shown = _most(counts)
    if len(shown) < len(counts):
        axes.set_title(f"{title}, the commonest {len(shown)} of {len(counts)}")
    bars = axes.barh(list(shown), list(shown.values()), 0.75, color=_COLOUR)
    axes.bar_label(bars, [f"{count:,}" for count in shown.values()], padding=3)
    axes.set_ylim(max(len(shown), _FEWEST_ROWS) - 0.4, -0.6)
    axes.margins(x=0.15)
    axes.set_xticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)


def _most(counts: Mapping[str, int]) -> dict[str, int]:
    """Keep the largest counts, in their order, where there are too many to read."""
    kept = sorted(counts, key=lambda name: -counts[name])[:_MOST_ROWS]
    return {name: count for name, count in counts.items() if name in kept}
