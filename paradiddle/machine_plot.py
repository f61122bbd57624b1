"""What a drum machine makes, as pages of grids and histograms beside what people played."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paradiddle.compositions import Made
from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import MissingExtraError
from paradiddle.exam import Exam
from paradiddle.files import atomic_path
from paradiddle.folders import make_folder
from paradiddle.given import V
from paradiddle.likeness import ITEMS, histograms, overlaps
from paradiddle.measures import hits_of
from paradiddle.questions import cells_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PAGES", "draw_pages"]

PAGES = ("grids", "histograms", "dynamics")

_GRID_STYLES = 4
_INK, _FAINT, _GRID, _REAL = "#2b2b2b", "#8a8a8a", "#e4e4e4", "#c9ced3"
# Okabe & Ito, which the colour-blind can tell apart.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#3c3c3c", "#cc79a7")
_LINES = ("-", "--", "-.", ":", "-")
_DPI = 110
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _FAINT,
    "text.color": _INK,
    "text.parse_math": False,
}

_ENDS: Mapping[str, tuple[str, str]] = {
    "density": ("0", "46+"),
    "syncopation": ("0", "15+"),
    "velocity": ("0", "1"),
    "timing": ("-½ 16th", "+½ 16th"),
    "velocity spread": ("0", "0.5"),
    "timing spread": ("0", "0.4 16ths"),
}  # of the axes, as `paradiddle.likeness.histograms` cuts them

_Array = NDArray[np.float32]


def draw_pages(
    exam: Exam,
    made: Mapping[str, Made],
    humanized: Mapping[str, _Array],
    folder: str | Path,
) -> list[Path]:
    """Draw ``grids.png``, ``histograms.png`` and ``dynamics.png``.

    Parameters
    ----------
    exam : Exam
        What people played.
    made : mapping of str to Made
        As `paradiddle.compositions.made_by` returns it.
    humanized : mapping of str to float32 array
        The windows of the exam, given new velocities and offsets, by how.
    folder : str or Path
        Made if it is not there; files of these names in it are replaced.

    Returns
    -------
    list of Path
        The pages.

    Raises
    ------
    MissingExtraError
        Without matplotlib.
    OutputError
        If a file cannot be written.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError("--plot", "plot") from error
    folder = Path(folder)
    make_folder(folder)
    draw: Mapping[str, Callable[[], Figure]] = {
        "grids": lambda: _grids(exam, made),
        "histograms": lambda: _histograms(exam, made),
        "dynamics": lambda: _dynamics(exam, humanized),
    }
    paths = []
    for page in PAGES:
        paths.append(folder / f"{page}.png")
        with matplotlib.rc_context(_STYLE), atomic_path(paths[-1]) as temporary:
            # without a version the same figures give the same file
            draw[page]().savefig(temporary, dpi=_DPI, format="png", metadata={"Software": None})
    return paths


def _page(rows: int, columns: int, title: str, height: float) -> tuple["Figure", Any]:
    # Without pyplot there is no window system to find and no figure to close.
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(
        figsize=(4.2 * columns, height * rows + 0.8),
        layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1),
        facecolor="white",
    )
    figure.suptitle(title, fontsize=14, weight="bold", x=0.01, ha="left")
    return figure, figure.subplots(rows, columns, squeeze=False)


def _grids(exam: Exam, made: Mapping[str, Made]) -> "Figure":
    """Draw a row a style, a column a source; a dot a hit, as large as it is loud, where it fell."""
    styles = [style for style in exam.known_styles if style in exam.mix][:_GRID_STYLES]
    columns = {"real, held out": _first_real(exam, styles)}
    columns |= {name: _first_made(one, styles) for name, one in made.items()}
    rows = max(len(styles), 1)
    figure, axes = _page(rows, len(columns), "Two bars: each dot a hit, larger is louder", 1.9)
    for column, (name, grids) in enumerate(columns.items()):
        for row, (label, cells) in enumerate(grids[:rows]):
            _grid(axes[row, column], cells)
            axes[row, column].set_title(f"{name}: {label}")
    return figure


