from pathlib import Path

import numpy as np
import pytest
from examined import exam
from numpy.typing import NDArray

from paradiddle.baselines import (
    Baselines,
    CellMeans,
    MeanVelocity,
    PositionMarginals,
    TapTable,
    best_ridge,
    ridges,
)
from paradiddle.corpus import scan
from paradiddle.exam import Exam, exam_of
from paradiddle.likeness import copied_share, histograms, overlaps
from paradiddle.measures import dynamics_error, hit_scores, hits_of, surprise
from paradiddle.questions import cells_of, qpm_of
from paradiddle.style_classifier import StyleClassifier, style_scores
from paradiddle.takes import takes_of

KICK, SNARE, RIDE = 0, 1, 8


def two_bars(count: int = 1) -> NDArray[np.float32]:
    return np.zeros((count, 32, 27), np.float32)


def strike(
    cells: NDArray[np.float32], step: int, voice: int, velocity: float, offset: float
) -> None:
    cells[..., step, [voice, 9 + voice, 18 + voice]] = 1, velocity, offset


def test_marginals_are_shares_of_bars_with_half_a_count_beforehand() -> None:
    cells = two_bars(2)  # four bars
    strike(cells[0], 0, KICK, 0.5, 0)
    strike(cells, 16, KICK, 0.5, 0)
    fitted = PositionMarginals.fit(cells)
    assert fitted.shares[0, KICK] == (3 + 0.5) / (4 + 1)
    assert fitted.shares[1, KICK] == 0.5 / 5
    chance = fitted.probabilities(np.zeros((1, 40, 27), np.float32))
    assert chance.shape == (40, 9)
    assert (chance[[0, 16, 32], KICK] == 3.5 / 5).all()


def test_the_tap_table_tells_loud_from_soft_and_place_from_place() -> None:
    cells = two_bars(4)
    strike(cells[:2], 4, SNARE, 0.9, 0)
    strike(cells[2:], 4, RIDE, 0.2, 0)
    chance = TapTable.fit(cells).probabilities(cells)
    assert chance.shape == (4, 32, 9)
    assert (chance[:2, 4, SNARE] == 2.5 / 3).all()
    assert (chance[:2, 4, RIDE] == 0.5 / 3).all()
    assert (chance[2:, 4, RIDE] == 2.5 / 3).all()
    assert (chance[:, 20, SNARE] == 0.5 / 5).all()  # the same place, not tapped in four bars


def test_full_velocity_is_in_the_last_quarter() -> None:
    cells = two_bars()
    strike(cells, 0, KICK, 1.0, 0)
    assert TapTable.fit(cells).probabilities(cells)[0, 0, KICK] == 1.5 / 2


def test_mean_velocity_is_that_of_all_hits_on_the_grid() -> None:
    cells = two_bars()
    strike(cells, 0, KICK, 0.25, 0.3)
    strike(cells, 1, RIDE, 0.75, -0.1)
    made = MeanVelocity.fit(cells).humanize(hits_of(cells))
    assert made[0, 0, 9 + KICK] == made[0, 1, 9 + RIDE] == 0.5
    assert not made[..., 18:].any()
    assert (hits_of(made) == hits_of(cells)).all()


def test_cell_means_are_of_a_voice_at_a_place_of_the_bar() -> None:
    cells = two_bars()
    strike(cells, 0, KICK, 0.25, 0.25)
    strike(cells, 16, KICK, 0.75, -0.125)
    strike(cells, 4, SNARE, 0.5, 0.125)
    fitted = CellMeans.fit(cells)
    made = fitted.humanize(hits_of(cells))
    assert (made[0, [0, 16], 9 + KICK] == 0.5).all()
    assert (made[0, [0, 16], 18 + KICK] == 0.0625).all()
    assert made[0, 4, 18 + SNARE] == 0.125
    assert fitted.velocities[5, RIDE] == 0.5  # never struck: the mean of all
    assert made[0].sum() == cells[0].sum()


def test_ridges_learn_what_follows_from_the_other_hits() -> None:
    generator = np.random.default_rng(0)
    cells = two_bars(4000)
    strike(cells, 0, KICK, 0.5, 0)
    cells[:, 2, RIDE] = generator.random(4000) < 0.5
    cells[:, 0, 9 + KICK] = 0.4 + 0.4 * cells[:, 2, RIDE]
    cells[:, 0, 18 + KICK] = 0.2 - 0.3 * cells[:, 2, RIDE]
    for penalty, ridge in ridges(cells).items():
        made = ridge.humanize(hits_of(cells))
        # the slope of one regressor r is s / (s + penalty) of the true one, s = n var(r)
        spread = 4000 * cells[:, 2, RIDE].var()
        slope = spread / (spread + penalty)
        for row in (0, 1):
            ride, share = cells[row, 2, RIDE], cells[:, 2, RIDE].mean()
            expected = 0.4 + 0.4 * (share + slope * (ride - share))
            assert made[row, 0, 9 + KICK] == pytest.approx(expected, abs=1e-3)
            expected = 0.2 - 0.3 * (share + slope * (ride - share))
            assert made[row, 0, 18 + KICK] == pytest.approx(expected, abs=1e-3)


