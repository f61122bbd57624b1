import copy
import dataclasses
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from strategies import patterns, performances

from paradiddle.drums import VOICE_OF_PITCH, VOICES
from paradiddle.errors import InvalidValueError
from paradiddle.events import DEFAULT_VELOCITY, MAX_TICKS, Events, quantise
from paradiddle.pattern import MAX_STEPS, Pattern

KICK, SNARE, HAT = 36, 38, 42


# --- Events -----------------------------------------------------------------------------------


def test_arrays_are_copied_typed_and_read_only() -> None:
    ticks = np.array([0, 240], np.int16)
    events = Events([KICK, SNARE], ticks, [1, 0.5])
    ticks[:] = 7
    assert events.ticks.tolist() == [0, 240]
    assert events.velocities is not None
    arrays = events.notes, events.ticks, events.velocities
    assert [array.dtype for array in arrays] == [np.int64, np.int64, np.float32]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        events.qpm = 90  # type: ignore[misc]


def test_onsets_seconds_and_length() -> None:
    events = Events([KICK, HAT, SNARE], [480, 0, 240], qpm=60, quarters_per_bar=3.5)
    assert len(events) == 3
    assert events.onsets.tolist() == [480, 480, 720]
    assert events.seconds().tolist() == [1, 1, 1.5]
    assert events.ticks_per_bar == 1680


def test_without_velocities_the_dynamics_are_even() -> None:
    assert Events([KICK], [0]).velocities is None
    assert Events([KICK], [0]).dynamics.tolist() == [np.float32(DEFAULT_VELOCITY)]
    assert Events([KICK], [0], [0.25]).dynamics.tolist() == [0.25]


def test_no_events_at_all() -> None:
    events = Events([], [])
    assert len(events) == len(events.onsets) == len(events.seconds()) == len(events.dynamics) == 0
    assert events == Events.from_onsets([], [])


def test_equal_events_are_equal_and_hash_alike() -> None:
    events = Events([KICK], [0], [0.5])
    assert len({events, Events([KICK], [0], [0.5]), Events([SNARE], [0], [0.5])}) == 2


@pytest.mark.parametrize(
    "other",
    [
        Events([SNARE], [10], [0.5]),
        Events([KICK], [11], [0.5]),
        Events([KICK], [10], [0.6]),
        Events([KICK], [10]),
        Events([KICK], [10], [0.5], qpm=121),
        Events([KICK], [10], [0.5], quarters_per_bar=3),
        Events([KICK, KICK], [10, 0], [0.5, 0.5]),
        None,
    ],
)
def test_any_difference_makes_events_unequal(other: object) -> None:
    assert Events([KICK], [10], [0.5]) != other


def test_having_no_velocities_is_not_having_the_default() -> None:
    assert Events([KICK], [0]) != Events([KICK], [0], [DEFAULT_VELOCITY])


@given(performances())
def test_copies_are_equal(events: Events) -> None:
    for twin in (copy.deepcopy(events), pickle.loads(pickle.dumps(events))):
        assert twin == events
        assert hash(twin) == hash(events)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"notes": [KICK, 128]}, r"note must be in \[0, 127\], got 128; use General MIDI"),
        ({"notes": [-1, 0]}, r"note must be in \[0, 127\], got -1"),
        ({"notes": [36.0, 38.0]}, "notes must be a vector of whole numbers, got float64"),
        ({"notes": [[KICK, SNARE]]}, r"notes must be a vector .* of shape \(1, 2\)"),
        ({"notes": [KICK]}, "notes and ticks must be of one length, got 1 and 2"),
        ({"ticks": [0, -1]}, r"ticks must be in \[0, 268435455\], got -1; count from the previous"),
        ({"ticks": [0, MAX_TICKS + 1]}, r"ticks must be in \[0, 268435455\], got 268435456"),
        ({"ticks": [0, 0.5]}, "ticks must be a vector of whole numbers"),
        ({"velocities": [1]}, r"velocities must have shape \(2,\), got \(1,\)"),
        ({"velocities": [1, 100]}, r"velocity must be in \[0, 1\], got 100; divide MIDI"),
        ({"velocities": [1, math.nan]}, "velocity must be .*got nan"),
        ({"qpm": 0}, "qpm must be .*got 0"),
        ({"quarters_per_bar": 0}, r"quarters_per_bar must be in \[0\.0625, 1020\], got 0; 4/4 is"),
        ({"quarters_per_bar": -4}, "quarters_per_bar must be .*got -4"),
        ({"quarters_per_bar": math.nan}, "quarters_per_bar must be .*got nan"),
    ],
)
def test_a_value_out_of_range_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Events(**{"notes": [KICK, SNARE], "ticks": [0, 0], **arguments})


