import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from paradiddle.errors import InvalidValueError
from paradiddle.events import DEFAULT_VELOCITY
from paradiddle.given import tap_of
from paradiddle.pattern import MAX_STEPS
from paradiddle.pattern_cells import cells_of
from paradiddle.rhythm import tapped


def test_velocities_are_taps_and_0_is_a_rest() -> None:
    pattern = tapped([1.0, 0.0, 0.25, 0.5], qpm=93)
    assert_array_equal(tap_of(cells_of(pattern)), [[1, 1, 0], [0, 0, 0], [1, 0.25, 0], [1, 0.5, 0]])
    assert (pattern.qpm, pattern.steps_per_quarter, pattern.quarters_per_bar) == (93, 4, 4)


@pytest.mark.parametrize(
    "rhythm",
    [[True, False, True], [1, 0, 1], np.array([1, 0, 1], np.uint8), (True, False, True)],
)
def test_without_velocities_taps_are_of_medium_strength(rhythm: object) -> None:
    pattern = tapped(rhythm)  # type: ignore[arg-type]
    assert_array_equal(pattern.velocities.max(axis=1), np.float32([1, 0, 1]) * DEFAULT_VELOCITY)
    assert pattern.qpm == 120


def test_one_number_that_is_not_whole_makes_all_of_them_velocities() -> None:
    assert_array_equal(tapped([1, 0, 0.5]).velocities.max(axis=1), [1, 0, 0.5])


def test_a_rhythm_of_any_length() -> None:
    assert tapped([1]).steps == 1
    assert tapped(np.ones(37)).steps == 37


@pytest.mark.parametrize(
    ("rhythm", "message"),
    [
        ([0.5, math.nan], r"velocity must be in \[0, 1\], got nan; 0 is a rest"),
        ([0.5, math.inf], r"velocity must be in \[0, 1\], got inf"),
        ([0.5, -0.1], r"velocity must be in \[0, 1\], got -0.1"),
        ([100, 0, 64], r"velocity must be in \[0, 1\], got 100; 0 is a rest, 1 the loudest tap"),
        ([], r"must have 1 to 1000000 steps, got 0; one bar is 16"),
        (np.zeros(MAX_STEPS + 1), "must have 1 to 1000000 steps, got 1000001"),
        (1, r"a vector of velocities, one a 16th, got int64 of shape \(\); try \[1, 0, 0, 1\]"),
        (np.zeros((16, 9)), r"got float64 of shape \(16, 9\)"),
        (np.zeros((16, 1)), r"got float64 of shape \(16, 1\)"),
        ([[1, 0], [1]], "must be a vector of velocities"),
        ("x..x", "must be a vector of velocities"),
        (["x", "."], "must be a vector of velocities"),
        ([1, None], "must be a vector of velocities"),
        ([1j], "must be a vector of velocities"),
        (None, "must be a vector of velocities"),
    ],
)
def test_what_is_no_rhythm(rhythm: object, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        tapped(rhythm)  # type: ignore[arg-type]


@pytest.mark.parametrize("qpm", [math.nan, 0, -1])
def test_a_tempo_that_is_none(qpm: float) -> None:
    with pytest.raises(InvalidValueError, match=f"qpm must be in .*, got {qpm}"):
        tapped([1], qpm)
