import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attempts import attempted
from jack import BACKEND, jack  # noqa: F401 (a fixture)
from machines import groove_of, tiny_machine
from models import PLACED, VOCABULARY, tiny_drummer
from plugged import until
from rigs import LOOK_AHEAD, NumberedBars, Rig, numbered
from timeless import timeless  # noqa: F401 (a fixture)

from paradiddle.bars import Bar, Wishes, joined, part
from paradiddle.drummer_bars import DrummerBars
from paradiddle.errors import InvalidValueError, ModelError
from paradiddle.live import LiveDrummer
from paradiddle.live_player import LivePlayer
from paradiddle.loop import Loop
from paradiddle.machine_bars import MachineBars
from paradiddle.pattern import Pattern
from paradiddle.transport import Timed, Transport

WISHES = Wishes("funk", qpm=120)


def on_stage(
    offset: float = 0.0, qpm: float = 120.0, *, has_spares: bool = False
) -> tuple[Rig, NumberedBars, LiveDrummer]:
    rig, source = Rig(qpm), NumberedBars(offset, has_spares=has_spares)
    drummer = LiveDrummer(source, rig.transport, WISHES)
    drummer.prepare()
    rig.start()
    return rig, source, drummer


def numbers(rig: Rig) -> list[int]:
    """The number of each bar that was heard, in order, from its hits."""
    return [round(10_000 * hit.velocity) for hit in rig.hits()]


# --- the endless drummer --------------------------------------------------------------------------


def test_bars_follow_each_other_and_each_is_heard_whole_and_once() -> None:
    rig, _, drummer = on_stage()
    rig.run(drummer, 10.1)
    assert numbers(rig)[:40] == [number for number in range(1, 11) for _ in range(4)]
    assert [hit.position for hit in rig.hits()[:40]] == pytest.approx(range(40))
    assert (drummer.late, drummer.number) == (0, 11)
    assert drummer.playing is not None
    assert drummer.playing.pattern == numbered(11)


def test_what_comes_before_a_bar_line_belongs_to_the_new_bar() -> None:
    rig, _, drummer = on_stage(offset=-0.5)
    rig.run(drummer, 8)
    # the first of all has no time before it
    assert [hit.position for hit in rig.hits()[1:32]] == pytest.approx(np.arange(1, 32) - 0.125)
    assert numbers(rig)[:32] == [number for number in range(1, 9) for _ in range(4)]


def test_bars_are_made_ahead_and_not_hoarded() -> None:
    rig, source, drummer = on_stage()
    assert len(source.made) == 3
    rig.run(drummer, 20.1)
    assert len(source.made) == 20 + 1 + 3
    assert source.taken_back == 0


def test_a_bar_that_is_not_ready_repeats_the_one_before() -> None:
    rig, _, drummer = on_stage()
    rig.run(drummer, 2.5)
    rig.run(drummer, 2, works=False)
    rig.run(drummer, 2.5)
    assert drummer.late == 1
    assert numbers(rig)[:28:4] == [1, 2, 3, 4, 4, 5, 6]


@pytest.mark.parametrize("qpm", [60.0, 240.0])
def test_a_fill_comes_with_the_next_bar_line(qpm: float) -> None:
    rig, _, drummer = on_stage(qpm=qpm)
    rig.run(drummer, 2.5)
    drummer.fill()
    rig.run(drummer, 3)
    fills = [hit.position for hit in rig.hits() if hit.voice == 4]
    assert fills == pytest.approx([12, 13, 14, 15])
    assert drummer.late == 0


def test_too_late_for_the_next_bar_a_fill_comes_with_the_one_after() -> None:
    rig, _, drummer = on_stage()
    rig.run(drummer, 3 - (LOOK_AHEAD + 0.02) / 2)
    drummer.fill()
    rig.run(drummer, 3)
    fills = [hit.position for hit in rig.hits() if hit.voice == 4]
    assert fills == pytest.approx([16, 17, 18, 19])
    assert drummer.late == 0
    assert len(rig.hits()) in (24, 25)


