from dataclasses import replace

import numpy as np
import pytest
from machines import groove_of

from paradiddle.errors import InvalidValueError
from paradiddle.events import Events
from paradiddle.pattern import Pattern
from paradiddle.swing import swung

LOOSE = groove_of(4, seed=2)
PATTERN = replace(LOOSE, offsets=0.3 * LOOSE.offsets)  # no two hits of a voice meet


def test_straight_is_the_pattern_itself() -> None:
    assert swung(PATTERN, 0.5) is PATTERN


@pytest.mark.parametrize("swing", [0.54, 2 / 3, 0.75])
def test_every_second_step_comes_late_and_offsets_are_added(swing: float) -> None:
    steps, voices = np.nonzero(PATTERN.hits)
    late = np.where(steps % 2, 2 * swing - 1, 0)
    places = np.maximum(steps + late + PATTERN.offsets[steps, voices], 0)
    music = Events.from_pattern(swung(PATTERN, swing))
    assert len(music) == len(steps)
    assert np.abs(np.sort(places * 120) - music.onsets).max() < 1


def test_swing_keeps_length_tempo_and_velocities() -> None:
    late = swung(PATTERN, 0.6)
    assert (late.bars, late.qpm) == (PATTERN.bars, PATTERN.qpm)
    for voice in range(9):
        before = np.sort(PATTERN.velocities[:, voice][PATTERN.hits[:, voice]])
        assert np.array_equal(np.sort(late.velocities[:, voice][late.hits[:, voice]]), before)


def test_of_two_hits_that_meet_the_harder_stays() -> None:
    hits = np.zeros((4, 9), bool)
    hits[1:3, 0] = True
    velocities = np.zeros(hits.shape)
    velocities[1, 0], velocities[2, 0] = 0.9, 0.2
    offsets = np.where(velocities == 0.2, -0.5, 0)
    late = swung(Pattern(hits, velocities, offsets), 0.75)
    assert late.velocities[late.hits].tolist() == [np.float32(0.9)]


@pytest.mark.parametrize("swing", [0.49, 0.76, float("nan")])
def test_other_swing_is_refused(swing: float) -> None:
    with pytest.raises(InvalidValueError, match=r"swing must be in \[0.5, 0.75\]"):
        swung(PATTERN, swing)


def test_only_16ths_swing() -> None:
    with pytest.raises(InvalidValueError, match="only 16ths can be swung"):
        swung(Pattern.empty(1, steps_per_quarter=3), 0.6)
