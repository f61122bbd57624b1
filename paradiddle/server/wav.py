"""Sound as the bytes of a WAV file, 16-bit PCM."""

import io
import wave

import numpy as np
from numpy.typing import NDArray

__all__ = ["wav_bytes"]

_BLOCK = 65_536  # converted at once: a long sound needs no second copy as floats


def wav_bytes(samples: NDArray[np.float32], sample_rate: int) -> bytes:
    """Write samples of shape (N,) or (N, channels), within ±1; what exceeds it is clipped.

    Examples
    --------
    >>> len(wav_bytes(np.zeros(100, np.float32), 22_050))
    244
    """
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.setnframes(len(samples))
        for first in range(0, len(samples), _BLOCK):
            file.writeframesraw(_pcm(samples[first : first + _BLOCK]))
    return buffer.getvalue()


def _pcm(block: NDArray[np.float32]) -> bytes:
    """Round to 16 bit, little-endian."""
    return np.rint(np.clip(block, -1, 1) * 32_767).astype("<i2").tobytes()
