from typing import Any

import pytest
from examined import Fake, exam

from paradiddle.errors import InvalidValueError
from paradiddle.machine_scores import humanize_scores, likelihoods, tap_scores
from paradiddle.players import play

EXAM = exam()


def test_likelihoods_ask_what_they_say() -> None:
    fake = Fake()
    found = likelihoods(fake, EXAM.takes, EXAM.windows)
    assert found.to_dict() == {"next_step": 1, "nothing": 1, "second_bar": 1.25, "tap": 2}
    lengths = [given.steps for given in fake.asked]
    assert lengths == [48, 80, 32, 32, 32]  # whole takes by length, then windows
    assert sum(len(given) for given in fake.asked[:2]) == len(EXAM.takes) == 4


def test_whole_recordings_count_by_their_steps() -> None:
    class Longer(Fake):
        def bits(self, given: Any) -> Any:
            return super().bits(given)._replace(hits=given.hits_known.any(-1) + given.steps / 16)

    found = likelihoods(Longer(), EXAM.takes, EXAM.windows)
    assert found.next_step == pytest.approx((3 * 48 * 3 + 80 * 5) / (3 * 48 + 80))
    assert found.second_bar == 2  # of its own steps, which are not known


def test_a_model_that_plays_the_truth_scores_full_marks() -> None:
    found = tap_scores(Fake(), EXAM.windows, samples=3)
    for scores in (found.greedy, found.sampled, found.consensus):
        assert scores.to_dict() == {"f1": 1, "exact_steps": 1, "exact_all_steps": 1}
    assert found.to_dict()["samples"] == 3


def test_every_window_of_every_sample_has_a_seed_of_its_own() -> None:
    fake = Fake()
    tap_scores(fake, EXAM.windows, samples=3)
    count = len(EXAM.windows)
    assert sorted(fake.seeds[count:]) == list(range(3 * count))  # the first are for the likeliest


def test_a_model_that_is_late_and_loud_is_so_by_as_much() -> None:
    found = humanize_scores(Fake(louder=0.05, later=0.125), EXAM.windows, samples=2)
    assert found.median.velocity_mae == pytest.approx(0.05, abs=1e-6)
    assert found.median.offset_mse == pytest.approx(0.125**2, abs=1e-6)
    assert found.median.offset_mae_ms == pytest.approx(0.125 * 15000 / 162, rel=0.02)
    assert found.spread.timing > 0.1
    assert found.median == found.sampled == found.marginal_median


def test_medians_over_samples_are_steadier_than_one_sample() -> None:
    found = humanize_scores(Fake(noise=0.1), EXAM.windows, samples=15)
    assert found.median.offset_mae_ms == 0
    assert found.marginal_median.offset_mae_ms < 0.5 * found.sampled.offset_mae_ms
    assert found.spread_of_medians.timing == 0 < found.spread.timing


def test_progress_counts_windows() -> None:
    told = []
    play(Fake(), "tap", EXAM.windows, progress=lambda *what: told.append(what), name="tap")
    count = len(EXAM.windows)
    assert told == [("tap", 0, count), ("tap", count, count)]


@pytest.mark.parametrize("score", [tap_scores, humanize_scores])
def test_no_samples_are_refused(score: Any) -> None:
    with pytest.raises(InvalidValueError, match="samples must be at least 1, got 0"):
        score(Fake(), EXAM.windows, samples=0)
