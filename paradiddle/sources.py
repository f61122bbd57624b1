"""Where the files of a corpus come from: a folder, a zip archive or a single file."""

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from paradiddle import smf
from paradiddle.errors import CorpusError, MidiError

__all__ = [
    "DAMAGED",
    "INDEX",
    "SUFFIXES",
    "UNREADABLE",
    "Source",
    "one_line",
    "open_sources",
    "read_index",
]

SUFFIXES = (".mid", ".midi", ".smf", ".kar")
INDEX = "info.csv"
# What a damaged, encrypted or exotic archive raises, and an index that is no table.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    UnicodeDecodeError,
    csv.Error,
)
UNREADABLE = (OSError, *DAMAGED)

Source = tuple[str, Callable[[], bytes]]


def open_sources(root: Path) -> tuple[list[Source], dict[str, Mapping[str, str]]]:
    """List the MIDI files of a folder, archive or file, and read the indexes among them.

    Parameters
    ----------
    root : Path
        A folder, a zip archive, or a single file, which is taken for a MIDI file.

    Returns
    -------
    list of Source
        Name within the root, and a function that reads the file, at most one byte beyond
        `paradiddle.smf.MAX_BYTES`; sorted by name.
    dict of str to mapping
        The row of the index for each name that has one.

    Raises
    ------
    CorpusError
        If the root is a pipe or a device, which might never end.
    Any of `UNREADABLE`
        If the root or an index in it cannot be read.
    """
    if root.is_dir():
        members = [(name, _file_reader(root / name)) for name in _walk(root)]
    elif not root.is_file():
        raise CorpusError(
            f"cannot read {root}: it is a pipe or a device; name a folder, a .zip or a MIDI file"
        )
    elif zipfile.is_zipfile(root):
        members = list(_zip_members(root))
    else:
        return [(root.name, _file_reader(root))], {}
    index: dict[str, Mapping[str, str]] = {}
    for name, load in members:
        if PurePosixPath(name).name == INDEX:
            folder = PurePosixPath(name).parent
            rows = read_index(load())
            index.update({(folder / listed).as_posix(): row for listed, row in rows.items()})
    return [member for member in members if member[0].lower().endswith(SUFFIXES)], index


def _walk(root: Path) -> Iterator[str]:
    """Names of the MIDI files and indexes below a folder, sorted."""
    found = (item for item in root.rglob("*") if item.name.lower().endswith((*SUFFIXES, INDEX)))
    return iter(
        sorted(item.relative_to(root).as_posix() for item in found if _is_wanted(item.name))
    )


def _is_wanted(name: str) -> bool:
    """Whether a name is a file of the user's rather than a shadow macOS left beside it."""
    return not name.startswith("._")


def _file_reader(path: Path) -> Callable[[], bytes]:
    def load() -> bytes:
        if not path.is_file():  # a pipe would never end
            raise MidiError("not a file, or a link to nowhere")
        with path.open("rb") as file:
            return file.read(smf.MAX_BYTES + 1)

    return load


def _zip_members(root: Path) -> Iterator[Source]:
    """Files of an archive, sorted by name, each read only up to the limit."""
    archive = zipfile.ZipFile(root)

    def reader(name: str) -> Callable[[], bytes]:
        def load() -> bytes:
            with archive.open(name) as file:
                return file.read(smf.MAX_BYTES + 1)

        return load

    for name in sorted(archive.namelist()):
        if _is_wanted(PurePosixPath(name).name):
            yield name, reader(name)


def read_index(data: bytes) -> dict[str, Mapping[str, str]]:
    r"""Read an index: the row of each file, by its name as the index has it.

    Raises
    ------
    csv.Error
        If it is no table.

    Examples
    --------
    >>> read_index(b"style,midi_filename\nrock,a.mid\n")
    {'a.mid': {'style': 'rock', 'midi_filename': 'a.mid'}}
    """
    rows = csv.DictReader(io.StringIO(data.decode("utf-8", "replace")))
    return {row["midi_filename"]: row for row in rows if row.get("midi_filename")}


def one_line(error: Exception) -> str:
    """Say what went wrong, without the path that the list of rejections names anyway."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
