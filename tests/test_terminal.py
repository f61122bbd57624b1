import io
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from machines import groove_of, tiny_machine
from rich.console import Console
from rigs import NumberedBars, Rig
from timeless import timeless  # noqa: F401 (a fixture)

from paradiddle.bars import Wishes
from paradiddle.controls import CONTROLLERS, KEY_HELP, KEYS, LINK_HELP, Controls
from paradiddle.deck import Deck
from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import ModelError
from paradiddle.live import LiveDrummer
from paradiddle.live_player import LivePlayer
from paradiddle.live_screen import Screen, View, grid_text
from paradiddle.pattern import Pattern
from paradiddle.performance import perform, view_of
from paradiddle.terminal import Keys
from paradiddle.transport import Transport

STYLES = tiny_machine().styles


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal as (the person's end, the program's end)."""
    person, program = pty.openpty()
    yield person, program
    os.close(person)
    os.close(program)


def mode(fd: int) -> Any:
    return termios.tcgetattr(fd)


# --- keys -----------------------------------------------------------------------------------------


def test_keys_come_one_by_one_without_enter(terminal: tuple[int, int]) -> None:
    person, program = terminal
    with Keys(program) as keys:
        assert keys.are_there
        os.write(person, "fé 3".encode())
        assert [keys.read(20) for _ in range(4)] == ["f", "é", " ", "3"]
        begun = time.monotonic()
        assert keys.read(0.05) is None
        assert time.monotonic() - begun > 0.04


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("\x1b[A", ["up"]),
        ("\x1bOB", ["down"]),
        ("\x1b[C\x1b[Dq", ["right", "left", "q"]),
        ("\x1b", ["escape"]),
        ("\x1b[15~", []),
        ("\x1b[15~q", ["q"]),
        ("\x1b[3~f\x1b[1;5An", ["f", "n"]),
        ("\x1bxq", ["q"]),  # Alt with a character
        ("\x1b\x1b[Aq", ["up", "q"]),
        ("ab", ["a", "b"]),
    ],
)
def test_what_terminals_send_for_keys(
    terminal: tuple[int, int], typed: str, keys: list[str]
) -> None:
    person, program = terminal
    with Keys(program) as reader:
        os.write(person, typed.encode())
        assert [reader.read(20 if n < len(keys) else 0) for n in range(len(keys) + 1)] == [
            *keys,
            None,
        ]


def test_a_key_that_comes_in_pieces_is_one_key(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paradiddle.terminal._SLOW_SECONDS", 20)
    person, program = terminal
    with Keys(program) as reader:
        for piece in ("\x1b", "[", "A"):
            assert reader.read(0.02) is None
            os.write(person, piece.encode())
        assert reader.read(20) == "up"
        os.write(person, b"\x1b")
        assert reader.read(0.05) is None  # more may come
        monkeypatch.setattr("paradiddle.terminal._SLOW_SECONDS", 0.05)
        assert reader.read(20) == "escape"


def test_nothing_is_echoed_and_control_z_is_off_meanwhile(terminal: tuple[int, int]) -> None:
    _, program = terminal
    before = mode(program)
    with Keys(program):
        during = mode(program)
        assert not during[3] & (termios.ECHO | termios.ICANON)
        assert during[3] & termios.ISIG  # Ctrl+C still interrupts
        assert during[6][termios.VSUSP] == b"\0"
    assert mode(program) == before


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_terminal_is_as_it_was_whatever_happens(
    terminal: tuple[int, int], error: type[BaseException]
) -> None:
    _, program = terminal
    before = mode(program)
    keys = Keys(program)
    with pytest.raises(error), keys:
        raise error
    assert mode(program) == before
    keys.restore()
    assert mode(program) == before


PROGRAM = """
import os, signal, sys, time
from paradiddle.live_player import stops_on_signals
from paradiddle.terminal import Keys
way = sys.argv[1]
with stops_on_signals():
    keys = Keys(0).__enter__() if way == "exit" else None
    if keys: sys.exit(3)
    with Keys(0) as keys:
        os.write(1, b"ready\\n")
        while keys.read(0.1) != "q": pass
