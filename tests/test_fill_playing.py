"""Playing: what is known is kept, and what is drawn depends on the seed alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from machines import questions, random_cells, tiny_net

from paradiddle.errors import InvalidValueError
from paradiddle.fill_inputs import encoder_inputs
from paradiddle.fill_playing import encoded_bars, play
from paradiddle.fill_surprise import surprise
from paradiddle.given import Given, V, tap_of

NET = tiny_net()
MASKS = hnp.arrays(bool, (2, 32, V))


def mixed_questions(batch: int, bars: int) -> Given:
    """Ask for the rest of music of which half the cells are known, some of them hits alone."""
    generator = np.random.default_rng(7)
    known = generator.random((batch, 16 * bars, V)) < 0.5
    asked = questions(random_cells(batch, bars), known, known & (generator.random() < 0.8))
    return replace(asked, tap_known=np.arange(batch) % 2 == 1)


@settings(max_examples=25, deadline=None)
@given(MASKS, MASKS, st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 50))
def test_known_cells_come_out_as_they_were(
    hits_known: np.ndarray, struck_known: np.ndarray, temperature: float, seed: int
) -> None:
    cells = random_cells(2, 2, seed)
    cells[..., 2 * V :] *= np.float32(0.987654)  # not on a tick
    dynamics_known = hits_known & struck_known
    played = play(NET, questions(cells, hits_known, dynamics_known), [1, 2], temperature)
    assert (played[..., :V] == cells[..., :V])[hits_known].all()
    for part in (slice(V, 2 * V), slice(2 * V, None)):
        assert (played[..., part] == cells[..., part])[dynamics_known].all()


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_what_is_played_is_music(temperature: float) -> None:
    cells = play(NET, questions(np.zeros((3, 64, 27), np.float32)), [1, 2, 3], temperature)
    hits, velocities, offsets = np.split(cells, 3, axis=-1)
    assert cells.dtype == np.float32
    assert set(np.unique(hits)) == {0, 1}
    assert (velocities[hits == 0] == 0).all()
    assert (offsets[hits == 0] == 0).all()
    midi, ticks = velocities[hits > 0] * 127, offsets[hits > 0] * 120
    assert set(np.rint(midi)) <= set(range(1, 128))
    assert set(np.rint(ticks)) <= set(range(-60, 60))
    np.testing.assert_allclose(midi, np.rint(midi), atol=1e-4)
    np.testing.assert_allclose(ticks, np.rint(ticks), atol=1e-4)


def test_unknown_cells_are_not_read() -> None:
    asked = mixed_questions(2, 3)
    known = np.concatenate([asked.hits_known, *2 * [asked.dynamics_known]], axis=-1)
    other = random_cells(2, 3, seed=9)
    cells = np.where(known, asked.cells, other)
    ours, theirs = play(NET, asked, [1, 2]), play(NET, replace(asked, cells=cells), [1, 2])
    assert (ours == theirs).all()


def test_pieces_are_encoded_in_parts_as_if_whole() -> None:
    asked = mixed_questions(2, 37)
    whole = NET.encode(encoder_inputs(asked))
    bars = list(encoded_bars(NET, asked))
    assert [bar for bar, _ in bars] == list(range(37))
    parts = np.concatenate([encoded for _, encoded in bars], axis=1)
    np.testing.assert_allclose(parts, whole, atol=2e-5)


def test_a_question_asked_many_times_is_encoded_as_if_once() -> None:
    asked = questions(random_cells(1, 3))
    again = Given(*(np.repeat(array, 4, axis=0) for array in vars(asked).values()))
    for (_, one), (_, many) in zip(encoded_bars(NET, asked), encoded_bars(NET, again), strict=True):
        assert (many == one).all()
        assert len(many) == 4


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_batch_plays_what_each_would_alone(temperature: float) -> None:
    asked = mixed_questions(5, 3)
    together = play(NET, asked, range(5), temperature)
    for row in range(5):
        alone = Given(*(array[row : row + 1] for array in vars(asked).values()))
        assert (play(NET, alone, [row], temperature)[0] == together[row]).all()


def test_the_same_seed_plays_the_same_and_another_something_else() -> None:
    nothing = questions(np.zeros((1, 32, 27), np.float32))
    first, again, other = (play(NET, nothing, [seed]) for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()
    assert (play(NET, nothing, [None]) != play(NET, nothing, [None])).any()


def test_at_temperature_nought_the_seed_does_not_matter() -> None:
    asked = mixed_questions(2, 2)
    assert (play(NET, asked, [1, 2], 0.0) == play(NET, asked, [None, 5], 0.0)).all()


def test_what_is_played_hotter_is_less_likely() -> None:
    nothing = questions(np.zeros((40, 32, 27), np.float32))
    hits = questions(random_cells(40, 2), np.ones((40, 32, V), bool))
    bits = []
    for temperature in (0.1, 1.0, 10.0):
        found = [
            surprise(NET, replace(asked, cells=play(NET, asked, range(40), temperature)))
            for asked in (nothing, hits)
        ]
        bits.append([found[0].hits.sum(), found[1].velocities.sum(), found[1].offsets.sum()])
    for cold, learned, hot in zip(*bits, strict=True):
        assert cold < learned < hot


def test_a_longer_piece_begins_as_a_shorter_one_where_nothing_ahead_is_known() -> None:
    long = play(NET, questions(np.zeros((1, 20 * 16, 27), np.float32)), [1])
    short = play(NET, questions(np.zeros((1, 10 * 16, 27), np.float32)), [1])
    assert (long[:, : 8 * 16] == short[:, : 8 * 16]).all()


def test_a_tap_is_heard() -> None:
    cells = random_cells(1, 2)
    silent, tapped = (
        play(NET, replace(questions(cells, tapped=told), tap=tap_of(cells)), [1])
        for told in (False, True)
    )
    assert (silent != tapped).any()


def test_questions_that_cannot_be_played() -> None:
    nothing = questions(np.zeros((2, 24, 27), np.float32))
    with pytest.raises(InvalidValueError, match="whole bars of 16 steps, got 24 steps"):
        play(NET, nothing, [1, 2])
    with pytest.raises(InvalidValueError, match="2 questions need as many seeds, got 1"):
        play(NET, nothing, [1])
