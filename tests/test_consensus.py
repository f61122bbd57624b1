import numpy as np
import pytest
from numpy.typing import NDArray

from paradiddle.consensus import consensus
from paradiddle.measures import hit_scores


def sets(*samples: str) -> NDArray[np.bool_]:
    """One step; a sample names its voices, ``02`` for kick and closed hi-hat."""
    made = np.zeros((len(samples), 1, 9), bool)
    for sample, voices in enumerate(samples):
        made[sample, 0, [int(voice) for voice in voices]] = True
    return made


def voices(hits: NDArray[np.bool_]) -> str:
    return "".join(str(voice) for voice in np.flatnonzero(hits))


@pytest.mark.parametrize("exactness", [0, 0.5, 1])
def test_all_agree(exactness: float) -> None:
    assert voices(consensus(sets("02", "02", "02"), exactness)) == "02"
    assert voices(consensus(sets("", "", ""), exactness)) == ""


def test_the_commonest_set_is_likeliest_to_be_exact() -> None:
    samples = sets("012", "013", "014", "5", "5")
    assert voices(consensus(samples, exactness=1)) == "5"


def test_f1_prefers_the_set_whose_hits_are_common() -> None:
    samples = sets("012", "013", "014", "5", "5")
    assert voices(consensus(samples, exactness=0))[:2] == "01"


def test_it_does_not_look_at_other_steps() -> None:
    samples = np.concatenate([sets("02", "02", "1"), sets("3", "", "")], axis=1)
    chosen = consensus(samples, exactness=1)
    assert voices(chosen[0]) == "02"


def test_the_shape_is_that_of_one_sample() -> None:
    samples = np.random.default_rng(0).random((5, 2, 32, 9)) < 0.2
    assert consensus(samples).shape == (2, 32, 9)
    assert (consensus(samples[:1]) == samples[0]).all()


def test_it_scores_better_than_its_samples_on_average() -> None:
    generator = np.random.default_rng(1)
    chance = generator.random((40, 32, 9)) ** 4
    played = generator.random(chance.shape) < chance
    samples = generator.random((16, *chance.shape)) < chance
    best, one = hit_scores(consensus(samples), played), hit_scores(samples[0], played)
    assert best.f1 > one.f1 + 0.03
    assert best.exact_steps > one.exact_steps


def test_what_is_likely_enough_for_f1_is_played() -> None:
    samples = np.zeros((10, 1, 9), bool)
    samples[:, 0, 0] = True  # sure
    samples[:4, 0, 1] = True  # of 40 %: worth it where F1 is above .8, the sure hit counted twice
    played = consensus(samples, exactness=0.0)
    assert played[0].tolist() == [True] + [False] * 8
    samples[:6, 0, 1] = True
    assert consensus(samples, exactness=0.0)[0, :2].tolist() == [True, True]