"""


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("q", 0),
        ("exit", 3),
        (signal.SIGTERM, 143),
        (signal.SIGHUP, 129),
        (signal.SIGINT, -2),
        (signal.SIGQUIT, 131),
    ],
)
def test_a_process_gives_its_terminal_back(terminal: tuple[int, int], way: Any, code: int) -> None:
    person, program = terminal
    before = mode(program)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(way)],
        stdin=program,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    if way != "exit":
        assert process.stdout.readline() == b"ready\n"
        assert mode(program) != before
    if way == "q":
        os.write(person, b"q")
    elif way != "exit":
        process.send_signal(way)
    assert process.wait(120) in (code, 130 if way == signal.SIGINT else code)
    process.stdout.close()
    assert mode(program) == before


def test_where_there_is_no_terminal_no_key_comes(tmp_path: Any) -> None:
    with (tmp_path / "keys").open("w+") as file, Keys(file.fileno()) as keys:
        assert not keys.are_there
        assert keys.read(0.01) is None
    with Keys(-1) as keys:
        assert not keys.are_there


def test_a_terminal_that_goes_away_is_no_error() -> None:
    person, program = pty.openpty()
    with Keys(program) as keys:
        os.close(person)
        assert keys.read(0.1) is None
        assert keys.read(0.01) is None
        assert not keys.are_there
        assert keys.gone
    os.close(program)


# --- the screen -----------------------------------------------------------------------------------


def drawn(view: View, width: int = 80) -> str:
    """What a terminal gets."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=width, height=30, color_system=None)
    with Screen(console) as screen:
        screen.show(view)
    return file.getvalue()


def test_the_grid_has_a_playhead_and_numbers_of_its_voices() -> None:
    text = grid_text(View(7, groove_of(1), 1.6, title="funk", remark="a fill comes", keys="q quit"))
    lines = text.plain.splitlines()
    assert lines[0] == "bar 7  funk"
    assert lines[1] == f"  1 {str(groove_of(1)).splitlines()[0]}"
    assert lines[10:] == ["a fill comes", "q quit"]
    reversed_ = [span for span in text.spans if span.style == "reverse"]
    starts = [len("bar 7  funk\n") + n * (4 + len(lines[1]) - 4 + 1) for n in range(9)]
    step = 6  # 1.6 quarters, after one space
    assert [span.start for span in reversed_] == [start + 4 + 15 + step + 1 for start in starts]


def test_what_is_stopped_has_no_playhead_and_what_is_muted_is_struck_out() -> None:
    text = grid_text(View(1, groove_of(1), None, muted={1}))
    styles = [str(span.style) for span in text.spans]
    assert "reverse" not in styles
    assert styles.count("dim strike") == 1


def test_a_terminal_is_drawn_over_and_left_with_its_cursor() -> None:
    told = drawn(View(1, groove_of(1), 0.0, title="funk"))
    assert told.count("kick") >= 1
    assert "\x1b[?25l" in told
    assert told.rstrip().endswith("\x1b[?25h")
    assert "..|" in told
    assert "..|" not in drawn(View(1, Pattern.empty(1), 0.0), 30)  # cut, not wrapped


def test_a_terminal_of_80_columns_shows_all_keys() -> None:
    told = drawn(View(1, groove_of(1), 0.0, keys=KEY_HELP + LINK_HELP), 80)
    for key in " · ".join(KEY_HELP.splitlines()).split(" · "):
        assert key in told
    assert "space stop · q quit · b bar" in told
    assert all(len(line) <= 80 for line in (KEY_HELP + LINK_HELP).splitlines())


