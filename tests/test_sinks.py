from typing import Any

import pytest

from paradiddle.errors import InvalidValueError
from paradiddle.output import Output
from paradiddle.sinks import MidiSink
from paradiddle.timed import Timed


class Port:
    closed = False

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: Any) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.closed = True


def test_each_voice_goes_to_its_channel_and_ends_there() -> None:
    port = Port()
    with Output(lambda: port, "port") as output:
        sink = MidiSink(output, range(60, 69), 2, [3, None, *[16] * 7])
        hits = [Timed(0.0, "hit", voice, 0.5, 0.1) for voice in (0, 1, 8)]
        hits += [Timed(0.0, "hit", -1, 0.5, 0.1, pitch=37), Timed(0.0, "click", velocity=1.0)]
        for timed in hits:
            sink.send(timed)
        for timed in hits:
            sink.send(timed._replace(kind="off", seconds=timed.seconds + timed.length))
        assert not output.sounding
    notes = [(60, 2), (61, 1), (68, 15), (37, 1), (76, 1)]  # channels count from 0 on the wire
    sent = [(one.type, one.note, one.channel) for one in port.sent if one.type != "control_change"]
    assert sent == [("note_on", *note) for note in notes] + [("note_off", *note) for note in notes]
    silenced = [one.channel for one in port.sent if one.type == "control_change"]
    assert silenced == [1, 2, 15]


def test_a_channel_that_there_is_not() -> None:
    message = r"channel must be a whole number in \[1, 16\], got 17"
    with Output(Port, "port") as output, pytest.raises(InvalidValueError, match=message):
        MidiSink(output, channels=[17] * 9)


def told(*timed: Timed, begins: float = 0.0) -> list[tuple[str, int | None]]:
    """What the followers of a clock are told."""
    port = Port()
    with Output(lambda: port, "port") as output:
        sink = MidiSink(output, clock=True, begins=begins)
        for one in timed:
            sink.send(one)
        sink.stop()
        sink.stop()
    kinds = ("start", "continue", "stop", "songpos", "clock")
    return [(one.type, getattr(one, "pos", None)) for one in port.sent if one.type in kinds]


def pulses(first: float, count: int) -> list[Timed]:
    return [Timed(0.0, "pulse", position=first + index / 24) for index in range(count)]


def test_followers_are_stopped_once_and_only_if_they_were_started() -> None:
    clock, stop = ("clock", None), ("stop", None)
    assert told(*pulses(0.0, 1)) == [clock]
    assert told(Timed(0.0, "start"), *pulses(0.0, 1)) == [("start", None), clock, stop]


def test_followers_go_on_with_a_16th_as_song_positions_count_them() -> None:
    clock, stop = ("clock", None), ("stop", None)
    on = [("songpos", 6), ("continue", None)]
    music = [Timed(0.0, "continue", position=1.37), *pulses(1.375, 5)]
    assert told(*music) == [clock] * 3 + on + [clock] * 2 + [stop]
    assert told(Timed(0.0, "continue", position=1.5), *pulses(1.5, 1)) == [*on, clock, stop]
    assert told(*music[:3]) == [clock] * 2


def test_music_that_begins_within_a_song_is_followed_from_there() -> None:
    music = [Timed(0.0, "start"), *pulses(0.0, 1)]
    assert told(*music, begins=8.0) == [
        ("songpos", 32),
        ("continue", None),
        ("clock", None),
        ("stop", None),
    ]


def test_followers_that_were_away_are_told_their_place_again() -> None:
    ports = [Port()]
    there = True
    with Output(lambda: ports[-1], "port", lambda: there) as output:
        sink = MidiSink(output, clock=True)
        for one in (Timed(0.0, "start"), *pulses(0.0, 2)):
            sink.send(one)
        there = False
        sink.check()
        ports.append(Port())
        there = True
        sink.check()
        for one in pulses(1 / 12, 6):
            sink.send(one)
        sink.stop()
    place = ["stop", "songpos", "continue"]
    kinds = [one.type for one in ports[1].sent if one.type != "control_change"]
    assert kinds == ["clock"] * 4 + place + ["clock"] * 2 + ["stop"]
    assert [one.pos for one in ports[1].sent if one.type == "songpos"] == [1]


def test_followers_that_were_never_started_are_told_nothing_when_they_are_back() -> None:
    port, there = Port(), False
    with Output(lambda: port, "port", lambda: there) as output:
        sink = MidiSink(output, clock=True)
        sink.check()
        there = True
        sink.check()
        for one in pulses(0.0, 7):
            sink.send(one)
    assert {one.type for one in port.sent} == {"clock"}


def test_followers_stop_while_it_pauses() -> None:
    port = Port()
    with Output(lambda: port, "port") as output:
        sink = MidiSink(output, clock=True)
        for one in (Timed(0.0, "start"), *pulses(0.0, 1)):
            sink.send(one)
        sink.pause()
        for one in pulses(1 / 24, 6):
            sink.send(one)
    kinds = [one.type for one in port.sent]
    place = ["songpos", "continue"]
    assert kinds == ["start", "clock", "stop", *["clock"] * 5, *place, "clock"]


def test_followers_that_wait_to_go_on_do_so_after_each_pause() -> None:
    port = Port()
    with Output(lambda: port, "port") as output:
        sink = MidiSink(output, clock=True)
        for one in (Timed(0.0, "continue", position=0.3), *pulses(0.3, 1)):
            sink.send(one)
        sink.pause()
        sink.pause()
        for one in pulses(0.49, 1):
            sink.send(one)
        sink.pause()
        for one in pulses(0.5, 1):
            sink.send(one)
    kinds = [one.type for one in port.sent]
    assert kinds == ["clock", "clock", "songpos", "continue", "clock"]
