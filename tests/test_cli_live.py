import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mido
import numpy as np
import pytest
from attempts import attempts
from conftest import DrumFile
from fake_port import FakePort, all_off, notes
from jack import BACKEND, awaited, jack  # noqa: F401 (a fixture)
from machines import QPM, groove_of, write_machine
from models import write_drummer
from typer.testing import CliRunner, Result

from paradiddle.cli import app
from paradiddle.errors import ParadiddleError, PortError
from paradiddle.live import LiveDrummer
from paradiddle.output import Output
from paradiddle.pattern import Pattern
from paradiddle.ports import Input, Ports


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, FakePort]]:
    """Small models, and ports that are made when they are opened."""
    made: dict[str, FakePort] = {}

    def port(name: str | None, virtual: str | None) -> FakePort:
        chosen = virtual or name or "?"
        return made.setdefault(chosen, FakePort(chosen))

    def output(name: str | None = None, *, virtual: str | None = None) -> Output:
        return Output(lambda: port(name, virtual), virtual or name or "?")

    def listened(name: str | None = None, *, virtual: str | None = None) -> Input:
        return Input(lambda: port(name, virtual), virtual or name or "?")

    monkeypatch.setattr("paradiddle.ports.open_output", output)
    monkeypatch.setattr("paradiddle.ports.open_input", listened)
    monkeypatch.setattr("paradiddle.ports.check_input", lambda name: None)
    machine, drummer = write_machine(tmp_path / "machine"), write_drummer(tmp_path / "drummer")
    monkeypatch.setattr("paradiddle.machine.DEFAULT_MACHINE", machine)
    monkeypatch.setattr("paradiddle.drummer.DEFAULT_MODEL", drummer)
    monkeypatch.chdir(tmp_path)
    yield made
    assert all(port.closed for port in made.values())


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run(*arguments: object) -> Result:
    result = invoke(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def on_time(studio: dict[str, FakePort], trial: Callable[[], None]) -> None:
    """Try what is only seen when nothing is held up for a bar or more, each time with new ports."""

    def fresh() -> None:
        studio.clear()
        trial()

    attempts(fresh)


@contextmanager
def beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Let something work in another thread, until it is told to stop."""
    stopped = threading.Event()
    thread = threading.Thread(target=work, args=(stopped,))
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def refused(*arguments: object) -> str:
    error = invoke(*arguments).exception
    assert isinstance(error, ParadiddleError), repr(error)
    assert "\n" not in str(error)
    return str(error)


FAST = ("--bpm", 400)


# --- live -----------------------------------------------------------------------------------------


def test_live_plays_to_a_port_of_its_own_and_says_what(studio: dict[str, FakePort]) -> None:
    def trial() -> None:
        told = run("live", *FAST, "--style", "funk", "--seed", 1, "--stop-after", 3)
        assert "playing to MIDI port paradiddle" in told.stderr
        assert "late" not in told.stderr
        bars = re.findall(r"bar (\d+): \d+ hits, 400 bpm · funk · temperature 1", told.stdout)
        assert bars[:3] == ["1", "2", "3"]
        port = studio["paradiddle"]
        assert len(notes(port)) > 3
        assert all_off(port)

    on_time(studio, trial)


@pytest.mark.parametrize(("late", "said"), [(1, "1 bar was not"), (2, "2 bars were not")])
def test_live_says_how_many_bars_were_late(
    studio: dict[str, FakePort], monkeypatch: pytest.MonkeyPatch, late: int, said: str
) -> None:
    close = LiveDrummer.close

    def closed(self: LiveDrummer) -> None:
        close(self)
        self.late = late

    monkeypatch.setattr(LiveDrummer, "close", closed)
    told = run("live", *FAST, "--stop-after", 1)
    assert f"{said} ready in time and repeated the one before" in told.stderr


def test_live_with_everything(studio: dict[str, FakePort]) -> None:
    Path("start.json").write_text(groove_of(3, seed=1, qpm=390).to_json())

    def trial() -> None:
        told = run(
            *("live", "start.json", "--style", "funk:0.7,jazz:0.3", "--temperature", 0.5),
            *("--density", 2, "--swing", 0.6, "--port", "synth", "--midi-channel", 3, "--seed", 2),
            *("--kit-map", "roland-td", "--clock", "out", "--count-in", 1, "--stop-after", 2),
            *("--control", "knobs"),
        )
        assert "390 bpm · funk:0.7,jazz:0.3 · temperature 0.5 · density 2" in told.stdout
        assert "listening to MIDI port knobs" in told.stderr
        kinds = {one.type for one in studio["synth"].sent}
        assert {"note_on", "clock", "start", "stop"} <= kinds
        assert {one.channel for one in studio["synth"].sent if one.type == "note_on"} == {2}

    on_time(studio, trial)


def test_live_with_the_lstm_drummer(studio: dict[str, FakePort]) -> None:
    def trial() -> None:
        told = run("live", *FAST, "--model", "drummer", "--virtual", "--seed", 1, "--stop-after", 2)
        assert "400 bpm · temperature 1" in told.stdout
        assert notes(studio["paradiddle"])

    on_time(studio, trial)


def test_live_with_models_of_ones_own(studio: dict[str, FakePort], tmp_path: Path) -> None:
    own_styles = {"polka": 380.0, "ska": 300.0, "waltz": 180.0}
    own = write_machine(tmp_path / "mine", styles=list(own_styles), qpm=own_styles)

    def trial() -> None:
        options = "--style", "polka", "--stop-after", 1, "--virtual", "band"
        told = run("live", "--model", own, *options)
        assert "380 bpm · polka" in told.stdout
        assert notes(studio["band"])

    on_time(studio, trial)
    run("live", *FAST, "--model", write_drummer(tmp_path / "small"), "--stop-after", 1)


def test_live_takes_the_tempo_that_is_usual(studio: dict[str, FakePort]) -> None:
    def trial() -> None:
        told = run("live", "--style", "jazz", "--stop-after", 1)
        assert f"{QPM['jazz']:g} bpm" in told.stdout

    on_time(studio, trial)


def test_controllers_are_followed(studio: dict[str, FakePort]) -> None:
    def turn_knobs(stopped: threading.Event) -> None:
        while "knobs" not in studio or studio["knobs"].callback is None:
            if stopped.wait(0.01):
                return
        for number, value in ((20, 127), (21, 0), (24, 127)):
            message = mido.Message("control_change", control=number, value=value)
            studio["knobs"].callback(message)

    def trial() -> None:
        with beside(turn_knobs):
            told = run("live", *FAST, "--style", "funk", "--control", "knobs", "--stop-after", 4)
        assert "rock · temperature 0.33" in told.stdout
        assert "a fill comes" in told.stdout

    on_time(studio, trial)


def test_bad_requests_to_live(studio: dict[str, FakePort], drum_file: DrumFile) -> None:
    waltz = drum_file(Path("waltz.mid"), [(0, 36, 90), (480, 38, 90)], metre=(3, 4))
    Path("rests.json").write_text(Pattern.empty(1).to_json())
    Path("triplets.json").write_text(Pattern.empty(1, steps_per_quarter=3).to_json())
    assert refused("live", waltz) == (
        "waltz.mid: the pattern has 3 quarters a bar, the models play 4/4; choose music in 4/4"
    )
    assert refused("live", "triplets.json") == (
        "triplets.json: the pattern has 3 steps a quarter, the models play 4; choose a pattern on"
        " 16ths, or a MIDI file, which is put on them"
    )
    Path("fast.json").write_text(groove_of(1, qpm=500).to_json())
    assert refused("live", "fast.json") == (
        "qpm must be in [20, 400] to play live, got 500; add --bpm 120"
    )
    assert "no hits to play on after" in refused("live", "rests.json")
    assert "did you mean jazz" in refused("live", "--style", "jaz")
    assert "temperature must be" in refused("live", "--temperature", 0)
    assert "density must be" in refused("live", "--density", 99)
    for bpm in (0, 1, -120, 401, 20_000_000, "nan", "inf"):
        for command in ("live", "jam"):
            assert "--bpm must be in [20, 400] to play live" in refused(command, "--bpm", bpm)
    assert "swing must be" in refused("live", "--swing", 0.9)
    assert "to the LSTM drummer" in refused("live", "--model", "drummer", "--style", "funk")
    assert "FILE rests.json means nothing" in refused("live", "rests.json", "--model", "drummer")
    assert "--midi-channel must be" in refused("live", "--midi-channel", 17)
    assert "--clock must be out, in or link" in refused("live", "--clock", "up")
    assert "are for --clock in" in refused("live", "--clock-wait", 3)
    for seconds in ("nan", -1):
        wrong = refused("live", "--clock", "in", "--clock-wait", seconds)
        assert f"--clock-wait must be at least 0, got {seconds}" in wrong
    assert "--stop-after must be at least 1, got -3" in refused("live", "--stop-after", -3)
    assert "--count-in must be a whole number in [0, 16]" in refused("live", "--count-in", -1)
    assert "--count-in 1 needs a clock" in refused("live", "--count-in", 1, "--clock", "in")
    assert "--soundfont kit.sf2 is for --audio" in refused("live", "--soundfont", "kit.sf2")
    assert not studio  # before anything is opened
    Path("map.json").write_text(json.dumps({"kick": 200}))
    assert "whole number from 0 to 127, got 200" in refused("live", "--kit-map", "map.json")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--temperature", 0), "temperature must be in [0.1, 10], got 0"),
        (("--density", 99), "density must be in [0, 9], got 99"),
        (("--seed", -1), "seed must be in [0, 2**63), got -1"),
        (("--bpm", 10), "--bpm must be in"),
        (("--stop-after", 0), "--stop-after must be at least 1"),
    ],
)
def test_numbers_are_refused_before_a_model_is_loaded(
    studio: dict[str, FakePort],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[object, ...],
    said: str,
) -> None:
    monkeypatch.setattr("paradiddle.machine.Machine.load", _interrupted)
    for command in ("live", "jam"):
        assert said in refused(command, *options)
    assert "swing must be" in refused("live", "--swing", 0.9)


def test_no_such_port_lists_those_there_are(
    studio: dict[str, FakePort], monkeypatch: pytest.MonkeyPatch
) -> None:
    from paradiddle import ports

    monkeypatch.undo()
    monkeypatch.setattr(ports, "_driver", lambda backend: None)
    found = Ports(("Pads",), ("Synth",))
    monkeypatch.setattr(ports, "list_ports", lambda *, backend=None: found)
    assert refused("live", "--port", "organ") == (
        "no output port is called 'organ'; there are: Synth"
    )
    for options in (
        ("live", "--control", "organ"),
        ("jam", "--in", "organ"),
        ("live", "--clock", "in", "--clock-port", "organ"),
    ):  # before a port of our own is one of them
        assert refused(*options) == "no input port is called 'organ'; there are: Pads"


def test_a_clock_that_never_comes_is_waited_for_no_longer_than_asked(
    studio: dict[str, FakePort],
) -> None:
    result = invoke("live", "--clock", "in", "--clock-wait", 0.2, "--port", "synth")
    assert "waiting for a MIDI clock" in result.stderr
    assert "no MIDI clock came in 0.2 s" in str(result.exception)
    assert notes(studio["synth"]) == []


def test_who_waits_for_a_clock_learns_that_the_band_has_failed(
    studio: dict[str, FakePort], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> float:
        raise PortError("no more paper")

    monkeypatch.setattr("paradiddle.live.LiveDrummer.turn", broken)
    said = refused("live", "--clock", "in", "--clock-wait", 20, "--port", "synth")
    assert said == "no more paper"


def test_strokes_go_by_what_is_heard(
    studio: dict[str, FakePort], monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[float] = []

    def perform(_: Any, __: Any, band: Any, hands: Any, *___: Any) -> None:
        player = SimpleNamespace(lock=band.lock, latency=0.005)
        with ExitStack() as stack:
            hands(SimpleNamespace(player=player), stack)
            late.append(band.listener.latency)

    monkeypatch.setattr("paradiddle.cli.jam.perform", perform)
    run("jam", "--clock", "in", "--clock-latency", 20, "--latency", 10)
    run("jam", "--latency", 10)
    assert late == pytest.approx([0.03, 0.015])


def test_no_signal_cuts_short_a_first_look_at_ports(
    studio: dict[str, FakePort], monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers: list[Any] = []

    def look(*_: Any) -> float:
        handlers.append(signal.getsignal(signal.SIGTERM))
        return 0.0

    monkeypatch.setattr("paradiddle.ports.check_input", look)

    def listed() -> Ports:
        look()
        return Ports((), ())

    monkeypatch.setattr("paradiddle.ports.list_ports", listed)
    monkeypatch.setattr("paradiddle.cli.jam.latency_of", look)
    run("live", *FAST, "--control", "knobs", "--stop-after", 1)
    run("jam", *FAST, "--in", "pads", "--stop-after", 1)
    run("ports")
    assert len(handlers) == 4
    assert not {signal.SIG_DFL, signal.SIG_IGN} & set(handlers)


def test_music_stops_before_its_clock_is_let_go(
    studio: dict[str, FakePort], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    @contextmanager
    def led(_: Any, player: Any, *__: Any, **___: Any) -> Iterator[None]:
        try:
            yield None
        finally:
            seen.append(player.transport.running)

    monkeypatch.setattr("paradiddle.cli.play.following", led)
    monkeypatch.setattr("paradiddle.live_player.LivePlayer.rest", _interrupted)
    Path("beat.json").write_text(Pattern.empty(4).to_json())
    assert invoke("play", "beat.json", "--port", "synth", "--loop").exit_code != 0
    assert seen == [False]


def _interrupted(*_: Any) -> None:
    raise PortError("stop")


def test_only_some_bars(studio: dict[str, FakePort]) -> None:
    hits = np.zeros((48, 9), np.bool_)
    for bar in range(3):
        hits[16 * bar : 16 * bar + 16 : 4, bar] = True
    Path("bars.json").write_text(Pattern(hits, hits * 0.5, hits * 0.0).to_json())
    run("play", "bars.json", "--port", "synth", *FAST, "--from", 2, "--to", 2)
    assert notes(studio["synth"]) == [38] * 4
    run("play", "bars.json", "--port", "two", *FAST, "--from", 2)
    assert notes(studio["two"]) == [38] * 4 + [42] * 4
    run("play", "bars.json", "--port", "led", *FAST, "--from", 2, "--clock", "out")
    led = [str(one) for one in studio["led"].sent if one.type in ("start", "songpos", "continue")]
    assert led == ["songpos pos=16 time=0", "continue time=0"]
    assert "bars.json: --to must be" in refused("play", "bars.json", "--port", "x", "--to", 4)
    for wrong in (("--from", 3, "--to", 2), ("--from", 0), ("--from", 4)):
        assert "--from must be" in refused("play", "bars.json", "--port", "x", *wrong)


def test_a_standard_error_that_is_gone_ends_nothing() -> None:
    code = (
        "import os; r, w = os.pipe(); os.dup2(w, 2); os.close(r); os.close(w)\n"
        "from paradiddle.cli.options import note; note('gone'); print('goes on')"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False)
    assert done.stdout == b"goes on\n"


def test_a_clock_starts_it_and_stops_it(studio: dict[str, FakePort]) -> None:
    def trial() -> None:
        with beside(clock_of(studio)):
            told = run(
                *("live", "--style", "funk", "--clock", "in", "--clock-port", "sync"),
                *("--clock-wait", 60, "--port", "synth", "--stop-after", 3),
            )
        assert "bar 3: " in told.stdout
        # on a machine that is busy the sender is, too, and no bar need have just 400
        tempi = [int(one) for one in re.findall(r"hits, (\d+) bpm", told.stdout)]
        assert any(abs(tempo - 400) < 60 for tempo in tempi)
        assert "not ready in time" not in told.stderr
        assert all_off(studio["synth"])

    on_time(studio, trial)


def clock_of(studio: dict[str, FakePort]) -> Callable[[threading.Event], None]:
    """Give what sends a clock of 400 quarters a minute, and starts it after half a quarter."""

    def send(stopped: threading.Event) -> None:
        while "sync" not in studio or studio["sync"].callback is None:
            if stopped.wait(0.01):
                return
        begun, pulse = time.perf_counter(), 0
        while not stopped.is_set():
            for kind in ("start", "clock") if pulse == 12 else ("clock",):
                if hear := studio["sync"].callback:
                    hear(mido.Message(kind))
            pulse += 1
            time.sleep(max(0.0, begun + pulse / 24 * 60 / 400 - time.perf_counter()))

    return send


# --- jam ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["", "--complement", "--accompany"])
def test_jam_answers(studio: dict[str, FakePort], way: str) -> None:
    def play(stopped: threading.Event) -> None:
        while not stopped.wait(0.03):
            if "pads" in studio and (hear := studio["pads"].callback):
                hear(mido.Message("note_on", note=38, velocity=60))

    def trial() -> None:
        with beside(play):
            told = run(
                *("jam", "--in", "pads", *FAST, "--bars", 1, *filter(None, [way]), "--seed", 1),
                *("--style", "funk", "--port", "synth", "--stop-after", 3, "--no-click"),
            )
        assert "listening to MIDI port pads" in told.stderr
        assert "listening" in told.stdout
        assert "answering" in told.stdout
        assert len(notes(studio["synth"])) > 8  # more than the count-in
        assert all_off(studio["synth"])

    on_time(studio, trial)


def test_jam_listens_to_a_port_of_its_own_and_clicks(studio: dict[str, FakePort]) -> None:
    def trial() -> None:
        run("jam", *FAST, "--stop-after", 1, "--count-in", 0)
        assert "paradiddle in" in studio
        assert set(notes(studio["paradiddle"])) == {37}

    on_time(studio, trial)


def test_bad_requests_to_jam(studio: dict[str, FakePort]) -> None:
    assert "exclude each other" in refused("jam", "--complement", "--accompany")
    assert "bars must be" in refused("jam", "--bars", 99)
    for latency in ("nan", -4, 1001):
        assert "--latency must be in [0, 1000] ms" in refused("jam", "--latency", latency)
    assert "--count-in 1 needs a clock" in refused("jam", "--count-in", 1, "--clock", "in")
    assert "unknown kit map" in refused("jam", "--in-map", "gong")
    assert "did you mean rock" in refused("jam", "--style", "rok")
    Path("map.json").write_text(json.dumps({"kick": 128}))
    assert "got 128" in refused("jam", "--in-map", "map.json")
