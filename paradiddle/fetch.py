"""Getting known corpora: downloaded or from a local archive, verified, unpacked whole or not.

The Groove MIDI Dataset: Gillick, Roberts, Engel, Eck, Bamman, *Learning to Groove with Inverse
Sequence Transformations* (ICML 2019).
"""

import contextlib
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import NamedTuple

from paradiddle.download import Progress, download
from paradiddle.errors import CorpusError, InvalidValueError, ParadiddleError
from paradiddle.folders import atomic_folder, check_folder, make_folder
from paradiddle.sources import DAMAGED, INDEX, read_index

__all__ = ["DATASETS", "Dataset", "Fetched", "fetch"]

_MOST_INDEX_BYTES = 16 * 2**20
_WAITING_INSIDE = ".paradiddle-download"


@dataclass(frozen=True)
class Dataset:
    """A corpus that can be fetched by name.

    Attributes
    ----------
    title : str
        Its full name.
    url : str
        Where its authors publish the archive.
    sha256 : str
        Digest of that archive.
    files : int
        Number of MIDI files that its index lists.
    most_bytes : int
        No honest archive unpacks to more.
    licence, citation : str
        What whoever uses it must say.
    """

    title: str
    url: str
    sha256: str
    files: int
    most_bytes: int
    licence: str
    citation: str


DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        "groove": Dataset(
            title="Groove MIDI Dataset 1.0.0",
            url="https://storage.googleapis.com/magentadata/datasets/groove/"
            "groove-v1.0.0-midionly.zip",
            sha256="651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e",
            files=1150,
            most_bytes=64 * 2**20,
            licence="Creative Commons Attribution 4.0 International (CC BY 4.0),"
            " https://creativecommons.org/licenses/by/4.0/; by Google LLC",
            citation="Jon Gillick, Adam Roberts, Jesse Engel, Douglas Eck, David Bamman: Learning"
            " to Groove with Inverse Sequence Transformations. ICML 2019."
            " https://magenta.tensorflow.org/datasets/groove",
        )
    }
)


class Fetched(NamedTuple):
    """Where a corpus now is."""

    dataset: Dataset
    path: Path
    already: bool  # whether it was there before


def fetch(
    name: str,
    target: str | Path,
    *,
    source: str | None = None,
    progress: Progress | None = None,
) -> Fetched:
    """Put a known corpus into a folder; a complete one that is there already is left alone.

    Parameters
    ----------
    name : str
        A key of `DATASETS`.
    target : str or Path
        The folder that is to hold the index and the files; missing parents are created.
    source : str, optional
        A local ``.zip`` or another address to take the archive from. Only the published archive has
        a known digest; of every other the content is checked: the index and each file it lists.
    progress : callable, optional
        As for `paradiddle.download.download`.

    Raises
    ------
    InvalidValueError
        If there is no such corpus, or `source` is an address of another kind.
    CorpusError
        If the archive cannot be had or is damaged, incomplete or hostile.
    OutputError
        If `target` is a file, holds something else, or cannot be written.
    MissingExtraError
        If it must be downloaded and pypdl is not installed.
    """
    dataset = _dataset(name)
    target = Path(target)
    if _is_complete(target, dataset):
        return Fetched(dataset, target, already=True)
    check_folder(target, _may_replace)
    url = dataset.url if source is None else source
    if "://" not in url:
        _unpack(Path(url), target, dataset, url)
    elif url.startswith(("http://", "https://")):
        _fetch_url(url, target, dataset, progress)
    else:
        raise InvalidValueError(
            f"source must be a file or an http address, got {url!r};"
            " get the archive another way and name the file"
        )
    return Fetched(dataset, target, already=False)


def _may_replace(name: str) -> bool:
    """Whether a name in the target is a broken download of our own."""
    return name == _WAITING_INSIDE


def _dataset(name: str) -> Dataset:
    if name not in DATASETS:
        known = ", ".join(DATASETS)
        raise InvalidValueError(f"no corpus is called {name!r}; choose one of: {known}")
    return DATASETS[name]


