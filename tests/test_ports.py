import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import pytest
from attempts import attempted
from jack import (
    BACKEND,
    CONTROL,
    NOTE_OFF,
    NOTE_ON,
    Ear,
    Heard,
    ear_until,
    ends_with,
    hanging,
    jack,  # noqa: F401 (a fixture)
)
from plugged import until

from paradiddle.errors import InvalidValueError, MissingExtraError, PortError
from paradiddle.output import Output
from paradiddle.port_watch import Place, _JackWatch, hushed, port_like
from paradiddle.ports import Input, list_ports, match_port, open_input, open_output
from paradiddle.stopping import stops_on_signals
from paradiddle.transport import Timed


class Port:
    """A driver's port that writes down what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.broken = self.closed = False
        self.callback: Any = None

    def send(self, message: Any) -> None:
        if self.broken:
            raise RuntimeError("gone")
        self.sent.append(message)

    def close(self) -> None:
        self.closed = True

    def take(self) -> list[str]:
        taken, self.sent = [str(message) for message in self.sent], []
        return [text.removesuffix(" time=0") for text in taken]


KICK = Timed(1.0, "hit", voice=0, velocity=0.5, length=0.1)


def test_a_note_and_its_end() -> None:
    port = Port()
    output = Output(lambda: port, "port")
    output.send_hit(KICK)
    assert port.take() == ["note_on channel=9 note=36 velocity=64"]
    output.release(KICK._replace(seconds=1.05))
    assert port.take() == []
    output.release(KICK._replace(seconds=1.1))
    assert port.take() == ["note_off channel=9 note=36 velocity=64"]


def test_a_note_that_comes_while_it_closes_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    port = Port()
    output = Output(lambda: port, "port")
    monkeypatch.setattr("paradiddle.output.time.sleep", lambda _: output.send_hit(KICK))
    output.close()
    assert port.take() == []
    assert output.sounding == frozenset()
    assert port.closed


def test_what_has_ended_takes_no_more_room_where_nobody_checks() -> None:
    output = Output(Port, "port")
    for second in range(1000):
        output.send_hit(KICK._replace(seconds=float(second)))
        output.release(KICK._replace(seconds=second + 0.1))
    assert len(output._ended) == 1


def test_struck_again_before_its_end() -> None:
    port = Port()
    output = Output(lambda: port, "port")
    output.send_hit(KICK)
    output.send_hit(KICK._replace(seconds=1.05))
    assert [text.split()[0] for text in port.take()] == ["note_on", "note_off", "note_on"]
    output.release(KICK._replace(seconds=1.1))  # of the first
    assert port.take() == []
    output.silence()
    assert [text.split()[0] for text in port.take()] == ["note_off", "control_change"]


def test_silenced_in_the_midst_of_being_silenced() -> None:
    class Interrupted(Port):
        def send(self, message: Any) -> None:
            super().send(message)
            if len(self.sent) == 2:
                output.silence()

    port = Interrupted()
    output = Output(lambda: port, "port")
    output.send_hit(KICK)
    output.silence()
    kinds = [text.split()[0] for text in port.take()]
    assert kinds == ["note_on", "note_off", "note_off", *["control_change"] * 2]
    assert not output.sounding


def test_maps_and_channels() -> None:
    port = Port()
    output = Output(lambda: port, "port")
    output.send_hit(KICK, range(60, 69), 3)
    output.send_hit(KICK._replace(pitch=56))
    output.send_hit(KICK._replace(pitch=56), range(60, 69))
    output.send_hit(KICK._replace(voice=-1))
    assert [text.split()[1:3] for text in port.take() if "note_on" in text] == [
        ["channel=2", "note=60"],
        ["channel=9", "note=56"],
        ["channel=9", "note=60"],
    ]
    output.close()
    assert [text for text in port.take() if "control" in text] == [
        "control_change channel=2 control=123 value=0",
        "control_change channel=9 control=123 value=0",
    ]
    assert port.closed


def test_clock_messages() -> None:
    port = Port()
    output = Output(lambda: port, "port")
    for kind in ("position", "start", "pulse", "stop", "continue"):
        output.clock(kind, 6.25)  # type: ignore[arg-type]
    assert port.take() == ["songpos pos=25", "start", "clock", "stop", "continue"]


def test_a_port_that_breaks_and_comes_back() -> None:
    ports = [Port(), Port()]
    opened = iter(ports)
    there = [True]
    output = Output(lambda: next(opened), "port", lambda: there[0])
    output.send_hit(KICK)
    ports[0].broken = True
    output.send_hit(KICK)
    assert not output.alive
    there[0] = False
    assert not output.check()
    there[0] = True
    assert output.check()
    assert ports[0].closed
    assert [text.split()[0] for text in ports[1].take()] == ["note_off", "control_change"]


def test_a_note_that_ends_while_its_port_is_gone_is_ended_when_it_is_back() -> None:
    ports: list[Port] = []
    there, told = [True], []

    def opened() -> Port:
        ports.append(Port())
        return ports[-1]

    output = Output(opened, "pads", lambda: there[0])
    output.tell = told.append
    output.send_hit(KICK)
    there[0] = False
    assert not output.check()
    assert ports[0].closed
    output.release(KICK._replace(kind="off", seconds=1.1))
    output.send_hit(KICK._replace(voice=1, seconds=2.0))  # that nobody hears
    output.silence()
    there[0] = True
    assert output.check()
    assert ports[1].take() == [
        "note_off channel=9 note=36 velocity=64",
        "control_change channel=9 control=123 value=0",
    ]
    assert not output.sounding
    assert told == [
        "MIDI output port pads is gone; it is picked up again when it is back",
        "MIDI output port pads is back",
    ]


def test_a_note_that_ended_before_anybody_saw_that_its_port_was_gone() -> None:
    ports: list[Port] = []
    there = [True]

    def opened() -> Port:
        ports.append(Port())
        return ports[-1]

    output = Output(opened, "pads", lambda: there[0])
    output.send_hit(KICK._replace(voice=1))
    output.release(KICK._replace(kind="off", voice=1, seconds=1.1))
    assert output.check()  # that one has arrived
    output.send_hit(KICK)
    there[0] = False
    output.release(KICK._replace(kind="off", seconds=1.1))  # into the void
    assert not output.check()
    there[0] = True
    assert output.check()
    assert ports[1].take() == [
        "note_off channel=9 note=36 velocity=64",
        "control_change channel=9 control=123 value=0",
    ]
    assert output.check()
    assert ports[1].take() == []


def test_an_input_that_comes_back_is_listened_to_again() -> None:
    ports: list[Port] = []
    there, heard, told = [True], [], []

    def opened() -> Port:
        ports.append(Port())
        return ports[-1]

    port = Input(opened, "pads", lambda: there[0])
    port.tell = told.append
    port.listen(heard.append)
    assert port.check()
    there[0] = False
    assert not port.check()
    assert not port.check()
    assert ports[0].closed
    there[0] = True
    assert port.check()
    ports[1].callback("a stroke")
    assert heard == ["a stroke"]
    assert told == [
        "MIDI input port pads is gone; it is picked up again when it is back",
        "MIDI input port pads is back",
    ]
    port.close()
    port.close()
    assert ports[1].closed
    assert not port.check()


class Driver:
    """A backend of mido to which a signal comes whenever it is at work."""

    name = api = "slow"

    def __init__(self) -> None:
        self.made: list[Port] = []
        self.listed = 0

    def open_output(self, name: str, **how: Any) -> Port:
        signal.raise_signal(signal.SIGTERM)
        self.made.append(Port())
        signal.raise_signal(signal.SIGINT)
        return self.made[-1]

    open_input = open_output

    def get_input_names(self) -> list[str]:
        signal.raise_signal(signal.SIGTERM)
        self.listed += 1
        return ["pads"]

    def get_output_names(self) -> list[str]:
        self.listed += 1
        return ["synth"]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    driver = Driver()
    monkeypatch.setattr("paradiddle.ports._driver", lambda backend: driver)
    ending = signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT
    before = {number: signal.getsignal(number) for number in ending}
    yield driver
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("open_port", [open_input, open_output])
def test_a_port_that_a_signal_meets_as_it_opens_is_closed(slow: Driver, open_port: Any) -> None:
    with pytest.raises(SystemExit) as left, stops_on_signals():
        open_port(virtual="paradiddle")
    assert left.value.code == 143
    [port] = slow.made
    assert port.closed


def test_a_list_of_ports_is_made_whatever_signal_comes(slow: Driver) -> None:
    with pytest.raises(SystemExit), stops_on_signals():
        list_ports()
    assert slow.listed == 2


class Ports:
    """A watch of ports that are plugged and unplugged by hand."""

    def __init__(self, *names: str) -> None:
        self.listed, self.links = list(names), {name: {"other"} for name in names}

    def alive(self) -> bool:
        return True

    def names(self, direction: str) -> tuple[str, ...]:
        return tuple(self.listed)

    def connections(self, port: str) -> frozenset[str]:
        return frozenset(self.links.get(port, ()))

    def adopt(self, port: Any) -> None:
        pass


@pytest.mark.parametrize("after", ["Drums:in 24:0", "Drums:in 28:0"])
def test_a_port_that_went_and_came_back_between_two_looks_is_another(after: str) -> None:
    watch, opened = Ports("Drums:in 24:0", "Synth:in 20:0"), []

    def open_port(name: str) -> Port:
        opened.append(name)
        watch.links[name].add("ours")
        return Port()

    place = Place(watch, "Drums:in 24:0", "output", open_port)
    place.open()
    assert place.is_there()
    assert place.is_there()
    watch.listed[0] = after
    watch.links = {after: {"other"}}
    assert not place.is_there()  # the one that was opened
    assert place.is_there()  # it can be opened
    place.open()
    assert place.is_there()
    assert opened == ["Drums:in 24:0", after]
    watch.listed.clear()
    assert not place.is_there()
    with pytest.raises(PortError, match="is not there"):
        place.open()


def test_a_port_beside_it_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert port_like("IAC Driver Bus 1", ("IAC Driver Bus 2",)) is None
    assert port_like("a2j: MIDI 1", ("a2j: MIDI 2",)) is None
    watch = Ports("Drums:in 24:0", "Drums:in 28:0")
    place = Place(watch, "Drums:in 24:0", "output", lambda name: Port())
    place.open()
    watch.listed = ["Drums:in 28:0"]
    assert not place.is_there()
    assert not place.is_there()
    watch.listed = ["Drums:in 28:0", "Drums:in 32:0"]
    assert place.is_there()
    monkeypatch.setattr("sys.platform", "win32")
    assert port_like("Drums 1", ("Synth 0", "Drums 2")) == "Drums 2"
    assert port_like("Drums 1", ("Synth 0", "Drums 2"), {"Drums 2"}) is None


def test_two_threads_may_hush_at_once() -> None:
    before = Path("/proc/self/fd/2").readlink()
    inside, other = threading.Event(), threading.Event()

    def hush() -> None:
        with hushed():
            inside.set()
            other.wait(0.3)

    thread = threading.Thread(target=hush)
    thread.start()
    inside.wait()
    with hushed():
        other.set()
        thread.join()
    assert Path("/proc/self/fd/2").readlink() == before


def test_no_client_is_made_while_one_of_a_dead_server_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clients: list[Any] = []

    class Client:
        def __init__(self, *_: object) -> None:
            if servers[-1] == "none":
                raise OSError
            self.server, self.alive, self.closed = servers[-1], True, False
            clients.append(self)

        def names(self, direction: str) -> tuple[str, ...]:
            return (self.server,)

        def close(self) -> None:
            self.closed = True

    servers = ["first"]
    monkeypatch.setattr("paradiddle.port_watch.JackClient", Client)
    monkeypatch.setattr("paradiddle.port_watch._AGAIN_SECONDS", 0.0)
    watch = _JackWatch(None)
    port = Port()
    watch.adopt(port)
    assert watch.names("output") == ("first",)
    servers[-1], clients[0].alive = "second", False
    assert watch.names("output") == ()
    assert not watch.alive()
    assert len(clients) == 1
    port.close()
    servers[-1] = "none"
    assert not watch.alive()
    assert clients[0].closed
    servers[-1] = "third"
    assert watch.names("output") == ("third",)


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        ("mido.backends.rtmidi/NOPE", "python-rtmidi knows no NOPE here, but .*; choose one"),
        ("mido.backends.portmidi", "backend 'mido.backends.portmidi' cannot be loaded: .*unset"),
    ],
)
def test_a_backend_that_cannot_be_used(backend: str, said: str) -> None:
    with pytest.raises(PortError, match=said):
        list_ports(backend=backend)


def test_names() -> None:
    names = ("Synth:in 20:0", "Drums:in 24:0", "Drums:out 24:1")
    assert match_port("synth", names) == "Synth:in 20:0"
    with pytest.raises(PortError, match=r"'drums' may be Drums:in 24:0 or Drums:out 24:1; write"):
        match_port("drums", names)
    with pytest.raises(PortError, match=r"no output port is called 'x'; there are: Synth:in 20:0,"):
        match_port("x", names)
    with pytest.raises(PortError, match=r"output port '' has no name; there are: Synth:in 20:0,"):
        match_port("", names)
    with pytest.raises(PortError, match=r"which output port[?] there are: none; connect one"):
        match_port(None, ())
    assert match_port(None, names[:1]) == names[0]


def test_no_virtual_ports_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(PortError, match="Windows has no virtual MIDI ports; install loopMIDI"):
        open_output(virtual="paradiddle", backend="mido.backends.rtmidi")


def test_a_backend_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PortError, match=r"no MIDI backend is called 'nothing\.like\.it'"):
        list_ports(backend="nothing.like.it")
    monkeypatch.setitem(__import__("sys").modules, "rtmidi", None)
    monkeypatch.delitem(__import__("sys").modules, "mido.backends.rtmidi", raising=False)
    with pytest.raises(MissingExtraError, match=r"paradiddle\[ports\]"):
        list_ports(backend="mido.backends.rtmidi")


def test_one_place_or_the_other() -> None:
    with pytest.raises(InvalidValueError, match="play to port 'a' or to a virtual port 'b'"):
        open_output("a", virtual="b")


def struck(output: Output, ear: Ear) -> list[Heard]:
    """Strike a note until it is heard; what comes before a bus has connected two ports is lost."""
    heard = list[Heard]()

    def arrives() -> bool:
        output.send_hit(KICK)
        heard.extend(ear.take())
        return any(one.strikes for one in heard)

    until(arrives, "a note")
    return heard


@pytest.mark.jack
@attempted
def test_a_real_port_is_found_and_played_to(jack: str) -> None:  # noqa: F811
    with Ear("hall") as ear:
        assert any("hall" in name for name in list_ports().outputs)
        with pytest.raises(PortError, match=r"there are: .*hall"):
            open_output("cellar")
        with open_output("hall") as output:
            heard = struck(output, ear)
        heard = ear_until(ear, ends_with(CONTROL), heard)
    kinds = [one.kind for one in heard]
    assert kinds[-2:] == [NOTE_OFF, CONTROL]
    assert set(kinds[:-2]) <= {NOTE_ON, NOTE_OFF}
    assert not hanging(heard)


@pytest.mark.jack
def test_a_port_of_ones_own_is_seen_by_others(jack: str) -> None:  # noqa: F811
    with open_output(virtual="beat"):
        assert any("beat" in name for name in list_ports().inputs)


@pytest.mark.jack
@attempted
def test_a_real_port_that_is_unplugged(jack: str) -> None:  # noqa: F811
    with Ear("lead") as ear, open_output("lead") as output:
        output.send_hit(KICK)
        ear.take("close")
        until(lambda: not output.check(), "the port is gone")
        ear.take("open")
        until(output.check, "the port is back")
        heard = ear_until(ear, ends_with(CONTROL))
        assert [one.kind for one in heard] == [NOTE_OFF, CONTROL]


@pytest.mark.jack
@attempted
def test_a_real_port_that_is_back_at_once(jack: str) -> None:  # noqa: F811
    with Ear("quick") as ear, open_output("quick") as output:
        for _ in range(3):
            ear.take("close")
            ear.take("open")
            until(lambda: not output.check(), "the port was gone")
            until(output.check, "the port is back")
            ear.take()
            struck(output, ear)


@pytest.mark.jack
@attempted
def test_a_real_input_that_is_unplugged(jack: str) -> None:  # noqa: F811
    backend = mido.Backend(BACKEND)
    heard: list[Any] = []

    def plugged() -> Any:
        return backend.open_output("sticks", virtual=True, client_name="sticks")

    pads = plugged()
    with open_input("sticks") as port:
        port.listen(heard.append)

        def arrives(note: int) -> bool:
            pads.send(mido.Message("note_on", note=note))
            return note in [one.note for one in heard]

        for note in (40, 41):
            until(lambda: arrives(note), "the stroke")  # noqa: B023
            pads.close()
            until(lambda: not port.check(), "the port is gone")
            pads = plugged()
            until(port.check, "the port is back")
        pads.close()
    assert list(dict.fromkeys(one.note for one in heard)) == [40, 41]