def _first_real(exam: Exam, styles: Sequence[str]) -> list[tuple[str, _Array]]:
    """Take the middle window of each style."""
    chosen = []
    for style in styles:
        windows = [window for window in exam.windows if window.take.style == style]
        chosen.append((style, windows[len(windows) // 2].cells))
    return chosen


def _first_made(made: Made, styles: Sequence[str]) -> list[tuple[str, _Array]]:
    """Take the first window of each style, or the first ones where no style was asked for."""
    if made.of_styles is None:
        return [("no style", cells) for cells in made.as_train]
    return [
        (style, made.of_styles[made.styles.index(style)])
        for style in styles
        if style in made.styles
    ]


def _grid(axes: "Axes", cells: _Array) -> None:
    steps, voices = np.nonzero(hits_of(cells))
    velocities, offsets = (part[steps, voices] for part in (cells[:, V:], cells[:, 2 * V :]))
    axes.scatter(steps + offsets, voices, s=4 + 46 * velocities, color=_COLOURS[0], linewidths=0)
    for step in range(0, len(cells) + 1, 4):
        axes.axvline(step, color=_FAINT if step % 16 == 0 else _GRID, linewidth=0.8, zorder=0)
    axes.set_yticks(range(V), VOICE_NAMES, fontsize=7)
    axes.set_ylim(-0.6, V - 0.4)
    axes.set_xlim(-0.7, len(cells))
    axes.set_xticks(
        range(0, len(cells), 4), [f"{step // 4 % 4 + 1}" for step in range(0, len(cells), 4)]
    )
    axes.tick_params(length=0)


def _histograms(exam: Exam, made: Mapping[str, Made]) -> "Figure":
    """Draw a chart an item of likeness, train as bars, with the overlaps in the legends."""
    figure, axes = _page(3, 3, "How alike: train split as bars, overlap in the legend", 2.9)
    train = histograms(cells_of(exam.train))
    others = {"real, held out": histograms(cells_of(exam.windows))}
    others |= {name: histograms(one.as_train) for name, one in made.items()}
    for place, item in zip(axes.flat, ITEMS, strict=True):
        lines = {
            f"{name} {overlaps(train, found)[item]:.0%}": found[item]
            for name, found in others.items()
        }
        _chart(place, item, train[item], lines)
    return figure


def _dynamics(exam: Exam, humanized: Mapping[str, _Array]) -> "Figure":
    """Draw velocities and offsets given to the hits of the exam, the real ones as bars."""
    figure, axes = _page(1, 2, "Humanized: the real velocities and offsets as bars", 3.6)
    real = histograms(cells_of(exam.windows))
    for place, item in zip(axes.flat, ("timing", "velocity"), strict=True):
        lines = {name: histograms(cells)[item] for name, cells in humanized.items()}
        _chart(place, item, real[item], lines)
        place.set_ylim(0, 2.5 * real[item].max())  # a median may pile up beyond all measure
    return figure


def _chart(
    axes: "Axes", item: str, bars: NDArray[np.float64], lines: Mapping[str, NDArray[np.float64]]
) -> None:
    from matplotlib.ticker import PercentFormatter

    places = range(len(bars))
    axes.bar(places, bars, 0.9, color=_REAL)
    for (name, shares), colour, line in zip(lines.items(), _COLOURS, _LINES, strict=False):
        axes.plot(places, shares, color=colour, linestyle=line, linewidth=1.3, label=name)
    axes.set_title(item.capitalize())
    axes.set_xlabel(ITEMS[item], fontsize=8, color=_FAINT)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.tick_params(length=0)
    if item == "voices":
        axes.set_xticks(places, VOICE_NAMES, rotation=40, ha="right", fontsize=7)
    elif item in _ENDS:
        axes.set_xticks([0, len(bars) - 1], _ENDS[item])
    else:
        axes.set_xticks(range(0, len(bars), 4), ["1", "2", "3", "4"])
    axes.legend(frameon=False, fontsize=7)
