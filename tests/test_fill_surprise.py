"""Likelihoods: exact, of what was not known, and of what is played."""

from itertools import product

import numpy as np
import pytest
from machines import questions, random_cells, tiny_net

from paradiddle.errors import InvalidValueError
from paradiddle.fill_playing import play
from paradiddle.fill_surprise import surprise
from paradiddle.given import V
from paradiddle.quanta import (
    OFFSET_BINS,
    VELOCITY_BINS,
    offset_bin,
    offset_in,
    velocity_bin,
    velocity_in,
)

NET = tiny_net()
HIT_SETS = np.array(list(product([0, 1], repeat=V)), np.float32)  # (512, 9)


def repeated(cells: np.ndarray, times: int) -> np.ndarray:
    return np.repeat(cells[:1], times, axis=0)


def asked_alike(cells: np.ndarray, **known: np.ndarray):
    """One question about many answers: the same style, tempo and first bar."""
    asked = questions(cells, **known)
    asked.conditions[:] = asked.conditions[:1]
    asked.first_bar[:] = 0
    return asked


@pytest.mark.parametrize("step", [0, 1, 21])
def test_probabilities_of_all_hit_sets_of_a_step_sum_to_one(step: int) -> None:
    cells = repeated(random_cells(1, 2), 512)
    cells[:, step] = 0
    cells[:, step, :V] = HIT_SETS
    bits = surprise(NET, asked_alike(cells)).hits
    assert np.exp2(-bits[:, step].astype(float)).sum() == pytest.approx(1, abs=1e-5)
    assert (bits[:, :step] == bits[:1, :step]).all()  # the past knows nothing of it


def test_probabilities_of_what_is_open_of_a_step_sum_to_one() -> None:
    cells = repeated(random_cells(1, 2), 512)
    cells[:, 5, :V] = HIT_SETS
    known = np.zeros((512, 32, V), bool)
    known[:, 5, [0, 3, 8]] = True
    consistent = (HIT_SETS[:, [0, 3, 8]] == [1, 0, 1]).all(-1)
    bits = surprise(NET, asked_alike(cells, hits_known=known)).hits[consistent, 5]
    assert len(bits) == 64
    assert np.exp2(-bits.astype(float)).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("part", "count", "value"),
    [("velocities", VELOCITY_BINS, velocity_in), ("offsets", OFFSET_BINS, offset_in)],
)
def test_probabilities_of_all_bins_sum_to_one(part: str, count: int, value) -> None:
    cells = repeated(random_cells(1, 1), count)
    cells[:, 4] = 0
    cells[:, 4, [1, 5]] = 1
    cells[:, 4, [10, 14]] = 0.5
    column = (1 if part == "velocities" else 2) * V + 5
    cells[:, 4, column] = value(np.arange(count), np.full(count, 0.3))
    bits = getattr(surprise(NET, asked_alike(cells)), part)
    assert np.exp2(-bits[:, 4, 5].astype(float)).sum() == pytest.approx(1, abs=1e-5)
    assert (bits[:, 4, 1] == bits[0, 4, 1]).all()
    assert (bits[:, 4, [0, 2, 3, 4, 6, 7, 8]] == 0).all()


def test_what_is_known_does_not_surprise() -> None:
    cells = random_cells(2, 2)
    known = np.zeros((2, 32, V), bool)
    known[:, :16] = True
    bits = surprise(NET, questions(cells, known, known))
    assert (bits.hits[:, :16] == 0).all()
    assert (bits.hits[:, 16:] > 0).all()
    for shade in (bits.velocities, bits.offsets):
        assert (shade[:, :16] == 0).all()
        assert ((shade[:, 16:] > 0) == (cells[:, 16:, :V] > 0)).all()


def test_hits_alone_may_be_known() -> None:
    cells = random_cells(1, 2)
    bits = surprise(NET, questions(cells, np.ones((1, 32, V), bool)))
    assert (bits.hits == 0).all()
    assert ((bits.velocities > 0) == (cells[..., :V] > 0)).all()


def test_a_long_piece_is_measured_bar_by_bar_and_a_batch_row_by_row() -> None:
    cells = random_cells(3, 18)
    together = surprise(NET, questions(cells))
    assert together.hits.shape == (3, 288)
    asked = questions(cells)
    for row in range(3):
        one = type(asked)(*(array[row : row + 1] for array in vars(asked).values()))
        for ours, theirs in zip(surprise(NET, one), together, strict=True):
            np.testing.assert_allclose(ours[0], theirs[row], atol=1e-4)
    with pytest.raises(InvalidValueError, match="whole bars"):
        surprise(NET, questions(cells[:, :30]))


def test_what_is_played_is_as_frequent_as_it_is_likely() -> None:
    many = 4000
    nothing = asked_alike(np.zeros((many, 16, 27), np.float32))
    played = play(NET, nothing, range(many))[:, 0]
    cells = repeated(np.zeros((1, 16, 27), np.float32), 512)
    cells[:, 0, :V] = HIT_SETS
    expected = np.exp2(-surprise(NET, asked_alike(cells)).hits[:, 0].astype(float))
    places = played[:, :V] @ 2 ** np.arange(V)[::-1]
    found = np.bincount(places.astype(int), minlength=512) / many
    error = np.sqrt(expected * (1 - expected) / many) + 1 / many
    assert (abs(found - expected) < 4.5 * error).all()
    assert expected.max() < 0.8

    likeliest = int(expected.argmax())
    struck = int(np.flatnonzero(HIT_SETS[likeliest])[0]) if likeliest else None
    assert struck is not None
    rows = places == likeliest
    _check_bins(played[rows], HIT_SETS[likeliest], struck)


def _check_bins(played: np.ndarray, hits: np.ndarray, voice: int) -> None:
    """Velocities and offsets of the first voice that is struck, given the hits."""
    for part, count, value, bin_of, name in (
        (1, VELOCITY_BINS, velocity_in, velocity_bin, "velocities"),
        (2, OFFSET_BINS, offset_in, offset_bin, "offsets"),
    ):
        cells = np.zeros((count, 16, 27), np.float32)
        cells[:, 0, :V] = hits
        cells[:, 0, part * V + voice] = value(np.arange(count), np.zeros(count))
        bits = getattr(surprise(NET, asked_alike(cells)), name)[:, 0, voice]
        expected = np.exp2(-bits.astype(float))
        found = np.bincount(bin_of(played[:, part * V + voice]), minlength=count) / len(played)
        error = np.sqrt(expected * (1 - expected) / len(played)) + 1 / len(played)
        assert (abs(found - expected) < 4.5 * error).all(), name
