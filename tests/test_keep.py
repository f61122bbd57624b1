from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from paradiddle.errors import InvalidValueError
from paradiddle.keep import keep_mask
from paradiddle.pattern import Pattern

TWO_BARS = Pattern.empty(2)


def cells(*places: tuple[slice, int | slice], steps: int = 32) -> np.ndarray[Any, Any]:
    mask = np.zeros((steps, 9), bool)
    for place in places:
        mask[place] = True
    return mask


ALL = slice(None)


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        (None, cells()),
        ("kick", cells((ALL, 0))),
        ("Kick, SD", cells((ALL, slice(2)))),
        (["kick", "snare"], cells((ALL, slice(2)))),
        (("closed hi-hat",), cells((ALL, 2))),
        ("bar 1", cells((slice(16), ALL))),
        ("bars 1-2", cells((ALL, ALL))),
        ("step 1", cells((slice(1), ALL))),
        ("steps 5 - 8", cells((slice(4, 8), ALL))),
        ("ride in bar 2", cells((slice(16, 32), 8))),
        ("kick in steps 1-4, bar 2", cells((slice(4), 0), (slice(16, 32), ALL))),
    ],
)
def test_words(keep: str | list[str] | None, kept: np.ndarray[Any, Any]) -> None:
    assert_array_equal(keep_mask(TWO_BARS, keep), kept)


def test_the_last_bar_may_be_a_part_of_one() -> None:
    pattern = Pattern(np.zeros((20, 9)), np.zeros((20, 9)), np.zeros((20, 9)))
    assert_array_equal(keep_mask(pattern, "bar 2"), cells((slice(16, 20), ALL), steps=20))


def test_masks_of_cells_steps_and_voices() -> None:
    by_cell = np.random.default_rng(0).random((32, 9)) < 0.5
    assert_array_equal(keep_mask(TWO_BARS, by_cell), by_cell)
    assert_array_equal(keep_mask(TWO_BARS, by_cell.tolist()), by_cell)
    assert_array_equal(keep_mask(TWO_BARS, np.arange(32) < 8), cells((slice(8), ALL)))
    assert_array_equal(keep_mask(TWO_BARS, [True] + [False] * 8), cells((ALL, 0)))


def test_the_mask_given_is_not_changed() -> None:
    mask = np.zeros((32, 9), bool)
    keep_mask(TWO_BARS, mask)[:] = True
    assert not mask.any()


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ("cowbell", "no voice is called 'cowbell'; choose one of: kick, snare"),
        ("kick, cowbell", "no voice is called 'cowbell'"),
        ("kick in the middle", "keep does not know 'the middle'; write a voice .*, bars 1-2"),
        ("bar 3", "keep names bar 3, and the pattern has bars 1 to 2"),
        ("bars 2-3", "keep names bars 2-3, and the pattern has bars 1 to 2"),
        ("bars 2-1", "keep names bars 2-1, and the pattern has bars 1 to 2"),
        ("bar 0", "keep names bar 0"),
        ("step 33", "keep names step 33, and the pattern has steps 1 to 32"),
        ("kick in bar 3", "keep names bar 3"),
        ("", "keep has an empty word; name a voice, or bars 1-2"),
        ("kick,", "keep has an empty word"),
        ([" "], "keep has an empty word"),
        (np.ones((16, 9), bool), r"shape \(32, 9\) for cells, .*, got bool of shape \(16, 9\)"),
        (np.ones((9, 32), bool), r"got bool of shape \(9, 32\)"),
        (np.ones(16, bool), r"\(32,\) for steps or \(9,\) for voices, got bool of shape \(16,\)"),
        (np.ones((32, 9)), r"got float64 of shape \(32, 9\)"),
        (np.full((32, 9), np.nan), r"got float64 of shape \(32, 9\)"),
        ([0, 1], r"got int64 of shape \(2,\)"),
        ([[True], [True, False]], r"keep must be words, or a bool mask"),
        (["kick", 1], "keep must be words, or a bool mask"),
        (True, r"got bool of shape \(\)"),
        (7, r"got int64 of shape \(\)"),
    ],
)
def test_what_cannot_be_kept(keep: Any, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        keep_mask(TWO_BARS, keep)


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_no_words_keep_nothing(nothing: object) -> None:
    assert not keep_mask(Pattern.empty(2), nothing).any()
