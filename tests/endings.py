"""Signals that end a program, for tests that raise them."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

ENDING = [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT]


@pytest.fixture
def handlers() -> Iterator[dict[int, Any]]:
    """What signals did before, and do again afterwards."""
    before = {number: signal.getsignal(number) for number in ENDING}
    yield before
    for number, handler in before.items():
        signal.signal(number, handler)
