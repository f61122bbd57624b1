"""A corpus report for a terminal of 80 columns."""

from collections.abc import Mapping
from typing import Any

from rich.bar import Bar
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from paradiddle.drums import pitch_name
from paradiddle.report import Report
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["GAPS", "binned", "gaps", "show", "tempi"]

# Ticks between hits, each named after the note value in its middle, with its lowest value.
GAPS = (
    ("together", 0),
    ("1-29", 1),
    ("30-89, a 32nd", 30),
    ("90-179, a 16th", 90),
    ("180-359, an 8th", 180),
    ("360-719, a quarter", 360),
    ("720-1439, a half", 720),
    ("1440 and more", 1440),
)

_WIDTH = 80
_LABEL, _BAR, _COUNT = 21, 7, 9  # columns of half a page
_MOST_BARS = 14


def binned(counts: Mapping[int, int] | Mapping[float, int], width: int) -> dict[str, int]:
    """Add up counts in bins of equal width, from the first that holds something to the last.

    Examples
    --------
    >>> binned({96.0: 2, 99.5: 1, 120.0: 5}, 10)
    {'90-99': 3, '100-109': 0, '110-119': 0, '120-129': 5}
    """
    starts = [int(value // width) * width for value in counts]
    bins = dict.fromkeys(range(min(starts), max(starts) + 1, width), 0)
    for start, count in zip(starts, counts.values(), strict=True):
        bins[start] += count
    return {f"{start}-{start + width - 1}": count for start, count in bins.items()}


def tempi(qpm: Mapping[float, int]) -> dict[str, int]:
    """Count files by tempo: each by itself while they are few, in bins of 10, 20 or more else.

    Examples
    --------
    >>> tempi({96.0: 2, 120.5: 1})
    {'96': 2, '120.5': 1}
    """
    if len(qpm) <= _MOST_BARS:
        return {f"{value:g}": count for value, count in qpm.items()}
    widths = (10, 20, 50, 100)
    fitting = (width for width in widths if (max(qpm) - min(qpm)) / width < _MOST_BARS - 1)
    return binned(qpm, next(fitting, int(max(qpm)) // _MOST_BARS + 1))


def gaps(ticks: Mapping[int, int]) -> dict[str, int]:
    """Count hits by the time since the one before, in the classes of `GAPS`.

    Examples
    --------
    >>> {name: hits for name, hits in gaps({0: 1, 118: 5, 121: 3}).items() if hits}
    {'together': 1, '90-179, a 16th': 8}
    """
    counted = dict.fromkeys((name for name, _ in GAPS), 0)
    for value, hits in ticks.items():
        counted[next(name for name, low in reversed(GAPS) if value >= low)] += hits
    return counted


def show(report: Report, console: Console) -> None:
    """Print a report: a summary, histograms two abreast, and every rejected file.

    Parameters
    ----------
    report : Report
        What to print.
    console : rich.console.Console
        Where; wider than 80 columns stays empty on the right.
    """
    console.print(_heading(report))
    console.print(_summary(report))
    pitches = {f"{pitch} {pitch_name(pitch)}": hits for pitch, hits in report.pitches.items()}
    half = -(-len(pitches) // 2)
    sections = (
        (_bars("Tempo, files", tempi(report.qpm)), _bars("Style, files", report.styles)),
        (
            _bars("Voice, hits", report.voices),
            _bars("Velocity, hits", binned(report.velocities, 16)),
        ),
        (_bars("Pitch, hits", pitches, 0, half), _bars("", pitches, half)),
        (_bars("Ticks since the last, hits", gaps(report.ticks)), _common_gaps(report)),
    )
    for left, right in sections:
        page = Table.grid(padding=(0, 2))
        page.add_row(left, right)
        console.print()
        console.print(page)
    if report.rejected:
        console.print()
        console.print(_rejected(report))


def _heading(report: Report) -> Text:
    text = _printable(report.root).append("\n")
    text.stylize("bold")
    counts = [
        f"{_files(report.files)} used",
        f"{len(report.rejected):,} rejected",
        f"{report.hours:,.2f} h" if report.hours >= 1 else f"{report.hours * 60:,.1f} min",
        f"{report.hits:,} hits",
    ]
    return text.append(" · ".join(counts) + "\n", style="not bold")


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"


def _summary(report: Report) -> Table:
    """Tabulate what has few values."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(max_width=_WIDTH - 21)
    changing = [
        f"{_files(count)} with a changing {what}"
        for count, what in (
            (report.tempo_changes, "tempo"),
            (report.time_signature_changes, "time signature"),
        )
        if count
    ]
    lost = f"{report.collisions:,} hits ({report.collisions / report.hits:.1%}) share a 16th with"
    for name, text in (
        ("MIDI format", _listed(report.formats)),
        ("Ticks per quarter", _listed(report.ticks_per_quarter)),
        ("Tracks", _listed(report.tracks)),
        ("Time signature", _listed(report.time_signatures)),
        ("Changes", "; ".join(changing)),
        ("Drums found by", _listed(report.channel_rules)),
        ("Ticks between hits", f"{len(report.ticks):,} values, {_span(report.ticks)}"),
        ("Split", _listed(report.splits)),
        ("Beat type", _listed(report.beat_types)),
        ("Drummer", _listed(report.drummers)),
        ("Flams, drags, rolls", f"{lost} another of their voice"),
    ):
        if text:
            table.add_row(name, _printable(text))
    return table


def _listed(counts: Mapping[Any, int]) -> str:
    """Say ``4/4 (1,138), 3/4 (5)``."""
    return ", ".join(f"{value} ({count:,})" for value, count in counts.items())


def _span(ticks: Mapping[int, int]) -> str:
    return f"{min(ticks):,} to {max(ticks):,}; a quarter is {TICKS_PER_QUARTER}"


def _bars(
    title: str, counts: Mapping[str, int], start: int = 0, end: int | None = None
) -> RenderableType:
    """Draw rows `start` to `end` of a histogram, scaled to its largest count."""
    if not counts:
        return ""
    table = Table(
        title=title or " ", title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0)
    )
    table.pad_edge = False
    table.show_header = False
    table.add_column(width=_LABEL, no_wrap=True, overflow="ellipsis")
    table.add_column(width=_BAR)
    table.add_column(width=_COUNT, justify="right")
    most = max(counts.values())
    for label, count in list(counts.items())[start:end]:
        bar = Bar(most, 0, count, width=_BAR, color="cyan")
        table.add_row(_printable(label), bar, f"{count:,}")
    return table


def _common_gaps(report: Report) -> RenderableType:
    commonest = sorted(report.ticks.items(), key=lambda item: -item[1])[: len(GAPS)]
    return _bars("Commonest", {str(ticks): hits for ticks, hits in commonest})


def _rejected(report: Report) -> Table:
    table = Table(title="Rejected", title_justify="left", title_style="bold", box=None)
    table.width = _WIDTH
    table.show_header = False
    table.add_column(ratio=2, overflow="fold")
    table.add_column(ratio=3, overflow="fold")
    for name, reason in report.rejected:
        table.add_row(_printable(name), Text(reason))
    return table


def _printable(name: str) -> Text:
    """Replace what a name from outside may hold and a terminal must not be sent."""
    return Text("".join(sign if sign.isprintable() else "?" for sign in name))
