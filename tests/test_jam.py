import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from attempts import attempted
from jack import BACKEND, jack  # noqa: F401 (a fixture)
from machines import STYLES, groove_of, tiny_machine
from rigs import Rig
from timeless import timeless  # noqa: F401 (a fixture)

from paradiddle.answers import Answers, in_dynamics_of
from paradiddle.bars import Wishes, joined, part
from paradiddle.clock_in import ClockFollower
from paradiddle.errors import InvalidValueError
from paradiddle.jam import WAYS, Jam, Way
from paradiddle.listening import Listener, voices_of_kit
from paradiddle.live_player import LivePlayer
from paradiddle.pattern import Pattern
from paradiddle.transport import Transport

KICK, SNARE = 36, 38


class Spy(Answers):
    """Remembers what was asked, and answers with a note of its own."""

    def __init__(self) -> None:
        self.heard: list[Pattern] = []

    def continuation(self, heard: Pattern, bars: int) -> Pattern:
        return self._answer(heard, bars, 8)

    def complement(self, heard: Pattern) -> Pattern:
        return self._answer(heard, round(heard.bars), 7)

    def kit(self, rhythm: Pattern) -> Pattern:
        return self._answer(rhythm, round(rhythm.bars), 6)

    def _answer(self, heard: Pattern, bars: int, voice: int) -> Pattern:
        self.heard.append(heard)
        hits = np.zeros((16 * bars, 9), bool)
        hits[::16, voice] = True
        velocities = hits * np.float32(0.5)
        return Pattern(hits, velocities, velocities * 0, heard.qpm)


class Session:
    """A jam, and somebody who plays at given quarters."""

    def __init__(self, way: Way, bars: int = 2, qpm: float = 120.0) -> None:
        self.rig = Rig(qpm)
        self.listener = Listener(self.rig.transport, voices_of_kit(), now=self.rig.clock)
        self.answers = Spy()
        self.jam = Jam(self.answers, self.listener, self.rig.transport, way, bars, click=False)
        self.jam.prepare()
        self.answers.heard.clear()
        self.rig.start()

    def play(self, strokes: list[tuple[float, int, int]], bars: float) -> None:
        waiting = sorted(strokes)

        def hands() -> None:
            while waiting and waiting[0][0] <= self.rig.transport.position:
                _, pitch, velocity = waiting.pop(0)
                self.listener.strike(pitch, velocity)

        self.rig.run(self.jam, bars, at_tick=hands)

    def answered(self) -> list[float]:
        """Where the bars of answers began."""
        return [round(hit.position, 2) for hit in self.rig.hits()]


def quarters(first: float, last: float, pitch: int = SNARE) -> list[tuple[float, int, int]]:
    return [(place, pitch, 80) for place in np.arange(first, last)]


# --- listening ------------------------------------------------------------------------------------


def listener_at(place: float, **settings: Any) -> tuple[Listener, Rig]:
    rig = Rig(60.0)
    rig.start()
    listener = Listener(rig.transport, voices_of_kit(), now=rig.clock, **settings)
    rig.clock.seconds += place
    return listener, rig


@pytest.mark.parametrize(
    ("place", "bar", "step", "offset"),
    [
        (0.0, 0, 0, 0.0),
        (1.05, 0, 4, 0.2),
        (1.2, 0, 5, -0.2),
        (3.9, 1, 0, -0.4),
        (3.8, 0, 15, 0.2),
        (8.1, 2, 0, 0.4),
    ],
)
def test_a_stroke_goes_to_the_nearest_16th(
    place: float, bar: int, step: int, offset: float
) -> None:
    listener, _ = listener_at(place)
    listener.hear(mido.Message("note_on", note=SNARE, velocity=64))
    pattern = listener.bar(bar)
    assert np.argwhere(pattern.hits).tolist() == [[step, 1]]
    assert pattern.offsets[step, 1] == pytest.approx(offset, abs=1e-5)
    assert pattern.velocities[step, 1] == pytest.approx(64 / 127)
    assert pattern.qpm == 60


def test_only_strokes_are_heard_while_music_plays() -> None:
    listener, rig = listener_at(1.0)
    for message in (
        mido.Message("note_off", note=SNARE, velocity=64),
        mido.Message("note_on", note=SNARE, velocity=0),
        mido.Message("control_change", control=4, value=90),
        mido.Message("note_on", note=3, velocity=90),
    ):
        listener.hear(message)
    rig.stop()
    listener.strike(SNARE, 90)
    assert not listener.bar(0).hits.any()


