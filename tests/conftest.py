"""Fixtures that tests of several modules share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
import pytest
from hypothesis import settings

settings.register_profile("paradiddle", deadline=None)  # how long an example takes proves nothing
settings.load_profile("paradiddle")

DrumFile = Callable[..., Path]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep each file's tests in one worker, and all files whose tests play on a bus in the same.

    JACK servers of one machine share their registry: while one of them starts or takes a client,
    a client of another is refused now and then.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Files(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            return "jack" if path in on_a_bus else path

    tests = Path(__file__).parent
    on_a_bus = {
        str(path.relative_to(config.rootpath))
        for path in tests.glob("test_*.py")
        if "from jack import" in path.read_text(encoding="utf-8")
    }
    return Files(config, log)


@pytest.fixture(scope="session")
def groove() -> Path:
    """The Groove MIDI Dataset, as a folder or a zip archive."""
    path = os.environ.get("PARADIDDLE_GROOVE")
    if not path:
        pytest.skip("PARADIDDLE_GROOVE names no copy of the Groove MIDI Dataset")
    return Path(path)


@pytest.fixture(scope="session")
def drum_file() -> DrumFile:
    """Give a function that writes a small MIDI file: its hits are (tick, pitch, velocity)."""

    def write(
        path: Path,
        hits: list[tuple[int, int, int]],
        *,
        qpm: float = 120,
        metre: tuple[int, int] = (4, 4),
        ticks_per_quarter: int = 480,
        channel: int = 10,
        midi_format: int = 0,
    ) -> Path:
        preamble = [
            mido.MetaMessage("set_tempo", tempo=round(60e6 / qpm)),
            mido.MetaMessage("time_signature", numerator=metre[0], denominator=metre[1]),
        ]
        notes = mido.MidiTrack()
        now = 0
        for tick, pitch, velocity in hits:
            notes.append(
                mido.Message(
                    "note_on", channel=channel - 1, note=pitch, velocity=velocity, time=tick - now
                )
            )
            now = tick
        tracks = [preamble + notes] if midi_format == 0 else [preamble, notes]
        path.parent.mkdir(parents=True, exist_ok=True)
        file = mido.MidiFile(type=midi_format, ticks_per_beat=ticks_per_quarter)
        file.tracks.extend(mido.MidiTrack(track) for track in tracks)
        file.save(path)
        return path

    return write


@pytest.fixture
def midi_folder(tmp_path: Path, drum_file: DrumFile) -> Path:
    """Three drum files that differ in all a file can differ in, 8 + 3 + 4 hits."""
    folder = tmp_path / "midi"
    straight = [(240 * eighth, (36, 42, 38, 42)[eighth % 4], 100) for eighth in range(8)]
    drum_file(folder / "rock.mid", straight, qpm=120)
    drum_file(
        folder / "waltz.mid",
        [(0, 36, 90), (96, 38, 60), (192, 38, 60)],
        qpm=90,
        metre=(3, 4),
        ticks_per_quarter=96,
        midi_format=1,
    )
    loose = [(3, 36, 127), (238, 51, 40), (477, 40, 80), (481, 40, 30)]
    drum_file(folder / "more" / "loose.MID", loose, qpm=96.5, channel=1)
    return folder
