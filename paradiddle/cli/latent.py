"""`paradiddle embed`, `morph` and `vary`: patterns as points of a space."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paradiddle.cli.options import CorpusPath, Selection, corpus_of, note, selects_files, unpacks
from paradiddle.cli.pieces import (
    Channel,
    PatternFile,
    Writing,
    fresh_seed,
    read_piece,
    writer_for,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from paradiddle.latent import Latent
    from paradiddle.takes import Window

__all__ = ["embed", "morph", "vary"]

_AT_ONCE = 512  # windows

Model = Annotated[
    Path | None,
    typer.Option(help="A latent model file.", show_default="the one that comes along"),
]


@selects_files
def embed(
    path: CorpusPath,
    selection: Selection,
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write: .npz.")] = Path(
        "latents.npz"
    ),
    bars: Annotated[int, typer.Option(help="Length of the windows: 2 or 4.")] = 2,
    model: Model = None,
) -> None:
    """Place every window of a corpus, one starting at each bar line, in the space of patterns.

    The file holds `embeddings`, and for each its `names`, `starts` (bars), `styles` and `splits`.
    """
    from paradiddle.errors import InvalidValueError
    from paradiddle.latent import Latent
    from paradiddle.takes import takes_of, windows_of

    if output.suffix.lower() != ".npz":
        raise InvalidValueError(f"cannot write {output}; its name must end in .npz")
    latent = Latent.load(model)
    found = windows_of(takes_of(corpus_of(path, selection)), bars)
    if not found:
        raise InvalidValueError(f"no file in {path} has {bars} bars; ask for fewer with --bars")
    _write_arrays(output, _embedded(latent, found, bars))
    note(f"{output}: {len(found):,} windows of {bars} bars")


@unpacks(Writing)
def morph(
    start: PatternFile,
    end: PatternFile,
    writing: Writing,
    count: Annotated[int, typer.Option(help="Number of patterns, both ends among them.")] = 5,
    model: Model = None,
    channel: Channel = None,
) -> None:
    """Go from one pattern to another in even steps, each in a file of its own."""
    from paradiddle.latent import Latent

    writer = writer_for(writing, "morph.mid")
    ends = read_piece(start, channel), read_piece(end, channel)
    patterns = Latent.load(model).morph(*ends, count)
    writer.write(patterns)
    typer.echo("\n\n".join(str(pattern.first(2)) for pattern in patterns))


@unpacks(Writing)
def vary(
    file: PatternFile,
    writing: Writing,
    amount: Annotated[float, typer.Option(help="0 is the pattern itself, 1 a new one.")] = 0.3,
    count: Annotated[int, typer.Option(help="Number of patterns.")] = 1,
    seed: Annotated[
        int | None, typer.Option(help="Play this again; without it, something new every time.")
    ] = None,
    model: Model = None,
    channel: Channel = None,
) -> None:
    """Play patterns near one, each in a file of its own."""
    from paradiddle.latent import Latent

    writer = writer_for(writing, "varied.mid")
    first = fresh_seed() if seed is None else seed
    patterns = Latent.load(model).vary(read_piece(file, channel), amount, count, first)
    writer.write(patterns, first)
    typer.echo(str(patterns[0].first(2)))


def _embedded(latent: "Latent", found: list["Window"], bars: int) -> dict[str, "NDArray[Any]"]:
    """Arrays of the file, by name."""
    import numpy as np

    from paradiddle.takes import STEPS_PER_BAR

    parts = [found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE)]
    codes = [latent.encode(np.stack([window.cells for window in part])) for part in parts]
    return {
        "embeddings": np.concatenate(codes),
        "names": np.array([window.take.name for window in found]),
        "starts": np.array([window.start // STEPS_PER_BAR for window in found]),
        "styles": np.array([window.take.style for window in found]),
        "splits": np.array([window.take.split for window in found]),
    }


def _write_arrays(path: Path, arrays: dict[str, "NDArray[Any]"]) -> None:
    import numpy as np

    from paradiddle.files import atomic_path

    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