def test_the_hardest_of_a_cell_stays_and_latency_is_made_up_for() -> None:
    listener, _ = listener_at(1.05, latency=0.05)
    for velocity in (50, 90, 70):
        listener.strike(SNARE, velocity)
    assert listener.bar(0).velocities[4, 1] == pytest.approx(90 / 127)
    assert listener.bar(0).offsets[4, 1] == pytest.approx(0, abs=1e-5)


def test_before_the_first_bar_nothing_is_heard_but_what_comes_early() -> None:
    rig = Rig(60.0)
    rig.transport.start(rig.clock(), count_in_bars=1)
    listener = Listener(rig.transport, voices_of_kit(), now=rig.clock)
    rig.clock.seconds += 1.0
    listener.strike(KICK, 100)
    rig.clock.seconds += 2.9
    listener.strike(SNARE, 100)
    assert np.argwhere(listener.bar(0).hits).tolist() == [[0, 1]]


def test_it_forgets_what_is_long_ago() -> None:
    listener, rig = listener_at(0.0)
    for _ in range(200):
        listener.strike(SNARE, 100)
        listener.take()
        rig.clock.seconds += 4
    assert len(listener._bars) == 64
    assert listener.bar(199).hits.any()
    listener.clear()
    assert not listener.bar(199).hits.any()


def test_a_stroke_waits_for_nobody_and_has_the_place_of_its_moment() -> None:
    listener, rig = listener_at(1.0)
    with ThreadPoolExecutor() as driver, listener.lock:  # as while the player is at work
        driver.submit(listener.strike, SNARE, 100).result(timeout=60)
    rig.clock.seconds += 0.5
    assert np.argwhere(listener.bar(0).hits).tolist() == [[4, 1]]


def test_a_jam_puts_strokes_in_their_places_before_the_tempo_changes() -> None:
    session = Session("continue", qpm=60)
    session.play([(1.0, SNARE, 80)], bars=0.3)
    session.rig.transport.set_qpm(240)
    session.play([], bars=0.5)
    assert np.argwhere(session.listener.bar(0).hits).tolist() == [[4, 1]]


def test_kits_and_maps_of_ones_own(tmp_path: Path) -> None:
    assert voices_of_kit("roland-td")[45] == 5
    assert voices_of_kit("roland-td")[40] == 1
    names = ("kick", "snare", "closed hi-hat", "open hi-hat", "low tom", "mid tom", "high tom")
    own = {name: 90 + n for n, name in enumerate((*names, "crash", "ride"))}
    path = tmp_path / "mine.json"
    path.write_text(str(own).replace("'", '"'))
    assert [voices_of_kit(path)[90 + n] for n in range(9)] == list(range(9))
    path.write_text(str(own | {"ride": 200}).replace("'", '"'))
    with pytest.raises(InvalidValueError, match=r"the pitch of ride must be .* got 200"):
        voices_of_kit(path)


def test_voices_that_only_their_channels_tell_apart_are_refused(tmp_path: Path) -> None:
    names = ("kick", "snare", "closed hi-hat", "open hi-hat", "low tom", "mid tom", "high tom")
    own = {name: {"note": 60 + n, "channel": 3} for n, name in enumerate((*names, "crash", "ride"))}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(own | {"snare": {"note": 60, "channel": 3}}))
    assert voices_of_kit(path)[60] == 0
    path.write_text(json.dumps(own | {"snare": {"note": 60, "channel": 4}}))
    with pytest.raises(InvalidValueError, match="kick and snare both have pitch 60, on"):
        voices_of_kit(path)


def test_any_pad_will_do_for_tapping() -> None:
    listener, _ = listener_at(1.0, other=1)
    listener.strike(3, 90)
    assert listener.bar(0).hits[4, 1]


# --- call and response ----------------------------------------------------------------------------


@pytest.mark.parametrize("qpm", [60.0, 120.0, 240.0])
@pytest.mark.parametrize("bars", [1, 2, 4])
def test_an_answer_of_as_many_bars_follows_a_call(bars: int, qpm: float) -> None:
    session = Session("continue", bars, qpm)
    session.play(quarters(0, 4 * bars), 4 * bars + 0.5)
    expected = [4.0 * bar for bar in range(bars, 2 * bars)]
    assert session.answered()[:bars] == expected
    [heard] = session.answers.heard
    assert heard.bars == bars
    # the last quarter of the call is heard in time
    assert heard.hits[:, 1].sum() == 4 * bars
    assert session.answered() == expected
    assert session.jam.late == 0


