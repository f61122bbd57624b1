import numpy as np
import pytest
from examined import STYLES, exam

from paradiddle.errors import CorpusError
from paradiddle.questions import cells_of
from paradiddle.style_classifier import StyleClassifier, style_scores

EXAM = exam()
TRUE = [window.take.style for window in EXAM.windows]


def fitted(seed: int = 0) -> StyleClassifier:
    return StyleClassifier.fit(
        cells_of(EXAM.train), [window.take.style for window in EXAM.train], seed
    )


def test_it_tells_a_ride_from_a_hi_hat() -> None:
    assert fitted().styles == STYLES
    assert fitted().classify(cells_of(EXAM.windows)) == TRUE


def test_one_seed_one_classifier() -> None:
    one, same, other = fitted(), fitted(), fitted(seed=1)
    assert all((a == b).all() for a, b in zip(one.layers, same.layers, strict=True))
    assert not (one.layers[0] == other.layers[0]).all()


def test_it_knows_nothing_of_tempo_and_takes_any_number_of_windows() -> None:
    assert fitted().classify(np.zeros((0, 32, 27), np.float32)) == []


@pytest.mark.parametrize("styles", [[], ["funk", "funk"]])
def test_one_style_is_nothing_to_tell_apart(styles: list[str]) -> None:
    with pytest.raises(CorpusError, match="two styles or more"):
        StyleClassifier.fit(np.zeros((len(styles), 32, 27), np.float32), styles)


def test_scores_by_hand() -> None:
    scores = style_scores(["a", "a", "b", "b", "a"], ["a", "a", "a", "b", "c"])
    assert scores.accuracy == 3 / 5
    assert scores.by_style == {"a": 2 / 3, "b": 1, "c": 0}
    assert scores.balanced == pytest.approx(5 / 9)
    assert scores.in_the_mix({"a": 0.3, "b": 0.1, "d": 0.6}) == pytest.approx(0.75)
    assert scores.in_the_mix({"d": 1.0, "a": 0.0}) is None
