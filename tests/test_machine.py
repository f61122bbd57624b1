"""The drum machine: every way to ask it, on tiny networks with random weights."""

import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from machines import QPM, STYLES, groove_of, random_tensors, tiny_machine, tiny_shape

from paradiddle.errors import InvalidValueError
from paradiddle.events import Events, quantise
from paradiddle.given import Given
from paradiddle.machine import Machine
from paradiddle.machine_file import shape_for
from paradiddle.pattern import Pattern

MACHINE = tiny_machine()
GROOVE = groove_of(2, qpm=93)


def parts(pattern: Pattern) -> np.ndarray:
    return np.concatenate([pattern.hits, pattern.velocities, pattern.offsets], axis=1)


# --- generate ---------------------------------------------------------------------------------


def test_generates_patterns_of_the_length_and_tempo_asked_for() -> None:
    [pattern] = MACHINE.generate("funk", bars=3, qpm=101.5, seed=1)
    assert (pattern.steps, pattern.bars, pattern.qpm) == (48, 3, 101.5)
    assert (pattern.steps_per_quarter, pattern.quarters_per_bar) == (4, 4)
    assert pattern.hits.any()


def test_the_tempo_is_what_is_usual_for_the_style() -> None:
    assert MACHINE.generate("funk", bars=1)[0].qpm == 96
    assert MACHINE.generate({"funk": 3, "jazz": 1}, bars=1)[0].qpm == 112
    assert MACHINE.generate(bars=1)[0].qpm == 120
    assert {style: MACHINE.usual_qpm(style) for style in STYLES} == QPM
    assert Machine(tiny_shape(), STYLES, random_tensors(tiny_shape())).usual_qpm("jazz") == 120


