"""Downloading one file, going on where an earlier attempt stopped."""

import hashlib
import json
import logging
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from paradiddle.errors import CorpusError, MissingExtraError, OutputError
from paradiddle.files import output_error

__all__ = ["Progress", "download"]

Progress = Callable[[int, int | None], None]  # bytes so far, and in all where the server says

_POLL_SECONDS = 0.1
_CONNECT_SECONDS, _SILENCE_SECONDS = 20, 60


def download(
    url: str, path: Path, *, sha256: str | None = None, progress: Progress | None = None
) -> None:
    """Download a file; a later call goes on where this one was cut off, if the server can.

    What has arrived so far is kept beside `path` under names that start with its name.

    Parameters
    ----------
    url : str
        An ``http`` or ``https`` address. Proxies are taken from the environment.
    path : Path
        Where to write; its folder must exist.
    sha256 : str, optional
        Hexadecimal digest that the whole file must have.
    progress : callable, optional
        Called about ten times a second with the bytes so far and in all.

    Raises
    ------
    MissingExtraError
        Without pypdl.
    CorpusError
        If the server cannot be reached or refuses, the connection breaks, or the digest differs;
        in that case the file is deleted.
    OutputError
        If the file cannot be written.
    """
    try:
        from aiohttp import ClientTimeout
        from pypdl import Pypdl
    except ImportError as error:
        raise MissingExtraError("downloading", "fetch") from error
    _forget_damaged_state(path)
    problems = _Problems()
    # One segment: with more, a broken connection would cut off the others, and their bytes.
    downloader = Pypdl(allow_reuse=True, logger=problems.logger)
    try:
        future = downloader.start(
            url,
            str(path),
            segments=1,
            block=False,
            display=False,
            proxy=_proxy(url),
            timeout=ClientTimeout(sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS),
        )
        while not downloader.is_idle:
            if progress:
                progress(downloader.current_size, downloader.size or None)
            time.sleep(_POLL_SECONDS)
        arrived = future.result()
    finally:
        downloader.shutdown()
    if not arrived:
        raise problems.explained(url, path)
    if progress:
        progress(path.stat().st_size, path.stat().st_size)
    if sha256 is not None:
        _check_digest(url, path, sha256)


def _forget_damaged_state(path: Path) -> None:
    """Delete the file in which pypdl notes its state if an earlier run died while writing it."""
    state = path.with_name(f"{path.name}.json")
    try:
        json.loads(state.read_bytes())
    except (OSError, ValueError):
        state.unlink(missing_ok=True)


class _Problems(logging.Handler):
    """Collects the exceptions that pypdl logs instead of raising."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []
        self.logger = logging.Logger("paradiddle.download")
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception of a record."""
        if record.exc_info and record.exc_info[1]:
            self.errors.append(record.exc_info[1])

    def explained(self, url: str, path: Path) -> CorpusError | OutputError:
        """Turn the first problem into one line with a remedy."""
        from aiohttp import (
            ClientConnectorError,
            ClientError,
            ClientPayloadError,
            ClientResponseError,
            InvalidURL,
        )

        error = self.errors[0] if self.errors else RuntimeError("the reason is not known")
        match error:
            case ClientResponseError():
                return _failure(url, f"the server says {error.status} {error.message}; check it")
            case InvalidURL():
                return _failure(url, "it is no address; check it")
            case ClientConnectorError():
                reason = error.os_error.strerror or str(error.os_error)
                return _failure(url, f"{error.host} cannot be reached ({reason}); go online")
            case ClientPayloadError():
                return _failure(url, "the connection broke; run it again to go on from there")
            case ClientError() | TimeoutError():
                return _failure(url, f"{error or 'the server fell silent'}; run it again")
            case OSError():
                return output_error(path, error)
        return _failure(url, f"{error}; run it again")


def _failure(url: str, reason: str) -> CorpusError:
    return CorpusError(
        f"cannot download {url}: {reason}, or get the file another way and name it with --from"
    )


def _proxy(url: str) -> str | None:
    """Find the proxy that the environment names for an address; aiohttp does not by itself."""
    parts = urllib.parse.urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def _check_digest(url: str, path: Path, expected: str) -> None:
    with path.open("rb") as file:
        got = hashlib.file_digest(file, "sha256").hexdigest()
    if got != expected:
        path.unlink()
        raise CorpusError(
            f"{url} arrived damaged or has changed: its SHA-256 is {got}, not {expected};"
            " run it again, or get the file another way and name it with --from"
        )