# --- from onsets ------------------------------------------------------------------------------


def test_onsets_come_in_any_order_and_ties_keep_theirs() -> None:
    events = Events.from_onsets([SNARE, HAT, KICK], [480, 480, 120], [0.1, 0.2, 0.3])
    assert events == Events([KICK, SNARE, HAT], [120, 360, 0], [0.3, 0.1, 0.2])


def test_ties_keep_their_order_however_many() -> None:
    notes = np.arange(100)[::-1]
    events = Events.from_onsets([*notes, KICK], [480] * 100 + [0])
    assert events.notes.tolist() == [KICK, *notes]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([KICK, SNARE], [0]), "notes and onsets must be of one length, got 2 and 1"),
        (([KICK], [0, 10]), "notes and onsets must be of one length, got 1 and 2"),
        (([KICK], [-5]), r"onset must be in \[0, inf\), got -5; count from the first bar line"),
        (([KICK], [0.5]), "onsets must be a vector of whole numbers"),
        (([KICK], [0], [1, 1]), r"velocities must have shape \(1,\), got \(2,\)"),
    ],
)
def test_onsets_that_do_not_fit_are_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Events.from_onsets(*arguments)


@given(performances())
def test_onsets_and_back_are_exact(events: Events) -> None:
    same = Events.from_onsets(
        events.notes, events.onsets, events.velocities, events.qpm, events.quarters_per_bar
    )
    assert same == events


# --- from a Pattern ---------------------------------------------------------------------------


def pattern_of(
    *hits: tuple[int, int, float, float], bars: int = 1, steps_per_quarter: int = 4
) -> Pattern:
    """A Pattern with a hit at each (step, voice, velocity, offset)."""
    cells = np.zeros((2, bars * 4 * steps_per_quarter, len(VOICES)))
    struck = np.zeros(cells.shape[1:], bool)
    for step, voice, *values in hits:
        struck[step, voice] = True
        cells[:, step, voice] = values
    return Pattern(struck, *cells, steps_per_quarter=steps_per_quarter)


def test_every_hit_of_a_pattern_sounds_in_its_place() -> None:
    pattern = pattern_of((0, 1, 1, 0), (0, 0, 0.5, 0), (4, 1, 0.25, 0.25), (8, 8, 0.75, -0.5))
    assert Events.from_pattern(pattern) == Events(
        [36, 38, 38, 51], [0, 0, 510, 390], [0.5, 1, 0.25, 0.75]
    )


def test_offsets_can_change_the_order() -> None:
    events = Events.from_pattern(pattern_of((4, 0, 1, 0.4), (5, 1, 1, -0.5)))
    assert events.onsets.tolist() == [528, 540]
    crossed = Events.from_pattern(pattern_of((4, 0, 1, 0.4), (4, 1, 1, -0.4)))
    assert crossed.notes.tolist() == [38, 36]


def test_a_hit_before_the_start_is_moved_to_it() -> None:
    assert Events.from_pattern(pattern_of((0, 0, 1, -0.5))).onsets.tolist() == [0]