def test_the_best_ridge_is_chosen_for_each_part() -> None:
    generator = np.random.default_rng(0)
    cells = two_bars(600)
    strike(cells, 0, KICK, 0.5, 0)
    cells[:, 1:5, :9] = generator.random((600, 4, 9)) < 0.3
    cells[:, 0, 9 + KICK] = 0.2 + 0.6 * cells[:, 2, RIDE]  # follows from the hits
    cells[:, 0, 18 + KICK] = generator.random(600) - 0.5  # follows from nothing
    fitted = ridges(cells[:100])
    best = best_ridge(cells[:100], cells[100:])
    assert (best.velocity_weights == fitted[min(fitted)].velocity_weights).all()
    strong = [fitted[penalty].offset_weights for penalty in sorted(fitted)[2:]]
    assert any((best.offset_weights == weights).all() for weights in strong)


def test_humanisers_keep_hits_and_ranges() -> None:
    small = exam()
    train, validation, cells = map(cells_of, (small.train, small.validation, small.windows))
    for humaniser in Baselines.fit(train, validation).humanisers().values():
        made = humaniser.humanize(hits_of(cells))
        assert made.dtype == np.float32
        assert (hits_of(made) == hits_of(cells)).all()
        assert 0 <= made[..., 9:18].min() <= made[..., 9:18].max() <= 1
        assert -0.5 <= made[..., 18:].min() <= made[..., 18:].max() < 0.5


# --- the figures that are published for Groove, in windows that are all whole -------------------


@pytest.fixture(scope="module")
def groove_exam(groove: Path) -> Exam:
    return exam_of(takes_of(scan(groove)))


@pytest.mark.groove
def test_windows_of_groove(groove_exam: Exam) -> None:
    assert (len(groove_exam.train), len(groove_exam.windows)) == (16318, 2068)
    assert len(groove_exam.known_styles) == 10
    assert groove_exam.mix["rock"] == pytest.approx(0.181, abs=0.001)


@pytest.mark.groove
def test_humanizing_groove(groove_exam: Exam) -> None:
    train, validation = cells_of(groove_exam.train), cells_of(groove_exam.validation)
    cells, qpm = cells_of(groove_exam.windows), qpm_of(groove_exam.windows)
    fitted = Baselines.fit(train, validation).humanisers()
    found = {
        name: dynamics_error(humaniser.humanize(hits_of(cells)), cells, qpm)
        for name, humaniser in fitted.items()
    }
    for name, offset, square, velocity in (
        ("quantised, mean velocity", 22.60, 0.0414, 0.239),
        ("mean of step and voice", 20.96, 0.0367, 0.203),
        ("ridge", 19.70, 0.0331, 0.182),
    ):
        assert found[name].offset_mae_ms == pytest.approx(offset, rel=0.012)
        assert found[name].offset_mse == pytest.approx(square, rel=0.012)
        assert found[name].velocity_mae == pytest.approx(velocity, abs=0.0015)


@pytest.mark.groove
def test_hits_of_groove(groove_exam: Exam) -> None:
    train, cells = cells_of(groove_exam.train), cells_of(groove_exam.windows)
    hits = hits_of(cells)
    for model, bits, f1, exact in (
        (PositionMarginals.fit(train), 3.645, 0.391, 0.140),
        (TapTable.fit(train), 3.141, 0.467, 0.220),
    ):
        chance = np.broadcast_to(model.probabilities(cells), hits.shape)
        scores = hit_scores(chance > 0.5, hits)
        assert surprise(chance, hits).mean() == pytest.approx(bits, rel=0.005)
        # how the published table tells taps apart is not known; this one is a little better
        assert f1 - 0.001 < scores.f1 < f1 + 0.015
        assert exact - 0.001 < scores.exact_steps < exact + 0.03


@pytest.mark.groove
def test_what_the_real_windows_of_groove_score(groove_exam: Exam) -> None:
    train, cells = cells_of(groove_exam.train), cells_of(groove_exam.windows)
    assert copied_share(hits_of(cells), hits_of(train)) == pytest.approx(0.015, abs=0.005)
    ceiling = overlaps(histograms(train), histograms(cells))
    assert min(ceiling.values()) > 0.85
    styles, true = (
        [window.take.style for window in windows]
        for windows in (groove_exam.train, groove_exam.windows)
    )
    classifier = StyleClassifier.fit(train, styles)
    assert style_scores(classifier.classify(cells), true).accuracy > 0.5
