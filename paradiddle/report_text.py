"""A corpus report for a terminal of 80 columns."""

from bisect import bisect_right
from collections.abc import Mapping
from functools import partial
from typing import Any

from rich.bar import Bar
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from paradiddle.drums import pitch_name
from paradiddle.report import GAPS, Report
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["binned", "gaps", "show", "tempi"]

_WIDTH = 80
_LABEL, _BAR, _COUNT = 21, 7, 9  # columns of half a page
_HALF = _LABEL + _BAR + _COUNT + 2  # a space between each
_MOST_BARS = 14

_LOWS = [low for _, low in GAPS]
_GAP_LABELS = [
    *(f"{low}-{end - 1}, {name}" for (name, low), end in zip(GAPS, _LOWS[1:], strict=False)),
    f"{_LOWS[-1]} and more",
]


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
    """Count hits by the time since the one before, in the classes of `paradiddle.report.GAPS`.

    Examples
    --------
    >>> {name: hits for name, hits in gaps({0: 1, 118: 5, 121: 3}).items() if hits}
    {'0-12, together': 1, '98-134, 16th': 8}
    """
    counted = dict.fromkeys(_GAP_LABELS, 0)
    for value, hits in ticks.items():
        counted[_GAP_LABELS[bisect_right(_LOWS, value) - 1]] += hits
    return counted


def show(report: Report, console: Console) -> None:
    """Print a report: a summary, histograms two abreast where they fit, and every rejected file.

    Parameters
    ----------
    report : Report
        What to print.
    console : rich.console.Console
        Where; wider than 80 columns stays empty on the right, and one that cannot show blocks gets
        bars of ``#``.
    """
    console.print(_heading(report, console))
    console.print(_summary(report))
    pitches = {f"{pitch} {pitch_name(pitch)}": hits for pitch, hits in report.pitches.items()}
    abreast = console.width >= _WIDTH
    half = -(-len(pitches) // 2) if abreast else len(pitches)
    bars = partial(_bars, min(_HALF, console.width))
    sections = (
        (bars("Tempo, files", tempi(report.qpm)), bars("Style, files", report.styles)),
        (
            bars("Voice, hits", report.voices),
            bars("Velocity, hits", binned(report.velocities, 16)),
        ),
        (bars("Pitch, hits", pitches, 0, half), bars("", pitches, half)),
        (
            bars("Ticks since the last, hits", gaps(report.ticks)),
            bars("Commonest", _common_gaps(report)),
        ),
    )
    for pair in sections:
        page = Table.grid(padding=(0, 2))
        for row in [pair] if abreast else [(part,) for part in pair if part]:
            page.add_row(*row)
        console.print()
        console.print(page)
    if report.rejected:
        console.print()
        console.print(_rejected(report, min(_WIDTH, console.width)))


def _heading(report: Report, console: Console) -> Text:
    text = _printable(report.root).append("\n")
    text.stylize("bold")
    counts = [
        f"{_files(report.files)} used",
        f"{len(report.rejected):,} rejected",
        f"{report.hours:,.2f} h" if report.hours >= 1 else f"{report.hours * 60:,.1f} min",
        f"{report.hits:,} hits",
    ]
    dot = ", " if console.options.ascii_only else " · "
    return text.append(dot.join(counts) + "\n", style="not bold")


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"


def _summary(report: Report) -> Table:
    """Tabulate what has few values."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(max_width=_WIDTH - 21, overflow="fold")
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
    width: int, title: str, counts: Mapping[str, int], start: int = 0, end: int | None = None
) -> RenderableType:
    """Draw rows `start` to `end` of a histogram, scaled to its largest count."""
    rows = list(counts.items())[start:end]
    if not rows:
        return ""
    table = Table(
        title=title or " ", title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0)
    )
    table.pad_edge = False
    table.show_header = False
    most = max(counts.values())
    digits = max(_COUNT, len(f"{most:,}"))
    # Labels wrap where it is narrow; numbers are always whole.
    table.add_column(width=max(1, width - _BAR - digits - 2), overflow="fold")
    table.add_column(width=_BAR)
    table.add_column(width=digits, no_wrap=True, justify="right")
    for label, count in rows:
        table.add_row(_printable(label), _Bar(count / most), f"{count:,}")
    return table


class _Bar:
    """A bar of blocks, or of ``#`` where the terminal's encoding has none."""

    def __init__(self, share: float) -> None:
        self._share = share

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        if options.ascii_only:
            yield Text("#" * round(self._share * _BAR), style="cyan")
        else:
            yield Bar(1, 0, self._share, width=_BAR, color="cyan")


def _common_gaps(report: Report) -> dict[str, int]:
    commonest = sorted(report.ticks.items(), key=lambda item: -item[1])[: len(GAPS)]
    return {str(ticks): hits for ticks, hits in commonest}


def _rejected(report: Report, width: int) -> Table:
    table = Table(title="Rejected", title_justify="left", title_style="bold", box=None)
    table.width = width
    table.show_header = False
    table.add_column(ratio=2, overflow="fold")
    table.add_column(ratio=3, overflow="fold")
    for name, reason in report.rejected:
        table.add_row(_printable(name), Text(reason))
    return table


def _printable(name: str) -> Text:
    """Replace what a name from outside may hold and a terminal must not be sent."""
    return Text("".join(sign if sign.isprintable() else "?" for sign in name))
