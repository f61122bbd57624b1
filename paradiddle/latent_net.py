"""Forward passes of a variational autoencoder and of its prior in NumPy; no musical knowledge.

Shapes: B sequences, K tokens of I values in and O values out, D width, N narrow width, Z latent, U
code of the prior, C conditions. All arrays float32.

The autoencoder mixes tokens as Tolstikhin et al. do (*MLP-Mixer*, 2021): each block has one small
network along the tokens and one along the width, so that a whole sequence is read at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paradiddle.checks import check_at_least, check_range

__all__ = ["Mixer", "MixerShape", "Prior", "PriorShape"]

_MAX_SIZE, _MAX_BLOCKS = 65536, 64
_EPSILON = np.float32(1e-5)

_Array = NDArray[np.float32]
_Tensors = Mapping[str, _Array]
_Sizes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class MixerShape:
    """Sizes of an autoencoder.

    Attributes
    ----------
    tokens, inputs, outputs : int
        K, I and O.
    width, narrow, latent : int
        D, N and Z.
    blocks : int
        Of the encoder, and of the decoder.

    Examples
    --------
    >>> shape = MixerShape(8, 108, 180, 128, 64, 256, 2)
    >>> shape.tensors()["encoder.latent.weight"]
    (512, 512)
    >>> sum(int(np.prod(size)) for size in shape.tensors().values())
    717396
    """

    tokens: int
    inputs: int
    outputs: int
    width: int
    narrow: int
    latent: int
    blocks: int

    def __post_init__(self) -> None:
        _check_sizes(vars(self))

    def tensors(self) -> _Sizes:
        """Name and shape of every weight; matrices have a row for each output."""
        flat = self.tokens * self.narrow
        sizes = {
            "encoder.place": (self.tokens, self.width),
            "decoder.place": (self.tokens, self.width),
            **_dense("encoder.tokens", self.inputs, self.width),
            **_dense("encoder.narrow", self.width, self.narrow),
            **_dense("encoder.latent", flat, 2 * self.latent),
            **_dense("decoder.latent", self.latent, flat),
            **_dense("decoder.narrow", self.narrow, self.width),
            **_dense("decoder.tokens", self.width, self.outputs),
        }
        for side in ("encoder", "decoder"):
            sizes |= _norm(f"{side}.norm", self.width)
            for block in range(self.blocks):
                name = f"{side}.blocks.{block}"
                for part, size in (("time", self.tokens), ("width", self.width)):
                    sizes |= _norm(f"{name}.{part}_norm", self.width)
                    sizes |= _dense(f"{name}.{part}_in", size, 2 * size)
                    sizes |= _dense(f"{name}.{part}_out", 2 * size, size)
        return sizes


@dataclass(frozen=True)
class PriorShape:
    """Sizes of the decoder of a conditional autoencoder over latents.

    Attributes
    ----------
    code, conditions, latent : int
        U, C and Z.
    width, blocks : int
        Of the hidden layers, and their number.
    """

    code: int
    conditions: int
    latent: int
    width: int
    blocks: int

    def __post_init__(self) -> None:
        _check_sizes(vars(self))

    def tensors(self) -> _Sizes:
        """Name and shape of every weight; matrices have a row for each output."""
        sizes = {
            **_dense("start", self.code + self.conditions, self.width),
            **_norm("norm", self.width),
            **_dense("end", self.width, 2 * self.latent),
        }
        for block in range(self.blocks):
            sizes |= _norm(f"blocks.{block}.norm", self.width)
            sizes |= _dense(f"blocks.{block}.in", self.width, self.width)
            sizes |= _dense(f"blocks.{block}.out", self.width, self.width)
        return sizes


class Mixer:
    """An autoencoder of sequences.

    Parameters
    ----------
    shape : MixerShape
    tensors : mapping of str to float32 array
        As `MixerShape.tensors` lists them.
    """

    def __init__(self, shape: MixerShape, tensors: _Tensors) -> None:
        self.shape, self._tensors = shape, tensors

    def encode(self, inputs: _Array) -> _Array:
        """Return the mean of the posterior.

        Parameters
        ----------
        inputs : float32 array, shape (B, K, I)

        Returns
        -------
        float32 array, shape (B, Z)
        """
        tensors, shape = self._tensors, self.shape
        x = _linear(tensors, "encoder.tokens", inputs) + tensors["encoder.place"]  # (B, K, D)
        x = _linear(tensors, "encoder.narrow", self._mixed("encoder", x))  # (B, K, N)
        flat = x.reshape(len(x), -1)  # (B, K * N)
        # the second half is the log variance, which only training needs
        weight, bias = (tensors[f"encoder.latent.{part}"] for part in ("weight", "bias"))
        return flat @ weight[: shape.latent].T + bias[: shape.latent]

    def decode(self, latents: _Array) -> _Array:
        """Return what the sequences are made of.

        Parameters
        ----------
        latents : float32 array, shape (B, Z)

        Returns
        -------
        float32 array, shape (B, K, O)
        """
        tensors, shape = self._tensors, self.shape
        x = _linear(tensors, "decoder.latent", latents)
        x = x.reshape(len(x), shape.tokens, shape.narrow)  # (B, K, N)
        x = _linear(tensors, "decoder.narrow", x) + tensors["decoder.place"]  # (B, K, D)
        return _linear(tensors, "decoder.tokens", self._mixed("decoder", x))

    def _mixed(self, side: str, x: _Array) -> _Array:
        """Run the blocks of one side and its last norm, (B, K, D) to (B, K, D)."""
        tensors = self._tensors
        for block in range(self.shape.blocks):
            name = f"{side}.blocks.{block}"
            turned = _normed(tensors, f"{name}.time_norm", x).swapaxes(1, 2)  # (B, D, K)
            x = x + _twice(tensors, f"{name}.time", turned).swapaxes(1, 2)
            x = x + _twice(tensors, f"{name}.width", _normed(tensors, f"{name}.width_norm", x))
        return _normed(tensors, f"{side}.norm", x)


class Prior:
    """What latents are like under conditions, given a code drawn from a standard normal.

    Parameters
    ----------
    shape : PriorShape
    tensors : mapping of str to float32 array
        As `PriorShape.tensors` lists them.
    """

    def __init__(self, shape: PriorShape, tensors: _Tensors) -> None:
        self.shape, self._tensors = shape, tensors

    def decode(self, codes: _Array, conditions: _Array) -> tuple[_Array, _Array]:
        """Return mean and log variance of the latents.

        Parameters
        ----------
        codes : float32 array, shape (B, U)
        conditions : float32 array, shape (B, C)

        Returns
        -------
        two float32 arrays, shape (B, Z)
        """
        tensors = self._tensors
        x = _linear(tensors, "start", np.concatenate([codes, conditions], axis=1))  # (B, width)
        for block in range(self.shape.blocks):
            name = f"blocks.{block}"
            hidden = _silu(_linear(tensors, f"{name}.in", _normed(tensors, f"{name}.norm", x)))
            x = x + _linear(tensors, f"{name}.out", hidden)
        mean, log_variance = np.split(_linear(tensors, "end", _normed(tensors, "norm", x)), 2, 1)
        return mean, log_variance


def _check_sizes(sizes: Mapping[str, int]) -> None:
    for name, size in sizes.items():
        check_at_least(name, size, 1, "give a whole number from 1 up")
        most = _MAX_BLOCKS if name == "blocks" else _MAX_SIZE
        check_range(name, np.array([size]), 1, most, remedy="a few hundred are plenty")


def _dense(name: str, inputs: int, outputs: int) -> _Sizes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> _Sizes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _linear(tensors: _Tensors, name: str, x: _Array) -> _Array:
    weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    return np.asarray(x @ weight.T + bias)


def _twice(tensors: _Tensors, name: str, x: _Array) -> _Array:
    """Two layers with a bend between them."""
    return _linear(tensors, f"{name}_out", _silu(_linear(tensors, f"{name}_in", x)))


def _silu(x: _Array) -> _Array:
    return np.asarray(x * (np.float32(0.5) * np.tanh(np.float32(0.5) * x) + np.float32(0.5)))


def _normed(tensors: _Tensors, name: str, x: _Array) -> _Array:
    """Layer norm over the last axis."""
    x = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(x).mean(axis=-1, keepdims=True)
    scaled = x / np.sqrt(variance + _EPSILON)
    return np.asarray(scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"])
