import builtins
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from paradiddle import soundfont
from paradiddle.errors import AudioError, MissingExtraError

RATE = 44_100
HERTZ = 1_000

# One hit of pitch 60 on channel 10 at half a second, 120 quarters a minute.
MIDI = bytes.fromhex(
    "4D546864 00000006 0000 0001 01E0"  # MThd: format 0, 1 track, 480 ticks a quarter
    "4D54726B 0000000E"  # MTrk, 14 bytes
    "8360 99 3C 7F"  # after 480 ticks: note on, channel 10, pitch 60, velocity 127
    "8360 89 3C 40"  # after 480 more: note off
    "00 FF 2F 00"  # end of track
)


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def text(value: str) -> bytes:
    return value.encode().ljust(20, b"\0")


def build_sf2() -> bytes:
    """One second of a sine as the one sample of the one instrument of the drum kit, bank 128.

    Laid out as the SoundFont Technical Specification 2.04, sections 5 to 7, says: each list of
    records ends with a terminal one.
    """
    time = np.arange(RATE) / RATE
    wave = np.rint(20_000 * np.sin(2 * np.pi * HERTZ * time)).astype("<i2").tobytes() + bytes(
        2 * 46
    )
    sample_id, instrument, key_root = 53, 41, 58
    info = b"INFO" + chunk(b"ifil", struct.pack("<HH", 2, 1)) + chunk(b"isng", b"EMU8000\0")
    info += chunk(b"INAM", b"test\0\0")
    presets = text("kit") + struct.pack("<HHHIII", 0, 128, 0, 0, 0, 0)
    presets += text("EOP") + struct.pack("<HHHIII", 0, 0, 1, 0, 0, 0)
    samples = text("sine") + struct.pack("<IIIIIBbHH", 0, RATE, 0, RATE, RATE, 60, 0, 0, 1)
    samples += text("EOS") + bytes(26)
    pdta = b"pdta" + b"".join(
        (
            chunk(b"phdr", presets),
            chunk(b"pbag", struct.pack("<HH", 0, 0) + struct.pack("<HH", 1, 0)),
            chunk(b"pmod", bytes(10)),
            chunk(b"pgen", struct.pack("<HH", instrument, 0) + bytes(4)),
            chunk(
                b"inst", text("sine") + struct.pack("<H", 0) + text("EOI") + struct.pack("<H", 1)
            ),
            chunk(b"ibag", struct.pack("<HH", 0, 0) + struct.pack("<HH", 2, 0)),
            chunk(b"imod", bytes(10)),
            chunk(b"igen", struct.pack("<HHHH", key_root, 60, sample_id, 0) + bytes(4)),
            chunk(b"shdr", samples),
        )
    )
    lists = chunk(b"LIST", info) + chunk(b"LIST", b"sdta" + chunk(b"smpl", wave))
    return chunk(b"RIFF", b"sfbk" + lists + chunk(b"LIST", pdta))


@pytest.fixture
def sf2(tmp_path: Path) -> Path:
    path = tmp_path / "test kit.sf2"
    path.write_bytes(build_sf2())
    return path


def hide_midirenderer(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., object] = builtins.__import__

    def fail(wanted: str, *args: object, **kwargs: object) -> object:
        if wanted == "midirenderer":
            raise ModuleNotFoundError("No module named 'midirenderer'")
        return real(wanted, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "midirenderer", raising=False)
    monkeypatch.setattr(builtins, "__import__", fail)


def is_the_hit(sound: np.ndarray, rate: int) -> None:
    """Check that a sine of 1,000 Hz starts after half a second."""
    loud = np.abs(sound).max(axis=1) > 0.05
    assert np.argmax(loud) / rate == pytest.approx(0.5, abs=0.03)
    part = sound[round(0.6 * rate) : round(0.8 * rate), 0]
    assert np.argmax(np.abs(np.fft.rfft(part))) / 0.2 == pytest.approx(HERTZ, abs=10)
    assert np.abs(sound).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)
    assert len(sound) / rate > 2.5  # the track ends after one second, and the sound rings out


