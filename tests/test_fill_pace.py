"""How busy a piece is: as asked from the start, and no busier after dozens of bars."""

from dataclasses import replace

import numpy as np
import pytest
from machines import questions, random_cells, tiny_net

from paradiddle.fill_pace import Pace
from paradiddle.fill_playing import play
from paradiddle.given import Given, V, condition
from paradiddle.machine import Machine

SIXTEEN = np.zeros((1, 16, 3 * V), np.float32)


def bar_of(density: float) -> np.ndarray:
    """Make a bar with so many hits a step, (1, 16, 27)."""
    cells = SIXTEEN.copy()
    rows = np.zeros(16 * V, np.float32)
    rows[: round(density * 16)] = 1
    cells[0, :, :V] = rows.reshape(V, 16).T
    return cells


def asked(density: float | None, bars: int = 1) -> Given:
    nothing = questions(np.zeros((1, 16 * bars, 3 * V), np.float32))
    return replace(nothing, conditions=condition([1, 0, 0], 100, density, None)[None])


def lean(pace: Pace, given: Given) -> float:
    [value] = pace.lean(given).tolist()
    return float(value)


def test_what_is_asked_leans_from_the_first_bar_on() -> None:
    leans = [lean(Pace(asked(density)), asked(density)) for density in (0, 0.5, 1.45, 3, 9)]
    assert leans == sorted(leans)
    assert leans[0] < -1.5
    assert leans[2] == pytest.approx(0, abs=1e-6)
    assert leans[-1] > 2


def test_a_bar_that_is_too_busy_is_answered_with_less_and_the_other_way_round() -> None:
    for density, sign in ((3.0, -1), (0.5, 1), (1.5, 0)):
        pace = Pace(asked(1.5))
        before = lean(pace, asked(1.5))
        pace.hear(asked(1.5), bar_of(density))
        assert np.sign(round(lean(pace, asked(1.5)) - before, 6)) == sign


def test_nothing_asked_is_held_to_the_first_four_bars_that_sound() -> None:
    pace, open_bar = Pace(asked(None)), asked(None)
    for density in (0.0, 0.5, 1.5, 1.0, 1.0):
        pace.hear(open_bar, bar_of(density))
        assert lean(pace, open_bar) == 0
    pace.hear(open_bar, bar_of(1.0))
    assert lean(pace, open_bar) == pytest.approx(0, abs=1e-6)
    pace.hear(open_bar, bar_of(2.0))
    assert lean(pace, open_bar) == pytest.approx(-0.5 * np.log(2.1 / 1.1))
    for _ in range(20):
        pace.hear(open_bar, bar_of(8.0))
    assert lean(pace, open_bar) == -1


def test_a_sparse_beginning_is_no_wish_for_silence() -> None:
    pace, open_bar = Pace(asked(None)), asked(None)
    for _ in range(4):
        pace.hear(open_bar, bar_of(1 / 16))
    pace.hear(open_bar, bar_of(0.6))
    assert lean(pace, open_bar) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("density", [None, 1.5])
def test_bars_that_are_known_change_nothing_and_locked_voices_a_little_less(
    density: float | None,
) -> None:
    known, kick = (np.zeros((1, 16, V), bool) for _ in range(2))
    known[...] = kick[..., 0] = True
    pace, open_bar = Pace(asked(density)), asked(density)
    for _ in range(4):
        pace.hear(replace(open_bar, hits_known=known), bar_of(1.5))
    before = lean(pace, open_bar)
    for _ in range(30):
        pace.hear(replace(open_bar, hits_known=known), bar_of(4.0))
    assert lean(pace, open_bar) == before
    pace.hear(replace(open_bar, hits_known=kick), bar_of(3.0))
    assert lean(pace, open_bar) - before == pytest.approx(-0.5 * 8 / 9 * np.log(3.1 / 1.6))


def test_a_tapped_rhythm_may_be_as_busy_as_it_likes() -> None:
    tapped = replace(asked(None), tap_known=np.array([True]))
    pace = Pace(tapped)
    for density in (0.5, 0.5, 0.5, 0.5, 4.0, 4.0):
        pace.hear(tapped, bar_of(density))
        assert lean(pace, tapped) == 0


def test_known_cells_stay_whatever_density_is_asked() -> None:
    cells = random_cells(1, 6)
    known = np.random.default_rng(3).random((1, 96, V)) < 0.5
    given = replace(questions(cells, known, known), conditions=asked(0.0).conditions)
    played = play(tiny_net(), given, [1])
    assert (played[..., :V] == cells[..., :V])[known].all()


@pytest.mark.parametrize("density", [0.6, 1.0, 1.6, 2.5])
def test_the_machine_plays_as_many_hits_as_asked(density: float) -> None:
    pieces = Machine.load().generate("rock", bars=4, density=density, count=12, seed=1)
    played = np.mean([piece.hits.sum() / piece.steps for piece in pieces])
    assert played == pytest.approx(density, rel=0.2)


def test_a_long_seed_does_not_wind_it_up() -> None:
    machine = Machine.load()
    [seed] = machine.generate("rock", bars=24, seed=1)
    bars = np.mean(
        [
            machine.continue_(seed, 10, "rock", density=0.8, seed=k).hits[24 * 16 :].reshape(10, -1)
            for k in range(8)
        ],
        axis=0,
    ).sum(1)
    assert bars.min() > 0.5 * 0.8 * 16
    assert bars[-3:].mean() == pytest.approx(0.8 * 16, rel=0.3)


@pytest.mark.parametrize("temperature", [0.7, 2.0])
def test_a_density_is_kept_to_at_other_temperatures(temperature: float) -> None:
    pieces = Machine.load().generate(
        "rock", bars=9, density=1.2, temperature=temperature, count=12, seed=1
    )
    played = np.mean([piece.hits[80:].sum() / 64 for piece in pieces])
    assert played == pytest.approx(1.2, rel=0.25)


def test_the_machine_gets_no_busier_over_many_bars() -> None:
    for style in ("jazz", "latin"):
        pieces = Machine.load().generate(style, bars=40, count=6, seed=1)
        hits = np.mean([piece.hits.reshape(40, -1).sum(1) for piece in pieces], axis=0)
        assert hits[-16:].mean() == pytest.approx(hits[:4].mean(), rel=0.12)
