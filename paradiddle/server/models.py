"""The models that a worker plays, loaded once and shared read-only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from paradiddle.drummer import DEFAULT_MODEL, Drummer
from paradiddle.errors import ModelError
from paradiddle.humanizer import DEFAULT_HUMANIZER
from paradiddle.latent import DEFAULT_LATENT, Latent
from paradiddle.machine import DEFAULT_MACHINE, Machine

__all__ = ["SHIPPED", "Models", "load_models", "model_files"]

SHIPPED = "shipped"

_DEFAULTS = {
    "machine": DEFAULT_MACHINE,
    "humanizer": DEFAULT_HUMANIZER,
    "latent": DEFAULT_LATENT,
    "drummer": DEFAULT_MODEL,
}
_SUFFIX = ".safetensors"
_TOLD = ("styles", "recordings", "metrics", "training")

_Model = TypeVar("_Model")


@dataclass(frozen=True)
class Models:
    """The models, and for each whether it came along (`SHIPPED`) or is one's own file."""

    machine: Machine
    latent: Latent
    drummer: Drummer
    sources: Mapping[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, dict[str, Any]]:
        """Say of each model where it came from, as its file does."""
        humanizer = self.machine.humanizer
        documents = {
            "machine": self.machine.document,
            **({"humanizer": humanizer.document} if humanizer else {}),
            "latent": self.latent.document,
            "drummer": self.drummer.document,
        }
        return {
            name: {"source": self.sources.get(name, SHIPPED)}
            | {key: document[key] for key in _TOLD if key in document}
            for name, document in documents.items()
        }


def model_files(folder: Path | None) -> dict[str, Path]:
    """Find the file of each model: one's own where the folder has it, or else the shipped one.

    Raises
    ------
    ModelError
        If the folder is none, or has none of them.
    """
    if folder is None:
        return dict(_DEFAULTS)
    names = [f"{name}{_SUFFIX}" for name in _DEFAULTS]
    if not folder.is_dir():
        raise ModelError(f"{folder} is no folder; give one with any of {', '.join(names)}")
    own = {name: folder / f"{name}{_SUFFIX}" for name in _DEFAULTS}
    found = {name: path for name, path in own.items() if path.is_file()}
    if not found:
        raise ModelError(f"{folder} has no model; name its files {', '.join(names)}")
    return _DEFAULTS | found


def load_models(folder: Path | None = None) -> Models:
    """Load the models of a folder, and the shipped ones for those it lacks.

    Raises
    ------
    ModelError
        If a file is damaged or of another kind, or the folder has none.
    """
    files = model_files(folder)
    sources = {
        name: SHIPPED if path == _DEFAULTS[name] else path.name for name, path in files.items()
    }
    own_humanizer = files["humanizer"] if sources["humanizer"] != SHIPPED else None
    machine = _loaded(partial(Machine.load, humanizer=own_humanizer), files["machine"])
    if machine.humanizer is None:  # the shipped one knows other styles
        del sources["humanizer"]
    return Models(
        machine,
        _loaded(Latent.load, files["latent"]),
        _loaded(Drummer.load, files["drummer"]),
        sources,
    )


def _loaded(load: Callable[[Path], _Model], path: Path) -> _Model:
    try:
        return load(path)
    except ModelError as error:
        text = str(error)
        raise ModelError(text if str(path) in text else f"{path}: {text}") from None
