import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from attempts import attempted
from jack import (
    BACKEND,
    CONTROL,
    NOTE_ON,
    START,
    Ear,
    Heard,
    ear_until,
    ends_with,
    hanging,
    jack,  # noqa: F401 (a fixture)
    jack_server,
    missing,
)
from plugged import until

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
        command, input=text, capture_output=True, text=True, timeout=120, check=False
    )


@attempted
def test_a_pattern_once_to_a_port(jack: str, beat: Path) -> None:  # noqa: F811
    with Ear("once") as ear:
        done = play("-", "--port", "once", "--clock", "out", text=beat.read_text())
        assert done.returncode == 0, done.stderr
        heard = ear_until(ear, ends_with(CONTROL))
    kinds = [one.kind for one in heard]
    assert kinds.count(NOTE_ON) == 8
    assert kinds[0] == START
    assert not hanging(heard)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
@attempted
def test_a_signal_leaves_no_note(jack: str, beat: Path, number: int) -> None:  # noqa: F811
    told = beat.with_name("told")
    with Ear("end") as ear, started(told, "play", beat, "--loop", "--port", "end") as process:
        heard = ear_until(ear, strikes)
        process.send_signal(number)
        time.sleep(0.003)
        process.send_signal(signal.SIGTERM)  # an impatient second one
        assert process.wait(60) == 128 + number, told.read_text()
        heard = ear_until(ear, ends_with(CONTROL), heard)
    assert "Traceback" not in told.read_text()
    assert not hanging(heard)


def strikes(heard: list[Heard]) -> bool:
    """Whether a note was struck."""
    return any(one.strikes for one in heard)


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


@attempted
def test_a_clock_that_is_unplugged_is_followed_again(jack: str, beat: Path) -> None:  # noqa: F811
    backend = mido.Backend(BACKEND)

    def plugged() -> Any:
        return backend.open_output("daw", virtual=True, client_name="daw")

    def led(port: Any, ear: Ear) -> None:
        """Start the clock, and let it run until there is a hit."""
        ear.take()
        port.send(mido.Message("start"))
        end = time.monotonic() + 60
        while not strikes(ear.take()):
            assert time.monotonic() < end
            port.send(mido.Message("clock"))
            time.sleep(1 / 48)

    daw, told = plugged(), beat.with_name("told")
    options = "--loop", "--port", "follow", "--clock", "in", "--clock-port", "daw"
    with Ear("follow") as ear, started(told, "play", beat, *options) as process:
        told_of(told, "waiting for a MIDI clock")
        assert "playing to" in told.read_text().splitlines()[0]
        led(daw, ear)
        daw.close()
        told_of(told, "daw is gone; it is picked up again")
        assert "clock is here" in told.read_text()
        daw = plugged()
        told_of(told, "daw is back")
        led(daw, ear)
        process.terminate()
        assert process.wait(60) == 143
        daw.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--bpm", "0"], "--bpm must be in [20, 400] to play live, got 0; try 120"),
        (["--bpm", "2e7"], "--bpm must be in [20, 400] to play live, got 2e+07; try 120"),
        (["--count-in", "-1"], "--count-in must be a whole number in [0, 16], got -1"),
        (["--soundfont", "kit.sf2"], "--soundfont kit.sf2 is for --audio; add it"),
    ],
)
def test_options_are_refused_before_anything_is_opened(
    beat: Path, options: list[str], said: str
) -> None:
    done = play(beat, "--virtual", *options)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert said in line


def test_a_file_too_fast_to_play_live(tmp_path: Path) -> None:
    path = tmp_path / "fast.json"
    path.write_text(Pattern.empty(1, qpm=2000).to_json())
    done = play(path, "--virtual")
    assert (
        "fast.json: qpm must be in [20, 400] to play live, got 2000; add --bpm 120" in done.stderr
    )


def test_a_file_that_is_missing_is_no_name_of_a_port(tmp_path: Path) -> None:
    done = play("--virtual", tmp_path / "missing.json")
    assert done.returncode == 1
    assert "missing.json" in done.stderr
    assert "playing to" not in done.stderr


@pytest.mark.parametrize("command", ["play", "jam", "serve"])
def test_without_a_server_there_is_one_line(beat: Path, command: str) -> None:
    options = {"play": [beat, "--virtual"], "jam": [], "serve": ["--midi-port", "--port", "0"]}
    environment = os.environ | {"JACK_DEFAULT_SERVER": "nobody", "JACK_NO_START_SERVER": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "paradiddle", command, *options[command]],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment | {"MIDO_BACKEND": BACKEND},
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "start a JACK server" in line


@pytest.mark.parametrize("how", [(), ("--audio",)])
def test_the_sound_card_is_played_at_its_own_rate(
    jack: str,  # noqa: F811
    beat: Path,
    how: tuple[str, ...],
) -> None:
    if find_library("portaudio") is None:
        pytest.skip("no PortAudio; install it (Debian: libportaudio2)")
    # JACK's dummy driver is a card of 48,000 samples a second, and no other
    done = play(beat, *how)
    if "Error querying device" in done.stderr:
        pytest.skip("this PortAudio knows no JACK")
    assert (done.returncode, done.stderr) == (0, "")


@contextmanager
def started(told: Path, *options: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command, which tells a file how it is doing."""
    command = [sys.executable, "-m", "paradiddle", *map(str, options)]
    with told.open("wb") as file:
        process = subprocess.Popen(command, stderr=file, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def told_of(told: Path, text: str) -> None:
    """Wait until a command has told something."""
    until(lambda: text in told.read_text(), text)


def listed() -> str:
    """The ports that there are."""
    return subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False).stdout


@attempted
def test_a_server_that_dies_and_returns_is_played_to_again(beat: Path) -> None:
    if why := missing():
        pytest.skip(f"no JACK bus: {why}")
    with ExitStack() as running:
        _die_and_return(running, beat)


def _die_and_return(running: ExitStack, beat: Path) -> None:
    dais, again = beat.with_name("dais"), beat.with_name("again")
    with jack_server() as name:
        with Ear("dais") as ear:
            options = "play", beat, "--loop"
            named = running.enter_context(started(dais, *options, "--port", "dais"))
            own = running.enter_context(started(again, *options, "--virtual", "again"))
            ear_until(ear, strikes)
            until(lambda: ":again" in listed(), "the second")
        told_of(dais, "is gone")
    told_of(again, "is gone")
    time.sleep(1)  # in which both let go of all else of the server that is gone
    assert named.poll() is own.poll() is None
    with jack_server(name), Ear("dais") as ear:
        ear_until(ear, strikes)
        until(lambda: ":again" in listed(), "the second once more")
        ear.take()
        for process, port in ((named, "dais"), (own, "again")):
            process.terminate()
            status, said = process.wait(60), beat.with_name(port).read_text()
            assert status == 143, said
            [playing, *news] = said.splitlines()
            assert port in playing
            # more than once where the rig had to start a server only to free its slot
            assert len(news) in (2, 4), said
            for line, end in zip(
                news, ["picked up again when it is back", "is back"] * 2, strict=False
            ):
                assert line.startswith(f"MIDI output port {port}"), said
                assert line.endswith(end), said
        assert not hanging(ear_until(ear, ends_with(CONTROL)))
