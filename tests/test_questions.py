import numpy as np
import pytest
from examined import STYLES, take

from paradiddle.given import condition, tap_of
from paradiddle.questions import TASKS, ask, batches, cells_of, qpm_of, whole
from paradiddle.takes import windows_of

WINDOWS = windows_of([take(0), take(1, style="funk"), take(2, style="polka", beat_type="fill")], 2)


@pytest.mark.parametrize(
    ("task", "hits", "dynamics", "tap"),
    [
        ("nothing", 0.0, 0.0, False),
        ("first bar", 0.5, 0.5, False),
        ("tap", 0.0, 0.0, True),
        ("hits", 1.0, 0.0, False),
    ],
)
def test_what_is_told(task: str, hits: float, dynamics: float, tap: bool) -> None:
    given = ask(task, WINDOWS, STYLES)
    assert (given.hits_known.mean(), given.dynamics_known.mean()) == (hits, dynamics)
    assert (given.tap_known == tap).all()
    assert len(given) == len(WINDOWS) == 6
    assert task in TASKS


def test_it_is_the_first_bar_that_is_told() -> None:
    given = ask("first bar", WINDOWS, STYLES)
    assert given.hits_known[:, :16].all()
    assert not given.dynamics_known[:, 16:].any()


def test_cells_taps_and_bars_are_those_of_the_windows() -> None:
    given = ask("tap", WINDOWS, STYLES)
    assert (given.cells == cells_of(WINDOWS)).all()
    assert (given.tap == tap_of(given.cells)).all()
    assert given.first_bar.tolist() == [0, 1, 0, 1, 0, 1]
    assert qpm_of(WINDOWS).tolist() == [100, 100, 101, 101, 102, 102]


def test_style_tempo_and_kind_are_told_and_density_is_not() -> None:
    rows = ask("nothing", WINDOWS, STYLES).conditions
    expected = condition([0, 1], 100, None, "beat"), condition([1, 0], 101, None, "beat")
    assert (rows[0] == expected[0]).all()
    assert (rows[2] == expected[1]).all()


def test_a_style_the_model_does_not_know_is_not_told() -> None:
    assert (
        ask("nothing", WINDOWS, STYLES).conditions[4] == condition([0, 0], 102, None, "fill")
    ).all()


def test_a_take_is_one_window() -> None:
    window = whole(take(0, bars=5))
    assert (window.start, window.stop) == (0, 80)
    assert ask("nothing", [window], STYLES).cells.shape == (1, 80, 27)


def test_batches_hold_every_place_once() -> None:
    windows = [whole(take(seed, bars=2 + seed % 3)) for seed in range(11)]
    found = list(batches(windows, 2))
    assert sorted(place for places in found for place in places) == list(range(11))
    for places in found:
        assert 1 <= len(places) <= 2
        assert len({windows[place].stop for place in places}) == 1


def test_no_windows_make_no_batches() -> None:
    assert list(batches([], 4)) == []
    assert np.size(qpm_of([])) == 0