@pytest.mark.parametrize("steps_per_quarter", [3, 4, 6])
def test_every_voice_is_written_with_its_own_pitch(steps_per_quarter: int) -> None:
    hits = [(voice, voice, 1, 0) for voice in range(9)]
    events = Events.from_pattern(pattern_of(*hits, steps_per_quarter=steps_per_quarter))
    assert events.notes.tolist() == [voice.pitch for voice in VOICES]
    assert events.onsets.tolist() == [voice * 480 // steps_per_quarter for voice in range(9)]


def test_speed_and_metre_carry_over() -> None:
    events = Events.from_pattern(Pattern.empty(1, qpm=96, quarters_per_bar=3.5))
    assert (len(events), events.qpm, events.quarters_per_bar) == (0, 96, 3.5)


# --- quantise ---------------------------------------------------------------------------------


def cells_of(pattern: Pattern) -> list[tuple[int, int, float, float]]:
    """(step, voice, velocity, offset) of every hit."""
    return [
        (step, voice, float(pattern.velocities[step, voice]), float(pattern.offsets[step, voice]))
        for step, voice in np.argwhere(pattern.hits).tolist()
    ]


def quantised_at(*onsets: int, steps_per_quarter: int = 4, **metre: float) -> Pattern:
    """Kicks at `onsets`, quantised; none may be lost."""
    events = Events.from_onsets([KICK] * len(onsets), onsets, [1] * len(onsets), **metre)
    pattern, collisions, unmapped = quantise(events, steps_per_quarter=steps_per_quarter)
    assert (collisions, unmapped) == (0, 0)
    return pattern


@pytest.mark.parametrize(
    ("onset", "step", "offset"),
    [
        (0, 0, 0),
        (30, 0, 0.25),
        (59, 0, 59 / 120),
        (60, 1, -0.5),  # half-way belongs to the later step
        (119, 1, -1 / 120),
        (120, 1, 0),
        (179, 1, 59 / 120),
        (180, 2, -0.5),
    ],
)
def test_a_hit_goes_to_its_nearest_step(onset: int, step: int, offset: float) -> None:
    assert cells_of(quantised_at(onset)) == [(step, 0, 1, pytest.approx(offset))]


@pytest.mark.parametrize(("onset", "step", "offset"), [(80, 1, -0.5), (160, 1, 0), (320, 2, 0)])
def test_triplets(onset: int, step: int, offset: float) -> None:
    assert cells_of(quantised_at(onset, steps_per_quarter=3)) == [(step, 0, 1, offset)]


@pytest.mark.parametrize("steps_per_quarter", [11, 21, 42, 480])
def test_half_way_between_two_odd_steps_goes_up(steps_per_quarter: int) -> None:
    """Where a step is no whole number of ticks, rounding errors must not decide."""
    twice = 2 * steps_per_quarter
    onsets = [tick for tick in range(20_000) if tick * twice % 960 == 480][:20]
    for onset in onsets:
        (step, _, _, offset) = cells_of(quantised_at(onset, steps_per_quarter=steps_per_quarter))[0]
        assert (step, offset) == (onset * twice // 960 + 1, -0.5)


def test_an_early_downbeat_opens_the_next_bar() -> None:
    pattern = quantised_at(0, 1910)
    assert cells_of(pattern) == [(0, 0, 1, 0), (16, 0, 1, pytest.approx(-10 / 120))]
    assert pattern.bars == 2


@pytest.mark.parametrize(("onset", "bars"), [(0, 1), (1859, 1), (1860, 2), (1920, 2), (7679, 5)])
def test_a_pattern_ends_with_a_whole_bar(onset: int, bars: int) -> None:
    assert quantised_at(onset).bars == bars


@pytest.mark.parametrize(("quarters_per_bar", "bar"), [(3.5, 14), (3, 12), (1.25, 5)])
def test_other_metres(quarters_per_bar: float, bar: int) -> None:
    pattern = quantised_at(0, bar * 120 - 10, quarters_per_bar=quarters_per_bar)
    assert pattern.steps == 2 * bar
    assert np.flatnonzero(pattern.hits[:, 0]).tolist() == [0, bar]
    assert pattern.quarters_per_bar == quarters_per_bar


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_of_hits_that_collide_the_hardest_stays(order: list[int]) -> None:
    onsets, velocities = np.array([470, 480, 500]), np.array([0.25, 0.75, 0.5])
    events = Events([SNARE] * 3, np.diff(onsets, prepend=0), velocities[order])
    pattern, collisions, unmapped = quantise(events)
    loudest = onsets[order.index(1)]
    assert cells_of(pattern) == [(4, 1, 0.75, pytest.approx((loudest - 480) / 120))]
    assert (collisions, unmapped) == (2, 0)


def test_of_equals_the_first_stays() -> None:
    pattern, collisions, _ = quantise(Events([SNARE, 40, 37], [475, 5, 10]))
    assert cells_of(pattern) == [(4, 1, np.float32(DEFAULT_VELOCITY), pytest.approx(-5 / 120))]
    assert collisions == 2


def test_voices_do_not_collide_with_each_other() -> None:
    events = Events([voice.pitch for voice in VOICES], [0] * 9)
    pattern, collisions, _ = quantise(events)
    assert pattern.hits[0].all()
    assert collisions == 0


def test_pitches_of_no_voice_are_counted() -> None:
    events = Events([KICK, 24, 96, KICK], [0, 10, 3000, 470])
    pattern, collisions, unmapped = quantise(events)
    assert np.flatnonzero(pattern.hits[:, 0]).tolist() == [0, 29]
    assert (collisions, unmapped) == (0, 2)
    assert quantise(Events([96], [9999])).pattern.steps == 0


def test_no_events_make_no_steps() -> None:
    pattern, collisions, unmapped = quantise(Events([], [], qpm=90, quarters_per_bar=3))
    assert pattern == Pattern.empty(0, qpm=90, quarters_per_bar=3)
    assert (collisions, unmapped) == (0, 0)


def test_a_bar_that_the_grid_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"got 3\.5 quarters of 3 steps"):
        quantise(Events([KICK], [0], quarters_per_bar=3.5), steps_per_quarter=3)


def test_an_absurd_length_is_refused_before_it_is_made() -> None:
    with pytest.raises(
        InvalidValueError, match=rf"a grid of 2236976 steps is too long; at most {MAX_STEPS}"
    ):
        quantise(Events([KICK], [MAX_TICKS]))


# --- round trips ------------------------------------------------------------------------------


@given(performances())
def test_nothing_vanishes_unseen(events: Events) -> None:
    steps_per_quarter = 4 if (events.quarters_per_bar * 4).is_integer() else 32
    pattern, collisions, unmapped = quantise(events, steps_per_quarter=steps_per_quarter)
    assert pattern.hits.sum() + collisions + unmapped == len(events)


@given(performances(), st.sampled_from([4, 8, 12, 480]))
def test_events_to_pattern_and_back_are_exact_to_a_tick(
    events: Events, steps_per_quarter: int
) -> None:
    """Where nothing collides; of hits at once the order, and of pitches the voice, remains."""
    events = dataclasses.replace(events, quarters_per_bar=4)
    pattern, collisions, _ = quantise(events, steps_per_quarter=steps_per_quarter)
    back = Events.from_pattern(pattern)
    if collisions:
        assert set(back.onsets) <= set(events.onsets)
        return
    voices = np.array([VOICE_OF_PITCH[note] for note in events.notes.tolist()], np.int64)
    order = np.lexsort((voices, events.onsets))
    assert_array_equal(back.onsets, events.onsets)
    assert_array_equal(back.notes, [VOICES[voice].pitch for voice in voices[order]])
    assert_array_equal(back.dynamics, events.dynamics[order])


@given(patterns(whole_bars=True))
def test_pattern_to_events_and_back_keeps_every_hit(pattern: Pattern) -> None:
    """In its step, within a tick of its offset; but what came before the start is moved to it."""
    back, collisions, unmapped = quantise(
        Events.from_pattern(pattern), steps_per_quarter=pattern.steps_per_quarter
    )
    assert (collisions, unmapped) == (0, 0)
    assert_array_equal(back.hits, pattern.hits)
    assert_array_equal(back.velocities, pattern.velocities)
    tick = pattern.steps_per_quarter / 480
    offsets = np.vstack([np.maximum(pattern.offsets[:1], 0), pattern.offsets[1:]])
    assert np.abs(back.offsets - offsets).max() <= tick + 1e-6
    assert (back.qpm, back.quarters_per_bar) == (pattern.qpm, pattern.quarters_per_bar)


@given(patterns(whole_bars=True))
def test_a_second_round_trip_changes_nothing(pattern: Pattern) -> None:
    once = Events.from_pattern(pattern)
    again = quantise(once, steps_per_quarter=pattern.steps_per_quarter).pattern
    assert Events.from_pattern(again) == once
