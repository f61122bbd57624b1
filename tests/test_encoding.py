import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from strategies import performances

from paradiddle.encoding import (
    DEFAULT_RESOLUTION,
    VELOCITY_LEVELS,
    Vocabulary,
    one_hot,
    round_ticks,
)
from paradiddle.errors import InvalidValueError
from paradiddle.events import MAX_TICKS, Events

KICK, SNARE, HAT = 36, 38, 42


# --- rounding time ----------------------------------------------------------------------------


def rounded(*gaps: int, resolution: int = DEFAULT_RESOLUTION) -> list[int]:
    return round_ticks(Events([KICK] * len(gaps), gaps), resolution).ticks.tolist()


@pytest.mark.parametrize(
    ("gap", "result"),
    [
        (0, 0),
        (2, 0),
        (3, 5),
        (117, 115),
        (119, 120),  # below a 16th to 5
        (120, 120),
        (124, 120),
        (125, 130),  # below a quarter to 10, halves up
        (479, 480),
        (480, 480),
        (499, 480),
        (500, 520),  # below four quarters to 40
        (1920, 1920),
        (1979, 1920),
        (1980, 2040),  # beyond to 120
    ],
)
def test_longer_gaps_are_rounded_more_coarsely(gap: int, result: int) -> None:
    assert rounded(gap) == [result]


@pytest.mark.parametrize(("resolution", "result"), [(1, 118), (2, 118), (5, 120), (20, 120)])
def test_the_resolution_sets_the_finest_step(resolution: int, result: int) -> None:
    assert rounded(118, resolution=resolution) == [result]


def test_the_error_is_carried_into_the_next_gap() -> None:
    assert rounded(0, 62, 62, 62, 62) == [0, 60, 65, 60, 65]
    drifting = round_ticks(Events([KICK] * 10_000, [62] * 10_000))
    assert abs(drifting.onsets[-1] - 620_000) <= 2


def test_hits_that_come_to_sound_together_are_sorted_by_note() -> None:
    events = round_ticks(Events([HAT, SNARE, KICK, KICK], [120, 1, 1, 118], [0.1, 0.2, 0.3, 0.4]))
    assert events == Events([KICK, SNARE, HAT, KICK], [120, 0, 0, 120], [0.3, 0.2, 0.1, 0.4])


def test_a_long_gap_rounded_up_overtakes_what_follows_but_nothing_after() -> None:
    events = Events([KICK] * 4, [2220, 30, 30, 60])
    assert events.onsets.tolist() == [2220, 2250, 2280, 2340]
    assert round_ticks(events).onsets.tolist() == [2280, 2280, 2280, 2340]


def test_speed_and_metre_are_kept_and_velocities_stay_away() -> None:
    events = round_ticks(Events([KICK], [3], qpm=96, quarters_per_bar=3.5))
    assert events == Events([KICK], [5], qpm=96, quarters_per_bar=3.5)


def test_no_events_stay_none() -> None:
    assert round_ticks(Events([], [])) == Events([], [])


@pytest.mark.parametrize("resolution", [0, -5])
def test_a_resolution_below_a_tick_is_refused(resolution: int) -> None:
    with pytest.raises(
        InvalidValueError, match=f"resolution must be at least 1, got {resolution}; 1 keeps human"
    ):
        rounded(100, resolution=resolution)


def step_for(gap: int, resolution: int) -> int:
    """The step that a gap is rounded to, as the documentation has it."""
    factors = {120: 1, 480: 2, 1920: 8}
    return resolution * next((factor for limit, factor in factors.items() if gap < limit), 24)


@given(performances(), st.integers(2, 20))
def test_no_onset_is_further_off_than_documented(events: Events, resolution: int) -> None:
    true = events.onsets.tolist()
    moved = round_ticks(events, resolution).onsets.tolist()
    before = previous = 0
    for onset, result in zip(true, moved, strict=True):
        gap = onset - before
        overtaken = max(before - onset, 0)
        assert abs(result - onset) <= max(step_for(gap, resolution) / 2, overtaken)
        assert result >= previous
        before = previous = result


