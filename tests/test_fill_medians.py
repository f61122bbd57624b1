"""Medians of velocity and offset over samples of what came before."""

import numpy as np
import pytest
from machines import questions, random_cells, tiny_net
from numpy.testing import assert_array_equal

from paradiddle.errors import InvalidValueError
from paradiddle.fill_medians import medians
from paradiddle.fill_playing import play

NET = tiny_net()
CELLS = random_cells(2, 2)
ALL = np.ones(CELLS[..., :9].shape, bool)


def test_medians_agree_with_those_of_many_samples() -> None:
    given = questions(CELLS[:1], ALL[:1], ~ALL[:1])
    found = medians(NET, given, samples=64)
    drawn = np.stack([play(NET, given, [seed]) for seed in range(400)])
    hits = CELLS[:1, :, :9] > 0
    for part in (slice(9, 18), slice(18, 27)):
        differences = found[..., part][hits] - np.median(drawn, axis=0)[..., part][hits]
        assert abs(differences.mean()) < 0.015
        assert abs(differences).mean() < 0.04  # one sample is 0.2 off


def test_hits_and_known_dynamics_stay() -> None:
    known = np.random.default_rng(1).random(ALL.shape) < 0.5
    found = medians(NET, questions(CELLS, ALL, known), samples=2)
    assert_array_equal(found[..., :9], CELLS[..., :9])
    kept = np.tile(known & (CELLS[..., :9] > 0), 3)
    assert_array_equal(found[kept], CELLS[kept])
    opened = np.tile(~known & (CELLS[..., :9] > 0), 3)
    opened[..., :9] = False
    assert (found[opened] != CELLS[opened]).mean() > 0.8
    assert not found[np.tile(CELLS[..., :9] == 0, 3)].any()


def test_the_same_seed_gives_the_same_medians() -> None:
    given = questions(CELLS, ALL, ~ALL)
    assert_array_equal(medians(NET, given, 2, 5), medians(NET, given, 2, 5))
    assert (medians(NET, given, 1, 5) != medians(NET, given, 1, 6)).any()


def test_open_hits_and_no_samples_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="medians need all hits and rests known; fill in"):
        medians(NET, questions(CELLS, ~ALL, ~ALL), samples=1)
    with pytest.raises(InvalidValueError, match="samples must be at least 1, got 0"):
        medians(NET, questions(CELLS, ALL, ~ALL), samples=0)
