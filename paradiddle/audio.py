"""Sound to files and to the sound card.

WAV needs nothing installed; Ogg Vorbis, FLAC and MP3 go through soundfile and sound through
sounddevice, both loaded on use.
"""

import wave
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import AudioError, InvalidValueError, MissingExtraError, OutputError
from paradiddle.files import atomic_path

__all__ = ["SUFFIXES", "card_rate", "play", "sound_card", "write"]

_SUBTYPES = {".ogg": "VORBIS", ".flac": "PCM_16", ".mp3": "MPEG_LAYER_III"}

SUFFIXES = (".wav", *_SUBTYPES)
"""Endings of the files that can be written."""

# libsndfile's Vorbis encoder keeps a whole write on its stack and crashes on a long one
_BLOCK = 8_192
_HEADROOM = np.float32(10 ** (-1.5 / 20))  # lossy decoders overshoot what they were given by 1 dB
_LARGEST_WAV = 2**32 - 1_024
_POLL_MILLISECONDS = 40


def write(path: Path, samples: NDArray[np.float32], *, sample_rate: int = 44_100) -> None:
    """Write stereo sound to a file, whole or not at all.

    Parameters
    ----------
    path : Path
        Ends in ``.wav`` (16-bit PCM), ``.ogg`` (Vorbis), ``.flac`` (16 bit) or ``.mp3``;
        ``.ogg`` and ``.mp3`` are 1.5 dB softer, for what their decoders add to a peak.
    samples : numpy.ndarray
        Shape (samples, 2), float32, within ±1; what exceeds it is clipped.
    sample_rate : int
        Samples per second. MP3 knows 8,000 to 48,000.

    Raises
    ------
    InvalidValueError
        If the ending is none of those, or the samples have another shape or are not numbers.
    MissingExtraError
        If the format needs soundfile and it is not installed.
    AudioError
        If the format cannot hold this sound.
    OutputError
        If the file cannot be written there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder, "silence.wav"), np.zeros((100, 2), np.float32))
    ...     Path(folder, "silence.wav").stat().st_size
    444
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidValueError(
            f"cannot write sound as {path.name!r}; end the name in one of: {', '.join(SUFFIXES)}"
        )
    checked = _checked(samples)
    if suffix == ".wav":
        _write_wav(path, checked, sample_rate)
    else:
        _write_encoded(path, checked, sample_rate, suffix)


def play(samples: NDArray[np.float32], *, sample_rate: int = 44_100) -> None:
    """Play stereo sound through the sound card and wait for its end.

    Parameters
    ----------
    samples : numpy.ndarray
        Shape (samples, 2), float32, within ±1.
    sample_rate : int
        Samples per second.

    Raises
    ------
    InvalidValueError
        If the samples have another shape or are not numbers.
    MissingExtraError
        If sounddevice is not installed.
    AudioError
        If the PortAudio library or a sound card is missing.
    KeyboardInterrupt
        On Ctrl+C, after the sound has been stopped at once.

    Examples
    --------
    >>> play(np.zeros((100, 1), np.float32))
    Traceback (most recent call last):
    ...
    paradiddle.errors.InvalidValueError: samples must have shape (samples, 2), got (100, 1); ...
    """
    checked = _checked(samples)
    sounddevice = sound_card()
    try:
        sounddevice.play(checked, sample_rate)
        stream = sounddevice.get_stream()
        # sleeping in short stretches, because waiting in the driver would not notice Ctrl+C
        while stream.active:
            sounddevice.sleep(_POLL_MILLISECONDS)
    except sounddevice.PortAudioError as error:
        raise AudioError(
            f"cannot play sound: {_one_line(error)}; is a sound card there? "
            "Write a file instead, such as beat.wav"
        ) from error
    except KeyboardInterrupt:
        # abort drops what the card has buffered, stop would play it
        sounddevice.get_stream().abort()
        raise
    finally:
        sounddevice.stop(ignore_errors=True)


def card_rate() -> int:
    """Tell at how many samples a second the sound card runs; many take no others.

    Raises
    ------
    MissingExtraError
        If sounddevice is not installed.
    AudioError
        If the PortAudio library or a sound card is missing.
    """
    sounddevice = sound_card()
    try:
        return round(float(sounddevice.query_devices(kind="output")["default_samplerate"]))
    except sounddevice.PortAudioError as error:
        raise AudioError(
            f"cannot play sound: {_one_line(error)}; is a sound card there? Play to a MIDI port "
            "instead, with --port or --virtual, or write a file, such as beat.wav"
        ) from error


def _checked(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Refuse what is not stereo sound."""
    array = np.asarray(samples)
    if array.ndim != 2 or array.shape[1] != 2 or not np.issubdtype(array.dtype, np.floating):
        raise InvalidValueError(
            f"samples must have shape (samples, 2), got {array.shape}; "
            f"and be floats within ±1, got {array.dtype}"
        )
    # one sum finds any NaN or infinity without a mask as large as the sound
    if not np.isfinite(np.sum(array, dtype=np.float64)):
        raise InvalidValueError("samples must be finite, got NaN or infinity; render them again")
    return array.astype(np.float32, copy=False)


