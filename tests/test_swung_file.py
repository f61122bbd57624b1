"""A swung MIDI file comes back as the grid it was written from."""

import io
from dataclasses import replace

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import groove_of

from paradiddle import smf
from paradiddle.early import with_early
from paradiddle.events import Events, quantise
from paradiddle.kit_maps import KIT_MAPS
from paradiddle.midi import events_of, to_bytes
from paradiddle.pattern import Pattern
from paradiddle.swung_file import straightened, swing_text, with_swing

TICK = 1 / 120  # of a 16th


def read(data: bytes) -> tuple[Pattern, float, int]:
    """What an import finds: the pattern, its swing, and how many hits are lost."""
    score = smf.parse(data)
    straight = straightened(events_of(score), score.texts)
    found = quantise(straight.events)
    return with_early(found.pattern, score.texts), straight.swing, found.collisions


def texts_of(data: bytes) -> tuple[str, ...]:
    return smf.parse(data).texts


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    """Grids of any density, with offsets up to the middle between two steps."""
    seed, bars = draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, 4))
    random = np.random.default_rng(seed)
    hits = random.random((16 * bars, 9)) < draw(st.floats(0.02, 1))
    hits[:, 5:7] = False  # reading takes these toms of the Roland kit for others
    hits[-1, 0] = True  # a file does not tell of silence at its end
    velocities = random.integers(1, 128, hits.shape) / np.float32(127)
    widest = draw(st.sampled_from([0.0, 0.1, 0.3, 0.49]))
    offsets = random.uniform(-widest, widest, hits.shape)
    return Pattern(hits, velocities, offsets, draw(st.sampled_from([93, 101, 120])))


@settings(deadline=None)
@given(patterns(), st.floats(0.5, 0.75), st.sampled_from(["gm", "roland-td"]))
def test_a_swung_file_comes_back_as_the_grid(pattern: Pattern, swing: float, kit: str) -> None:
    found, told, lost = read(to_bytes(pattern, KIT_MAPS[kit], swing=swing))
    assert (told, lost) == (swing, 0)
    assert np.array_equal(found.hits, pattern.hits)
    assert np.abs(found.velocities - pattern.velocities).max() < 1e-6
    assert np.abs(found.offsets - pattern.offsets).max() <= TICK / 2 + 1e-6


@pytest.mark.parametrize("swing", [0.54, 0.66, 2 / 3, 0.75])
def test_it_sounds_as_swung_as_it_says(swing: float) -> None:
    pattern = groove_of(4, seed=2)
    steps, voices = np.nonzero(pattern.hits)
    late = np.where(steps % 2, 2 * swing - 1, 0)
    places = np.maximum(steps + late + pattern.offsets[steps, voices], 0)
    onsets = events_of(smf.parse(to_bytes(pattern, swing=swing))).onsets
    assert np.abs(np.sort(places * 120) - onsets).max() <= 1


def test_hits_that_meet_are_both_kept_and_told_apart() -> None:
    hits = np.zeros((16, 9), bool)
    hits[1:3, 0] = True
    velocities, offsets = np.zeros(hits.shape), np.zeros(hits.shape)
    velocities[1, 0], velocities[2, 0] = 1, 64 / 127
    offsets[1, 0], offsets[2, 0] = 0.25, -0.25
    pattern = Pattern(hits, velocities, offsets)
    data = to_bytes(pattern, swing=0.75)
    assert events_of(smf.parse(data)).onsets.tolist() == [210, 210]
    assert texts_of(data) == ("paradiddle swing: 0.75 36-210",)
    assert read(data)[0] == Pattern(hits, velocities, offsets)


def test_the_usual_file_tells_the_swing_alone() -> None:
    tight = replace(groove_of(4, seed=2), offsets=0.1 * groove_of(4, seed=2).offsets)
    assert texts_of(to_bytes(tight, swing=0.66))[-1] == "paradiddle swing: 0.66"
    assert not any("swing" in text for text in texts_of(to_bytes(tight)))


LATE = Events([36, 38], [0, 170])  # the snare is late on the second 16th
TEXT = swing_text(LATE, 0.75)


@pytest.mark.parametrize(
    "text",
    [
        "paradiddle swing: 0.75 38-231",
        "paradiddle swing: 0.75 36-230",
        "paradiddle swing: 0.75 38-230 38-230",
        "paradiddle swing: 0.75 38-",
        "paradiddle swing: 0.76 38-230",
        "paradiddle swing: 0.5 38-230",
        "paradiddle swing: 0.4",
        "paradiddle swing: nan",
        "swing: 0.75 38-230",
        "",
    ],
)
def test_what_does_not_fit_changes_nothing(text: str) -> None:
    swung = with_swing(LATE, 0.75)
    assert straightened(swung, ["x", TEXT]) == (LATE, 0.75)
    assert straightened(swung, [text]) == (swung, 0.5)


def test_a_file_that_was_moved_elsewhere_stays_as_it_is() -> None:
    moved = Events([36, 38], [0, 100])  # where no swung hit can be
    assert straightened(moved, ["paradiddle swing: 0.75"]) == (moved, 0.5)
    doubled = Events([36, 36], [130, 70])  # both would be the kick of the second 16th
    assert straightened(doubled, ["paradiddle swing: 0.75 36-200"]) == (doubled, 0.5)


def test_a_file_of_another_resolution_comes_back_too() -> None:
    pattern = replace(groove_of(2, seed=5), offsets=0 * groove_of(2, seed=5).offsets)
    data = to_bytes(pattern, swing=0.625)
    file = mido.MidiFile(file=io.BytesIO(data))
    file.ticks_per_beat = 960
    for message in file.tracks[0]:
        message.time *= 2
    buffer = io.BytesIO()
    file.save(file=buffer)
    found, swing, lost = read(buffer.getvalue())
    assert (swing, lost) == (0.625, 0)
    assert np.array_equal(found.hits, pattern.hits)