@pytest.mark.parametrize(
    ("pressed", "first"), [(8.1, 9), (8.8, 9), (8.99, 10), (9.5, 10), (10.8, 11)]
)
@pytest.mark.parametrize("offset", [0.0, -0.3, 0.3])
def test_a_fill_that_is_ready_begins_with_the_next_beat(
    pressed: float, first: int, offset: float
) -> None:
    rig, source, drummer = on_stage(offset, has_spares=True)
    rig.run(drummer, pressed / 4)
    drummer.fill()
    assert drummer.playing is not None
    assert drummer.playing.fill
    assert drummer.playing.pattern.hits[:, 4].sum() == 12 - first
    rig.run(drummer, 3)
    fills = [round(hit.position) for hit in rig.hits() if hit.voice == 4]
    assert fills == list(range(first, 12))
    assert [round(hit.position) for hit in rig.hits()][:20] == list(range(20))
    bars = [number for number in (1, 2, 3, 4, 5) for _ in range(4)]
    bars[first:12] = [9_001] * (12 - first)
    assert numbers(rig)[:20] == bars
    assert (drummer.late, source.taken_back) == (0, 0)


@pytest.mark.parametrize("offset", [-0.4, 0.4])
def test_no_bar_is_skipped_whose_hits_all_come_late_or_early(offset: float) -> None:
    rig, _, drummer = on_stage(offset)
    rig.run(drummer, 6)
    assert numbers(rig)[:20] == [number for number in range(1, 6) for _ in range(4)]


def test_in_the_last_beat_a_fill_comes_with_the_next_bar() -> None:
    rig, _, drummer = on_stage(has_spares=True)
    rig.run(drummer, 11.1 / 4)
    drummer.fill()
    rig.run(drummer, 3)
    assert [hit.position for hit in rig.hits() if hit.voice == 4] == [12, 13, 14, 15]


def test_pressed_again_the_next_bar_is_a_fill_too() -> None:
    rig, _, drummer = on_stage(has_spares=True)
    rig.run(drummer, 9.1 / 4)
    drummer.fill()
    rig.run(drummer, 0.05)
    drummer.fill()
    rig.run(drummer, 3)
    fills = [hit.position for hit in rig.hits() if hit.voice == 4]
    assert fills == [10, 11, 12, 13, 14, 15]


def test_a_spare_fill_is_kept_fresh_and_leaves_the_other_bars_as_they_are() -> None:
    rig, source, drummer = on_stage(has_spares=True)
    assert source.spares == 1
    rig.run(drummer, 16.5)
    assert source.spares == 5
    drummer.fill()
    rig.run(drummer, 1)
    assert source.spares == 6
    drummer.change(replace(WISHES, style="jazz"))
    rig.run(drummer, 1)
    assert source.spares == 7
    assert numbers(rig)[: 16 * 4] == [number for number in range(1, 17) for _ in range(4)]


def test_other_wishes_hold_from_the_next_bar_on() -> None:
    rig, source, drummer = on_stage()
    rig.run(drummer, 1.5)
    made = len(source.made)
    drummer.change(replace(WISHES, style="jazz", temperature=0.5))
    rig.run(drummer, 2)
    anew = source.made[made:]
    assert source.taken_back == 3
    assert {(wishes.style, wishes.temperature) for _, wishes, _ in anew} == {("jazz", 0.5)}
    assert numbers(rig)[:12] == [1] * 4 + [2] * 4 + [made + 1] * 4
    assert drummer.wishes.style == "jazz"


def test_a_fill_outlives_another_wish() -> None:
    rig, _, drummer = on_stage()
    rig.run(drummer, 1.3)
    drummer.fill()
    rig.run(drummer, 0.3)
    drummer.change(replace(WISHES, temperature=2.0))
    rig.run(drummer, 2)
    assert [hit.position for hit in rig.hits() if hit.voice == 4] == pytest.approx([8, 9, 10, 11])


def test_something_new_begins_with_the_next_bar() -> None:
    rig, source, drummer = on_stage()
    rig.run(drummer, 1.5)
    drummer.vary()
    rig.run(drummer, 2)
    assert (source.varied, source.taken_back) == (1, 3)