def test_a_call_begins_with_the_first_bar_that_is_played() -> None:
    session = Session("continue", 2)
    session.play(quarters(13, 20), 8)
    assert session.answered() == [20, 24]
    assert session.answers.heard[0].hits[:, 1].sum() == 7
    session.play(quarters(32, 40), 4)
    assert session.answered() == [20, 24, 40, 44]


def test_who_says_nothing_gets_no_answer() -> None:
    for way in WAYS:
        session = Session(way)
        session.play([], 9)
        assert session.answered() == []
        assert session.answers.heard == []
        assert (session.jam.late, session.jam.answers_now) == (0, False)


def test_what_is_played_during_the_answer_is_no_call() -> None:
    session = Session("continue", 1)
    session.play(quarters(0, 8), 5)
    assert session.answered() == [4]
    assert len(session.answers.heard) == 1


def test_the_other_voices_go_along_while_it_listens_on() -> None:
    session = Session("complement", 2)
    session.play(quarters(0, 24), 9.5)
    assert session.answered() == [4.0 * bar for bar in range(2, 8)]
    assert [heard.bars for heard in session.answers.heard] == [2, 2, 2]
    assert [heard.hits[:, 1].sum() for heard in session.answers.heard] == [8, 8, 8]


def test_a_tapped_rhythm_is_a_kit_from_the_next_bar_on() -> None:
    session = Session("accompany")
    taps = [(0.0, KICK, 80), (1.5, SNARE, 80), (3.0, 42, 80)]
    session.play(taps, 6)
    assert session.answered() == [4, 8, 12, 16, 20]
    rhythm = session.answers.heard[0].hits.any(axis=1)
    assert np.flatnonzero(rhythm).tolist() == [0, 6, 12]
    # it goes on with the last rhythm, and with another once that is tapped
    session.play([(24.5, KICK, 80)], 2)
    last = part(session.answers.heard[-1], round(session.answers.heard[-1].bars) - 1)
    assert np.flatnonzero(last.hits.any(axis=1)).tolist() == [2]


def test_begun_again_it_remembers_nothing() -> None:
    session = Session("continue", 1)
    session.play(quarters(0, 4), 0.9)
    session.rig.stop()
    session.jam.rewind()
    session.rig.start()
    session.play([], 3)
    assert session.answers.heard == []
    assert session.jam.late == 0


@pytest.mark.parametrize("place", [0.0, 4.0, 17.5, 160.0])
@pytest.mark.parametrize("way", WAYS)
def test_moved_elsewhere_it_listens_anew(way: Way, place: float) -> None:
    session = Session(way, 2)
    session.play(quarters(72, 79), 19.5)
    session.rig.stop()
    session.rig.transport.locate(place)
    session.rig.transport.continue_(session.rig.clock())
    before = len(session.rig.hits())
    session.play([], 4)
    hits = session.rig.hits()[before:]
    assert [hit for hit in hits if hit.position > place + 0.1] == []
    bar = np.ceil(session.rig.transport.position / 4)  # the next call
    asked = len(session.answers.heard)
    session.play(quarters(4 * bar, 4 * bar + 8, KICK), 5)
    first = 1 if way == "accompany" else 2
    new = session.rig.hits()[before + len(hits) :]
    assert new[0].position == 4 * (bar + first)
    heard = session.answers.heard[asked:]
    assert not any(one.hits[:, 1].any() for one in heard)  # nothing of the pass before
    assert session.jam.late == 0


@pytest.mark.parametrize("way", WAYS)
def test_stopped_and_continued_at_the_same_place_it_remembers(way: Way) -> None:
    session = Session(way, 2)
    session.play(quarters(0, 6), 1.4)
    session.rig.stop()
    session.rig.transport.continue_(session.rig.clock())
    session.play(quarters(6, 8), 1.2)
    heard = session.answers.heard[-1]
    assert heard.bars == 2
    assert heard.hits[:, 1].sum() >= 7  # a stroke may fall on the moment of the stop


