"""The event LSTM in torch, for training; `paradiddle.engine` plays it."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from paradiddle.engine import LstmShape

__all__ = ["EventLstm", "State"]

State = tuple[Tensor, Tensor]

_GATES = {"engine": "fiog", "torch": "ifgo"}


class EventLstm(nn.Module):
    """Stacked LSTM over categorical fields, one softmax a field.

    Parameters
    ----------
    shape : LstmShape
        Sizes.
    seed : int
        Weights are the same for the same seed.

    Examples
    --------
    >>> model = EventLstm(LstmShape((15, 147), 200, bidirectional=True), seed=0)
    >>> sum(array.size for array in model.tensors().values())
    645762
    """

    def __init__(self, shape: LstmShape, seed: int) -> None:
        super().__init__()
        self.shape = shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.lstm = nn.LSTM(
                sum(shape.input_sizes),
                shape.hidden,
                shape.layers,
                bidirectional=shape.bidirectional,
            )
            self.dense = nn.Linear(shape.output_width, sum(shape.sizes))
        self.starts: Tensor
        self.register_buffer("starts", torch.tensor(np.cumsum((0, *shape.input_sizes[:-1]))), False)
        for name, parameter in self.lstm.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(parameter)
                parameter.requires_grad_("bias_ih" in name)  # one bias a gate is enough

    def forward(self, indices: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Predict every next event.

        Parameters
        ----------
        indices : int64 tensor, shape (T, B, F + E)
        state : pair of float32 tensors (layers * directions, B, H), optional

        Returns
        -------
        float32 tensor, shape (T, B, S)
            Logits.
        State
            To carry into the next chunk.
        """
        outputs, state = self.read(indices, state)
        return self.dense(outputs), state

    def read(self, indices: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Run the last layer's units, (T, B, H * directions), and the state; see `forward`."""
        rows = torch.zeros(*indices.shape[:2], sum(self.shape.input_sizes))  # (T, B, inputs)
        rows.scatter_(2, indices + self.starts, 1.0)
        outputs, state = self.lstm(rows, state)
        return outputs, state

    def losses(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy and joint accuracy.

        Parameters
        ----------
        logits : float32 tensor, shape (T, B, S)
        targets : int64 tensor, shape (T, B, F)

        Returns
        -------
        float32 tensor, scalar
            Sum over the fields of the mean cross-entropy, in nats.
        bool tensor, shape (T, B)
            Where note and ticks, the first two fields, are both right.
        """
        fields = torch.split(logits, list(self.shape.sizes), dim=-1)
        loss = torch.zeros(())
        for field, target in zip(fields, targets.unbind(-1), strict=True):
            loss = loss + functional.cross_entropy(field.flatten(0, 1), target.flatten())
        right = torch.ones(targets.shape[:2], dtype=torch.bool)
        for field, target in zip(fields[:2], targets.unbind(-1), strict=False):
            right &= field.detach().argmax(-1) == target
        return loss, right

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Weights in the engine's layout; see `LstmShape.tensors`."""
        tensors = {}
        for layer, direction, suffix in self._directions():
            weights = [
                getattr(self.lstm, f"{kind}_l{layer}{suffix}").detach().numpy()
                for kind in ("weight_ih", "weight_hh", "bias_ih")
            ]
            stacked = np.concatenate([weights[0].T, weights[1].T, weights[2][None]])
            tensors[f"lstm.{layer}.{direction}"] = _reordered(stacked, "torch", "engine")
        dense = [self.dense.weight.detach().numpy().T, self.dense.bias.detach().numpy()[None]]
        return tensors | {"dense": np.concatenate(dense)}

    def load_tensors(self, tensors: Mapping[str, NDArray[np.float32]]) -> None:
        """Take weights in the engine's layout."""
        with torch.no_grad():
            for layer, direction, suffix in self._directions():
                stacked = _reordered(tensors[f"lstm.{layer}.{direction}"], "engine", "torch")
                inputs = len(stacked) - self.shape.hidden - 1
                parts = stacked[:inputs].T, stacked[inputs:-1].T, stacked[-1]
                for kind, part in zip(("weight_ih", "weight_hh", "bias_ih"), parts, strict=True):
                    getattr(self.lstm, f"{kind}_l{layer}{suffix}").copy_(torch.tensor(part))
            self.dense.weight.copy_(torch.tensor(tensors["dense"][:-1].T))
            self.dense.bias.copy_(torch.tensor(tensors["dense"][-1]))

    def _directions(self) -> list[tuple[int, str, str]]:
        """Every layer and direction, with torch's suffix for it."""
        suffixes = {"forward": "", "backward": "_reverse"}
        return [
            (layer, direction, suffixes[direction])
            for layer in range(self.shape.layers)
            for direction in self.shape.directions
        ]


def _reordered(weights: NDArray[np.float32], source: str, target: str) -> NDArray[np.float32]:
    """Reorder the four column blocks of the gates."""
    blocks = dict(zip(_GATES[source], np.split(weights, 4, axis=1), strict=True))
    return np.concatenate([blocks[gate] for gate in _GATES[target]], axis=1)
