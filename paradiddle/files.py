"""Writing files whole or not at all: beside the destination first, then renamed into place."""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from paradiddle.errors import OutputError, ParadiddleError

__all__ = ["atomic_path", "output_error"]

_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or write elsewhere",
    errno.EDQUOT: "your disk quota is used up; free some space or write elsewhere",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.EACCES: "permission denied; choose a folder you may write to",
    errno.EPERM: "permission denied; choose a folder you may write to",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Lend a temporary file beside `path` that takes its place when the block succeeds.

    The temporary file lies in the same folder and has the same suffix, so that the rename cannot
    cross file systems and writers that go by the suffix choose the right format. When the block
    raises, whatever the reason, the temporary file is deleted and `path` is as it was.

    Parameters
    ----------
    path : Path
        The file to write. Its folder must exist. An existing file is replaced and its permissions
        kept; a symbolic link is followed.

    Yields
    ------
    Path
        An existing, empty file to write to.

    Raises
    ------
    OutputError
        If the folder is missing or not writable, `path` is a folder, the disk is full, or any other
        `OSError` rises from the block that is not already one of ours.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> target = Path(folder.name) / "beat.txt"
    >>> with atomic_path(target) as temporary:
    ...     _ = temporary.write_text("boom chick")
    >>> target.read_text()
    'boom chick'
    >>> folder.cleanup()
    """
    path = Path(path)
    try:
        target = _checked_target(path)
        temporary = _create_sibling(target)
    except OSError as error:
        raise output_error(path, error) from error
    try:
        yield temporary
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except OSError as error:
        # paradiddle's own errors already say what to do
        if isinstance(error, ParadiddleError):
            raise
        raise output_error(path, error) from error
    finally:
        # after the rename there is nothing left under this name
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _checked_target(path: Path) -> Path:
    """Find the real file behind `path`; refuse one that can never be written."""
    target = path.resolve() if path.is_symlink() else path
    if target.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder; name a file inside it")
    if not target.parent.exists():
        raise OutputError(
            f"cannot write {path}: the folder {target.parent} does not exist; create it first"
        )
    if not target.parent.is_dir():
        raise OutputError(
            f"cannot write {path}: {target.parent} is not a folder; choose another place"
        )
    if target.exists() and not target.is_file():
        raise OutputError(f"cannot write {path}: it is a device, not a file; choose another name")
    # a rename would replace a write-protected file without asking
    if target.exists() and not os.access(target, os.W_OK):
        raise OutputError(f"cannot write {path}: it is read-only; allow writing or choose another")
    return target


def _create_sibling(target: Path) -> Path:
    """Create an empty, hidden, uniquely named file beside `target`."""
    # a fixed short prefix: the full name plus random letters could exceed the system's limit
    temporary = target.with_name(f".paradiddle-{secrets.token_hex(8)}{target.suffix}")
    # unlike tempfile's 0600, these permissions follow the umask as an ordinary open does
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return temporary


def output_error(path: Path, error: OSError) -> OutputError:
    """Say in one line what went wrong and what to do.

    Parameters
    ----------
    path : Path
        What was to be written: a file or a folder.
    error : OSError
        Why it could not be; an OutputError comes back as it is.

    Examples
    --------
    >>> print(output_error(Path("beat.mid"), OSError(errno.ENOSPC, "No space left on device")))
    cannot write beat.mid: the disk is full; free some space or write elsewhere
    """
    if isinstance(error, OutputError):
        return error
    remedy = _REMEDIES.get(error.errno or 0, f"{error.strerror or error}; choose another place")
    return OutputError(f"cannot write {path}: {remedy}")
