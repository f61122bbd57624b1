"""From a corpus to the arrays a sequence model is trained on, written for other programs.

A folder written by `convert` holds

``events.npy``
    int32 of shape (N, F): for every event the index of its note, its ticks and, unless left out,
    its velocity.
``vocabulary.json``
    ``notes``, ``ticks`` and ``velocities``: the value that each index stands for. Besides the names
    of the columns (``fields``) and how the sequence was made.
``X.npy``, ``notes.json``, ``ticks.json``, ``velocities.json`` (with `one_hot`)
    float32 of shape (N, sum of sizes): the same as one-hot rows, first the columns of the notes,
    then of the ticks, then of the velocities; each ``.json`` is the list of their values, in order.

With several mega tracks the arrays are called ``events-01.npy``, ``X-01.npy`` and so on. All share
the tables.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paradiddle import encoding
from paradiddle.checks import check_at_least, check_seed
from paradiddle.corpus import Corpus
from paradiddle.encoding import DEFAULT_RESOLUTION, Vocabulary, round_ticks
from paradiddle.folders import atomic_folder
from paradiddle.sequences import glue, in_seeded_order
from paradiddle.timing import TICKS_PER_QUARTER

__all__ = ["Converted", "convert"]

_FORMAT = 1
_OURS = re.compile(r"(events|X)(-\d+)?\.npy|(vocabulary|notes|ticks|velocities)\.json")
_BLOCK_BYTES = 2**22  # of one-hot rows in memory at a time


@dataclass(frozen=True)
class Converted:
    """What `convert` wrote.

    Attributes
    ----------
    path : Path
        The folder.
    files : int
        Files glued together in every mega track.
    events : int
        Events in every mega track, N.
    mega_tracks : int
        Number of sequences.
    vocabulary : Vocabulary
        The tables they share.
    names : tuple of str
        Files written, sorted.
    """

    path: Path
    files: int
    events: int
    mega_tracks: int
    vocabulary: Vocabulary
    names: tuple[str, ...]


def convert(
    corpus: Corpus,
    target: str | Path,
    *,
    seed: int = 0,
    mega_tracks: int = 1,
    resolution: int = DEFAULT_RESOLUTION,
    one_hot: bool = False,
    velocity: bool = True,
) -> Converted:
    """Glue a corpus into long sequences of events and write them as arrays.

    Parameters
    ----------
    corpus : Corpus
        The files; filter them before.
    target : str or Path
        The folder to write. What an earlier run wrote there is replaced.
    seed : int, default 0
        Of the order of the files; mega track k has the order of the seed ``seed + k - 1``.
    mega_tracks : int, default 1
        How many sequences, each of all files in another order.
    resolution : int, default 5
        As for `paradiddle.encoding.round_ticks`.
    one_hot : bool, default False
        Write the dense matrix too: N times the sum of the sizes times four bytes.
    velocity : bool, default True
        Keep dynamics as a third field.

    Raises
    ------
    InvalidValueError
        If a number is out of range.
    OutputError
        If `target` is a file, holds other files, or cannot be written; it is left as it was.

    Examples
    --------
    >>> import tempfile
    >>> from paradiddle import midi
    >>> from paradiddle.corpus import scan
    >>> from paradiddle.events import Events
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     midi.write(Path(folder, "beat.mid"), Events([36, 42, 38], [0, 241, 239]))
    ...     done = convert(scan(folder), Path(folder, "out"), velocity=False)
    ...     np.load(done.path / "events.npy")
    array([[0, 0], [2, 1], [1, 1]], dtype=int32)
    >>> done.vocabulary.notes, done.vocabulary.ticks
    ((36, 38, 42), (0, 240))
    """
    check_seed(seed)
    check_at_least("mega_tracks", mega_tracks, 1, "1 is one sequence of all files")
    check_at_least("resolution", resolution, 1, "1 keeps human timing as it is")
    performances = corpus.events()
    suffixes = [f"-{k:02}" for k in range(1, mega_tracks + 1)] if mega_tracks > 1 else [""]
    with atomic_folder(Path(target), lambda name: bool(_OURS.fullmatch(name))) as folder:
        vocabularies = []
        for k, suffix in enumerate(suffixes):
            events = round_ticks(glue(in_seeded_order(performances, seed + k)), resolution)
            vocabularies.append(Vocabulary.of(events, velocity=velocity))
            _save(folder / f"events{suffix}.npy", vocabularies[-1].encode(events))
        shared = _union(vocabularies)
        for own, suffix in zip(vocabularies, suffixes, strict=True):
            indices = _translated(np.load(folder / f"events{suffix}.npy"), own, shared)
            _save(folder / f"events{suffix}.npy", indices)
            if one_hot:
                _write_one_hot(folder / f"X{suffix}.npy", indices, shared.sizes)
        _write_tables(folder, shared, one_hot, {"seed": seed, "resolution": resolution})
        names = tuple(sorted(item.name for item in folder.iterdir()))
    return Converted(Path(target), len(corpus), len(indices), mega_tracks, shared, names)


def _union(vocabularies: Sequence[Vocabulary]) -> Vocabulary:
    """Merge tables: the ends of files meet at other gaps in every order."""
    return Vocabulary(
        tuple(sorted({note for one in vocabularies for note in one.notes})),
        tuple(sorted({ticks for one in vocabularies for ticks in one.ticks})),
        vocabularies[0].velocities,
    )


def _translated(
    indices: NDArray[np.int32], own: Vocabulary, shared: Vocabulary
) -> NDArray[np.int32]:
    """Turn indices into the tables of one mega track into indices into those of all."""
    translated = indices.copy()  # (N, F)
    for column, values, table in ((0, own.notes, shared.notes), (1, own.ticks, shared.ticks)):
        translated[:, column] = np.searchsorted(table, values)[indices[:, column]]
    return translated


def _save(path: Path, array: NDArray[np.int32]) -> None:
    """Write an array as np.save does, whose short write on a full disk does not give its reason."""
    array = np.ascontiguousarray(array)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(array.data)


def _write_one_hot(path: Path, indices: NDArray[np.int32], sizes: Sequence[int]) -> None:
    """Write one-hot rows block by block."""
    # Not through a memory map, which a full disk would end with a bus error.
    width = sum(sizes)
    block = _BLOCK_BYTES // (4 * width) + 1
    header = {"descr": "<f4", "fortran_order": False, "shape": (len(indices), width)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(indices), block):
            rows = encoding.one_hot(indices[start : start + block], sizes)  # (block, width)
            file.write(rows.astype("<f4", copy=False).data)


def _write_tables(
    folder: Path, vocabulary: Vocabulary, one_hot: bool, made: dict[str, Any]
) -> None:
    tables = {
        "notes": vocabulary.notes,
        "ticks": vocabulary.ticks,
        "velocities": vocabulary.velocities,
    }
    document = {
        "format": _FORMAT,
        "ticks_per_quarter": TICKS_PER_QUARTER,
        **made,
        "fields": vocabulary.fields,
        **tables,
    }
    (folder / "vocabulary.json").write_text(json.dumps(document) + "\n", "utf-8")
    if one_hot:
        for name, values in tables.items():
            if values:
                (folder / f"{name}.json").write_text(json.dumps(values) + "\n", "utf-8")
