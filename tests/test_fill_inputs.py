"""What the fill-in network reads: what is known, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from machines import questions, random_cells

from paradiddle.fill_inputs import RECALL_WIDTH, Recall, encoder_inputs, input_width, recall_of
from paradiddle.given import V, tap_of

MASKS = hnp.arrays(bool, (2, 32, V))


@settings(max_examples=30)
@given(MASKS, MASKS, st.integers(0, 100))
def test_only_what_is_known_is_read(
    hits_known: np.ndarray, dynamics_known: np.ndarray, seed: int
) -> None:
    ours = questions(random_cells(2, 2, seed), hits_known, dynamics_known)
    other = random_cells(2, 2, seed + 1)
    known = np.concatenate([hits_known, dynamics_known, dynamics_known], axis=-1)
    mixed = np.where(known, ours.cells, other)
    theirs = replace(ours, cells=mixed, tap=tap_of(other))
    assert (encoder_inputs(ours) == encoder_inputs(theirs)).all()


def test_what_is_known_is_read() -> None:
    cells = random_cells(1, 2)
    everything = np.ones((1, 32, V), bool)
    rows = encoder_inputs(questions(cells, everything, everything, tapped=True))
    assert rows.dtype == np.float32
    assert rows.shape == (1, 32, input_width(3))
    assert (rows[..., : 2 * V] == 1).all()
    assert (rows[..., 2 * V : 5 * V] == cells).all()
    assert (rows[..., 5 * V : 5 * V + 3] == tap_of(cells)).all()
    assert (rows[..., 5 * V + 3] == 1).all()


@pytest.mark.parametrize(("first_bar", "phrase"), [(0, [0, 1]), (3, [3, 0]), (-1, [4, 4])])
def test_places_in_bar_and_phrase(first_bar: int, phrase: list[int]) -> None:
    asked = replace(questions(random_cells(1, 2)), first_bar=np.array([first_bar]))
    places = encoder_inputs(asked)[0, :, 5 * V + 4 : 5 * V + 4 + 21]
    assert (places.sum(-1) == 2).all()
    assert places[:, :16].argmax(-1).tolist() == 2 * list(range(16))
    assert places[[0, 16], 16:].argmax(-1).tolist() == phrase


def test_wishes_are_repeated_at_every_step() -> None:
    asked = questions(random_cells(2, 2))
    assert (encoder_inputs(asked)[..., -9:] == asked.conditions[:, None]).all()


@given(st.integers(1, 6), st.integers(0, 15))
def test_recall_bar_by_bar_is_that_of_the_whole(bars: int, more: int) -> None:
    cells = random_cells(2, bars + 1)[:, : 16 * bars + more]
    recall = Recall(2)
    parts = []
    for start in range(0, 16 * bars, 16):
        parts.append(recall.next_bar())
        recall.add(cells[:, start : start + 16])
    parts.append(recall.next_bar()[:, :more])
    whole = recall_of(cells)
    assert whole.shape == (2, 16 * bars + more, RECALL_WIDTH)
    assert (np.concatenate(parts, axis=1) == whole).all()


def test_what_is_recalled() -> None:
    cells = random_cells(1, 4)
    bars = cells.reshape(4, 16, 27)
    recalled = recall_of(cells).reshape(4, 16, RECALL_WIDTH)
    assert (recalled[0] == 0).all()
    assert (recalled[3, :, : 3 * V] == bars[2]).all()
    assert (recalled[3, :, 3 * V : 4 * V] == bars[1, :, :V]).all()
    assert recalled[:, 0, -2:].tolist() == [[0, 0], [1, 0], [1, 1], [1, 1]]
    weights = np.array([0.64, 0.8, 1])[:, None, None]
    average = (weights * bars[:3, :, :V]).sum(0) / weights.sum()
    np.testing.assert_allclose(recalled[3, :, 4 * V : 5 * V], average, rtol=1e-6)


def test_nothing_of_a_bar_or_after_it_is_recalled() -> None:
    cells = random_cells(1, 4)
    changed = cells.copy()
    changed[:, 32:] = random_cells(1, 4, seed=1)[:, 32:]
    assert (recall_of(cells)[:, :48] == recall_of(changed)[:, :48])[:, :33].all()
    assert (recall_of(cells)[:, 48:] != recall_of(changed)[:, 48:]).any()
