import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paradiddle.errors import InvalidValueError
from paradiddle.events import Events
from paradiddle.pattern import Pattern
from paradiddle.transport import Loop, Struck, Timed, Transport


class Clock:
    """A clock that only goes when told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def pattern_of(*cells: tuple[int, int], steps: int = 16, offset: float = 0.0) -> Pattern:
    """Hits at (step, voice)."""
    hits = np.zeros((steps, 9), np.bool_)
    for cell in cells:
        hits[cell] = True
    return Pattern(hits, hits * np.float32(0.5), hits * np.float32(offset))


def sixteenths(voice: int = 0, steps: int = 16, offset: float = 0.0) -> Loop:
    return Loop.of(
        pattern_of(*((step, voice) for step in range(steps)), steps=steps, offset=offset)
    )


def running(loop: Loop, qpm: float = 120, **start: Any) -> tuple[Clock, Transport]:
    clock = Clock()
    transport = Transport(clock, qpm)
    transport.set_loop(loop)
    transport.start(at=clock.seconds, **start)
    return clock, transport


def play(clock: Clock, transport: Transport, seconds: float) -> list[Timed]:
    """Let time go on, asking as often as the transport wants to be asked."""
    found, until = [], clock.seconds + seconds
    while clock.seconds < until:
        found += transport.due()
        clock.seconds += min(until - clock.seconds, max(0.001, transport.next_wake()))
    return found


def of(kind: str, timed: list[Timed]) -> list[Timed]:
    return [one for one in timed if one.kind == kind]


def seconds(kind: str, timed: list[Timed]) -> list[float]:
    return [one.seconds - 100 for one in of(kind, timed)]


# --- time -------------------------------------------------------------------------------------


def test_everything_at_its_time_and_once() -> None:
    found = play(*running(sixteenths()), 9.96)
    assert seconds("hit", found) == pytest.approx([n / 8 for n in range(80)] + [10.0])
    assert seconds("pulse", found) == pytest.approx([n / 48 for n in range(481)])
    assert seconds("bar", found) == pytest.approx([0, 2, 4, 6, 8, 10])
    assert [one.order for one in found] == sorted(one.order for one in found)


def test_what_starts_comes_first_and_then_the_pulse() -> None:
    found = play(*running(sixteenths()), 0.01)
    assert [one.kind for one in found if one.seconds == 100] == ["start", "bar", "pulse", "hit"]


def test_nothing_before_its_look_ahead() -> None:
    clock, transport = running(Loop.of(pattern_of((4, 1))))
    for _ in range(2_000):
        for timed in transport.due():
            assert clock.seconds <= timed.seconds + 1e-9 < clock.seconds + 0.05 + 1e-6
        clock.seconds += max(0.001, transport.next_wake())


def test_hours_do_not_drift() -> None:
    clock, transport = running(Loop.of(pattern_of((0, 0))), 119.7)
    transport._horizon = 1e5  # as if it had played for 14 hours
    clock.seconds = 100 + 1e5 * 60 / 119.7
    [first, *_] = of("hit", play(clock, transport, 3))
    assert first.seconds == pytest.approx(100 + first.position * 60 / 119.7, abs=1e-9)
    assert first.position % 4 == 0


def test_the_velocity_the_length_and_the_pitch() -> None:
    [hit] = of("hit", play(*running(Loop.of(pattern_of((0, 1))), 60), 0.1))
    assert (hit.voice, hit.velocity, hit.pitch, hit.length) == (1, 0.5, -1, pytest.approx(0.2))
    events = Loop.of_events(Events.from_onsets([56, 96], [0, 0], [1.0, 0.25]))
    found = of("hit", play(*running(events), 0.1))
    assert [(one.voice, one.pitch, one.velocity) for one in found] == [(-1, 96, 0.25), (1, 56, 1.0)]


def test_late_and_early_hits() -> None:
    loop = Loop.of(pattern_of((0, 0), (4, 0), offset=-0.4))
    # the very first is moved to the start; in the next turns it comes before the bar line
    found = seconds("hit", play(*running(loop), 4.1))
    assert found == pytest.approx([0, 0.45, 1.95, 2.45, 3.95])
    late = Loop.of(pattern_of((15, 0), offset=0.45))
    assert seconds("hit", play(*running(late), 2.1)) == pytest.approx([1.875 + 0.45 / 8])


def test_an_end() -> None:
    loop = Loop.of(pattern_of((0, 0), (15, 0)), repeats=False)
    found = play(*running(loop), 7)
    assert seconds("hit", found) == pytest.approx([0, 1.875])
    assert seconds("end", found) == [2]


def test_a_last_bar_is_completed() -> None:
    assert Loop.of(pattern_of((16, 0), steps=20)).quarters == 8
    assert Loop.of(Pattern.empty(0)).quarters == 4
    assert Loop.of_events(Events([36], [1920])).quarters == 8


# --- start, stop, continue ----------------------------------------------------------------------


def test_a_count_in() -> None:
    found = play(*running(sixteenths(), count_in_bars=1), 2.06)
    assert seconds("click", found) == pytest.approx([0, 0.5, 1, 1.5])
    assert [one.velocity for one in of("click", found)] == [1.0, 0.7, 0.7, 0.7]
    assert seconds("start", found) == [2]
    assert seconds("hit", found)[0] == 2
    assert seconds("pulse", found)[0] == 0


def test_an_early_first_hit_is_early_after_a_count_in() -> None:
    loop = Loop.of(pattern_of((0, 0), offset=-0.4))
    assert seconds("hit", play(*running(loop, count_in_bars=1), 2.06)) == pytest.approx([1.95])


def test_stop_and_continue_with_the_next_sixteenth() -> None:
    clock, transport = running(sixteenths())
    play(clock, transport, 0.3)
    transport.stop()
    assert not transport.running
    assert transport.due() == []
    assert transport.position == 0.75
    clock.seconds = 200
    transport.continue_(at=200)
    found = play(clock, transport, 0.1)
    assert [one.kind for one in found if one.seconds == 200] == ["continue", "pulse", "hit"]
    assert of("hit", found)[0].position == 0.75
    transport.stop()
    transport.start(at=clock.seconds)
    assert of("hit", play(clock, transport, 0.01))[0].position == 0


def test_continue_anywhere() -> None:
    clock, transport = running(Loop.of(pattern_of((0, 0), (10, 1))))
    transport.stop()
    transport.locate(6.5)
    transport.continue_(at=100)
    found = of("hit", play(clock, transport, 1))
    assert [(one.voice, one.position) for one in found] == [(1, 6.5), (0, 8.0)]


def test_a_start_from_now_is_not_late() -> None:
    clock, transport = running(sixteenths())
    transport.stop()
    transport.start()
    assert all(one.seconds > clock.seconds for one in transport.due())


# --- changes ------------------------------------------------------------------------------------


def test_another_tempo_goes_on_where_it_is() -> None:
    clock, transport = running(sixteenths())
    before = play(clock, transport, 1.03)
    position = transport.position
    transport.set_qpm(60)
    assert transport.position == pytest.approx(position)
    found = before + play(clock, transport, 2)
    hits = of("hit", found)
    assert [one.position for one in hits] == pytest.approx([n / 4 for n in range(len(hits))])
    gaps = np.diff(seconds("hit", found))
    assert gaps[:8] == pytest.approx(0.125)
    assert gaps[9:] == pytest.approx(0.25)
    assert 0.125 <= gaps[8] <= 0.25


def test_another_pattern_from_the_next_bar_on() -> None:
    clock, transport = running(sixteenths(0))
    before = play(clock, transport, 0.5)
    assert transport.set_loop(sixteenths(1)) == 4.0
    hits = of("hit", before + play(clock, transport, 3))
    assert [one.voice for one in hits[:24]] == [0] * 16 + [1] * 8


def test_a_bar_line_that_was_handed_out_is_too_late() -> None:
    clock, transport = running(sixteenths(0))
    play(clock, transport, 1.96)
    transport.due()
    assert transport.set_loop(sixteenths(1)) == 8.0


def test_an_early_hit_of_the_new_pattern_needs_its_time() -> None:
    clock, transport = running(sixteenths(0))
    play(clock, transport, 1.9)
    assert transport.set_loop(sixteenths(1, offset=-0.5)) == 8.0
    hits = of("hit", play(clock, transport, 2.3))
    assert [one.voice for one in hits if one.position < 7.87][-1] == 0
    assert next(one.voice for one in hits if one.position > 7.87) == 1


def test_at_the_end_and_at_once() -> None:
    clock, transport = running(sixteenths(0, steps=32))
    play(clock, transport, 0.5)
    assert transport.set_loop(sixteenths(1), "end") == 8.0
    # at once, and at the same place of the music
    begin = transport.set_loop(Loop.of(pattern_of((5, 2), steps=32)), "now")
    assert 1.0 < begin < 1.25
    [hit] = of("hit", play(clock, transport, 1))
    assert (hit.voice, hit.position) == (2, 1.25)


def test_another_length_at_once_goes_on_at_the_place_within_the_loop() -> None:
    clock, transport = running(sixteenths(0))  # of a bar, at 120: two seconds
    play(clock, transport, 3.0)  # at beat 2 of the second pass
    transport.set_loop(Loop.of(pattern_of((20, 2), steps=32)), "now")
    [hit] = of("hit", play(clock, transport, 3.5))
    assert (hit.voice, hit.position) == (2, 9.0)  # a bar and a quarter after the pass began
    once = Loop.of(pattern_of((24, 1), steps=32), repeats=False)
    transport.set_loop(once, "now")
    assert [one.kind for one in play(clock, transport, 4) if one.kind in ("hit", "end")] == [
        "hit",
        "end",
    ]


def test_the_last_choice_counts() -> None:
    clock, transport = running(sixteenths(0))
    hits = of("hit", play(clock, transport, 0.2))
    for voice in (1, 2):
        transport.set_loop(sixteenths(voice))
    hits += of("hit", play(clock, transport, 3))
    assert [one.voice for one in hits][:18] == [0] * 16 + [2] * 2


def test_another_metre_waits_for_a_stop() -> None:
    clock, transport = running(sixteenths())
    waltz = Loop.of(Pattern.empty(1, quarters_per_bar=3))
    with pytest.raises(InvalidValueError, match="bars of 3 quarters, what plays has 4; stop first"):
        transport.set_loop(waltz)
    transport.stop()
    transport.set_loop(waltz)
    transport.start(at=clock.seconds)
    assert seconds("bar", play(clock, transport, 3.1)) == pytest.approx([0, 1.5, 3])


def test_swing() -> None:
    clock, transport = running(sixteenths())
    before = play(clock, transport, 0.3)
    transport.set_swing(0.75)
    hits = [one.position for one in of("hit", before + play(clock, transport, 0.95))]
    # from the next eighth on
    assert hits == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1.375, 1.5, 1.875, 2, 2.375, 2.5])


def test_swing_of_its_own_stays() -> None:
    loop = Loop.of(pattern_of((1, 0)), 0.66)
    clock, transport = running(loop)
    transport.set_swing(0.75)
    assert of("hit", play(clock, transport, 1))[0].position == pytest.approx(0.33)
    with pytest.raises(
        InvalidValueError, match=r"swing must be 0\.5 for 3 steps a quarter, got 0\.6"
    ):
        Loop.of(Pattern.empty(1, steps_per_quarter=3), 0.6)
    with pytest.raises(InvalidValueError, match=r"swing must be in \[0.5, 0.75\], got 0.8"):
        transport.set_swing(0.8)


def test_loop_points() -> None:
    clock, transport = running(Loop.of(pattern_of((0, 0), (16, 1), (32, 2), steps=48)))
    play(clock, transport, 0.5)
    transport.set_loop_points(2, 2)
    assert [one.voice for one in of("hit", play(clock, transport, 5.5))] == [1, 1, 1]
    transport.set_loop_points()
    play(clock, transport, 2)
    assert [one.voice for one in of("hit", play(clock, transport, 6))] == [1, 2, 0]
    with pytest.raises(InvalidValueError, match=r"last bar must be a whole number in \[1, 3\]"):
        transport.set_loop_points(1, 4)


def test_a_muted_voice() -> None:
    clock, transport = running(Loop.of(pattern_of((0, 0), (4, 1))))
    transport.mute(1)
    assert {one.voice for one in of("hit", play(clock, transport, 4))} == {0}
    transport.mute(1, False)
    assert {one.voice for one in of("hit", play(clock, transport, 4))} == {0, 1}


def test_to_follow_another_clock() -> None:
    clock, transport = running(sixteenths())
    hits = of("hit", play(clock, transport, 0.5))
    # behind the other clock by a 16th, then ahead of it by as much: nothing is lost nor doubled
    for shift in (0.25, -0.25):
        transport.align(clock.seconds, transport.position + shift, 120)
        hits += of("hit", play(clock, transport, 0.5))
    assert [one.position for one in hits] == pytest.approx([n / 4 for n in range(len(hits))])


def test_a_clock_that_leaps_ahead_leaves_out_what_it_passes() -> None:
    clock, transport = running(sixteenths())
    play(clock, transport, 1.25)  # to the middle of the third beat
    transport.leap(clock.seconds, 4.0, 120)
    found = play(clock, transport, 0.5)
    assert seconds("hit", found) == pytest.approx([1.25, 1.375, 1.5, 1.625, 1.75], abs=1e-3)
    assert [one.position for one in of("hit", found)] == [4.0, 4.25, 4.5, 4.75, 5.0]
    assert [one.position for one in of("bar", found)] == [4.0]
    assert transport.position == pytest.approx(5.0)


def test_a_bar_line_that_is_passed_by_a_leap_is_told() -> None:
    clock, transport = running(sixteenths())
    play(clock, transport, 1.75)
    transport.leap(clock.seconds, 5.1, 120)
    found = play(clock, transport, 0.01)
    assert [one.position for one in of("bar", found)] == [4.0]
    assert [one.position for one in of("hit", found)] == [5.0]  # only just passed


def test_a_clock_that_leaps_back_has_it_played_again() -> None:
    clock, transport = running(sixteenths(0))
    play(clock, transport, 1.0)
    transport.set_loop(sixteenths(1))
    play(clock, transport, 1.75)
    transport.leap(clock.seconds, 3.5, 120)
    hits = of("hit", play(clock, transport, 0.5))
    assert [one.position for one in hits] == [3.5, 3.75, 4.0, 4.25, 4.5]
    assert [one.voice for one in hits] == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("qpm", [60, 240, 400])
@pytest.mark.parametrize("ahead", [0.26, 0.6, 1.0])
def test_a_leap_ahead_doubles_nothing_wherever_it_comes(qpm: float, ahead: float) -> None:
    for begun in np.linspace(1.0, 1.3, 13):
        clock, transport = running(sixteenths(), qpm)
        found = play(clock, transport, begun)
        transport.leap(clock.seconds, transport.position + ahead, qpm)
        found += play(clock, transport, 1)
        places = [one.position for one in of("hit", found)]
        assert places == sorted(set(places))


def test_a_leap_to_the_start_does_not_tell_it_again() -> None:
    clock, transport = running(sixteenths())
    found = play(clock, transport, 0.5)
    transport.leap(clock.seconds, 0.0, 120)
    found += play(clock, transport, 0.5)
    assert len(of("start", found)) == 1
    assert [one.position for one in of("bar", found)] == [0.0, 0.0]


def test_a_leap_over_the_end_ends_it() -> None:
    clock, transport = running(Loop.of(pattern_of((0, 0)), repeats=False))
    play(clock, transport, 1.8)
    transport.leap(clock.seconds, 4.3, 120)
    assert len(of("end", play(clock, transport, 0.1))) == 1


def test_where_nothing_plays_nothing_leaps() -> None:
    clock = Clock()
    transport = Transport(clock)
    with pytest.raises(InvalidValueError, match=r"cannot leap to position 3\.0, nothing"):
        transport.leap(clock.seconds, 3.0, 120)
    transport.start(at=clock.seconds + 9)
    with pytest.raises(InvalidValueError, match=r"cannot leap to position 3\.0, nothing"):
        transport.leap(clock.seconds, 3.0, 120)


def test_a_start_that_waits_can_be_put_off() -> None:
    clock = Clock()
    transport = Transport(clock, 60)
    transport.set_loop(sixteenths())
    assert not transport.waits
    transport.start(at=104.0)
    assert transport.waits
    transport.set_qpm(120)
    transport.begin_at(102.0)
    found = play(clock, transport, 2.2)
    assert seconds("start", found) == [2.0]
    assert seconds("hit", found) == pytest.approx([2.0, 2.125, 2.25])
    assert not transport.waits
    with pytest.raises(InvalidValueError, match=r"nothing waits to begin at 103 s"):
        transport.begin_at(103.0)


def test_it_ends_after_so_many_bars_of_music_and_no_hit_later() -> None:
    clock = Clock()
    transport = Transport(clock, 120)
    transport.set_loop(sixteenths(offset=-0.2))
    transport.set_bars(2)
    transport.start(at=clock.seconds, count_in_bars=1)
    found = play(clock, transport, 8)
    assert seconds("end", found) == [6.0]
    assert len(of("hit", found)) == 32  # not the early one of the third bar's first step
    assert len(of("pulse", found)) == 3 * 96
    transport.stop()
    transport.locate(33.0)
    transport.continue_(at=clock.seconds)
    again = play(clock, transport, 8)
    assert [one.position for one in of("end", again)] == [40.0]  # the bar begun is one of two
    with pytest.raises(InvalidValueError, match="bars must be at least 1, got 0"):
        transport.set_bars(0)


@pytest.mark.parametrize(("place", "end"), [(8.0, 16.0), (16.0, 32.0), (24.0, 40.0)])
def test_stopped_on_the_way_it_ends_where_it_would_have_and_elsewhere_bars_are_counted_anew(
    place: float, end: float
) -> None:
    clock = Clock()
    transport = Transport(clock, 120)
    transport.set_bars(4)
    transport.set_loop(sixteenths())
    transport.start(at=clock.seconds)
    play(clock, transport, 5)
    transport.stop()
    transport.set_loop(sixteenths(1))
    transport.locate(place)
    transport.continue_(at=clock.seconds)
    assert [one.position for one in of("end", play(clock, transport, 17))] == [end]


def test_music_made_shorter_than_where_it_is_ends() -> None:
    clock, transport = running(Loop.of(pattern_of((0, 0), steps=64), repeats=False))
    play(clock, transport, 5)
    transport.set_loop(Loop.of(pattern_of((0, 0)), repeats=False), "now")
    assert len(of("end", play(clock, transport, 1))) == 1


def test_after_a_sleep_the_music_goes_on() -> None:
    clock, transport = running(sixteenths())
    before = of("hit", play(clock, transport, 0.5))
    clock.seconds += 60
    transport.shift(60)
    after = of("hit", play(clock, transport, 0.5))
    assert after[0].position == before[-1].position + 0.25
    assert after[0].seconds == pytest.approx(before[-1].seconds + 60.125)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda transport: transport.start(), "runs already; stop it first"),
        (lambda transport: transport.set_loop_points(0, 1), "first bar must be"),
        (lambda transport: transport.set_loop_points(1, 0), "last bar must be"),
        (lambda transport: transport.locate(2), "cannot go to position 2 while playing"),
        (
            lambda transport: transport.set_loop(sixteenths(), "soon"),
            "when must be bar, now or end",
        ),
        (lambda transport: transport.set_qpm(0), "qpm must be in"),
        (lambda transport: Transport(lambda: 0.0, look_ahead=0), "look_ahead must be at least"),
    ],
)
def test_what_makes_no_sense(wrong: Callable[[Transport], object], message: str) -> None:
    _, transport = running(sixteenths())
    with pytest.raises(InvalidValueError, match=message):
        wrong(transport)


# --- whatever is done -----------------------------------------------------------------------------

ACTIONS = st.lists(
    st.tuples(
        st.floats(0.001, 1.5),
        st.sampled_from(["qpm", "swing", "bar", "now", "end", "align", "sleep"]),
        st.floats(0, 1),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(ACTIONS, st.floats(-0.5, 0.49))
def test_every_step_has_one_hit_whatever_is_changed(
    actions: list[tuple[float, str, float]], offset: float
) -> None:
    """Each loop strikes every 16th on a voice of its own: a step must be struck by exactly one."""
    clock, transport = running(sixteenths(0, offset=offset))
    begins, found = [(0.0, 0)], []
    for wait, action, value in actions:
        found += of("hit", play(clock, transport, wait))
        if action == "qpm":
            transport.set_qpm(60 + 180 * value)
        elif action == "swing":
            transport.set_swing(0.5 + 0.25 * value)
        elif action == "align":
            transport.align(clock.seconds, transport.position + value - 0.5, 60 + 180 * value)
        elif action == "sleep":
            clock.seconds += 0.3 * value
        else:
            voice = len(begins) % 9
            begin = transport.set_loop(sixteenths(voice, offset=0.99 * value - 0.5), action)  # type: ignore[arg-type]
            begins = [one for one in begins if one[0] < begin - 1e-6] + [(begin, voice)]
    found += of("hit", play(clock, transport, 2))
    for step in range(math.floor(transport.position * 4) - 2):
        wanted = [voice for begin, voice in begins if begin <= step / 4 + 1e-6][-1]
        near = [one for one in found if step - 0.51 <= one.position * 4 < step + 1]
        assert sum(one.voice == wanted for one in near) >= 1, step
    assert abs(len(found) - transport.position * 4) <= 4


def test_hits_of_a_stretch_are_those_of_its_steps() -> None:
    hit = Struck(1.0, 0.9, 0, 0.5)
    assert (hit.at(0.5), hit._replace(swings=True).at(0.75)) == (0.9, 1.025)