def test_bars_are_made_at_the_tempo_of_the_moment_and_none_is_lost_as_it_changes() -> None:
    rig, source, drummer = on_stage()
    rig.run(drummer, 3.3)
    rig.transport.set_qpm(180)
    rig.run(drummer, 4)
    rig.transport.set_qpm(50)
    rig.run(drummer, 4)
    assert source.made[0][1].qpm == 120
    assert {round(wishes.qpm) for _, wishes, _ in source.made} == {120, 180, 50}
    assert numbers(rig)[:40] == [number for number in range(1, 11) for _ in range(4)]
    assert drummer.late == 0


def test_stopped_and_started_it_goes_on_with_the_bar_that_would_have_come() -> None:
    rig, _, drummer = on_stage()
    rig.run(drummer, 2.5)
    rig.stop()
    drummer.rewind()
    rig.start()
    before = len(rig.heard)
    rig.run(drummer, 2)
    after = [round(10_000 * hit.velocity) for hit in rig.heard[before:] if hit.kind == "hit"]
    assert after[:8] == [4] * 4 + [5] * 4
    assert drummer.late == 0


def test_continued_in_the_middle_of_a_bar_no_bar_is_late() -> None:
    rig, _, drummer = on_stage()
    rig.run(drummer, 2.5)
    rig.stop()
    rig.transport.continue_(rig.clock())
    rig.run(drummer, 3)
    assert drummer.late == 0
    assert sorted(numbers(rig)) == numbers(rig)


@pytest.mark.parametrize(
    ("place", "number"), [(0.0, 1), (0.75, 1), (8.0, 3), (9.5, 3), (21.5, 6), (24.25, 7)]
)
def test_continued_elsewhere_it_knows_its_bar_at_once(place: float, number: int) -> None:
    rig, _, drummer = on_stage(has_spares=True)
    rig.run(drummer, 5.3)
    rig.stop()
    rig.transport.locate(place)
    rig.transport.continue_(rig.clock())
    rig.run(drummer, 0.02)
    assert drummer.number == number
    drummer.fill()  # which comes at once in all but the last beat
    assert drummer.playing is not None
    assert drummer.playing.fill
    rig.run(drummer, 3)
    assert drummer.late == 0


