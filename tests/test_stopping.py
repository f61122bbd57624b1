import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from endings import ENDING, handlers

from paradiddle.stopping import end_on_signals, signals_wait, stops_on_signals, suspended_in

__all__ = ["handlers"]  # a fixture


@pytest.fixture
def stop_signal() -> Iterator[Callable[[Any], None]]:
    """Choose what Ctrl+Z does; by default it suspends."""
    before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    yield lambda handler: signal.signal(signal.SIGTSTP, handler)
    signal.signal(signal.SIGTSTP, before)


@pytest.mark.parametrize("first", ENDING)
def test_the_first_signal_ends_it_and_others_are_ignored(
    first: signal.Signals, handlers: dict[int, Any]
) -> None:

    def play() -> None:
        with stops_on_signals(), ExitStack() as silencing:
            for number in ENDING:
                silencing.callback(signal.raise_signal, number)
            signal.raise_signal(first)

    with pytest.raises((SystemExit, KeyboardInterrupt)) as left:
        play()
    if first == signal.SIGINT:
        assert left.type is KeyboardInterrupt
    else:
        assert left.value.code == 128 + first  # type: ignore[union-attr]
    for number in ENDING:  # and until the process ends
        assert signal.getsignal(number) == signal.SIG_IGN


def test_a_signal_waits_for_what_is_under_way(handlers: dict[int, Any]) -> None:
    done = []

    def work() -> None:
        with stops_on_signals():
            with signals_wait():
                with signals_wait():
                    signal.raise_signal(signal.SIGINT)
                    done.append(1)
                done.append(2)
                signal.raise_signal(signal.SIGTERM)  # an impatient second one
                done.append(3)
            done.append(4)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [1, 2, 3]


@pytest.mark.parametrize("number", ENDING)
def test_a_program_that_ends_on_signals_ends_once_with_its_status(
    number: signal.Signals, handlers: dict[int, Any]
) -> None:
    end_on_signals(ENDING, 3)
    with pytest.raises(SystemExit) as left:
        signal.raise_signal(number)
    assert left.value.code == 3
    signal.raise_signal(number)  # while it cleans up


def test_what_it_holds_half_open_is_opened_first(handlers: dict[int, Any]) -> None:
    done = []
    end_on_signals([signal.SIGTERM])

    def work() -> None:
        with signals_wait():
            signal.raise_signal(signal.SIGTERM)
            done.append(1)
        done.append(2)

    with pytest.raises(SystemExit):
        work()
    assert done == [1]


def test_in_another_thread_nothing_waits(handlers: dict[int, Any]) -> None:
    inside, over = threading.Event(), threading.Event()

    def work() -> None:
        with signals_wait():
            inside.set()
            over.wait(5)

    def stop() -> None:
        with stops_on_signals():
            thread.start()
            inside.wait(5)
            signal.raise_signal(signal.SIGTERM)

    thread = threading.Thread(target=work)
    with pytest.raises(SystemExit):
        stop()
    over.set()
    thread.join()


def test_without_a_signal_all_is_as_it_was(handlers: dict[int, Any]) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
    with stops_on_signals():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) == handlers[signal.SIGTERM]


def test_it_is_suspended_in_silence_by_the_system(
    stop_signal: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[object] = []

    @contextmanager
    def silence() -> Iterator[None]:
        done.append("silent")
        signal.raise_signal(signal.SIGTSTP)  # by somebody impatient
        yield
        done.append("sounds")

    def kill(process: int, number: int) -> None:
        done.append((process, number, signal.getsignal(number)))

    monkeypatch.setattr("os.kill", kill)
    with suspended_in(silence):
        signal.raise_signal(signal.SIGTSTP)
        signal.raise_signal(signal.SIGTSTP)
    stopped = os.getpid(), signal.SIGTSTP, signal.SIG_DFL
    assert done == ["silent", stopped, "sounds"] * 2
    assert signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL


def test_what_is_silent_sounds_again_before_a_signal_ends_it(
    stop_signal: Callable[[Any], None],
    handlers: dict[int, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    @contextmanager
    def silence() -> Iterator[None]:
        yield
        done.append("sounds")

    def suspend() -> None:
        with stops_on_signals(), suspended_in(silence):
            signal.raise_signal(signal.SIGTSTP)
            done.append("plays")

    monkeypatch.setattr("os.kill", lambda *_: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(SystemExit):
        suspend()
    assert done == ["sounds"]


def test_a_suspension_that_is_ignored_stays_so(stop_signal: Callable[[Any], None]) -> None:
    stop_signal(signal.SIG_IGN)
    with suspended_in(lambda: pytest.fail("suspended")):
        signal.raise_signal(signal.SIGTSTP)


def test_two_signals_at_once_end_it_without_a_word() -> None:
    code = """
import signal
from paradiddle.stopping import stops_on_signals
both = {signal.SIGINT, signal.SIGTERM}
try:
    with stops_on_signals():
        signal.pthread_sigmask(signal.SIG_BLOCK, both)
        for one in both:
            signal.raise_signal(one)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
except KeyboardInterrupt:
    print("ended")
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")
