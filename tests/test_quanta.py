"""Velocities and offsets as categories, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import OFFSETS, VELOCITIES

from paradiddle.quanta import (
    OFFSET_BINS,
    VELOCITY_BINS,
    median_offset,
    median_velocity,
    offset_bin,
    offset_in,
    velocity_bin,
    velocity_in,
)

PLACES = st.floats(0, 1, exclude_max=True)


@given(VELOCITIES, PLACES)
def test_a_velocity_from_its_bin_is_near(velocity: float, place: float) -> None:
    bins = velocity_bin(np.array([velocity], np.float32))
    back = velocity_in(bins, np.array([place]))
    assert back.dtype == np.float32
    assert back[0] >= np.float32(1 / 127)
    assert back[0] <= 1
    assert velocity_bin(back) == bins
    assert abs(max(velocity, 1 / 127) - back[0]) <= 3.5001 / 127


@given(OFFSETS, PLACES)
def test_an_offset_from_its_bin_is_near(offset: float, place: float) -> None:
    bins = offset_bin(np.array([offset], np.float32))
    back = offset_in(bins, np.array([place]))
    assert back.dtype == np.float32
    assert -0.5 <= back[0] < 0.5
    assert offset_bin(back) == bins
    assert abs(offset - back[0]) <= 3.5001 / 120


def test_every_bin_comes_back_from_every_place_in_it() -> None:
    places = np.linspace(0, 1, 50, endpoint=False)
    for count, inside, bin_of in (
        (VELOCITY_BINS, velocity_in, velocity_bin),
        (OFFSET_BINS, offset_in, offset_bin),
    ):
        bins = np.repeat(np.arange(count), len(places))
        assert (bin_of(inside(bins, np.tile(places, count))) == bins).all()


def test_every_midi_velocity_and_tick_can_be_played() -> None:
    places = np.array([0, 0.25, 0.5, 0.75]).repeat(VELOCITY_BINS)
    midi = velocity_in(np.tile(np.arange(VELOCITY_BINS), 4), places) * 127
    assert sorted(set(np.rint(midi).astype(int).tolist())) == list(range(1, 128))
    places = np.array([0, 0.34, 0.67]).repeat(OFFSET_BINS)
    ticks = offset_in(np.tile(np.arange(OFFSET_BINS), 3), places) * 120
    assert sorted(np.rint(ticks).astype(int).tolist()) == list(range(-60, 60))


@pytest.mark.parametrize(
    ("masses", "midi"),
    [
        ({0: 1.0}, 3),  # 1 to 4: halfway is the third
        ({10: 0.5, 11: 0.5}, 45),  # where the second begins
        ({10: 0.25, 11: 0.75}, 46),  # a third of the way through 45 to 48
        ({0: 0.4, 20: 0.2, 31: 0.4}, 83),
        ({31: 1.0}, 127),
    ],
)
def test_medians_of_velocities_by_hand(masses: dict[int, float], midi: int) -> None:
    probabilities = np.zeros((1, VELOCITY_BINS), np.float32)
    probabilities[0, list(masses)] = list(masses.values())
    assert median_velocity(probabilities)[0] * 127 == pytest.approx(midi)


@pytest.mark.parametrize(
    ("masses", "ticks"),
    [({0: 1.0}, -59), ({20: 1.0}, 1), ({19: 0.5, 20: 0.5}, 0), ({39: 1.0}, 58)],
)
def test_medians_of_offsets_by_hand(masses: dict[int, float], ticks: int) -> None:
    probabilities = np.zeros((2, 1, OFFSET_BINS), np.float32)
    probabilities[..., list(masses)] = list(masses.values())
    medians = median_offset(probabilities)
    assert medians.shape == (2, 1)
    assert (medians * 120).ravel().tolist() == pytest.approx([ticks, ticks])