def _blocks(samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Cut sound into short pieces within ±1."""
    for first in range(0, len(samples), _BLOCK):
        yield np.clip(samples[first : first + _BLOCK], -1, 1)


def _pcm(block: NDArray[np.float32]) -> NDArray[np.int16]:
    """Round to 16 bit, little-endian."""
    return np.rint(block * 32_767).astype("<i2")


def _write_wav(path: Path, samples: NDArray[np.float32], sample_rate: int) -> None:
    """Write 16-bit PCM with the standard library."""
    if 4 * len(samples) > _LARGEST_WAV:
        raise AudioError(
            f"cannot write {path}: the sound is longer than the 4 GiB a WAV file holds; "
            "write a .flac or a shorter sound"
        )
    with atomic_path(path) as temporary, wave.open(str(temporary), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.setnframes(len(samples))
        for block in _blocks(samples):
            file.writeframesraw(_pcm(block).tobytes())


def _write_encoded(path: Path, samples: NDArray[np.float32], sample_rate: int, suffix: str) -> None:
    """Write a compressed format with soundfile."""
    try:
        import soundfile
    except ImportError as error:
        raise MissingExtraError(f"writing {suffix}", "audio") from error
    except OSError as error:
        raise AudioError(
            f"cannot write {path}: soundfile finds no libsndfile; install it, for example with "
            "apt-get install libsndfile1, or write a .wav"
        ) from error
    exact = suffix == ".flac"
    with atomic_path(path) as temporary:
        try:
            with soundfile.SoundFile(
                str(temporary), "w", sample_rate, 2, _SUBTYPES[suffix], format=suffix[1:].upper()
            ) as file:
                for block in _blocks(samples):
                    # converted here: libsndfile lets a full-scale float wrap around
                    file.write(_pcm(block) if exact else block * _HEADROOM)
        except soundfile.LibsndfileError as error:
            raise _encoder_error(path, error) from error


def _encoder_error(path: Path, error: Exception) -> OutputError | AudioError:
    """Tell a disk that is full from a format that does not fit; libsndfile hides the first."""
    if "System error" in str(error):
        return OutputError(
            f"cannot write {path}: the disk may be full; free some space or write elsewhere"
        )
    return AudioError(f"cannot write {path}: {_one_line(error)}; write a .wav instead")


def sound_card() -> ModuleType:
    """Load the sound card's driver, sounddevice.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    AudioError
        If the PortAudio library is missing.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise MissingExtraError("playing sound", "audio") from error
    except OSError as error:
        raise AudioError(
            "cannot play sound: the PortAudio library is not installed; install it, for example "
            "with apt-get install libportaudio2, or play to a MIDI port, or write a file: "
            "paradiddle generate -o beat.wav"
        ) from error
    module: ModuleType = sounddevice
    return module


def _one_line(error: Exception) -> str:
    """Flatten a library's message."""
    return " ".join(str(error).split()).rstrip(".")
