"""Options that several commands share, and the corpus they select."""

import contextlib
import functools
import inspect
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

if TYPE_CHECKING:
    from paradiddle.corpus import Corpus, Filter

__all__ = [
    "CorpusPath",
    "Json",
    "Seed",
    "Selection",
    "corpus_of",
    "note",
    "selects_files",
    "unpacks",
]

_Result = TypeVar("_Result")
_PANEL = "Which files"

CorpusPath = Annotated[
    Path,
    typer.Argument(metavar="PATH", help="A folder of MIDI files, a .zip of them, or one file."),
]
Seed = Annotated[
    int, typer.Option("--seed", metavar="N", help="Draw at random from this seed; same, same.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@dataclass(frozen=True)
class Selection:
    """Which files of a corpus a command is to use: its filter options, as typed.

    A command gets all of them by taking one parameter of this type under `selects_files`.

    Attributes
    ----------
    qpm : str, optional
        ``96`` or ``90-120``.
    ticks_per_quarter : int, optional
        Resolution of the file.
    time_signature, style, split, beat_type : str
        As in `paradiddle.corpus.Filter`.
    min_notes : int
        Fewest drum hits.
    channel : str, optional
        ``1`` to ``16`` or ``all``.
    """

    qpm: Annotated[
        str | None,
        typer.Option(
            metavar="N|LOW-HIGH",
            help="Only files of this tempo, in quarters per minute.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    ticks_per_quarter: Annotated[
        int | None,
        typer.Option(metavar="N", help="Only files of this resolution.", rich_help_panel=_PANEL),
    ] = None
    time_signature: Annotated[
        str,
        typer.Option(metavar="N/N", help="Only files in this metre.", rich_help_panel=_PANEL),
    ] = ""
    style: Annotated[
        str,
        typer.Option(
            metavar="NAME,...", help="Only these styles of the index.", rich_help_panel=_PANEL
        ),
    ] = ""
    split: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="Only these splits: train, validation, test.",
            rich_help_panel=_PANEL,
        ),
    ] = ""
    beat_type: Annotated[
        str,
        typer.Option(metavar="NAME", help="Only beats, or only fills.", rich_help_panel=_PANEL),
    ] = ""
    min_notes: Annotated[
        int,
        typer.Option(
            metavar="N", help="Only files of at least so many hits.", rich_help_panel=_PANEL
        ),
    ] = 0
    channel: Annotated[
        str | None,
        typer.Option(
            metavar="N|all",
            help="Take the drums from this channel; 10 where it has notes if left out.",
            rich_help_panel=_PANEL,
        ),
    ] = None

    def filter(self) -> "Filter":
        """Build the Filter.

        Raises
        ------
        InvalidValueError
            If `qpm` is neither a number nor a range.
        """
        from paradiddle.corpus import Filter

        return Filter(
            Filter.parse_qpm(self.qpm) if self.qpm else None,
            self.ticks_per_quarter,
            self.time_signature,
            self.style,
            self.split,
            self.beat_type,
            self.min_notes,
        )


def unpacks(
    kind: type[Any], *, without: Collection[str] = ()
) -> Callable[[Callable[..., _Result]], Callable[..., _Result]]:
    """Give a typer command the options that a dataclass lists, in place of its parameter of it.

    Parameters
    ----------
    kind : type
        A dataclass with defaults whose fields are annotated as options.
    without : collection of str
        Fields that stay at their defaults, since they make no sense for the command.
    """
    hints = get_type_hints(kind, include_extras=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [
        inspect.Parameter(field.name, keyword, default=field.default, annotation=hints[field.name])
        for field in fields(kind)
        if field.name not in without
    ]

    def decorate(command: Callable[..., _Result]) -> Callable[..., _Result]:
        signature = inspect.signature(command, eval_str=True)
        parameters = signature.parameters.values()
        packed = next(one.name for one in parameters if one.annotation is kind)
        others = [one.replace(kind=keyword) for one in parameters if one.name != packed]

        @functools.wraps(command)
        def unpacked(**values: Any) -> _Result:
            chosen = {option.name: values.pop(option.name) for option in options}
            return command(**values, **{packed: kind(**chosen)})

        # typer goes by these two, so they may list what the command takes as one.
        unpacked.__dict__["__signature__"] = signature.replace(parameters=others + options)
        unpacked.__annotations__ = {one.name: one.annotation for one in others + options}
        return unpacked

    return decorate


def selects_files(command: Callable[..., _Result]) -> Callable[..., _Result]:
    """Give a typer command the options of `Selection` in place of its parameter of that type.

    ::

        @app.command()
        @selects_files
        def report(path: CorpusPath, selection: Selection, as_json: Json = False) -> None:
            corpus = corpus_of(path, selection)
    """
    return unpacks(Selection)(command)


def corpus_of(path: Path, selection: Selection = Selection()) -> "Corpus":
    """Scan a corpus and keep the files selected; say on stderr how many were left out and why.

    Parameters
    ----------
    path : Path
        A folder, a ``.zip`` or a MIDI file.
    selection : Selection
        To narrow it in code: ``dataclasses.replace(selection, split="test")``.

    Raises
    ------
    CorpusError
        If nothing there can be used, or nothing passes.
    InvalidValueError
        If a channel or a tempo makes no sense.
    """
    from paradiddle.corpus import Filter, scan
    from paradiddle.midi import parse_channel

    wanted = selection.filter()
    corpus = scan(path, channel=parse_channel(selection.channel))
    if corpus.rejected:
        files = "1 file" if len(corpus.rejected) == 1 else f"{len(corpus.rejected):,} files"
        note(f"skipped {files} that cannot be used; corpus report lists why")
    if wanted == Filter():
        return corpus
    kept = corpus.matching(wanted)
    note(f"{len(kept):,} of {len(corpus):,} files pass {wanted}")
    return kept


def note(text: str) -> None:
    """Tell the person at the terminal something that is no result: one line on stderr.

    Nothing is said, and nothing fails, where that has been closed: the music goes on.
    """
    # the one of now: a live screen puts its own there, which writes above what it draws
    with contextlib.suppress(OSError, ValueError):
        typer.echo(text, file=sys.stderr)
