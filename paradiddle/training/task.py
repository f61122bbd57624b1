"""What a `paradiddle.training.run.Run` trains: a model, its loss, its figures and its file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

__all__ = ["Task"]


class Task(Protocol):
    """Something to learn; `tests/tasks.py` has a small one."""

    @property
    def name(self) -> str:
        """Name of the model: its file is ``NAME.safetensors``."""

    @property
    def model(self) -> nn.Module:
        """The network; its first weights depend on a seed alone."""

    @property
    def decides(self) -> str:
        """The figure of `validate` that says which weights are best; lower is better."""

    def loss(self, step: int) -> tuple[Tensor, Mapping[str, float]]:
        """Compute what is to be made smaller in a step, and figures to report.

        Parameters
        ----------
        step : int
            Number of the step, from 0. The batch, and all else that is drawn by other means than
            torch's global generator, depends on it and on a seed alone, so that a run resumes
            exactly.

        Returns
        -------
        float tensor, scalar
            With a gradient.
        mapping of str to float
            Reported as means between two validations, each over the steps that had it.
        """

    def validate(self) -> Mapping[str, float]:
        """Measure the model on the validation split, the same each time.

        The run has put the model in evaluation mode, with the weights that it would write, and
        switched gradients off.
        """

    def document(self) -> dict[str, Any]:
        """Return what goes into the model file besides how the run went.

        Its ``training`` holds the ``fingerprint`` of the recordings, as
        `paradiddle.training.provenance.describe_takes` writes it; a run goes on only with the same.
        """

    def identity(self) -> dict[str, Any]:
        """Return sizes and other JSON values that must be the same for a run to go on."""

    def write_model(
        self, path: Path, state: Mapping[str, Tensor], document: Mapping[str, Any]
    ) -> None:
        """Write the model file, whole or not at all.

        Parameters
        ----------
        path : Path
        state : mapping of str to tensor
            As the model's `state_dict`, on the CPU: averaged or best weights, not always those in
            `model`.
        document : mapping
            That of `document`, with how the run went.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
