import numpy as np
import pytest
from numpy.typing import NDArray

from paradiddle.errors import CorpusError
from paradiddle.measures import (
    divergence,
    dynamics_error,
    histogram_divergence,
    hit_scores,
    hits_of,
    milliseconds_per_step,
    surprise,
)


def cells(*hits: tuple[int, int, float, float], steps: int = 4) -> NDArray[np.float32]:
    """One window; a hit is (step, voice, velocity, offset)."""
    made = np.zeros((1, steps, 27), np.float32)
    for step, voice, velocity, offset in hits:
        made[0, step, [voice, 9 + voice, 18 + voice]] = 1, velocity, offset
    return made


PLAYED = cells((0, 0, 0.8, 0.0), (0, 2, 0.5, -0.1), (2, 1, 1.0, 0.2))


def test_what_is_played_scores_one() -> None:
    scores = hit_scores(hits_of(PLAYED), hits_of(PLAYED))
    assert scores.to_dict() == {"f1": 1.0, "exact_steps": 1.0, "exact_all_steps": 1.0}


def test_silence_is_right_about_rests_alone() -> None:
    scores = hit_scores(hits_of(0 * PLAYED), hits_of(PLAYED))
    assert scores.to_dict() == {"f1": 0.0, "exact_steps": 0.0, "exact_all_steps": 0.5}


def test_f1_counts_cells_and_steps_count_whole() -> None:
    made = cells((0, 0, 1, 0), (1, 4, 1, 0), (2, 1, 1, 0))
    scores = hit_scores(hits_of(made), hits_of(PLAYED))
    assert scores.f1 == pytest.approx(2 * 2 / (3 + 3))
    assert scores.exact_steps == 0.5  # of steps 0 and 2
    assert scores.exact_all_steps == 0.5  # 2 and 3


def test_f1_is_over_all_windows_together() -> None:
    played = np.concatenate([PLAYED, cells((0, 0, 1, 0))])
    made = np.concatenate([PLAYED, cells((1, 0, 1, 0))])
    assert hit_scores(hits_of(made), hits_of(played)).f1 == pytest.approx(2 * 3 / 8)


def test_nothing_played_cannot_be_scored() -> None:
    with pytest.raises(CorpusError, match="windows with hits"):
        hit_scores(hits_of(PLAYED), hits_of(0 * PLAYED))


def test_timing_is_in_milliseconds_of_its_own_tempo() -> None:
    made = cells((0, 0, 0.6, 0.1), (0, 2, 0.5, -0.3), (2, 1, 0.9, 0.2))
    both = np.concatenate([made, made]), np.concatenate([PLAYED, PLAYED])
    slow, mixed = (
        dynamics_error(*pair, np.array(qpm))
        for pair, qpm in (((made, PLAYED), [60.0]), (both, [60.0, 120.0]))
    )
    assert slow.offset_mae_ms == pytest.approx((25 + 50 + 0) / 3, abs=1e-4)
    assert slow.offset_mse == pytest.approx((0.1**2 + 0.2**2) / 3, abs=1e-6)
    assert slow.velocity_mae == pytest.approx((0.2 + 0 + 0.1) / 3, abs=1e-6)
    assert mixed.offset_mae_ms == pytest.approx(0.75 * slow.offset_mae_ms)
    assert mixed.offset_mse == pytest.approx(slow.offset_mse)


def test_only_hits_that_both_have_are_compared() -> None:
    made = cells((0, 0, 0.7, 0.0), (1, 1, 0.1, 0.4))
    error = dynamics_error(made, PLAYED, np.array([120.0]))
    assert error.velocity_mae == pytest.approx(0.1)
    assert error.offset_mae_ms == 0
    with pytest.raises(CorpusError, match="no hit is in both"):
        dynamics_error(cells((3, 3, 1, 0)), PLAYED, np.array([120.0]))


def test_a_sixteenth_at_100_takes_150_milliseconds() -> None:
    assert milliseconds_per_step(np.array([100.0, 60.0])).tolist() == [150, 250]


def test_divergence_by_hand() -> None:
    # 50 bins over [0, 1]: the first two hold 3 and 1 against 2 and 2
    played, made = np.array([0, 0, 0, 0.02]), np.array([0.0, 0, 0.025, 0.03])
    floor, total = 1e-3, 4 + 50e-3
    p, q = np.full(50, floor), np.full(50, floor)
    p[:2] += 3, 1
    q[:2] += 2, 2
    by_hand = (p / total * np.log(p / q)).sum()
    assert histogram_divergence(played, made, 0, 1) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.75 * np.log(1.5) - 0.25 * np.log(2), abs=0.01)


def test_divergence_is_of_hits_alone_and_not_symmetric() -> None:
    made = cells((0, 0, 0.81, 0.0), (0, 2, 0.51, -0.1), (2, 1, 1.0, 0.2), (3, 0, 1.0, 0.2))
    assert divergence(PLAYED, PLAYED).to_dict() == {"timing": 0.0, "velocity": 0.0}
    there, back = divergence(made, PLAYED), divergence(PLAYED, made)
    assert 0 < there.timing != back.timing > 0


def test_surprise_by_hand() -> None:
    hits = np.zeros((2, 9), bool)
    hits[0, 0] = True
    chance = np.zeros(9)
    chance[0] = 0.25
    bits = surprise(chance, hits)
    assert bits == pytest.approx([2, -np.log2(0.75)], abs=1e-4)


def test_no_hit_is_infinitely_surprising() -> None:
    assert surprise(np.zeros(9), np.ones((1, 9), bool))[0] == pytest.approx(9 * np.log2(1e6))