class Followed(Session):
    """A jam that is led by the MIDI clock of a DAW."""

    def __init__(self) -> None:
        super().__init__("continue", 1)
        self.rig.stop()
        self.jam.rewind()
        self.follower = ClockFollower(self, 0.007, now=self.rig.clock)
        self.next_pulse = self.rig.clock()

    def start(self, *, at: float | None = None) -> None:
        self.jam.rewind()
        self.rig.transport.start(at)

    def continue_(self, *, at: float | None = None) -> None:
        self.rig.transport.continue_(at)

    def stop(self) -> None:
        self.rig.stop()

    @contextmanager
    def change(self) -> Iterator[Transport]:
        yield self.rig.transport

    def send(self, kind: str, position: float = 0.0) -> None:
        self.follower.feed(kind, self.rig.clock(), position)

    def lead(self, strokes: list[tuple[float, int, int]], bars: float) -> None:
        """Let the clock of 120 bpm go on for some bars, and somebody play."""
        waiting, until = sorted(strokes), self.rig.clock() + 2 * bars
        music = self.rig.transport

        def hands() -> None:
            while self.next_pulse <= self.rig.clock():
                self.send("clock")
                self.next_pulse += 1 / 48
            while music.running and waiting and waiting[0][0] <= music.position:
                self.listener.strike(*waiting.pop(0)[1:])

        while self.rig.clock() < until:
            self.rig.tick(self.jam, hands)
            self.jam.turn()


def test_a_daw_that_goes_back_and_plays_on_is_answered() -> None:
    session = Followed()
    session.send("start")
    session.lead([], 10)
    session.lead(quarters(40, 42), 0.5)
    session.send("stop")
    session.send("songpos", 4.0)
    session.send("continue")
    session.lead(quarters(4, 8), 3)
    assert session.answered() == [8]
    assert session.answers.heard[-1].hits[:, 1].sum() == 4
    assert session.jam.late == 0


def test_a_daw_that_stops_and_plays_on_is_answered_to_all() -> None:
    session = Followed()
    session.send("start")
    session.lead(quarters(0, 2), 0.45)
    session.send("stop")
    session.send("continue")
    session.lead(quarters(2, 4), 1)
    assert session.answered() == [4]
    assert session.answers.heard[-1].hits[:, 1].sum() == 4


def test_what_is_made_while_it_is_moved_is_not_played() -> None:
    session = Session("continue", 1)
    session.play(quarters(0, 4), 0.9)
    answer = session.answers.continuation

    def moved(heard: Pattern, bars: int) -> Pattern:
        made = answer(heard, bars)
        session.rig.stop()
        session.rig.transport.locate(16.0)
        session.rig.transport.continue_(session.rig.clock())
        for timed in session.rig.transport.due():
            session.jam.hear(timed)
        return made

    session.answers.continuation = moved  # type: ignore[method-assign]
    session.rig.run(session.jam, 0.1)
    session.answers.continuation = answer  # type: ignore[method-assign]
    session.play([], 3)
    assert session.answered() == []


def test_while_it_listens_it_clicks() -> None:
    rig = Rig()
    listener = Listener(rig.transport, voices_of_kit(), now=rig.clock)
    jam = Jam(Spy(), listener, rig.transport)
    jam.prepare()
    rig.start()
    rig.run(jam, 1.9)
    assert [(hit.position, hit.pitch) for hit in rig.hits()] == [(beat, 37) for beat in range(8)]
    assert not jam.answers_now


