"""Patterns as questions, and answers as Patterns."""

import numpy as np
import pytest
from hypothesis import given
from machines import groove_of, random_cells
from strategies import patterns

from paradiddle.errors import InvalidValueError
from paradiddle.given import condition
from paradiddle.pattern import Pattern
from paradiddle.pattern_cells import cells_of, pattern_of
from paradiddle.pattern_questions import (
    check_grid,
    check_most,
    question,
    repeated,
    whole_bars,
)

WISHES = condition([1, 0], 100, None, "beat")


@given(patterns())
def test_patterns_come_back_from_their_cells(pattern: Pattern) -> None:
    cells = cells_of(pattern)
    assert cells.shape == (pattern.steps, 27)
    assert cells.dtype == np.float32
    back = pattern_of(cells, pattern.qpm)
    for name in ("hits", "velocities", "offsets"):
        assert (getattr(back, name) == getattr(pattern, name)).all()
    assert (back.qpm, back.steps_per_quarter, back.quarters_per_bar) == (pattern.qpm, 4, 4)


def test_nothing_is_known_unless_it_is_said() -> None:
    cells = random_cells(1, 1)[0]
    nothing = question(cells, WISHES)
    assert (len(nothing), nothing.steps) == (1, 16)
    assert not nothing.hits_known.any()
    assert not nothing.dynamics_known.any()
    assert nothing.tap_known.tolist() == [False]
    assert nothing.first_bar.tolist() == [0]
    assert (nothing.conditions == WISHES).all()
    tap = np.ones((16, 3), np.float32)
    tapped = question(cells, WISHES, tap=tap)
    assert tapped.tap_known.tolist() == [True]
    assert (tapped.tap == tap).all()


def test_the_same_is_asked_several_times() -> None:
    asked = question(random_cells(1, 1)[0], WISHES)
    many = repeated(asked, 3)
    assert len(many) == 3
    for name, array in vars(many).items():
        assert (array == getattr(asked, name)).all()


@pytest.mark.parametrize(("steps", "whole"), [(1, 16), (16, 16), (17, 32), (40, 48)])
def test_what_is_added_to_make_whole_bars_is_open(steps: int, whole: int) -> None:
    cells, known = random_cells(1, 3)[0, :steps], np.ones((steps, 9), bool)
    asked = whole_bars(question(cells, WISHES, known, known, np.ones((steps, 3), np.float32)))
    assert asked.steps == whole
    assert (asked.cells[0, :steps] == cells).all()
    for array in (asked.cells, asked.hits_known, asked.dynamics_known, asked.tap):
        assert array.shape[1] == whole
        assert not array[:, steps:].any()
    assert asked.hits_known[:, :steps].all()


def test_long_patterns_and_numbers_are_refused() -> None:
    check_grid(groove_of(1))
    with pytest.raises(InvalidValueError, match="bars must be at most 4096, got 4097"):
        check_grid(Pattern.empty(4097))
    with pytest.raises(InvalidValueError, match="hits must be at most 3, got 4; ask for fewer"):
        check_most("hits", 4, 3)