@given(performances(gaps=st.one_of(st.integers(0, 119), st.integers(0, 479))), st.integers(2, 20))
def test_time_does_not_drift(events: Events, resolution: int) -> None:
    """Whatever the number of events, the last one is off by no more than the first."""
    error = round_ticks(events, resolution).onsets - events.onsets
    assert np.abs(error).max(initial=0) <= 4 * resolution


@given(performances())
def test_a_resolution_of_one_tick_changes_no_time(events: Events) -> None:
    same = round_ticks(events, 1)
    assert_array_equal(same.onsets, events.onsets)
    order = np.lexsort((events.notes, events.onsets))
    assert_array_equal(same.notes, events.notes[order])
    assert_array_equal(same.dynamics, events.dynamics[order])


@given(performances(gaps=st.integers(0, 110)))
def test_what_is_rounded_stays_as_it_is(events: Events) -> None:
    once = round_ticks(events)
    assert round_ticks(once) == once


# --- vocabularies -----------------------------------------------------------------------------


def test_a_vocabulary_collects_what_occurs() -> None:
    events = Events([HAT, KICK, HAT], [240, 0, 120], [0.1, 0.2, 0.3])
    vocabulary = Vocabulary.of(events)
    assert vocabulary.notes == (KICK, HAT)
    assert vocabulary.ticks == (0, 120, 240)
    assert vocabulary.velocities == tuple((2 * level + 1) / 16 for level in range(VELOCITY_LEVELS))
    assert vocabulary.fields == ("note", "ticks", "velocity")
    assert vocabulary.sizes == (2, 3, 8)


def test_a_vocabulary_without_dynamics_has_two_fields() -> None:
    vocabulary = Vocabulary.of(Events([HAT, KICK], [240, 0], quarters_per_bar=3), velocity=False)
    assert vocabulary.fields == ("note", "ticks")
    assert vocabulary.sizes == (2, 2)
    assert vocabulary.encode(Events([KICK], [240], [1])).tolist() == [[0, 1]]
    decoded = vocabulary.decode(np.array([[0, 1]]), qpm=96)
    assert decoded == Events([KICK], [240], qpm=96, quarters_per_bar=3)


@given(performances().filter(len))
def test_a_vocabulary_is_exact_on_its_own_corpus(events: Events) -> None:
    vocabulary = Vocabulary.of(events)
    indices = vocabulary.encode(events)
    assert indices.dtype == np.int32
    assert indices.shape == (len(events), 3)
    back = vocabulary.decode(indices)
    assert_array_equal(back.notes, events.notes)
    assert_array_equal(back.ticks, events.ticks)
    assert np.abs(back.dynamics - events.dynamics).max() <= 0.5 / VELOCITY_LEVELS + 1e-6
    assert vocabulary.unknown(events) == 0
    assert_array_equal(vocabulary.encode(back), indices)


@pytest.mark.parametrize(
    ("note", "stand_in"),
    [
        (36, 36),
        (35, 36),  # the other kick
        (40, 38),  # a snare
        (22, 42),  # a closed hi-hat, though far off
        (57, 49),  # a crash, though 53 is nearer
        (48, 49),  # no mid tom: the nearest pitch
        (45, 42),  # no low tom
        (90, 53),  # no voice at all: the nearest pitch
        (0, 36),
        (75, 38),
    ],
)
def test_another_note_stands_in_for_one_unknown(note: int, stand_in: int) -> None:
    vocabulary = Vocabulary((53, 36, 38, 42, 49, 50), (0,))
    index = vocabulary.encode(Events([note], [0]))[0, 0]
    assert vocabulary.notes[index] == stand_in


def test_notes_without_a_voice_are_no_relatives() -> None:
    assert Vocabulary((36, 100), (0,)).encode(Events([10], [0])).tolist() == [[0, 0]]


@pytest.mark.parametrize(("ticks", "index"), [(0, 0), (59, 0), (60, 1), (179, 1), (9999, 2)])
def test_the_nearest_ticks_stand_in_for_ticks_unknown(ticks: int, index: int) -> None:
    vocabulary = Vocabulary((KICK,), (0, 120, 240))
    assert vocabulary.encode(Events([KICK], [ticks])).tolist() == [[0, index]]


