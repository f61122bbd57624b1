import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradiddle.errors import InvalidValueError
from paradiddle.timing import (
    TempoMap,
    check_qpm,
    rescale_ticks,
    ticks_per_bar,
    time_signature_of,
)


@pytest.mark.parametrize("qpm", [60e6 / 0xFFFFFF, 20, 120, np.float32(96.5), 60e6])
def test_speeds_that_a_midi_file_can_hold(qpm: float) -> None:
    value = check_qpm(qpm)
    assert type(value) is float
    assert value == qpm


@pytest.mark.parametrize("qpm", [0, -120, 3.5, 60e6 + 1, math.nan, math.inf])
def test_other_speeds_are_named(qpm: float) -> None:
    with pytest.raises(
        InvalidValueError, match=rf"qpm must be in \[3\.58, 60000000\], got {qpm}; try 120"
    ):
        check_qpm(qpm)


def test_rescaling_rounds_halves_up() -> None:
    assert rescale_ticks(np.array([0, 1, 2, 3, 4]), 960, 480).tolist() == [0, 1, 1, 2, 2]
    assert rescale_ticks(np.array([0, 1, 2, 3]), 1, 480).tolist() == [0, 480, 960, 1440]


@given(st.lists(st.integers(0, 10**9), max_size=20), st.integers(1, 0x7FFF), st.integers(1, 0x7FFF))
def test_rescaling_never_drifts(ticks: list[int], source: int, target: int) -> None:
    rescaled = rescale_ticks(np.array(ticks, np.int64), source, target)
    for tick, result in zip(ticks, rescaled.tolist(), strict=True):
        assert abs(Fraction(tick * target, source) - result) <= Fraction(1, 2)


@given(st.lists(st.integers(0, 10**9), max_size=20), st.integers(1, 480), st.integers(1, 60))
def test_rescaling_to_a_multiple_and_back_is_exact(
    ticks: list[int], source: int, factor: int
) -> None:
    there = rescale_ticks(np.array(ticks, np.int64), source, source * factor)
    assert rescale_ticks(there, source * factor, source).tolist() == ticks


@pytest.mark.parametrize(
    ("metre", "ticks"),
    [((4, 4), 1920), ((3, 4), 1440), ((7, 8), 1680), ((6, 8), 1440), ((5, 64), 150)],
)
def test_ticks_per_bar(metre: tuple[int, int], ticks: int) -> None:
    assert ticks_per_bar(*metre, 480) == ticks


def test_a_bar_need_not_be_a_whole_number_of_ticks() -> None:
    assert ticks_per_bar(7, 8, 1) == Fraction(7, 2)


@pytest.mark.parametrize(
    ("quarters", "signature"),
    [(4, (4, 4)), (3, (3, 4)), (3.5, (7, 8)), (4.5, (9, 8)), (1.25, (5, 16)), (1 / 16, (1, 64))],
)
def test_the_time_signature_of_a_bar(quarters: float, signature: tuple[int, int]) -> None:
    assert time_signature_of(quarters) == signature
    assert ticks_per_bar(*signature, 480) == quarters * 480


@pytest.mark.parametrize("quarters", [0, -4, 1 / 3, 256, math.nan, math.inf])
def test_a_bar_without_a_time_signature_is_named(quarters: float) -> None:
    with pytest.raises(
        InvalidValueError, match=rf"quarters_per_bar must be .*got {quarters}; 4/4 is 4"
    ):
        time_signature_of(quarters)


def test_without_changes_the_midi_default_holds() -> None:
    assert TempoMap(96).seconds(np.array([0, 96, 192])).tolist() == [0, 0.5, 1]


def test_the_midi_default_holds_until_the_first_change() -> None:
    tempo = TempoMap(100, (200, 300), (60.0, 240.0))
    ticks = np.array([0, 100, 200, 250, 300, 400])
    assert tempo.seconds(ticks).tolist() == [0, 0.5, 1, 1.5, 2, 2.25]


def test_of_two_changes_at_once_the_later_counts() -> None:
    assert TempoMap(100, (0, 0), (60.0, 240.0)).seconds(np.array([100])).tolist() == [0.25]


def test_seconds_take_ticks_in_any_order_and_none() -> None:
    tempo = TempoMap(480, (480,), (60.0,))
    assert tempo.seconds(np.array([960, 0, 480])).tolist() == [1.5, 0, 0.5]
    assert tempo.seconds(np.array([], np.int64)).tolist() == []


@given(
    st.lists(st.tuples(st.integers(0, 10**5), st.floats(4, 1000)), max_size=8).map(sorted),
    st.integers(1, 960),
)
def test_time_never_runs_backwards(changes: list[tuple[int, float]], division: int) -> None:
    tempo = TempoMap(division, tuple(t for t, _ in changes), tuple(q for _, q in changes))
    seconds = tempo.seconds(np.arange(0, 110_000, 1000))
    assert (np.diff(seconds) > 0).all()
    # against a walk through the ticks that shares nothing with it
    elapsed, now, speed = 0.0, 0, 120.0
    for tick, qpm in [*changes, (109_000, 0.0)]:
        elapsed += (tick - now) * 60 / (speed * division)
        now, speed = tick, qpm
    assert seconds[-1] == pytest.approx(elapsed)