def _is_complete(target: Path, dataset: Dataset) -> bool:
    """Whether a folder holds an index of the right length and every file it lists."""
    try:
        listed = read_index((target / INDEX).read_bytes())
    except (OSError, *DAMAGED):
        return False
    return len(listed) == dataset.files and all((target / name).is_file() for name in listed)


def _fetch_url(url: str, target: Path, dataset: Dataset, progress: Progress | None) -> None:
    """Download an archive to where a broken download waits to be resumed."""
    waiting = _waiting_room(target)
    make_folder(waiting)
    archive = waiting / "archive.zip"
    digest = dataset.sha256 if url == dataset.url else None
    try:
        download(url, archive, sha256=digest, progress=progress)
    except BaseException:
        with contextlib.suppress(OSError):
            waiting.rmdir()  # fails where bytes wait to be gone on from
        raise
    try:
        _unpack(archive, target, dataset, url)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


def _waiting_room(target: Path) -> Path:
    """Name a folder beside the target, or inside where beside is another disk."""
    target = target.resolve()
    if target.is_mount():
        return target / _WAITING_INSIDE
    return target.with_name(f".{target.name}-download")


def _unpack(path: Path, target: Path, dataset: Dataset, source: str) -> None:
    """Unpack what the index lists, the index itself and the notices beside it."""
    with _sound(source), _opened(path) as archive:
        members = _members(archive, dataset, source)
        with atomic_folder(target, _may_replace) as folder:
            for name, member in members.items():
                # In one piece, so that an error of reading is not taken for one of writing.
                with _sound(source):
                    data = archive.read(member)
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)


def _opened(path: Path) -> zipfile.ZipFile:
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise CorpusError(f"cannot read {path}: it is a pipe or a device; name a .zip file")
    return zipfile.ZipFile(path)


@contextlib.contextmanager
def _sound(source: str) -> Iterator[None]:
    """Turn whatever an unreadable archive raises into one line."""
    try:
        yield
    except ParadiddleError:
        raise
    except OSError as error:
        raise CorpusError(
            f"cannot read {source}: {error.strerror or error}; name a .zip file"
        ) from error
    except DAMAGED as error:
        raise CorpusError(f"{source} is damaged or no zip archive: {error}; get it anew") from error


def _members(archive: zipfile.ZipFile, dataset: Dataset, source: str) -> dict[str, zipfile.ZipInfo]:
    """Map paths in the target to what to unpack there, once it is complete and harmless."""
    members = {member.filename: member for member in archive.infolist()}
    index = min(
        (name for name in members if PurePosixPath(name).name == INDEX), key=len, default=None
    )
    if index is None:
        raise CorpusError(f"{source} is not the {dataset.title}: it has no {INDEX}; get another")
    root = index.removesuffix(INDEX)
    with archive.open(index) as file:
        listed = read_index(file.read(_MOST_INDEX_BYTES))
    missing = [name for name in listed if root + name not in members]
    if missing or len(listed) != dataset.files:
        raise CorpusError(
            f"{source} is not the complete {dataset.title}: {INDEX} lists {len(listed):,} files of"
            f" {dataset.files:,}, {len(missing):,} of them are missing; get the whole archive"
        )
    notices = [name.removeprefix(root) for name in members if _is_beside(name, root)]
    wanted = {name: members[root + name] for name in (*notices, *listed)}
    _check_harmless(wanted, dataset, source)
    return wanted


def _is_beside(name: str, root: str) -> bool:
    """Whether a member lies right beside the index, as the index itself does."""
    return name.startswith(root) and name != root and "/" not in name.removeprefix(root)


def _check_harmless(wanted: Mapping[str, zipfile.ZipInfo], dataset: Dataset, source: str) -> None:
    """Refuse names that lead out of the target and archives that unpack to far too much."""
    for name in wanted:
        if "\\" in name or ":" in name or not {"", ".", ".."}.isdisjoint(name.split("/")):
            raise CorpusError(f"{source} holds a file outside its folder, {name!r}; do not use it")
    size = sum(member.file_size for member in wanted.values())
    if size > dataset.most_bytes:
        raise CorpusError(
            f"{source} would unpack to {size:,} bytes, the {dataset.title} has at most"
            f" {dataset.most_bytes:,}; do not use it"
        )
