"""Hits before the first bar line survive MIDI."""

from pathlib import Path

import numpy as np
import pytest

from paradiddle import smf
from paradiddle.early import early_text, with_early
from paradiddle.kit_maps import kit_pitches
from paradiddle.midi import pattern_of, read_pattern, to_bytes, write
from paradiddle.pattern import Pattern


def beat(steps_per_quarter: int = 4) -> Pattern:
    hits = np.zeros((4 * steps_per_quarter, 9), bool)
    hits[0, [0, 2]] = hits[4, 1] = True
    offsets = np.zeros(hits.shape, np.float32)
    offsets[0, 0], offsets[0, 2], offsets[4, 1] = (np.float32(k) / 120 for k in (-60, 7, -3))
    return Pattern(hits, hits * np.float32(64 / 127), offsets, 96, steps_per_quarter)


@pytest.mark.parametrize("kit", ["gm", "roland-td"])
def test_a_pattern_comes_back_from_midi_as_it_was(tmp_path: Path, kit: str) -> None:
    write(tmp_path / "a.mid", beat(), kit_pitches(kit))
    assert read_pattern(tmp_path / "a.mid").pattern.offsets.tolist() == beat().offsets.tolist()


def test_a_swung_file_tells_how_early_the_first_hits_were() -> None:
    found = pattern_of(smf.parse(to_bytes(beat(), swing=0.6))).pattern
    assert found.offsets.tolist() == beat().offsets.tolist()  # all on even steps


def test_only_hits_of_the_first_step_that_are_early_are_told() -> None:
    assert early_text(beat()) == "paradiddle early: 36-60"
    assert early_text(beat(3)) == "paradiddle early: 36-80"
    assert early_text(Pattern.empty(1)) == early_text(Pattern.empty(0)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "early: 36-12",
        "paradiddle early: 38-12",
        "paradiddle early: 36-61",
        "paradiddle early: 36-0",
    ],
    ids=["not ours", "no such hit", "too early for the step", "not early"],
)
def test_what_does_not_fit_changes_nothing(text: str) -> None:
    late = Pattern(beat().hits, beat().velocities, np.maximum(beat().offsets, 0), 96)
    assert with_early(late, [text, "paradiddle early: 999-5 x"]) == late