def test_elsewhere_there_is_a_line_for_each_bar_and_remark() -> None:
    file = io.StringIO()
    with Screen(Console(file=file)) as screen:
        for view in (
            View(1, groove_of(1), 0.0, title="[b] funk"),
            View(1, groove_of(1), 1.0, title="[b] funk"),
            View(1, groove_of(1), 1.0, title="[b] funk", remark="kick muted"),
            View(2, Pattern.empty(1), 0.0, title="jazz", remark="kick muted"),
        ):
            screen.show(view)
    hits = int(groove_of(1).hits.sum())
    assert file.getvalue().splitlines() == [
        f"bar 1: {hits} hits, [b] funk",
        "kick muted",
        "bar 2: 0 hits, jazz",
    ]


# --- what keys and controllers do -----------------------------------------------------------------


class Desk:
    """Notes what it is asked."""

    def __init__(self, follows: bool = False) -> None:
        self.follows, self.running = follows, True
        self.tempi: list[float] = []
        self.muted: list[tuple[int, bool]] = []
        self.shared, self.bars = True, 0

    def toggle(self) -> str:
        self.running = not self.running
        return "on" if self.running else "off"

    def set_qpm(self, qpm: float) -> None:
        self.tempi.append(qpm)

    def mute(self, voice: int, on: bool) -> None:
        self.muted.append((voice, on))

    def begin_bar(self) -> bool:
        self.bars += self.shared
        return self.shared


def controls(styles: Any = STYLES, **desk: Any) -> tuple[Controls, LiveDrummer, Desk]:
    drummer = LiveDrummer(NumberedBars(), Rig(100).transport, Wishes())
    drummer.prepare()
    desk_ = Desk(**desk)
    return Controls(drummer, desk_, styles), drummer, desk_


def pressed(keys: str | list[str], **desk: Any) -> tuple[Controls, LiveDrummer, Desk]:
    made = controls(**desk)
    for key in keys:
        made[0].key(key)
    return made


def test_keys_for_style_go_round() -> None:
    first, last = STYLES[0], STYLES[-1]
    for keys, style in (("s", first), ("S", last), ("sss", last), ("ssss", first), ("sS", last)):
        assert pressed(keys)[1].wishes.style == style


def test_keys_for_temperature_and_density() -> None:
    assert pressed("T")[1].wishes.temperature == 1.1
    assert pressed("tT")[1].wishes.temperature == pytest.approx(1, abs=0.01)
    assert pressed("t" * 99)[1].wishes.temperature == 0.1
    assert pressed("T" * 99)[1].wishes.temperature == 10
    assert pressed("DD")[1].wishes.density == pytest.approx(1.4)
    assert pressed("d" * 99)[1].wishes.density == 0.1
    assert pressed("D")[0].remark == "density 1.3 from the next bar on"


def test_keys_for_tempo() -> None:
    keys = ["+", "=", "up", "-", "down", "left", "right"]
    assert pressed(keys)[2].tempi == [101, 101, 101, 99, 99, 95, 105]
    following = pressed("+", follows=True)
    assert following[2].tempi == []
    assert following[0].remark == "the clock it follows sets the tempo"


def test_keys_for_fill_new_mute_stop_and_quit() -> None:
    made, drummer, desk = pressed("f991 ")
    drummer.turn()
    assert [fill for _, _, fill in drummer.source.made[3:]].count(True) == 1
    assert desk.muted == [(8, True), (8, False), (0, True)]
    assert made.muted == {0}
    assert (desk.running, made.remark, made.quits) == (False, "off", False)
    made.key("~")
    made.key(" ")
    assert desk.running
    assert pressed("q")[0].quits
    assert not pressed(["escape"])[0].quits  # a slow line may send one in place of an arrow
    drummer = pressed("n")[1]
    drummer.turn()
    assert isinstance(drummer.source, NumberedBars)
    assert drummer.source.varied == 1


def test_a_model_without_styles_says_so() -> None:
    made, drummer, _ = controls(styles=())
    for key, word in (("s", "styles"), ("d", "densities"), ("f", "fills")):
        made.key(key)
        assert made.remark.startswith("this model")
        assert word in made.remark
    made.controller(20, 99)
    assert drummer.wishes == Wishes()
    drummer.turn()
    assert not any(fill for _, _, fill in drummer.source.made)


