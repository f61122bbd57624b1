import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from jack import NOTE_ON, START, Ear, hanging, jack  # noqa: F401 (a fixture)

from paradiddle.pattern import Pattern

pytestmark = pytest.mark.jack


@pytest.fixture
def beat(tmp_path: Path) -> Path:
    hits = np.zeros((16, 9), np.bool_)
    hits[::2, 0] = True
    path = tmp_path / "beat.json"
    path.write_text(Pattern(hits, hits * 0.5, hits * 0.0, qpm=240).to_json())
    return path


def play(*options: object, text: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paradiddle", "play", *map(str, options)]
    return subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=30, check=False
    )


def test_a_pattern_once_to_a_port(jack: str, beat: Path) -> None:  # noqa: F811
    with Ear("once") as ear:
        done = play("-", "--port", "once", "--clock", "out", text=beat.read_text())
        assert done.returncode == 0, done.stderr
        time.sleep(0.1)
        heard = ear.take()
    kinds = [one.kind for one in heard]
    assert kinds.count(NOTE_ON) == 8
    assert kinds[0] == START
    assert not hanging(heard)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_no_note(jack: str, beat: Path, number: int) -> None:  # noqa: F811
    with Ear("end") as ear:
        process = subprocess.Popen(
            [sys.executable, "-m", "paradiddle", "play", beat, "--loop", "--port", "end"],
            stderr=subprocess.PIPE,
        )
        heard, until = ear.take(), time.monotonic() + 15
        while not any(one.kind == NOTE_ON for one in heard) and time.monotonic() < until:
            time.sleep(0.02)
            heard += ear.take()
        os.kill(process.pid, number)
        _, err = process.communicate(timeout=10)
        time.sleep(0.1)
        heard += ear.take()
    assert process.returncode in (128 + number, -number)
    assert b"Traceback" not in err
    assert heard
    assert not hanging(heard)


def test_no_such_port(jack: str, beat: Path) -> None:  # noqa: F811
    with Ear("other"):
        done = play(beat, "--port", "nowhere")
    assert done.returncode == 1
    assert "no output port is called 'nowhere'; there are: " in done.stderr
    assert "other" in done.stderr


def test_no_clock_to_follow(jack: str, beat: Path) -> None:  # noqa: F811
    done = play(beat, "--virtual", "--clock", "in", "--clock-wait", 0.3)
    assert done.returncode == 1
    assert "waiting for a MIDI clock" in done.stderr
    assert "no MIDI clock came in 0.3 s" in done.stderr


def test_a_count_in_needs_our_own_clock(jack: str, beat: Path) -> None:  # noqa: F811
    done = play(beat, "--virtual", "--clock", "link", "--count-in", 1)
    assert (done.returncode, done.stderr) == (
        1,
        "error: --count-in 1 needs a clock of our own, got --clock link; leave one of them out\n",
    )