@pytest.mark.parametrize(
    ("way", "bars", "message"),
    [
        ("sing", 2, "a jam must be one of continue, complement, accompany, got 'sing'"),
        ("continue", 0, r"bars must be a whole number in \[1, 16\], got 0"),
        ("continue", 1.5, "got 1.5"),
    ],
)
def test_bad_jams(way: Any, bars: Any, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Session(way, bars)


# --- answers --------------------------------------------------------------------------------------


def answers(seed: int = 1, **wishes: Any) -> Answers:
    return Answers(tiny_machine(), Wishes(**wishes), seed)


def softer(pattern: Pattern, factor: float) -> Pattern:
    velocities = pattern.velocities * np.float32(factor)
    return Pattern(pattern.hits, velocities, pattern.offsets, pattern.qpm)


def test_a_continuation_plays_on_at_the_same_tempo() -> None:
    heard = groove_of(2, seed=3, qpm=97)
    answer = answers(style="funk").continuation(heard, 3)
    assert (answer.bars, answer.qpm) == (3, 97)
    longer = tiny_machine().continue_(
        heard, 3, "funk", seed=int(np.random.default_rng(1).integers(2**31))
    )
    expected = joined([part(longer, bar) for bar in (2, 3, 4)], 97)
    assert np.array_equal(answer.hits, expected.hits)
    assert np.array_equal(answer.offsets, expected.offsets)


def test_the_complement_leaves_your_voices_to_you() -> None:
    heard = groove_of(2, seed=3)
    mine = heard.hits & np.isin(np.arange(9), (0, 1, 4))
    velocities = np.where(mine, heard.velocities, 0)
    answer = answers().complement(Pattern(mine, velocities, velocities * 0))
    assert not answer.hits[:, mine.any(axis=0)].any()
    assert answer.hits.any()


@pytest.mark.parametrize("loudness", [0.2, 0.9])
def test_answers_are_in_your_dynamics(loudness: float) -> None:
    heard = softer(groove_of(2, seed=3), loudness)
    theirs = heard.velocities[heard.hits].mean()
    for answer in (
        answers().continuation(heard, 2),
        answers().complement(Pattern(heard.hits & (np.arange(9) < 3), *_dynamics(heard))),
        answers().kit(heard),
    ):
        ours = answer.velocities[answer.hits]
        assert ours.mean() == pytest.approx(theirs, abs=0.12)
        assert len(set(ours.tolist())) > 1


def _dynamics(pattern: Pattern) -> tuple[Any, Any]:
    return pattern.velocities, pattern.offsets


def test_dynamics_of_silence_change_nothing() -> None:
    groove = groove_of(1)
    assert in_dynamics_of(groove, Pattern.empty(1)) is groove
    assert in_dynamics_of(Pattern.empty(1), groove) == Pattern.empty(1)
    steady = in_dynamics_of(groove, softer(groove, 0.0))
    assert (steady.velocities[steady.hits] > 0).all()


def test_the_same_seed_answers_the_same() -> None:
    heard = groove_of(2)
    assert answers(5).kit(heard) == answers(5).kit(heard) != answers(6).kit(heard)
    with pytest.raises(InvalidValueError, match="unknown style"):
        answers(style="polka").kit(heard)
    assert "polka" not in STYLES


# --- for real -------------------------------------------------------------------------------------


@pytest.mark.jack
@attempted
def test_a_call_over_a_real_bus_is_answered_on_the_bar(jack: str) -> None:  # noqa: F811
    from paradiddle.ports import open_input, open_output
    from paradiddle.sinks import MidiSink

    backend = mido.Backend(BACKEND)
    transport = Transport(time.perf_counter, 240, 0.03)
    listener = Listener(transport, voices_of_kit())
    jam = Jam(answers(), listener, transport, "continue", 1, click=False)
    jam.prepare()
    heard: list[tuple[float, Any]] = []
    sink = MidiSink(open_output(virtual="answers"))
    with LivePlayer(transport, [sink], jam.hear) as player, open_input(virtual="calls") as calls:
        listener.lock = player.lock
        arrived: list[tuple[float, float]] = []

        def hear(message: Any) -> None:
            before = time.perf_counter()
            listener.hear(message)
            arrived.append((before, time.perf_counter()))

        calls.listen(hear)
        names = backend.get_output_names(), backend.get_input_names()
        drummer = backend.open_output(next(one for one in names[0] if "calls" in one))
        ears = backend.open_input(next(one for one in names[1] if "answers" in one))
        ears.callback = lambda message: heard.append((time.perf_counter(), message))
        with jam.work(player.lock):
            begun = time.perf_counter() + 0.1
            player.start(at=begun)
            for beat in range(4):
                time.sleep(max(0.0, begun + beat / 4 + 0.01 - time.perf_counter()))
                drummer.send(mido.Message("note_on", note=SNARE, velocity=40))
            time.sleep(1.3)
            jam.check()
        pattern = listener.bar(0)
        drummer.close()
    time.sleep(0.05)
    ears.close()
    places = (np.array(arrived) - begun) * 16  # in steps, when they came over the bus
    placed = np.flatnonzero(pattern.hits[:, 1])
    assert len(placed) == len(places) == 4
    found = placed + pattern.offsets[placed, 1]
    assert ((places[:, 0] - 0.1 < found) & (found < places[:, 1] + 0.1)).all()
    struck = [(at - begun, one) for at, one in heard if one.type == "note_on" and one.velocity]
    assert struck
    assert all(0.9 < at < 2.1 for at, _ in struck)
    assert np.mean([one.velocity for _, one in struck]) == pytest.approx(40, abs=8)
    assert jam.late == 0