@pytest.mark.parametrize("leap", [1.5, -1.5, -2.5, 2.2])
def test_moved_by_a_shared_clock_no_bar_is_late_and_none_is_left_out(leap: float) -> None:
    rig, source = Rig(), NumberedBars()
    drummer = LiveDrummer(source, rig.transport, Wishes())
    drummer.prepare()
    rig.start()
    rig.run(drummer, 2.55)
    rig.transport.leap(rig.clock(), rig.transport.position + leap, 120)
    rig.run(drummer, 3)
    assert drummer.late == 0
    assert drummer.number == int(rig.transport.position // 4) + 1
    heard = list(dict.fromkeys(round(hit.velocity * 10_000) for hit in rig.hits()))
    assert heard == list(range(1, len(heard) + 1))


def test_changed_before_the_start_it_starts_as_wished() -> None:
    rig, source = Rig(), NumberedBars()
    drummer = LiveDrummer(source, rig.transport, WISHES)
    drummer.prepare()
    drummer.fill()
    drummer.turn()
    rig.start()
    rig.run(drummer, 1.5)
    assert [hit.voice for hit in rig.hits()[:6]] == [4, 4, 4, 4, 0, 0]


@pytest.mark.parametrize("has_spares", [False, True])
def test_hundreds_of_changes_lose_no_beat(has_spares: bool) -> None:
    rig, _, drummer = on_stage(offset=-0.4, has_spares=has_spares)
    generator = np.random.default_rng(0)

    def meddle() -> None:
        if generator.random() < 0.02:
            [drummer.fill, drummer.vary, lambda: drummer.change(WISHES)][generator.integers(3)]()
        if generator.random() < 0.005:
            rig.transport.set_qpm(float(generator.uniform(60, 240)))

    rig.run(drummer, 200, at_tick=meddle)
    beats = [round(hit.position + 0.1) for hit in rig.hits()]
    assert beats[:800] == list(range(800))
    assert drummer.late == 0


class Failing(NumberedBars):
    def next(self, wishes: Wishes, *, fill: bool = False) -> Bar:
        if len(self.made) >= 4:
            raise ModelError("the model is stuck")
        return super().next(wishes, fill=fill)


def test_what_goes_wrong_in_the_thread_is_raised() -> None:
    transport = Transport(time.perf_counter, 400)
    drummer = LiveDrummer(Failing(), transport, WISHES)
    drummer.prepare()
    with LivePlayer(transport, [], drummer.hear) as player, drummer.work(player.lock):
        player.start()
        assert drummer._thread is not None
        drummer._thread.join(60)
        with pytest.raises(ModelError, match="stuck"):
            drummer.check()
    assert drummer._thread is None


# --- bars of the machine --------------------------------------------------------------------------


def test_the_machine_remembers_no_more_than_it_needs_from_the_start_of_a_phrase_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = tiny_machine()
    told: list[dict[str, Any]] = []
    play_on = machine.continue_

    def spy(pattern: Pattern, *wishes: Any, **settings: Any) -> Pattern:
        told.append(settings | {"heard": pattern})
        return play_on(pattern, *wishes, **settings)

    monkeypatch.setattr(machine, "continue_", spy)
    bars = MachineBars(machine, 1)
    made = [bars.next(WISHES).pattern for _ in range(20)]
    assert [one["heard"].bars for one in told] == [1, 2, 3, *[4, 5, 6, 7] * 4]
    assert told[-1]["heard"] == joined(made[12:19], 120)
    pace = np.mean([one.hits.sum() / 16 for one in made[:4]])
    assert [one["density"] for one in told] == [None] * 3 + [pytest.approx(pace)] * 16
    told.clear()
    bars.next(replace(WISHES, style="jazz"))
    assert told[0]["heard"] == replace(made[-1], qpm=120)
    assert told[0]["density"] is None


def test_the_same_seed_plays_the_same_and_another_something_else() -> None:
    first, again, other = (MachineBars(tiny_machine(), seed) for seed in (1, 1, 2))
    music = [[bars.next(WISHES).pattern for _ in range(6)] for bars in (first, again, other)]
    assert music[0] == music[1] != music[2]


def test_a_bar_is_taken_back() -> None:
    machine = tiny_machine()
    bars = MachineBars(machine, 1)
    for _ in range(6):
        bars.next(WISHES)
    memory, pace = list(bars._memory), list(bars._pace)
    for _ in range(3):
        bars.next(WISHES)
    for _ in range(3):
        bars.take_back()
    assert (list(bars._memory), bars._pace, bars._count) == (memory, pace, 6)
    bars.vary()
    bars.take_back()
    assert bars._count == 0


def test_a_spare_fill_changes_nothing() -> None:
    plain, spared = (MachineBars(tiny_machine(), 1) for _ in range(2))
    for _ in range(9):
        fill = spared.spare_fill(WISHES)
        assert fill.fill
        assert fill.pattern.bars == 1
        assert spared.next(WISHES) == plain.next(WISHES)


def test_asked_density_and_fills_reach_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = tiny_machine()
    told: list[dict[str, Any]] = []
    begin = machine.generate

    def spy(*wishes: Any, **settings: Any) -> list[Pattern]:
        told.append(settings)
        return begin(*wishes, **settings)

    monkeypatch.setattr(machine, "generate", spy)
    bar = MachineBars(machine, 1).next(replace(WISHES, density=2.0, temperature=0.5), fill=True)
    assert bar.fill
    assert told[0]["density"] == 2.0
    assert (told[0]["temperature"], told[0]["beat_type"]) == (0.5, "fill")


def test_it_plays_on_after_a_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = tiny_machine()
    heard: list[Pattern] = []
    play_on = machine.continue_

    def spy(pattern: Pattern, *wishes: Any, **settings: Any) -> Pattern:
        heard.append(pattern)
        return play_on(pattern, *wishes, **settings)

    monkeypatch.setattr(machine, "continue_", spy)
    start = groove_of(30, seed=2)
    MachineBars(machine, 1, start).next(WISHES)
    # bars 25 to 30: the 31st is the third of its phrase
    assert heard[0] == joined([part(start, bar) for bar in range(24, 30)], 120)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (Pattern.empty(2), "no hits to play on after"),
        (replace(groove_of(3), quarters_per_bar=3.0), "3 quarters a bar, the models play 4/4"),
        (Pattern.empty(2, steps_per_quarter=3), "3 steps a quarter"),
    ],
)
def test_patterns_it_cannot_play_on_after(start: Pattern, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        MachineBars(tiny_machine(), 1, start)


def test_wrong_wishes_come_out_before_the_music_starts() -> None:
    source = MachineBars(tiny_machine(), 1)
    drummer = LiveDrummer(source, Rig().transport, Wishes("jaz"))
    with pytest.raises(InvalidValueError, match="did you mean jazz"):
        drummer.prepare()


# --- bars of the LSTM drummer ---------------------------------------------------------------------


def test_the_drummers_bars_are_one_stream_cut_at_bar_lines(tmp_path: Path) -> None:
    bars = DrummerBars(tiny_drummer(tmp_path, PLACED), 1)
    made = [bars.next(Wishes()) for _ in range(40)]
    assert {bar.loop.quarters for bar in made} == {3.0}
    assert {bar.pattern.quarters_per_bar for bar in made} == {3.0}
    places = [hit.place + 3 * n for n, bar in enumerate(made) for hit in bar.loop.hits]
    gaps = np.rint(np.diff(places) * 480).astype(int)
    assert set(gaps.tolist()) <= set(VOCABULARY.ticks)
    assert all(bar.pattern.hits.any() for bar in made if bar.loop.hits)


def test_the_drummer_takes_back_a_bar(tmp_path: Path) -> None:
    bars = DrummerBars(tiny_drummer(tmp_path), 1)
    cold = Wishes(temperature=0.0)
    for _ in range(3):
        bars.next(cold)
    made = [bars.next(cold) for _ in range(4)]
    for _ in range(4):
        bars.take_back()
    assert [bars.next(cold) for _ in range(4)] == made


def test_another_temperature_and_something_new(tmp_path: Path) -> None:
    bars = DrummerBars(tiny_drummer(tmp_path), 1)
    bars.next(Wishes())
    first = bars._session.h
    bars.vary()
    assert not np.array_equal(first, bars._session.h)
    assert bars.next(Wishes(temperature=3.0)).loop.quarters == 4.0
    with pytest.raises(InvalidValueError, match="temperature"):
        bars.next(Wishes(temperature=-1))


def test_a_drummer_that_is_stuck_on_one_spot_begins_anew(tmp_path: Path) -> None:
    stuck = replace(VOCABULARY, ticks=(0,))
    bar = DrummerBars(tiny_drummer(tmp_path, stuck), 1).next(Wishes())
    assert isinstance(bar.loop, Loop)
    assert len(bar.loop.hits) <= 512


# --- for real -------------------------------------------------------------------------------------


@pytest.mark.jack
@attempted
def test_on_a_real_bus_no_bar_is_late_and_every_note_ends(jack: str) -> None:  # noqa: F811
    import mido

    from paradiddle.ports import open_output
    from paradiddle.sinks import MidiSink

    messages: list[Any] = []
    transport = Transport(time.perf_counter, 300)
    drummer = LiveDrummer(MachineBars(tiny_machine(), 1), transport, WISHES)
    drummer.prepare()
    heard: list[Timed] = []

    def hear(timed: Timed) -> None:
        drummer.hear(timed)
        heard.append(timed)

    with LivePlayer(transport, [MidiSink(open_output(virtual="drummer"))], hear) as player:
        backend = mido.Backend(BACKEND)
        [name] = [one for one in backend.get_input_names() if "drummer" in one]
        receiver = backend.open_input(name)
        receiver.callback = messages.append
        with drummer.work(player.lock):
            player.start()
            time.sleep(0.8)
            drummer.fill()
            time.sleep(2.0)
            drummer.check()
    until(lambda: messages and messages[-1].is_cc(123), "silence")
    receiver.close()
    assert drummer.late == 0
    assert drummer.number >= 3
    struck = [one.note for one in messages if one.type == "note_on" and one.velocity]
    ended = [one.note for one in messages if one.type == "note_off"]
    hits = [one for one in heard if one.kind == "hit"]
    assert 0 < len(hits) <= len(struck) <= len(hits) + 1  # one may be struck as it stops
    assert set(struck) <= set(ended)
