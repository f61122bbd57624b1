"""Questions to a fill-in model, as arrays."""

import numpy as np
import pytest
from machines import questions, random_cells

from paradiddle.given import BEAT, FILL, condition, condition_width, tap_of


@pytest.mark.parametrize(
    ("qpm", "density", "beat_type", "expected"),
    [
        (None, None, None, [0, 0, 0, 0, 0, 0]),
        (150, None, BEAT, [1, 1, 0, 0, 1, 0]),
        (70, 1.5, FILL, [-1, 1, 0, 1, 0, 1]),
        (None, 0, BEAT, [0, 0, -1.5, 1, 1, 0]),
    ],
)
def test_wishes_stand_beside_marks_that_they_were_made(
    qpm: float | None, density: float | None, beat_type: str | None, expected: list[float]
) -> None:
    row = condition([0.25, 0.75], qpm, density, beat_type)
    assert row.dtype == np.float32
    assert row.tolist() == [0.25, 0.75, *expected]
    assert len(row) == condition_width(2)


def test_a_tap_is_the_loudest_hit_of_each_step() -> None:
    cells = np.zeros((3, 27), np.float32)
    cells[0, [0, 9, 18]] = 1, 0.25, 0.1
    cells[0, [8, 17, 26]] = 1, 0.75, -0.25
    cells[2, [4, 22]] = 1, 0.5  # struck at velocity 0
    assert tap_of(cells).tolist() == [[1, 0.75, -0.25], [0, 0, 0], [1, 0, 0.5]]


def test_taps_of_a_batch_are_those_of_its_patterns() -> None:
    cells = random_cells(3, 2)
    assert (tap_of(cells) == np.stack([tap_of(one) for one in cells])).all()


def test_bars_are_cut_from_all_that_has_steps() -> None:
    given = questions(random_cells(3, 4), tapped=True)
    assert (len(given), given.steps) == (3, 64)
    part = given.bars(1, 3)
    assert (len(part), part.steps) == (3, 32)
    assert (part.cells == given.cells[:, 16:48]).all()
    assert (part.tap == given.tap[:, 16:48]).all()
    assert part.hits_known.shape == part.dynamics_known.shape == (3, 32, 9)
    assert (part.tap_known == given.tap_known).all()
    assert given.first_bar.tolist() == [-1, 0, 1]
    assert part.first_bar.tolist() == [-1, 1, 2]  # unknown stays unknown
