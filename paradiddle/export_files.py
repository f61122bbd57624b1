"""What the exporters share: finding out what a model is, and putting their files in place."""

import contextlib
import importlib.util
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from paradiddle.errors import MissingExtraError, ModelError, OutputError, ParadiddleError
from paradiddle.files import output_error
from paradiddle.folders import make_folder
from paradiddle.weights import KEY

__all__ = ["about", "kind_of", "needs", "refuse_kind", "staged"]

_UNTOLD = "not stated in the model file"


def needs(feature: str, *modules: str) -> None:
    """Raise MissingExtraError unless all modules of the extra `export` are installed.

    Examples
    --------
    >>> needs("the export to nowhere", "no_such_module")
    Traceback (most recent call last):
    paradiddle.errors.MissingExtraError: the export to nowhere needs an extra ...
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(feature, "export")


def kind_of(path: str | Path) -> str:
    """Say what kind of model a file holds; ``drummer`` for what is no model at all.

    Reading that as a drummer then raises with what is wrong with it.
    """
    try:
        with safe_open(path, "numpy") as file:
            return str(json.loads(file.metadata()[KEY])["kind"])
    except (OSError, SafetensorError, LookupError, TypeError, ValueError, RecursionError):
        return "drummer"


def refuse_kind(path: str | Path, kind: str, form: str) -> ModelError:
    """Say that a form has no graphs for a kind of model."""
    return ModelError(
        f"{path} is a {kind} model; {form} has graphs for drummer, machine and humanizer models,"
        " which are all that drum, generate, fill and humanize need"
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
        If one of the names exists and `force` is not given, or the folder cannot be written to.
    """
    there = [name for name in names if (folder / name).exists()]
    if there and not force:
        raise OutputError(
            f"cannot write {folder / there[0]}: it exists; choose another folder, or replace it"
            " with --force"
        )
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
        raise output_error(folder, error) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        with contextlib.suppress(OSError):
            for made in fresh:
                made.rmdir()  # only where it is empty


def _exchange(hidden: Path, folder: Path, names: Sequence[str]) -> None:
    """Move all names into place, or change nothing."""
    former = hidden / "former"
    former.mkdir()
    moves = [(folder / name, former / name) for name in names if (folder / name).exists()]
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
