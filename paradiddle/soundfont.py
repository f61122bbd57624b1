"""A MIDI file to sound through a SoundFont of the user's.

midirenderer is tried first, then the FluidSynth program; both are loaded on use.
"""

import io
import math
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paradiddle.errors import AudioError, MissingExtraError

__all__ = ["render"]

_PEAK = 10 ** (-1 / 20)  # SoundFonts differ by 20 dB; their loudest sample is brought here
_FLUIDSYNTH_SECONDS = 600
_GUARD = 2_000
_TAIL_QUARTERS = 4  # both synthesisers stop at the end of the track; cymbals ring longer


def render(midi: bytes, soundfont: Path, *, sample_rate: int = 44_100) -> NDArray[np.float32]:
    """Play a Standard MIDI File with a SoundFont.

    Parameters
    ----------
    midi : bytes
        A Standard MIDI File. Drums must be on channel 10 to sound as drums. It is passed on as it
        is, so check the length of one you do not trust by reading it with `paradiddle.midi`.
    soundfont : Path
        An ``.sf2`` file.
    sample_rate : int
        Samples per second.

    Returns
    -------
    numpy.ndarray
        Shape (samples, 2), float32, its highest peak 1 dB below full scale.

    Raises
    ------
    MissingExtraError
        If neither midirenderer nor FluidSynth is installed.
    AudioError
        If the SoundFont is missing or damaged, or cannot play this file.

    Examples
    --------
    >>> render(b"MThd", Path("nowhere.sf2"))
    Traceback (most recent call last):
    ...
    paradiddle.errors.AudioError: cannot read the SoundFont nowhere.sf2: ...
    """
    soundfont = Path(soundfont)
    _check(soundfont)
    midi = _with_tail(midi)
    try:
        import midirenderer
    except ImportError:
        sound, rate = _read_wave(_fluidsynth(midi, soundfont, sample_rate))
    else:
        try:
            data = midirenderer.render_wave_from(soundfont.read_bytes(), midi)
        except (RuntimeError, ValueError) as error:
            raise _unplayable(soundfont, str(error)) from error
        sound, rate = _read_wave(bytes(data))
    if rate != sample_rate:
        sound = _resampled(sound, rate, sample_rate)
    peak = float(np.max(np.abs(sound), initial=0.0))
    if peak > 0:
        sound *= np.float32(_PEAK / peak)
    return sound


def _check(soundfont: Path) -> None:
    """Refuse early, and in our words, what is plainly no SoundFont."""
    try:
        with soundfont.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise AudioError(
            f"cannot read the SoundFont {soundfont}: {error.strerror}; give the path of an .sf2"
        ) from error
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise AudioError(
            f"{soundfont} is not a SoundFont: it does not start as RIFF sfbk; give an .sf2 file"
        )


def _with_tail(midi: bytes) -> bytes:
    """Put off the end of every track, so that the last hits ring out."""
    if midi[:4] != b"MThd" or len(midi) < 14 or midi[12] >= 0x80:
        return midi  # the synthesiser will say what is wrong, and SMPTE time has no quarters
    ticks = min(_TAIL_QUARTERS * int.from_bytes(midi[12:14], "big"), 0x3FFF)
    delta = bytes([0x80 | ticks >> 7, ticks & 0x7F])
    parts, position = [midi[:14]], 14
    while position + 8 <= len(midi):
        size = int.from_bytes(midi[position + 4 : position + 8], "big")
        body = midi[position + 8 : position + 8 + size]
        # a byte of 128 or more before the zero makes it the end of a longer number; F7 ends a SysEx
        due = body.endswith(b"\x00\xff\x2f\x00") and (body[-5:-4] < b"\x80" or body[-5] == 0xF7)
        if midi[position : position + 4] == b"MTrk" and due:
            body = body[:-4] + delta + body[-3:]
        parts.append(midi[position : position + 4] + len(body).to_bytes(4, "big") + body)
        position += 8 + size
    return b"".join(parts)


def _fluidsynth(midi: bytes, soundfont: Path, sample_rate: int) -> bytes:
    """Render with the FluidSynth program to the bytes of a WAV file."""
    program = shutil.which("fluidsynth")
    if program is None:
        raise MissingExtraError("--soundfont", "soundfont")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.mid"), Path(folder, "out.wav")
        source.write_bytes(midi)
        options = ["-n", "-i", "-q", "-r", str(sample_rate), "-T", "wav", "-O", "s16"]
        files = ["-F", str(target), str(soundfont.resolve()), str(source)]
        try:
            done = subprocess.run(
                [program, *options, *files],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_FLUIDSYNTH_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _unplayable(soundfont, str(error)) from error
        # FluidSynth reports a SoundFont it cannot load, then succeeds with silence
        failed = done.returncode != 0 or "error" in done.stderr.lower() or not target.exists()
        if failed:
            raise _unplayable(soundfont, done.stderr or "FluidSynth failed")
        return target.read_bytes()


def _unplayable(soundfont: Path, reason: str) -> AudioError:
    """Say in one line that the synthesiser gave up."""
    told = " ".join(reason.split()) or "no reason given"
    return AudioError(f"cannot play with the SoundFont {soundfont}: {told}; try another .sf2 file")


def _read_wave(data: bytes) -> tuple[NDArray[np.float32], int]:
    """Decode a 16-bit WAV, mono or stereo, to (samples, 2) and its sample rate."""
    with wave.open(io.BytesIO(data)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        frames = file.readframes(file.getnframes())
    pcm = np.frombuffer(frames, "<i2").reshape(-1, channels)
    sound = pcm.astype(np.float32) / np.float32(32_768)
    return np.array(np.broadcast_to(sound[:, :2], (len(sound), 2))), rate


def _resampled(sound: NDArray[np.float32], old: int, new: int) -> NDArray[np.float32]:
    """Change the sample rate by cutting or padding the spectrum."""
    unit = old // math.gcd(old, new)
    # silence at the end, because what rings before the start comes out there
    padded = -(-(len(sound) + _GUARD) // unit) * unit
    target = padded * new // old
    spectrum = np.fft.rfft(sound, padded, axis=0)
    kept = min(len(spectrum), target // 2 + 1)
    changed = np.fft.irfft(spectrum[:kept], target, axis=0) * (new / old)
    return changed[: math.ceil(len(sound) * new / old)].astype(np.float32)
