"""The cable: a MIDI port of the server that plays what one page at a time asks for."""

import time
from typing import NamedTuple

from paradiddle.live_player import LivePlayer
from paradiddle.loop import Loop
from paradiddle.output import Output
from paradiddle.sinks import MidiSink
from paradiddle.transport import Transport

__all__ = ["Cable", "Music", "State"]

_LEAD = 0.05  # seconds until the first hit; a page takes as long to begin


class Music(NamedTuple):
    """What a page wants to hear.

    Attributes
    ----------
    loop : Loop
    qpm, swing : float
    channel : int
        1 to 16.
    notes : tuple of 9 int, optional
        Note of each voice; General MIDI's if left out.
    """

    loop: Loop
    qpm: float
    swing: float
    channel: int = 10
    notes: tuple[int, ...] | None = None


class State(NamedTuple):
    """How the port is doing.

    Attributes
    ----------
    playing : bool
    bar : int
        The bar of the loop that sounds, counted from 1.
    connected : bool
        Whether the port is there.
    """

    playing: bool
    bar: int
    connected: bool


class Cable:
    """One transport, one player and one port; a context manager that silences and closes them.

    Parameters
    ----------
    output : Output
        The port.
    """

    def __init__(self, output: Output) -> None:
        self.output = output
        self._sink = MidiSink(output)
        self._transport = Transport(time.perf_counter)
        self._player = LivePlayer(self._transport, [self._sink])
        self._player.tell = lambda text: output.tell(text)
        self._taken = False

    def take(self) -> bool:
        """Take the port for a page; tell whether it was free."""
        taken, self._taken = self._taken, True
        return not taken

    def release(self) -> None:
        """Silence the port, and leave it to another page."""
        self.stop()
        self.output.silence()
        self.send_clock(False)
        self._taken = False

    def play(self, music: Music, position: float = 0.0) -> None:
        """Play from a place of the loop, in quarters.

        Raises
        ------
        ParadiddleError
            If what plays has failed before.
        """
        self._player.rest(0)  # raises what went wrong in the thread
        self.stop()
        with self._player.change() as transport:
            self._sound(music)
            transport.set_loop(music.loop)
            transport.set_swing(music.swing)
            transport.set_qpm(music.qpm)
            transport.locate(position % music.loop.quarters)
            self._player.continue_(at=time.perf_counter() + _LEAD)

    def update(self, music: Music) -> None:
        """Go on with other music at the same place, at once.

        Raises
        ------
        InvalidValueError
            If its metre is another while music plays.
        """
        with self._player.change() as transport:
            transport.set_loop(music.loop, "now")
            if music.swing != transport.swing:
                transport.set_swing(music.swing)
            self.set_qpm(music.qpm)
            self._sound(music)

    def set_qpm(self, qpm: float) -> None:
        """Play at another tempo."""
        with self._player.change() as transport:
            if qpm != transport.qpm:
                transport.set_qpm(qpm)

    def stop(self) -> None:
        """Stop, and silence everything."""
        if self._transport.running:
            self._player.stop()

    def send_clock(self, on: bool) -> None:
        """Send MIDI clock, or no longer; who follows it is started with the music."""
        with self._player.lock:
            if self._sink.clock and not on and self._transport.running:
                self.output.clock("stop")
            self._sink.clock = on

    def state(self) -> State:
        """Tell how it is doing."""
        with self._player.change() as transport:
            bar = int(transport.place_in_loop() // transport.quarters_per_bar) + 1
            return State(transport.running, bar, self.output.alive)

    def close(self) -> None:
        """Silence the port and close it; again does nothing."""
        self._player.close()

    def _sound(self, music: Music) -> None:
        """Use a channel and notes; what sounds on others ends."""
        chosen = music.channel, music.notes
        if chosen != (self._sink.channel, self._sink.pitches):
            self.output.silence()
            self._sink.channel, self._sink.pitches = chosen

    def __enter__(self) -> "Cable":
        self._player.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
