import builtins
import errno
import sys
import types
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from paradiddle import audio
from paradiddle.errors import AudioError, InvalidValueError, MissingExtraError, OutputError

RATE = 44_100


def tone(seconds: float = 0.5) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    left, right = 0.5 * np.sin(2 * np.pi * 440 * time), 0.25 * np.sin(2 * np.pi * 660 * time)
    return np.stack([left, right], axis=1).astype(np.float32)


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        return data, file.getframerate()


def without(monkeypatch: pytest.MonkeyPatch, name: str, reason: Exception) -> None:
    """Make importing `name` fail."""
    real: Callable[..., object] = builtins.__import__

    def fail(wanted: str, *args: object, **kwargs: object) -> object:
        if wanted == name:
            raise reason
        return real(wanted, *args, **kwargs)

    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(builtins, "__import__", fail)


def test_wav_round_trip(tmp_path: Path) -> None:
    audio.write(tmp_path / "tone.wav", tone())
    data, rate = read_wav(tmp_path / "tone.wav")
    assert rate == RATE
    assert np.array_equal(data, np.rint(tone() * 32_767))
    assert [path.name for path in tmp_path.iterdir()] == ["tone.wav"]


def test_wav_needs_nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "soundfile", ModuleNotFoundError("No module named 'soundfile'"))
    audio.write(tmp_path / "TONE.WAV", tone())
    assert len(read_wav(tmp_path / "TONE.WAV")[0]) == RATE // 2


def test_the_same_sound_gives_the_same_bytes(tmp_path: Path) -> None:
    audio.write(tmp_path / "a.wav", tone())
    audio.write(tmp_path / "b.wav", tone())
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_what_exceeds_full_scale_is_clipped_and_does_not_wrap(tmp_path: Path) -> None:
    loud = np.array([[2.0, -2.0], [1.0, -1.0]], np.float32)
    audio.write(tmp_path / "loud.wav", loud)
    assert read_wav(tmp_path / "loud.wav")[0].tolist() == [[32_767, -32_767]] * 2


def test_flac_holds_exactly_what_wav_holds(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    audio.write(tmp_path / "tone.flac", 4 * tone())
    audio.write(tmp_path / "tone.wav", 4 * tone())
    data, rate = soundfile.read(tmp_path / "tone.flac", dtype="int16")
    assert rate == RATE
    assert np.array_equal(data, read_wav(tmp_path / "tone.wav")[0])


@pytest.mark.parametrize("suffix", [".ogg", ".mp3"])
def test_lossy_formats_sound_alike(tmp_path: Path, suffix: str) -> None:
    soundfile = pytest.importorskip("soundfile")
    audio.write(tmp_path / f"tone{suffix}", tone(), sample_rate=RATE)
    data, rate = soundfile.read(tmp_path / f"tone{suffix}")
    assert rate == RATE
    assert len(data) == pytest.approx(RATE / 2, rel=0.1)
    middle = data[5_000:15_000]
    for channel, hertz, strength in ((0, 440, 0.5), (1, 660, 0.25)):
        spectrum = np.abs(np.fft.rfft(middle[:, channel]))
        assert np.argmax(spectrum) * RATE / 10_000 == pytest.approx(hertz, abs=5)
        softer = strength * 10 ** (-1.5 / 20)
        assert np.std(middle[:, channel]) == pytest.approx(softer / np.sqrt(2), rel=0.05)


def test_a_decoder_does_not_clip_what_just_did_not(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    clicks = np.zeros((RATE, 2), np.float32)
    clicks[::2_000] = 0.966  # the loudest that the kit renders
    audio.write(tmp_path / "clicks.ogg", clicks)
    assert np.abs(soundfile.read(tmp_path / "clicks.ogg")[0]).max() < 1


def test_a_long_ogg_is_written_in_blocks(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    audio.write(tmp_path / "long.ogg", np.zeros((60 * RATE, 2), np.float32))
    assert soundfile.info(tmp_path / "long.ogg").frames == 60 * RATE


@pytest.mark.parametrize("suffix", [".ogg", ".flac", ".mp3"])
def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    without(monkeypatch, "soundfile", ModuleNotFoundError("No module named 'soundfile'"))
    with pytest.raises(MissingExtraError, match=rf"^writing \{suffix} .*paradiddle\[audio\]"):
        audio.write(tmp_path / f"tone{suffix}", tone())
    assert list(tmp_path.iterdir()) == []


def test_a_missing_libsndfile_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "soundfile", OSError("sndfile library not found"))
    with pytest.raises(AudioError, match="finds no libsndfile; install it"):
        audio.write(tmp_path / "tone.ogg", tone())


@pytest.mark.parametrize("name", ["tone.aiff", "tone", "wav", "tone.wav.txt"])
def test_an_unknown_ending_lists_those_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidValueError, match=r"end the name in one of: \.wav, \.ogg, \.flac"):
        audio.write(tmp_path / name, tone())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_places_that_cannot_be_written(tmp_path: Path, suffix: str) -> None:
    if suffix != ".wav":
        pytest.importorskip("soundfile")
    (tmp_path / f"folder{suffix}").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="it is a folder"):
        audio.write(tmp_path / f"folder{suffix}", tone())
    with pytest.raises(OutputError, match="does not exist; create it"):
        audio.write(tmp_path / "nowhere" / f"tone{suffix}", tone())
    with pytest.raises(OutputError, match="file is not a folder"):
        audio.write(tmp_path / "file" / f"tone{suffix}", tone())
    assert {path.name for path in tmp_path.iterdir()} == {f"folder{suffix}", "file"}


