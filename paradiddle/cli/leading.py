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

__all__ = ["following", "latency_of", "listening"]

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
    latency: float = 0.0,
    sleep: Callable[[float], None] = time.sleep,
) -> "Iterator[LinkClock | None]":
    """Let a clock lead a player, if one is to; give the Link session where it is that.

    Parameters
    ----------
    playing : Playing
    player : Playable
    qpm, quarters_per_bar : float
        Of the music.
    latency : float
        Seconds after its time that something is heard, of the player itself.
    sleep : callable
        How to wait for a clock.

    Raises
    ------
    PortError
        If no clock comes in the time it may take.
    """
    with ExitStack() as stack:
        late = latency_of(playing, latency)
        if playing.clock == "in":
            _follow(playing, player, stack, late, sleep)
        joined = playing.clock == "link"
        yield _joined(player, qpm, quarters_per_bar, stack, late) if joined else None


def latency_of(playing: Playing, heard: float) -> float:
    """Tell by how many seconds music is heard after the time that its player gives it.

    Parameters
    ----------
    playing : Playing
    heard : float
        What the outputs themselves take, in seconds; what was typed goes before it.
    """
    from paradiddle.bus_delay import bus_delay

    if playing.clock_latency is not None:
        return playing.clock_latency / 1000
    return heard + (bus_delay() if playing.clock == "in" else 0.0)


def _follow(
    playing: Playing,
    player: "Playable",
    stack: ExitStack,
    latency: float,
    sleep: Callable[[float], None],
) -> None:
    """Listen for a MIDI clock, and wait for the first of it."""
    from paradiddle.clock_in import ClockFollower

    follower = ClockFollower(player, latency, notice=note, now=time.perf_counter)
    stack.enter_context(follower)
    port = stack.enter_context(listening(playing.clock_port, VIRTUAL_NAME, follower.listen))
    note(f"waiting for a MIDI clock on {port.name}")
    follower.wait(playing.clock_wait, sleep=sleep)
    note("a MIDI clock is here; it starts and stops the music")


def _joined(
    player: "Playable", qpm: float, quarters_per_bar: float, stack: ExitStack, latency: float
) -> "LinkClock":
    """Join Ableton Link."""
    from paradiddle.link_clock import LinkClock, join_link

    link = LinkClock(player, join_link(qpm), quarters_per_bar, latency=latency, notice=note)
    stack.callback(link.close)
    link.run()
    return link


@contextmanager
def _checking(check: Callable[[], Any]) -> Iterator[None]:
    """Call something now and then, in a thread; say once what goes wrong in it."""
    import threading

    from paradiddle.complaints import again_and_again
    from paradiddle.stopping import signals_wait, start_thread

    closing, what = threading.Event(), "cannot look after an input"
    work = ([check], _CHECK_SECONDS, closing, what, note)
    thread = start_thread(again_and_again, "inputs", *work)
    try:
        yield
    finally:
        with signals_wait():
            closing.set()
        thread.join()
