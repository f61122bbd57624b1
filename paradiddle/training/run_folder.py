"""The folder of a training run: its checkpoint and its model, and whether a run may use them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from paradiddle import weights
from paradiddle.errors import ModelError, OutputError
from paradiddle.folders import make_folder

__all__ = ["CHECKPOINT", "RunFolder"]

CHECKPOINT = "checkpoint.safetensors"


class RunFolder:
    """A folder that belongs to one training run.

    Parameters
    ----------
    path : Path
        Need not exist.
    model : str
        File name of the model.
    kind : str
        Kind of the checkpoint file, as `paradiddle.weights` has it.

    Attributes
    ----------
    path, checkpoint, model : Path
        The folder and its two files.
    """

    def __init__(self, path: Path, model: str, kind: str) -> None:
        self.path, self.checkpoint, self.model = path, path / CHECKPOINT, path / model
        self._kind = kind

    def claim(self, save: Callable[[], None]) -> None:
        """Make the folder ours by a first checkpoint, which also shows that it can be written.

        Parameters
        ----------
        save : callable
            Writes checkpoint and model.

        Raises
        ------
        OutputError
            If another run or model is there, or it cannot be written.
        """
        make_folder(self.path)
        if self.model.exists() and not self.checkpoint.exists():
            raise OutputError(f"{self.model} exists already; choose another folder")
        try:
            self.checkpoint.touch(exist_ok=False)
        except FileExistsError:
            raise OutputError(
                f"{self.path} holds a training run; add --resume to go on with it, or choose"
                " another folder"
            ) from None
        except OSError as error:
            raise OutputError(
                f"cannot write to {self.path}: {error.strerror}; choose another folder"
            ) from None
        try:
            save()
        except OutputError:
            self.checkpoint.unlink()
            raise

    def check_resume(self, identity: Mapping[str, Any], files: str) -> None:
        """Raise unless the folder holds a run of the same identity.

        Parameters
        ----------
        identity : mapping of str to JSON value
            What must be the same for a run to go on; its checkpoint holds it as ``settings``.
        files : str
            The name in it that stands for the files learned from.

        Raises
        ------
        ModelError
            If there is no run, or naming the first difference.
        """
        if not self.checkpoint.exists():
            raise ModelError(f"nothing to resume in {self.path}; leave out --resume")
        then = weights.read(self.checkpoint, self._kind).document.get("settings", {})
        for name, value in json.loads(json.dumps(identity)).items():
            if then.get(name) != value:
                difference = (
                    "learned from other files"
                    if name == files
                    else f"has {name} {then.get(name)}, now it is {value}"
                )
                raise ModelError(
                    f"--resume: the run in {self.path} {difference}; give the same options and"
                    " files, or choose another folder"
                )