@pytest.mark.parametrize("rate", [44_100, 48_000, 22_050])
def test_midirenderer_plays_the_soundfont(sf2: Path, rate: int) -> None:
    pytest.importorskip("midirenderer")
    sound = soundfont.render(MIDI, sf2, sample_rate=rate)
    assert sound.dtype == np.float32
    assert sound.shape[1] == 2
    is_the_hit(sound, rate)


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="needs the FluidSynth program")
def test_fluidsynth_plays_the_soundfont(sf2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide_midirenderer(monkeypatch)
    is_the_hit(soundfont.render(MIDI, sf2, sample_rate=48_000), 48_000)


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="needs the FluidSynth program")
def test_fluidsynth_refuses_a_damaged_soundfont(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_midirenderer(monkeypatch)
    (tmp_path / "cut.sf2").write_bytes(build_sf2()[:5_000])
    with pytest.raises(AudioError, match=r"cannot play with the SoundFont .*cut\.sf2: .*"):
        soundfont.render(MIDI, tmp_path / "cut.sf2")


def install_fluidsynth(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program named fluidsynth, written in Python, on the path, and nothing else."""
    program = folder / "bin" / "fluidsynth"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nimport sys, wave\n{script}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    hide_midirenderer(monkeypatch)


@pytest.mark.skipif(sys.platform == "win32", reason="starts a script by its first line")
def test_fluidsynth_is_asked_for_the_rate_and_the_files(
    sf2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
arguments = sys.argv[1:]
assert open(arguments[-1], "rb").read(4) == b"MThd"
assert open(arguments[-2], "rb").read(4) == b"RIFF"
with wave.open(arguments[arguments.index("-F") + 1], "wb") as file:
    file.setparams((2, 2, int(arguments[arguments.index("-r") + 1]), 0, "NONE", ""))
    file.writeframes(b"\\x00\\x10\\x00\\xf0" * 100)
"""
    install_fluidsynth(tmp_path, monkeypatch, script)
    sound = soundfont.render(MIDI, sf2, sample_rate=32_000)
    assert sound.shape == (100, 2)
    assert sound[0].tolist() == pytest.approx([0.8912509, -0.8912509])


@pytest.mark.skipif(sys.platform == "win32", reason="starts a script by its first line")
@pytest.mark.parametrize(
    "script", ["sys.exit('bad\\nnews')", "print('fluidsynth: error: bad news', file=sys.stderr)"]
)
def test_fluidsynth_failing_is_one_line(
    sf2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    install_fluidsynth(tmp_path, monkeypatch, script)
    with pytest.raises(AudioError, match=r"^cannot play with the SoundFont .*bad news[^\n]*$"):
        soundfont.render(MIDI, sf2)


def test_neither_installed_names_the_extra(
    sf2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_midirenderer(monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtraError, match=r"^--soundfont needs .*paradiddle\[soundfont\]"):
        soundfont.render(MIDI, sf2)


def test_a_missing_soundfont_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"cannot read the SoundFont .*no\.sf2: No such file"):
        soundfont.render(MIDI, tmp_path / "no.sf2")
    with pytest.raises(AudioError, match="cannot read the SoundFont"):
        soundfont.render(MIDI, tmp_path)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"x" * 100, b"RIFF\x04\0\0\0WAVE"])
def test_another_file_is_no_soundfont(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.sf2").write_bytes(data)
    with pytest.raises(AudioError, match=r"x\.sf2 is not a SoundFont: .* give an \.sf2 file"):
        soundfont.render(MIDI, tmp_path / "x.sf2")


@pytest.mark.parametrize("length", [12, 60, 5_000, 88_000])
def test_a_damaged_soundfont_is_refused(tmp_path: Path, length: int) -> None:
    pytest.importorskip("midirenderer")
    (tmp_path / "cut.sf2").write_bytes(build_sf2()[:length])
    with pytest.raises(
        AudioError, match=r"cannot play with the SoundFont .*cut\.sf2: .*\.sf2 file$"
    ):
        soundfont.render(MIDI, tmp_path / "cut.sf2")


def test_broken_midi_is_refused(sf2: Path) -> None:
    pytest.importorskip("midirenderer")
    with pytest.raises(AudioError, match="cannot play with the SoundFont"):
        soundfont.render(b"MThd", sf2)


def test_the_end_of_every_track_is_put_off() -> None:
    longer = soundfont._with_tail(MIDI)
    assert len(longer) == len(MIDI) + 1
    # 4 quarters of 480 ticks are 8F 00 as a variable-length number
    assert longer.endswith(bytes.fromhex("0000000F 8360 99 3C 7F 8360 89 3C 40 8F00 FF 2F 00"))
    assert soundfont._with_tail(longer) == longer


@pytest.mark.parametrize(
    "midi", [b"", b"MThd", b"RIFF" + MIDI[4:], MIDI[:12] + b"\xe7" + MIDI[13:]]
)
def test_what_has_no_quarters_is_passed_on(midi: bytes) -> None:
    assert soundfont._with_tail(midi) == midi


def test_resampling_keeps_the_tone() -> None:
    time = np.arange(1_000) / RATE
    sound = np.stack([np.sin(2 * np.pi * 3_000 * time)] * 2, axis=1).astype(np.float32)
    changed = soundfont._resampled(sound, RATE, 48_000)
    wanted = np.sin(2 * np.pi * 3_000 * np.arange(len(changed)) / 48_000)
    assert len(changed) == 1_089
    assert np.allclose(changed[100:-100, 0], wanted[100:-100], atol=0.02)
