"""The pattern that the tests of the page read too is one that Python reads and writes."""

import json
from pathlib import Path

import numpy as np

from paradiddle.pattern import Pattern

TEXT = (Path(__file__).parent / "data" / "pattern.json").read_text(encoding="utf-8")


def test_the_pattern_the_page_reads_comes_back_as_it_was_written() -> None:
    assert json.loads(Pattern.from_json(TEXT).to_json()) == json.loads(TEXT)


def test_it_has_dynamics_offsets_and_the_edges_of_both() -> None:
    pattern = Pattern.from_json(TEXT)
    velocities, offsets = pattern.velocities[pattern.hits], pattern.offsets[pattern.hits]
    assert (pattern.steps, pattern.qpm) == (32, 96.5)
    assert len(set(velocities.tolist())) > 10
    assert len(set(offsets.tolist())) > 10
    assert (velocities.max(), offsets.min()) == (1, -0.5)
    assert offsets.max() == np.nextafter(np.float32(0.5), np.float32(0))
