"""Writing folders whole or not at all: elsewhere on the same disk first, then moved into place."""

import contextlib
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from paradiddle.errors import OutputError, ParadiddleError
from paradiddle.files import output_error

__all__ = ["atomic_folder", "check_folder", "make_folder"]

_LEFT_BEHIND = re.compile(r"\.paradiddle-[0-9a-f]{16}(-former)?")  # by a run that was killed


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

    def may_go(name: str) -> bool:
        return bool(_LEFT_BEHIND.fullmatch(name)) or may_replace(name)

    try:
        if not path.exists():
            return
        if not path.is_dir():
            raise OutputError(f"cannot write into {path}: it is a file; name a folder")
        foreign = sorted(item.name for item in path.iterdir() if not may_go(item.name))
    except OutputError:
        raise
    except OSError as error:
        raise output_error(path, error) from error
    if foreign:
        raise OutputError(
            f"cannot write into {path}: it holds other files, such as {foreign[0]};"
            " choose a new or an empty folder"
        )


@contextlib.contextmanager
def atomic_folder(
    path: Path, may_replace: Callable[[str], bool] = lambda _: False
) -> Iterator[Path]:
    """Lend a temporary folder whose content is that of `path` once the block succeeds.

    When the block raises, whatever the reason, the temporary folder is deleted and `path` is as it
    was. A folder that exists may be a mounted disk, which cannot be renamed: the temporary folder
    lies inside it, and what is in both changes places.

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
    inside = target.exists()
    name = f".paradiddle-{secrets.token_hex(8)}"
    temporary = target / name if inside else target.with_name(name)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if inside:
            _exchange(temporary, target)
        else:
            temporary.rename(target)
    except OSError as error:
        # paradiddle's own errors already say what to do
        if isinstance(error, ParadiddleError):
            raise
        raise output_error(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents, unless it is there.

    Raises
    ------
    OutputError
        If it cannot be created, with what to do.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError(f"cannot write into {path}: it is a file; name a folder") from None
    except OSError as error:
        raise output_error(path, error) from error


def _exchange(temporary: Path, target: Path) -> None:
    """Put what a folder inside `target` holds in the place of all else there, or change nothing."""
    former = target / f"{temporary.name}-former"
    old = [item for item in target.iterdir() if item != temporary]
    new = list(temporary.iterdir())
    former.mkdir()
    moves = [(item, former / item.name) for item in old]
    moves += [(item, target / item.name) for item in new]
    done: list[tuple[Path, Path]] = []
    try:
        for move in moves:
            move[0].rename(move[1])
            done.append(move)
    except BaseException:
        for source, destination in reversed(done):
            destination.rename(source)
        former.rmdir()
        raise
    shutil.rmtree(former, ignore_errors=True)