def test_the_same_seed_gives_the_same_music() -> None:
    first, again, other = (MACHINE.generate("rock", 2, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert MACHINE.generate("rock", 2) != MACHINE.generate("rock", 2)


def test_the_kth_of_many_is_what_seed_plus_k_plays() -> None:
    many = MACHINE.generate("jazz", bars=1, count=70, seed=5)  # more than play side by side
    assert len(many) == 70
    for k in (0, 1, 63, 64, 69):
        assert [many[k]] == MACHINE.generate("jazz", bars=1, seed=5 + k)


@pytest.mark.parametrize(
    ("wish", "other"),
    [
        ({"style": "funk"}, {"style": "jazz"}),
        ({"style": "funk"}, {"style": {"funk": 0.7, "jazz": 0.3}}),
        ({"density": 1.0}, {"density": 5.0}),
        ({"beat_type": "beat"}, {"beat_type": "fill"}),
        ({"temperature": 0.5}, {"temperature": 2.0}),
    ],
)
def test_wishes_are_heard(wish: dict[str, object], other: dict[str, object]) -> None:
    fixed = {"bars": 2, "qpm": 100, "seed": 1}
    [ours], [theirs] = MACHINE.generate(**fixed, **wish), MACHINE.generate(**fixed, **other)
    assert ours != theirs


def test_a_blend_of_one_style_is_that_style() -> None:
    blend = {"funk": 2.0, "jazz": 0}
    assert MACHINE.generate(blend, 2, seed=1) == MACHINE.generate("funk", 2, seed=1)


def test_a_thousand_bars_stay_within_bounded_memory() -> None:
    shape = shape_for(len(STYLES), encoder=8, dilations=(1,), hidden=4, layers=1)
    machine = Machine(shape, STYLES, random_tensors(shape), {"qpm": QPM})
    seed = groove_of(980)
    machine.continue_(seed.first(1), bars=1)
    tracemalloc.start()
    pattern = machine.continue_(seed, bars=20, seed=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pattern.bars == 1000
    assert pattern.hits[-160:].any()
    assert peak < 12e6  # the cells, 1.7 MB, a few times over, and 16 bars of encoding


def test_many_long_patterns_are_not_all_played_side_by_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together: list[int] = []

    def silence(self: Machine, given: Given, seeds: Sequence[int], temperature: float):
        together.append(len(seeds))
        return np.zeros_like(given.cells)

    monkeypatch.setattr(Machine, "play", silence)
    assert len(MACHINE.generate(bars=1024, count=10)) == 10
    assert len(MACHINE.generate(bars=1, count=70)) == 70
    assert together == [4, 4, 2, 64, 6]


# --- continue ---------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 5, 16, 40, 1600])
def test_continuing_keeps_what_was_there(steps: int) -> None:
    whole = groove_of(100)
    seed = Pattern(whole.hits[:steps], whole.velocities[:steps], whole.offsets[:steps], 87)
    longer = MACHINE.continue_(seed, bars=2, style="rock", seed=1)
    assert (longer.steps, longer.qpm) == (steps + 32, 87)
    assert (parts(longer)[:steps] == parts(seed)).all()
    assert longer.hits[steps:].any()


def test_a_continuation_listens_to_its_seed() -> None:
    ours, theirs = (MACHINE.continue_(groove_of(2, seed), 1, seed=1) for seed in (1, 2))
    assert (ours.hits[32:] != theirs.hits[32:]).any()


# --- fill -------------------------------------------------------------------------------------

MASK = np.random.default_rng(0).random((32, 9)) < 0.5


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("kick, snare", np.arange(9) < 2),
        ("bar 2", (np.arange(32) >= 16)[:, None]),
        ("kick in bar 1", (np.arange(32) < 16)[:, None] & (np.arange(9) == 0)),
        (MASK, MASK),
        (MASK[:, 0], MASK[:, :1]),
        (None, np.zeros((32, 9), bool)),
    ],
    ids=["voices", "bar", "voice in bar", "cells", "steps", "nothing"],
)
def test_filling_keeps_what_is_asked(keep: object, kept: np.ndarray) -> None:
    filled = MACHINE.fill(GROOVE, keep, "funk", seed=1)
    mask = np.broadcast_to(kept, (32, 9))
    for name in ("hits", "velocities", "offsets"):
        assert (getattr(filled, name) == getattr(GROOVE, name))[mask].all()
    assert (filled.hits != GROOVE.hits)[~mask].any()
    assert filled.qpm == 93


def test_filling_where_all_is_kept_changes_nothing() -> None:
    assert MACHINE.fill(GROOVE, np.ones((32, 9), bool)) == GROOVE


def test_an_odd_number_of_steps_can_be_filled() -> None:
    short = Pattern(GROOVE.hits[:21], GROOVE.velocities[:21], GROOVE.offsets[:21])
    filled = MACHINE.fill(short, "step 1-3", seed=1)
    assert filled.steps == 21
    assert (parts(filled)[:3] == parts(short)[:3]).all()


# --- humanize ---------------------------------------------------------------------------------


def test_humanizing_keeps_the_hits() -> None:
    human = MACHINE.humanize(GROOVE, style="rock", seed=1)
    assert (human.hits == GROOVE.hits).all()
    assert (human.velocities != GROOVE.velocities).any()
    assert (human.offsets != GROOVE.offsets).any()
    assert human.qpm == 93


def test_humanizing_by_nothing_changes_nothing_and_by_half_goes_halfway() -> None:
    assert MACHINE.humanize(GROOVE, 0, seed=1) == GROOVE
    half, human = (MACHINE.humanize(GROOVE, amount, seed=1) for amount in (0.5, 1))
    for name in ("velocities", "offsets"):
        middle = (getattr(GROOVE, name) + getattr(human, name)) / 2
        np.testing.assert_allclose(getattr(half, name), middle, atol=1e-6)


def test_how_hits_were_struck_does_not_matter_to_humanizing() -> None:
    plain = Pattern(GROOVE.hits, GROOVE.hits * 0.5, GROOVE.hits * 0.0, GROOVE.qpm)
    assert MACHINE.humanize(plain, seed=1) == MACHINE.humanize(GROOVE, seed=1)


# --- tap --------------------------------------------------------------------------------------


def test_a_rhythm_is_played_on_the_kit_whatever_it_was_tapped_on() -> None:
    hits = np.zeros((20, 9), bool)
    hits[::3, 0] = True
    on_kick = Pattern(hits, hits * 0.5, hits * 0.1, 105)
    rolled = np.roll(hits, 3, axis=1)
    on_tom = Pattern(rolled, rolled * 0.5, rolled * 0.1, 105)
    played = MACHINE.tap(on_kick, "jazz", seed=1)
    assert (played.steps, played.qpm) == (20, 105)
    assert played == MACHINE.tap(on_tom, "jazz", seed=1)
    assert played.hits[:, 1:].any()
    moved = np.roll(hits, 1, axis=0)
    assert played != MACHINE.tap(Pattern(moved, moved * 0.5, moved * 0.1, 105), "jazz", seed=1)


# --- what is refused --------------------------------------------------------------------------

SILENT = Pattern.empty(2)
TRIPLETS = Pattern.empty(2, steps_per_quarter=3)
WALTZ = replace(Pattern.empty(4), quarters_per_bar=3.0)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: MACHINE.generate("fonk"), r"unknown style 'fonk'; did you mean funk\?"),
        (lambda: MACHINE.generate({"funk": -1}), "the share of style 'funk' must be"),
        (lambda: MACHINE.generate(bars=0), r"bars must be .* got 0"),
        (lambda: MACHINE.generate(bars=10_000), r"bars must be .* got 10000"),
        (lambda: MACHINE.generate(bars=float("nan")), r"bars must be .* got nan"),
        (lambda: MACHINE.generate(count=0), r"count must be .* got 0"),
        (lambda: MACHINE.generate(count=10**9), r"count must be .* got 1000000000"),
        (lambda: MACHINE.generate(qpm=0), "qpm must be"),
        (lambda: MACHINE.generate(density=-1), r"density must be in \[0, 9\], got -1; beats of"),
        (lambda: MACHINE.generate(density=float("nan")), "density must be in .* got nan"),
        (lambda: MACHINE.generate(temperature=0), r"temperature must be in \[0.1, 10\], got 0"),
        (lambda: MACHINE.generate(temperature=100), "temperature must be in .* got 100"),
        (lambda: MACHINE.generate(beat_type="solo"), "beat_type must be beat or fill, got 'solo'"),
        (lambda: MACHINE.generate(seed=-1), "seed must be in"),
        (lambda: MACHINE.continue_(SILENT), "no hits to continue; generate one instead"),
        (lambda: MACHINE.continue_(Pattern.empty(0)), "the pattern has no steps"),
        (lambda: MACHINE.continue_(GROOVE, bars=4096), r"bars must be at most 4096, got 4098"),
        (lambda: MACHINE.continue_(GROOVE, bars=0), r"bars must be .* got 0"),
        (lambda: MACHINE.fill(TRIPLETS), "3 steps a quarter, the models play 4; convert it"),
        (lambda: MACHINE.fill(WALTZ), "3 quarters a bar, the models play 4/4; draw"),
        (lambda: MACHINE.fill(GROOVE, np.ones((9, 32), bool)), r"keep must be .* \(9, 32\)"),
        (lambda: MACHINE.humanize(SILENT), "no hits to humanize"),
        (lambda: MACHINE.humanize(GROOVE, 1.5), r"amount must be in \[0, 1\], got 1.5"),
        (lambda: MACHINE.humanize(GROOVE, float("nan")), "amount must be in .* got nan"),
        (lambda: MACHINE.tap(SILENT), "no hits to play on the kit"),
        (lambda: MACHINE.usual_qpm("polka"), "unknown style 'polka'"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_refused_in_one_line(
    ask: Callable[[], object], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message) as caught:
        ask()
    assert "\n" not in str(caught.value)


def test_remedies_for_other_grids_and_metres_work() -> None:
    hits = np.zeros((24, 9), bool)
    hits[::3, 0] = True
    triplets = Pattern(hits, hits * 0.5, hits * 0.0, 100, steps_per_quarter=3)
    converted = quantise(Events.from_pattern(triplets)).pattern
    assert MACHINE.humanize(converted, seed=1).hits.any()
    waltz = Pattern(hits, hits * 0.5, hits * 0.0, 100, quarters_per_bar=3)
    assert MACHINE.fill(replace(waltz, quarters_per_bar=4), seed=1).steps == 24


# --- the machine that comes along -------------------------------------------------------


def test_long_pieces_drift_neither_into_silence_nor_into_noise() -> None:
    machine = Machine.load()
    [seed] = machine.generate("rock", bars=1, seed=3)
    long = machine.continue_(seed, bars=127, style="rock", seed=3)
    density = long.hits.reshape(4, -1, 9).sum(-1).mean(-1)  # hits a step, by quarters of the piece
    assert ((density > 0.8) & (density < 3)).all()
    bars = long.hits.reshape(128, -1)
    assert len(np.unique(bars, axis=0)) > 30
    assert bars.any(1).mean() > 0.95
