"""What the exporters share: finding out what a model is, and putting their files in place."""

import contextlib
import importlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from paradiddle.errors import MissingExtraError, ModelError, OutputError, ParadiddleError
from paradiddle.files import output_error
from paradiddle.folders import make_folder
from paradiddle.interrupts import graceful_stop
from paradiddle.weights import KEY

__all__ = ["about", "kind_of", "needs", "refuse_kind", "staged"]

_UNTOLD = "not stated in the model file"
_UNAVAILABLE = {
    ("win32", "coremltools"): "coremltools, which does not exist for Windows;"
    " export on Linux or macOS, or under WSL"
}
_BEYOND_GRAPHS = {
    "latent": "embed, morph and vary cut a pattern into windows, search among codes and join what"
    " comes back, all of it outside the networks"
}
_FOLDERS = ".mlpackage"  # written as folders, replaced as such


def needs(feature: str, *modules: str) -> None:
    """Load modules of the extra `export`.

    Ctrl+C waits until they are loaded: libraries in C would turn it into an ImportError of theirs.

    Parameters
    ----------
    feature : str
        What needs them, as the start of a sentence.
    *modules : str

    Raises
    ------
    MissingExtraError
        If one is not installed, or cannot be loaded, with the reason.

    Examples
    --------
    >>> needs("the export to nowhere", "no_such_module")
    Traceback (most recent call last):
    paradiddle.errors.MissingExtraError: the export to nowhere needs an extra ...
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(feature, "export", _UNAVAILABLE.get((sys.platform, module), ""))
        with graceful_stop() as stop:
            reason = _load(module)
        if stop.is_set():
            raise KeyboardInterrupt
        if reason:
            raise MissingExtraError(
                feature,
                "export",
                f"{module}, which is installed but cannot be loaded: {reason}; install it anew",
            )


def _load(module: str) -> str:
    """Import a module, or say why that fails."""
    try:
        importlib.import_module(module)
    except Exception as error:  # whatever its libraries in C raise
        return str(error).partition("\n")[0] or type(error).__name__
    return ""


def kind_of(path: str | Path) -> str:
    """Say what kind of model a file holds; ``drummer`` for what is no model at all.

    Reading that as a drummer then raises with what is wrong with it.

    Returns
    -------
    str

    Examples
    --------
    >>> from paradiddle.drummer import DEFAULT_MODEL
    >>> kind_of(DEFAULT_MODEL), kind_of("nowhere")
    ('drummer', 'drummer')
    """
    try:
        with safe_open(path, "numpy") as file:
            return str(json.loads(file.metadata()[KEY])["kind"])
    except (OSError, SafetensorError, LookupError, TypeError, ValueError, RecursionError):
        return "drummer"


def refuse_kind(path: str | Path, kind: str, form: str) -> ModelError:
    """Say why a form cannot express a kind of model.

    Examples
    --------
    >>> print(refuse_kind("space.safetensors", "latent", "the export to ONNX"))
    space.safetensors is a latent model, for which the export to ONNX has no graphs: ...
    """
    why = _BEYOND_GRAPHS.get(kind, "it does not know this kind")
    return ModelError(
        f"{path} is a {kind} model, for which {form} has no graphs: {why};"
        " export a drummer, a drum machine or a humanizer"
    )


def about(tables: Mapping[str, Any], document: Mapping[str, Any], version: str) -> dict[str, str]:
    """Describe a model in the words that every format stores.

    Parameters
    ----------
    tables : mapping
        What the app needs, as JSON can hold it.
    document : mapping
        Of the model file.
    version : str
        Of the package.

    Returns
    -------
    dict of str to str
        ``author``, ``licence``, ``version``, and ``paradiddle`` with the tables as JSON.

    Examples
    --------
    >>> about({"qpm": 96}, {"training": {"attribution": "Somebody, CC BY 4.0"}}, "1.0")["licence"]
    'weights trained on: Somebody, CC BY 4.0'
    """
    attribution = document.get("training", {}).get("attribution") or _UNTOLD
    return {
        "author": "paradiddle",
        "licence": f"weights trained on: {attribution}",
        "version": version,
        "paradiddle": json.dumps(dict(tables), ensure_ascii=False),
    }


@contextlib.contextmanager
def staged(folder: Path, names: Sequence[str], force: bool) -> Iterator[Path]:
    """Lend a hidden folder for files or folders that move into `folder` once the block succeeds.

    Parameters
    ----------
    folder : Path
        Made when missing, with its parents; gone again if the block raises and nothing is in it.
    names : sequence of str
        What the block makes; anything else in `folder` stays as it is.
    force : bool
        Whether to replace what is there under these names.

    Yields
    ------
    Path
        On the same disk, empty.

    Raises
    ------
    OutputError
        If one of the names exists and `force` is not given, is a folder of something else, or
        the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     with staged(Path(name, "app"), ["a.txt"], force=False) as hidden:
    ...         _ = (hidden / "a.txt").write_text("boom")
    ...     Path(name, "app", "a.txt").read_text()
    'boom'
    """
    for path in (folder / name for name in names):
        _check_free(path, force)
    fresh = [one for one in (folder, *folder.parents) if not one.exists()]
    make_folder(folder)
    hidden = folder / f".paradiddle-{secrets.token_hex(8)}"
    try:
        hidden.mkdir()
        yield hidden
        _exchange(hidden, folder, names)
    except OSError as error:
        if isinstance(error, ParadiddleError):
            raise
        raise output_error(folder, _cause(error)) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        with contextlib.suppress(OSError):
            for made in fresh:
                made.rmdir()  # only where it is empty


def _check_free(path: Path, force: bool) -> None:
    """Raise unless a path may be written: nothing is there, or what may be replaced."""
    if not os.path.lexists(path):  # a link that leads nowhere is something, too
        return
    if not force:
        raise OutputError(
            f"cannot write {path}: it exists; choose another folder, or replace it with --force"
        )
    if path.is_dir() and not path.is_symlink() and path.suffix != _FOLDERS:
        raise OutputError(
            f"cannot write {path}: it is a folder; move it away, or choose another place"
        )


def _cause(error: OSError) -> OSError:
    """Find the first of the errors that shutil collects, of which it keeps the text alone."""
    if not isinstance(error, shutil.Error):
        return error
    number = re.search(r"\[Errno (\d+)\]", str(error))
    code = int(number[1]) if number else 0
    return OSError(code, os.strerror(code) if code else "it cannot be copied")


def _exchange(hidden: Path, folder: Path, names: Sequence[str]) -> None:
    """Move all names into place, or change nothing."""
    former = hidden / "former"
    former.mkdir()
    moves = [(folder / name, former / name) for name in names if os.path.lexists(folder / name)]
    moves += [(hidden / name, folder / name) for name in names]
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.rename(target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            target.rename(source)
        raise