def test_controllers() -> None:
    made, drummer, desk = controls()
    made.controller(20, 127)
    made.controller(21, 64)
    made.controller(22, 127)
    made.controller(23, 40)
    assert drummer.wishes == Wishes(STYLES[-1], 1.0, 4.0)
    assert desk.tempi == [100]
    made.controller(20, 0)
    made.controller(21, 0)
    made.controller(22, 0)
    assert drummer.wishes == Wishes(STYLES[0], 0.33, None)
    made.controller(103, 127)
    made.controller(103, 0)
    made.controller(7, 127)
    assert desk.muted == [(1, True), (1, False)]


def test_a_button_counts_once_until_it_is_let_go() -> None:
    made, _, desk = controls()
    for value in (0, 100, 127, 127, 0, 127):
        made.controller(26, value)
    assert desk.running


def test_the_tables_name_all_there_is() -> None:
    mutes = {f"mute {name}" for name in VOICE_NAMES}
    others = {"style", "temperature", "density", "qpm", "fill", "vary", "stop", "bar"}
    assert set(CONTROLLERS.values()) == mutes | others
    assert {action for action, _ in KEYS.values()} == mutes | others | {"quit"}
    assert all(0 <= number < 120 for number in CONTROLLERS)
    made, drummer, _ = controls()
    for key in KEYS:
        made.key(key)
    for number in CONTROLLERS:
        for value in range(0, 128, 9):
            made.controller(number, value)
    drummer.turn()
    assert np.isfinite(drummer.wishes.temperature)


def test_a_bar_begins_now_where_bars_are_shared() -> None:
    made, _, desk = controls()
    made.key("b")
    assert made.remark == "the bar begins now, for all"
    for value in (127, 127, 0, 127):  # a button pressed, held, let go and pressed again
        made.controller(27, value)
    assert desk.bars == 3
    desk.shared = False
    made.key("b")
    assert (made.remark, desk.bars) == ("only Ableton Link's bars move", 3)


# --- the stage -----------------------------------------------------------------------


@pytest.fixture
def deck() -> Iterator[Deck]:
    transport = Transport(time.perf_counter, 300)
    drummer = LiveDrummer(NumberedBars(), transport, Wishes())
    drummer.prepare()
    with LivePlayer(transport, [], drummer.hear) as player, drummer.work(player.lock):
        yield Deck(player, drummer)


def test_a_deck_alone_has_no_bars_to_move(deck: Deck) -> None:
    assert not deck.begin_bar()


class Hands:
    """Quits by any key."""

    quits = False

    def turn(self) -> None:
        pass

    def key(self, key: str) -> None:
        self.quits = True


def test_a_performance_ends_by_a_key_or_after_its_bars(
    deck: Deck, terminal: tuple[int, int]
) -> None:
    person, program = terminal
    shown: list[View] = []

    def view() -> View:
        shown.append(view_of(deck, None, "funk", "", ""))
        return shown[-1]

    screen = Screen(Console(file=io.StringIO()))
    deck.player.transport.set_bars(1)
    deck.start()
    with Keys(program) as keys, screen:
        perform(deck, keys, screen, Hands(), view)
        assert (deck.running, deck.position) == (False, 4)
        deck.resume()
        os.write(person, b"x")
        perform(deck, keys, screen, Hands(), view)
    assert shown[0].title == "300 bpm · funk"
    bars = [one.bar for one in shown]
    assert bars == sorted(bars)
    assert 1 <= bars[-1] <= 2


def test_what_goes_wrong_while_it_plays_ends_a_performance(deck: Deck) -> None:
    deck.band._error = ModelError("stuck")
    screen = Screen(Console(file=io.StringIO()))
    with Keys(-1) as keys, pytest.raises(ModelError, match="stuck"):
        perform(deck, keys, screen, Hands(), View)