@pytest.mark.parametrize(("velocity", "index"), [(0, 0), (0.12, 0), (0.13, 1), (0.6, 4), (1, 7)])
def test_velocities_fall_into_eight_equal_levels(velocity: float, index: int) -> None:
    vocabulary = Vocabulary.of(Events([KICK], [0]))
    assert vocabulary.encode(Events([KICK], [0], [velocity]))[0, 2] == index


def test_events_unknown_by_note_or_ticks_are_counted() -> None:
    vocabulary = Vocabulary((KICK, SNARE), (0, 120))
    assert vocabulary.unknown(Events([KICK, HAT, SNARE, HAT], [0, 0, 121, 7])) == 3
    assert vocabulary.unknown(Events([], [])) == 0


def test_no_events_are_no_rows() -> None:
    vocabulary = Vocabulary((KICK,), (0,), (0.5,))
    indices = vocabulary.encode(Events([], []))
    assert indices.shape == (0, 3)
    assert len(vocabulary.decode(indices)) == 0


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (((), (0,)), "the table of notes is empty"),
        (((KICK,), ()), "the table of ticks is empty"),
        (((KICK, KICK), (0,)), r"notes must hold distinct values in \[0, 127\], got \(36, 36\)"),
        (((128,), (0,)), r"notes must hold .* got \(128,\)"),
        (((KICK,), (-5,)), r"ticks must hold .* got \(-5,\)"),
        (((KICK,), (MAX_TICKS + 1,)), "ticks must hold"),
        (((KICK,), (0,), (0.5, 96.0)), r"velocities must hold .*\[0, 1\], got \(0\.5, 96\.0\)"),
        (((KICK,), (0,), (float("nan"),)), r"velocities must hold .*nan"),
        (((KICK,), (0,), (), -1), "places must be in"),
    ],
)
def test_tables_that_make_no_sense_are_refused(
    tables: tuple[tuple[float, ...], ...], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Vocabulary(*tables)  # type: ignore[arg-type]


def test_a_vocabulary_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="the table of notes is empty"):
        Vocabulary.of(Events([], []))


MISFITS = [
    (np.zeros((5, 3), int), r"indices must have shape \(events, 2\), got \(5, 3\)"),
    (np.zeros(2, int), r"indices must have shape \(events, 2\), got \(2,\)"),
    (np.array([[0, 0], [2, 0]]), r"an index of field 0 must be in \[0, 2\), got 2; encode with"),
    (np.array([[0, 3]]), r"an index of field 1 must be in \[0, 3\), got 3"),
    (np.array([[0, -1]]), r"an index of field 1 must be in \[0, 3\), got -1"),
]


@pytest.mark.parametrize(("indices", "message"), MISFITS)
def test_indices_that_do_not_fit_are_refused(indices: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Vocabulary((KICK, SNARE), (0, 120, 240)).decode(indices)
    with pytest.raises(InvalidValueError, match=message):
        one_hot(indices, (2, 3))


# --- one-hot rows -----------------------------------------------------------------------------


def test_one_hot_rows_hold_a_one_in_every_field() -> None:
    rows = one_hot(np.array([[0, 2, 1], [1, 0, 0]]), (2, 3, 2))
    assert rows.dtype == np.float32
    assert rows.tolist() == [[1, 0, 0, 0, 1, 0, 1], [0, 1, 1, 0, 0, 1, 0]]
    assert one_hot(np.zeros((0, 2), int), (2, 3)).shape == (0, 5)


@given(performances().filter(len))
def test_one_hot_rows_hold_the_indices(events: Events) -> None:
    vocabulary = Vocabulary.of(events)
    indices = vocabulary.encode(events)
    fields = np.split(one_hot(indices, vocabulary.sizes), np.cumsum(vocabulary.sizes)[:-1], axis=1)
    assert_array_equal(np.stack([field.argmax(1) for field in fields], 1), indices)
    assert all((field.sum(1) == 1).all() for field in fields)
