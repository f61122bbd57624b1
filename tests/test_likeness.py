import numpy as np
import pytest
from examined import take
from numpy.typing import NDArray

from paradiddle.likeness import ITEMS, copied_share, histograms, overlaps, syncopation
from paradiddle.questions import cells_of
from paradiddle.takes import windows_of

CELLS = cells_of(windows_of([take(seed) for seed in range(4)], 2))


def onsets(*steps: int, length: int = 16) -> NDArray[np.bool_]:
    made = np.zeros((1, length), bool)
    made[0, list(steps)] = True
    return made


def one_hit(voice: int, step: int, velocity: float = 0.5, offset: float = 0) -> NDArray[np.float32]:
    cells = np.zeros((1, 32, 27), np.float32)
    cells[0, step, [voice, 9 + voice, 18 + voice]] = 1, velocity, offset
    return cells


@pytest.mark.parametrize(
    ("steps", "tension"),
    [
        ((), 0),
        ((0,), 0),
        ((0, 4, 8, 12), 0),
        (range(16), 0),  # no rests
        ((7,), 3),  # -4 before the half of the bar, -1
        ((7, 8), 0),
        ((3, 7, 11), 2 + 3 + 2),
        ((15,), 0),  # what it comes before is not there
    ],
)
def test_syncopation_by_hand(steps: tuple[int, ...], tension: float) -> None:
    assert syncopation(onsets(*steps)) == tension


def test_syncopation_is_a_bar_and_goes_across_bar_lines() -> None:
    assert syncopation(onsets(15, length=32)) == 4 / 2
    assert syncopation(np.tile(onsets(7), 2)) == (4 + 3) / 2  # the first lasts over the bar line


def test_histograms_sum_to_one() -> None:
    found = histograms(CELLS)
    assert list(found) == list(ITEMS)
    for shares in found.values():
        assert shares.sum() == pytest.approx(1)


def test_histograms_of_one_hit() -> None:
    found = histograms(one_hit(1, 20, velocity=0.99, offset=-0.5))
    assert found["density"].tolist()[:2] == [1, 0]  # bars of none and of one
    assert found["voices"].tolist() == [0, 1] + [0] * 7
    assert found["snare"][4] == 1
    assert found["velocity"][49] == found["timing"][0] == 1
    assert not found["kick"].any()
    assert not found["velocity spread"].any()  # one hit has none


def test_spreads_are_within_windows() -> None:
    loud_and_soft = one_hit(0, 0, 0.2, 0.1) + one_hit(1, 4, 0.8, -0.1)
    found = histograms(loud_and_soft)
    assert found["velocity spread"][int(0.3 / 0.5 * 20)] == 1
    assert found["timing spread"][round(0.1 / 0.4 * 20)] == pytest.approx(1)
    apart = np.concatenate([one_hit(0, 0, 0.2), one_hit(0, 0, 0.8)])
    assert not histograms(apart)["velocity spread"].any()


def test_silence_is_described_by_its_density() -> None:
    found = histograms(np.zeros((1, 32, 27), np.float32))
    assert found["density"][0] == 1
    assert not found["voices"].any()


def test_overlap_is_of_shares() -> None:
    half = histograms(np.concatenate([one_hit(0, 0), one_hit(1, 0)]))
    shared = overlaps(half, histograms(one_hit(0, 0)))
    assert (shared["voices"], shared["kick"], shared["snare"]) == (0.5, 1, 0)
    assert overlaps(half, half)["voices"] == 1


def test_copies_are_of_hits_at_the_same_places() -> None:
    train = CELLS[..., :9] > 0
    assert copied_share(train[:3], train) == 1
    assert copied_share(np.roll(train, 1, axis=1), train) == 0
    changed = train.copy()
    changed[0, 3, 7] ^= True
    assert copied_share(changed[:2], train) == 0.5