def test_a_full_disk_leaves_the_old_wav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "tone.wav"
    target.write_bytes(b"old")

    def full(self: wave.Wave_write, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(wave.Wave_write, "writeframesraw", full)
    with pytest.raises(OutputError, match=r"cannot write .*tone\.wav: the disk is full"):
        audio.write(target, tone())
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_under_an_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile = pytest.importorskip("soundfile")

    def full(self: object, data: np.ndarray) -> None:
        # what libsndfile reports when a write fails: code 2, "System error."
        raise soundfile.LibsndfileError(2)

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    with pytest.raises(OutputError, match=r"cannot write .*tone\.ogg: the disk may be full"):
        audio.write(tmp_path / "tone.ogg", tone())
    assert list(tmp_path.iterdir()) == []


def test_a_rate_that_a_format_does_not_know(tmp_path: Path) -> None:
    pytest.importorskip("soundfile")
    with pytest.raises(AudioError, match=r"cannot write .*tone\.mp3: .*; write a \.wav instead"):
        audio.write(tmp_path / "tone.mp3", tone(), sample_rate=96_000)
    assert list(tmp_path.iterdir()) == []


def test_a_sound_too_long_for_wav_is_refused(tmp_path: Path) -> None:
    endless = np.broadcast_to(np.zeros(2, np.float32), (2**30, 2))
    with pytest.raises(AudioError, match="longer than the 4 GiB a WAV file holds"):
        audio._write_wav(tmp_path / "long.wav", endless, RATE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(10, np.float32), r"shape \(samples, 2\), got \(10,\)"),
        (np.zeros((10, 1), np.float32), r"shape \(samples, 2\), got \(10, 1\)"),
        (np.zeros((10, 2), np.int16), "floats within ±1, got int16"),
        (np.full((10, 2), np.nan, np.float32), "must be finite"),
        (np.full((10, 2), np.inf, np.float32), "must be finite"),
    ],
)
def test_what_is_no_stereo_sound_is_refused(
    tmp_path: Path, samples: np.ndarray, message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message):
        audio.write(tmp_path / "x.wav", samples)
    with pytest.raises(InvalidValueError, match=message):
        audio.play(samples)


class Card(types.ModuleType):
    """A sounddevice whose card plays for three short sleeps."""

    class PortAudioError(Exception):
        pass

    def __init__(self, *, broken: bool = False, interrupted: bool = False) -> None:
        super().__init__("sounddevice")
        self.broken, self.interrupted = broken, interrupted
        self.log: list[str] = []
        self.left = 3

    @property
    def active(self) -> bool:
        return self.left > 0

    def query_devices(self, kind: str) -> dict[str, float]:
        assert kind == "output"
        if self.broken:
            raise self.PortAudioError("Error querying device -1")
        return {"default_samplerate": 48_000.0}

    def play(self, samples: np.ndarray, rate: int) -> None:
        if self.broken:
            raise self.PortAudioError("Error querying device -1")
        self.log.append(f"play {samples.shape} {samples.dtype} {rate}")

    def get_stream(self) -> "Card":
        return self

    def sleep(self, milliseconds: int) -> None:
        assert 0 < milliseconds <= 100
        if self.interrupted:
            raise KeyboardInterrupt
        self.left -= 1

    def abort(self) -> None:
        self.log.append("abort")

    def stop(self, ignore_errors: bool) -> None:
        self.log.append("stop")


def test_play_waits_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card()
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    audio.play(tone(), sample_rate=48_000)
    assert card.log == ["play (22050, 2) float32 48000", "stop"]
    assert card.left == 0


def test_the_card_tells_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Card())
    assert audio.card_rate() == 48_000
    monkeypatch.setitem(sys.modules, "sounddevice", Card(broken=True))
    with pytest.raises(AudioError, match=r"querying device -1; .* --port or --virtual, or write"):
        audio.card_rate()


def test_ctrl_c_stops_the_sound_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card(interrupted=True)
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    with pytest.raises(KeyboardInterrupt):
        audio.play(tone())
    assert card.log[1:] == ["abort", "stop"]


def test_no_sound_card_suggests_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Card(broken=True))
    with pytest.raises(AudioError, match=r"querying device -1; .*Write a file instead"):
        audio.play(tone())


def test_no_sounddevice_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "sounddevice", ModuleNotFoundError("No module named 'sounddevice'"))
    with pytest.raises(MissingExtraError, match=r"^playing sound needs .*paradiddle\[audio\]"):
        audio.play(tone())


def test_no_portaudio_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "sounddevice", OSError("PortAudio library not found"))
    said = r"apt-get install libportaudio2, or play to a MIDI port, .* generate -o beat\.wav$"
    with pytest.raises(AudioError, match=said):
        audio.play(tone())
