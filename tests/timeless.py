"""Bands that need no time, for tests whose clock is moved by hand."""

from types import SimpleNamespace

import pytest


@pytest.fixture(autouse=True)
def timeless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a bar take no time to make, though the machine stops meanwhile, unless on a real bus."""
    if "jack" not in request.fixturenames:
        monkeypatch.setattr("paradiddle.band.time", SimpleNamespace(perf_counter=lambda: 0.0))
