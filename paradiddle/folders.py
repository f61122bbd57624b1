"""Writing folders whole or not at all: beside the destination first, then renamed into place."""

import contextlib
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from paradiddle.errors import OutputError, ParadiddleError

__all__ = ["atomic_folder", "check_folder", "make_folder"]


def check_folder(path: Path, may_replace: Callable[[str], bool] = lambda _: False) -> None:
    """Raise if `path` is a file, or a folder that holds anything which may not be replaced.

    Parameters
    ----------
    path : Path
        The folder to be written; it need not exist.
    may_replace : callable
        Tells of a name in the folder whether it may go. Nothing may if left out.

    Raises
    ------
    OutputError
        With the first name in the way.
    """
    try:
        if not path.exists():
            return
        if not path.is_dir():
            raise OutputError(f"cannot write into {path}: it is a file; name a folder")
        foreign = sorted(item.name for item in path.iterdir() if not may_replace(item.name))
    except OSError as error:
        raise _output_error(path, error) from error
    if foreign:
        raise OutputError(
            f"cannot write into {path}: it holds other files, such as {foreign[0]};"
            " choose a new or an empty folder"
        )


@contextlib.contextmanager
def atomic_folder(
    path: Path, may_replace: Callable[[str], bool] = lambda _: False
) -> Iterator[Path]:
    """Lend a temporary folder beside `path` that takes its place when the block succeeds.

    When the block raises, whatever the reason, the temporary folder is deleted and `path` is as it
    was.

    Parameters
    ----------
    path : Path
        The folder to write; missing parents are created. What it held is gone afterwards.
    may_replace : callable
        As for `check_folder`.

    Yields
    ------
    Path
        An existing, empty folder to write into.

    Raises
    ------
    OutputError
        As `check_folder`; or if it cannot be written, the disk is full, or any other `OSError` that
        is not already one of ours rises from the block.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_folder(Path(folder, "kit")) as temporary:
    ...         _ = temporary.joinpath("kick.txt").write_text("boom")
    ...     Path(folder, "kit", "kick.txt").read_text()
    'boom'
    """
    target = Path(path).resolve()
    check_folder(target, may_replace)
    temporary = target.with_name(f".paradiddle-{secrets.token_hex(8)}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        _swap(temporary, target)
    except OSError as error:
        raise _output_error(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents, unless it is there.

    Raises
    ------
    OutputError
        If it cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _output_error(path, error) from error


def _swap(temporary: Path, target: Path) -> None:
    """Put one folder in the place of another, or leave both as they were."""
    if not target.exists():
        temporary.rename(target)
        return
    former = target.with_name(f"{temporary.name}-former")
    target.rename(former)
    try:
        temporary.rename(target)
    except OSError:
        former.rename(target)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _output_error(path: Path, error: OSError) -> OSError:
    """Say in one line what went wrong; errors of paradiddle's own already do."""
    if isinstance(error, ParadiddleError):
        return error
    return OutputError(f"cannot write into {path}: {error.strerror or error}; choose another place")
