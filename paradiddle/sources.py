"""Where the files of a corpus come from: a folder, a zip archive or a single file."""

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from paradiddle import smf
from paradiddle.errors import MidiError

__all__ = ["SUFFIXES", "UNREADABLE", "Source", "one_line", "open_sources"]

SUFFIXES = (".mid", ".midi", ".smf", ".kar")
# Besides BadZipFile a damaged, encrypted or exotic archive raises the last four.
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, UnicodeDecodeError)

Source = tuple[str, Callable[[], bytes]]

_INDEX = "info.csv"


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
    Any of `UNREADABLE`, or csv.Error
        If the root or an index in it cannot be read.
    """
    if root.is_dir():
        members = [(name, _file_reader(root / name)) for name in _walk(root)]
    elif zipfile.is_zipfile(root):
        members = list(_zip_members(root))
    else:
        return [(root.name, _file_reader(root))], {}
    index: dict[str, Mapping[str, str]] = {}
    for name, load in members:
        if PurePosixPath(name).name == _INDEX:
            index.update(_read_index(load(), PurePosixPath(name).parent))
    return [member for member in members if member[0].lower().endswith(SUFFIXES)], index


def _walk(root: Path) -> Iterator[str]:
    """Names of the MIDI files and indexes below a folder, sorted."""
    found = (item for item in root.rglob("*") if item.name.lower().endswith((*SUFFIXES, _INDEX)))
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


def _read_index(data: bytes, folder: PurePosixPath) -> dict[str, Mapping[str, str]]:
    """Read an index: a row for each file, by its path within the corpus."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8", "replace")))
    return {
        (folder / row["midi_filename"]).as_posix(): row for row in rows if row.get("midi_filename")
    }


def one_line(error: Exception) -> str:
    """Say what went wrong, without the path that the list of rejections names anyway."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
