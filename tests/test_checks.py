import math

import numpy as np
import pytest

from paradiddle.checks import check_at_least, check_range, check_seed, check_whole
from paradiddle.errors import InvalidValueError


@pytest.mark.parametrize("values", [[], [0], [1], [0.0, 0.5, 1.0]])
def test_values_in_range_pass(values: list[float]) -> None:
    check_range("velocity", np.array(values), 0, 1, remedy="divide by 127")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (96.0, "96"),
        (-0.25, "-0.25"),
        (1.0000001, "1.0000001"),  # in full, or it would read as 1
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_the_first_value_out_of_range_is_named(value: float, shown: str) -> None:
    values = np.array([0.5, value, 7.0], np.float32)
    with pytest.raises(
        InvalidValueError, match=rf"^velocity must be in \[0, 1\], got {shown}; divide by 127$"
    ):
        check_range("velocity", values, 0, 1, remedy="divide by 127")


def test_large_whole_numbers_are_written_in_full() -> None:
    with pytest.raises(InvalidValueError, match=r"\[0, 268435455\], got 268435456;"):
        check_range("ticks", np.array([2**28]), 0, 2**28 - 1, remedy="count again")


def test_a_half_open_range_excludes_its_end() -> None:
    check_range("offset", np.array([-0.5, 0.49]), -0.5, 0.5, half_open=True, remedy="move it")
    with pytest.raises(InvalidValueError, match=r"in \[-0\.5, 0\.5\), got 0\.5; move it"):
        check_range("offset", np.array([0.5]), -0.5, 0.5, half_open=True, remedy="move it")


def test_at_least() -> None:
    check_at_least("bars", 1, 1, "ask for one")
    with pytest.raises(InvalidValueError, match=r"^bars must be at least 1, got 0; ask for one$"):
        check_at_least("bars", 0, 1, "ask for one")
    with pytest.raises(InvalidValueError, match="got nan"):
        check_at_least("bars", math.nan, 1, "ask for one")


@pytest.mark.parametrize("value", [1, 4, 2.0, np.int64(3)])
def test_whole_numbers(value: float) -> None:
    check_whole("bars", value, 1, 4, "ask for one")


@pytest.mark.parametrize("value", [0, 5, 2.5, math.nan, math.inf, -math.inf])
def test_what_is_not_whole_or_out_of_range_is_named(value: float) -> None:
    message = rf"^bars must be a whole number in \[1, 4\], got {value}; ask for one$"
    with pytest.raises(InvalidValueError, match=message):
        check_whole("bars", value, 1, 4, "ask for one")


@pytest.mark.parametrize("seed", [None, 0, 2**63 - 1, np.int64(7)])
def test_seeds(seed: int | None) -> None:
    check_seed(seed)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, math.nan])
def test_a_seed_out_of_range_is_named(seed: int) -> None:
    with pytest.raises(InvalidValueError, match=rf"in \[0, 2\*\*63\), got {seed}; leave it out"):
        check_seed(seed)
