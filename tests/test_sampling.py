import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from paradiddle.errors import InvalidValueError
from paradiddle.sampling import Sampler, top_p_filter

NOTES = np.array([0.05, 0.4, 0.25, 0.3], np.float32)
TICKS = np.array([0.7, 0.1, 0.2], np.float32)
DRAWS = 20_000


def draws(
    sampler: Sampler, streams: int, *fields: NDArray[np.float32], total: int = DRAWS
) -> NDArray[np.int64]:
    """Draw from every stream in turn, shape (total / streams, streams, fields)."""
    tiled = [np.tile(field, (streams, 1)) for field in fields]
    return np.stack([sampler.draw(tiled) for _ in range(total // streams)])


def assert_distributed(drawn: NDArray[np.int64], probabilities: NDArray[np.float32]) -> None:
    """Compare counts by chi square; 24 is exceeded once in 20,000 times at 3 degrees of freedom."""
    expected = probabilities / probabilities.sum() * drawn.size
    counts = np.bincount(drawn.ravel(), minlength=len(expected))
    possible = expected > 0
    assert not counts[~possible].any()
    assert ((counts - expected)[possible] ** 2 / expected[possible]).sum() < 24


@pytest.mark.parametrize("streams", [1, 2, 50])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_are_distributed_as_the_probabilities(streams: int, temperature: float) -> None:
    drawn = draws(Sampler(list(range(streams)), temperature), streams, NOTES, TICKS)
    assert drawn.shape == (DRAWS // streams, streams, 2)
    assert_distributed(drawn[..., 0], NOTES ** (1 / temperature))
    assert_distributed(drawn[..., 1], TICKS ** (1 / temperature))


def test_fields_and_successive_draws_are_independent() -> None:
    drawn = draws(Sampler([0]), 1, NOTES, TICKS)[:, 0]
    pairs = drawn[:, 0] * 3 + drawn[:, 1]
    successive = drawn[1:, 1] * 3 + drawn[:-1, 1]
    for values, table in ((pairs, np.outer(NOTES, TICKS)), (successive, np.outer(TICKS, TICKS))):
        counts = np.bincount(values, minlength=table.size)
        assert_allclose(counts / len(values), table.ravel(), atol=0.012)


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("temperature", [0.0, 1e-300, 1e-9])
def test_the_coldest_draws_the_likeliest(streams: int, temperature: float) -> None:
    sampler = Sampler(list(range(streams)), temperature)
    with np.errstate(all="raise", under="ignore"):
        drawn = sampler.draw([np.tile(field, (streams, 1)) for field in (NOTES, TICKS)])
    assert_array_equal(drawn, [[1, 0]] * streams)


def test_the_hottest_draws_almost_evenly() -> None:
    assert_distributed(draws(Sampler([1], 100), 1, NOTES), NOTES**0.01)


@pytest.mark.parametrize("streams", [1, 4])
@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_top_p_draws_from_the_nucleus_alone(streams: int, temperature: float) -> None:
    shaped = NOTES ** (1 / temperature)
    nucleus = np.where(NOTES > 0.29, shaped, 0)  # the two likeliest: 0.7, and 0.78 sharpened
    drawn = draws(Sampler(list(range(streams)), temperature, 0.68), streams, NOTES)
    assert_distributed(drawn, nucleus)


def test_the_smallest_top_p_leaves_the_likeliest() -> None:
    assert set(draws(Sampler([0], 1.0, 1e-6), 1, NOTES).ravel().tolist()) == {1}


def test_top_p_filter_keeps_what_reaches_it_and_renormalises() -> None:
    rows = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.2, 0.3, 0.5]], np.float32)
    kept = top_p_filter(rows, 0.5)
    assert kept.dtype == np.float32
    assert kept.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    # of equals the first; just over a half needs another value
    assert_allclose(top_p_filter(rows, 0.51)[0], [2 / 3, 1 / 3, 0], rtol=1e-6)
    assert_array_equal(top_p_filter(rows, 1), rows)


@pytest.mark.parametrize("streams", [1, 3])
def test_what_rounding_takes_from_the_sum_does_not_go_to_the_last_value(streams: int) -> None:
    short = np.array([0.5, 0.4, 0], np.float32)
    assert_distributed(draws(Sampler(list(range(streams))), streams, short), short)


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_a_stream_of_many_draws_as_it_would_alone(temperature: float) -> None:
    seeds = [5, 0, 2**63 - 1, 5]
    together = draws(Sampler(seeds, temperature), 4, NOTES, TICKS, total=1200)
    for k, seed in enumerate(seeds):
        alone = draws(Sampler([seed], temperature), 1, NOTES, TICKS, total=300)
        assert_array_equal(together[:, k], alone[:, 0])
    assert not np.array_equal(together[:, 0], together[:, 1])


def test_without_a_seed_every_sampler_differs() -> None:
    one, other = (draws(Sampler([None]), 1, NOTES, total=200) for _ in range(2))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("seed", "temperature", "top_p", "message"),
    [
        (-1, 1, 1, r"seed must be in \[0, 2\*\*63\), got -1; leave it out"),
        (2**63, 1, 1, "seed must be .* got 9223372036854775808"),
        (0, -1, 1, "temperature must be at least 0, got -1; 0 always plays the likeliest"),
        (0, -1e-9, 1, "temperature must be at least 0, got -1e-09"),
        (0, float("nan"), 1, "temperature must be at least 0, got nan"),
        (0, 101, 1, r"temperature must be in \[0, 100\], got 101"),
        (0, float("inf"), 1, r"temperature must be in \[0, 100\], got inf"),
        (0, 1, 0, "top_p must be in .*, got 0; 1 draws among all values"),
        (0, 1, 1.5, "top_p must be in .*, got 1.5"),
        (0, 1, float("nan"), "top_p must be in .*, got nan"),
    ],
)
def test_settings_out_of_range(seed: int, temperature: float, top_p: float, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Sampler([3, seed], temperature, top_p)
