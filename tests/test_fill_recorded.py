"""What torch found, and what was played, when `record_fill.py` was run; torch is not needed here.

A change that is meant to change what is played needs the record made anew.
"""

from pathlib import Path

import numpy as np
import pytest

from paradiddle.given import Given
from paradiddle.machine import Machine

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine.load(DATA / "fill.safetensors")


@pytest.fixture(scope="module")
def record() -> dict[str, np.ndarray]:
    with np.load(DATA / "fill.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def asked(record: dict[str, np.ndarray]) -> Given:
    names = (name for name in record if name.startswith("given."))
    return Given(**{name.removeprefix("given."): record[name] for name in names})


@pytest.mark.parametrize("part", ["hits", "velocities", "offsets"])
def test_likelihoods_are_those_that_torch_found(
    machine: Machine, asked: Given, record: dict[str, np.ndarray], part: str
) -> None:
    expected = record[f"bits.{part}"]
    assert expected.any()
    np.testing.assert_allclose(getattr(machine.bits(asked), part), expected, atol=1e-5)


def test_what_is_played_is_what_was_played(
    machine: Machine, asked: Given, record: dict[str, np.ndarray]
) -> None:
    np.testing.assert_array_equal(machine.play(asked, range(len(asked))), record["played"])
