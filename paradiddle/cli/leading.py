"""Who leads live music: a clock that comes in, or Ableton Link; and ports that are listened to."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from paradiddle.cli.options import note
from paradiddle.cli.outputs import Playing
from paradiddle.held_port import VIRTUAL_NAME

if TYPE_CHECKING:
    from paradiddle.clock_in import Playable
    from paradiddle.input import Input
    from paradiddle.link_clock import LinkClock

__all__ = ["clock_latency", "following", "listening"]

_CHECK_SECONDS = 0.1  # between two looks at an input


@contextmanager
def listening(name: str | None, virtual: str, heard: Callable[[Any], None]) -> "Iterator[Input]":
    """Take messages from a port, one of our own without a name, and again when it was gone."""
    from paradiddle.ports import open_input

    with open_input(name, virtual=virtual if name is None else None) as port:
        port.tell = note
        port.listen(heard)
        try:
            with _checking(port.check):
                yield port
        finally:
            port.listen(None)


@contextmanager
def following(
    playing: Playing,
    player: "Playable",
    qpm: float,
    quarters_per_bar: float = 4.0,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> "Iterator[LinkClock | None]":
    """Let a clock lead a player, if one is to; give the Link session where it is that.

    Parameters
    ----------
    playing : Playing
    player : Playable
    qpm, quarters_per_bar : float
        Of the music.
    sleep : callable
        How to wait for a clock.

    Raises
    ------
    PortError
        If no clock comes in the time it may take.
    """
    with ExitStack() as stack:
        if playing.clock == "in":
            _follow(playing, player, stack, sleep)
        joined = playing.clock == "link"
        yield _joined(player, qpm, quarters_per_bar, stack) if joined else None


def clock_latency(playing: Playing) -> float:
    """Tell by how many seconds the music is earlier than the clock that leads it, if one does."""
    from paradiddle.bus_delay import bus_delay

    if playing.clock != "in":
        return 0.0
    typed = playing.clock_latency
    return bus_delay() if typed is None else typed / 1000


def _follow(
    playing: Playing, player: "Playable", stack: ExitStack, sleep: Callable[[float], None]
) -> None:
    """Listen for a MIDI clock, and wait for the first of it."""
    from paradiddle.clock_in import ClockFollower

    latency = clock_latency(playing)
    follower = ClockFollower(player, latency, notice=note, now=time.perf_counter)
    stack.enter_context(follower)
    port = stack.enter_context(listening(playing.clock_port, VIRTUAL_NAME, follower.listen))
    note(f"waiting for a MIDI clock on {port.name}")
    follower.wait(playing.clock_wait, sleep=sleep)
    note("a MIDI clock is here; it starts and stops the music")


def _joined(
    player: "Playable", qpm: float, quarters_per_bar: float, stack: ExitStack
) -> "LinkClock":
    """Join Ableton Link."""
    from paradiddle.link_clock import LinkClock, join_link

    link = LinkClock(player, join_link(qpm), quarters_per_bar, notice=note)
    stack.callback(link.close)
    link.run()
    return link


@contextmanager
def _checking(check: Callable[[], Any]) -> Iterator[None]:
    """Call something now and then, in a thread; say once what goes wrong in it."""
    import threading

    from paradiddle.complaints import again_and_again

    closing, what = threading.Event(), "cannot look after an input"
    work = ([check], _CHECK_SECONDS, closing, what, note)
    thread = threading.Thread(target=again_and_again, args=work, name="inputs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join()
