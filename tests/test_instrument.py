import inspect
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from latents import write_latent
from machines import QPM, STYLES, groove_of, random_tensors, tiny_shape, write_machine
from models import write_drummer
from test_imports import loaded_by

import paradiddle
from paradiddle import instrument, weights
from paradiddle.errors import InvalidValueError, ModelError
from paradiddle.latent import Latent
from paradiddle.machine import Machine
from paradiddle.machine_file import KIND
from paradiddle.pattern import Pattern
from paradiddle.rhythm import tapped

GROOVE = groove_of(2, seed=1, qpm=93)
NAN, INF = math.nan, math.inf


@pytest.fixture(autouse=True)
def _models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tiny models that come along."""
    machine, latent = write_machine(tmp_path / "machine"), write_latent(tmp_path / "latent")
    monkeypatch.setattr("paradiddle.machine.DEFAULT_MACHINE", machine)
    monkeypatch.setattr("paradiddle.latent.DEFAULT_LATENT", latent)
    _forget()
    yield
    _forget()


def _forget() -> None:
    instrument._machine.cache_clear()
    instrument._latent.cache_clear()


# --- the functions are the methods of the models that come along ---------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "settings"),
    [
        ("generate", ("funk", 1), {"count": 2, "temperature": 0.5}),
        ("generate", (), {"style": {"funk": 0.7, "jazz": 0.3}, "qpm": 96, "density": 2}),
        ("continue_", (GROOVE, 1, "rock"), {"beat_type": "fill"}),
        ("fill", (GROOVE, "kick"), {"style": "jazz"}),
        ("fill", (GROOVE,), {"keep": np.arange(32) < 16}),
        ("humanize", (GROOVE, 0.5), {}),
        ("tap", (GROOVE, "funk"), {"qpm": 100}),
        ("tap", ([1, 0, 0, 1] * 4,), {"beat_type": None}),
    ],
)
def test_the_machine(name: str, arguments: tuple[Any, ...], settings: dict[str, Any]) -> None:
    played = getattr(paradiddle, name)(*arguments, **settings, seed=5)
    assert played == getattr(Machine.load(), name)(*arguments, **settings, seed=5)


def test_the_latent_model() -> None:
    latent, end = Latent.load(), groove_of(2, seed=2)
    assert paradiddle.morph(GROOVE, end, 3) == latent.morph(GROOVE, end, 3)
    assert paradiddle.vary(GROOVE, 0.5, seed=1) == latent.vary(GROOVE, 0.5, seed=1)
    assert (paradiddle.embed([GROOVE]) == latent.embed([GROOVE])).all()


def test_styles() -> None:
    assert paradiddle.styles() == STYLES


def test_without_a_seed_it_is_new_every_time() -> None:
    assert paradiddle.generate() != paradiddle.generate()


def test_a_model_is_loaded_once_and_not_before_it_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[object] = []
    load = Machine.load
    monkeypatch.setattr(Machine, "load", lambda *path: loads.append(path) or load(*path))
    assert loads == []
    paradiddle.generate(bars=1)
    paradiddle.fill(GROOVE)
    paradiddle.styles()
    assert loads == [()]


@pytest.mark.parametrize("name", ["generate", "continue_", "fill", "humanize", "tap"])
def test_signature_and_documentation_are_those_of_the_method(name: str) -> None:
    function, method = getattr(paradiddle, name), getattr(Machine, name)
    parameters = list(inspect.signature(method).parameters.values())[1:]
    assert list(inspect.signature(function).parameters.values()) == parameters
    assert function.__doc__ == method.__doc__
    assert function.__name__ == name


def test_importing_the_package_loads_neither_models_nor_what_plays_them() -> None:
    assert loaded_by("import paradiddle", "numpy paradiddle.instrument paradiddle.machine") == []


def test_every_public_name_is_there_and_no_module_takes_its_place() -> None:
    assert set(paradiddle._HOME) == set(paradiddle.__all__)
    for name in paradiddle.__all__:
        assert getattr(paradiddle, name) is not None
        assert not Path(paradiddle.__file__).with_name(f"{name}.py").exists()


# --- a rhythm that is no pattern ------------------------------------------------------------------


def test_a_rhythm_is_played_at_the_tempo_asked_for_or_the_usual_one() -> None:
    taps = [1.0, 0, 0, 0.4] * 4
    assert paradiddle.tap(taps, "jazz").qpm == QPM["jazz"]
    assert paradiddle.tap(taps, "jazz", qpm=77).qpm == 77
    assert paradiddle.tap(taps).qpm == 120
    assert paradiddle.tap(GROOVE).qpm == 93
    assert paradiddle.tap(GROOVE, qpm=77).qpm == 77


def test_a_rhythm_of_numbers_is_that_of_a_pattern() -> None:
    taps = np.random.default_rng(0).random(24) * (np.arange(24) % 3 == 0)
    assert paradiddle.tap(taps, qpm=90, seed=1) == paradiddle.tap(tapped(taps, 90), seed=1)
    assert paradiddle.tap(taps).steps == 24


# --- amounts of humanity --------------------------------------------------------------------------


def test_a_mixture_stays_between_its_ends() -> None:
    ends = GROOVE, paradiddle.humanize(GROOVE, seed=3)
    for amount in (0, 0.1, 0.5, 0.7, 1):
        mixed = paradiddle.humanize(GROOVE, amount, seed=3)
        for name in ("velocities", "offsets"):
            low, high = np.sort([getattr(end, name) for end in ends], axis=0)
            assert (low <= getattr(mixed, name)).all()
            assert (getattr(mixed, name) <= high).all()
    assert paradiddle.humanize(GROOVE, 0, seed=3) == GROOVE


def test_hits_at_the_very_edge_of_a_step_can_be_mixed() -> None:
    latest = np.nextafter(np.float32(0.5), np.float32(0))
    cells = np.ones((16, 9), np.float32)
    for offset in (latest, -0.5):
        edge = Pattern(cells > 0, cells, cells * offset)
        for seed in range(5):
            assert paradiddle.humanize(edge, 0.3 + seed / 10, seed=seed).hits.all()


# --- what makes no sense --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"style": "fnk"}, "unknown style 'fnk'; did you mean funk[?] the model knows funk, jazz"),
        ({"style": {"funk": 1, "jazzy": 1}}, "unknown style 'jazzy'; did you mean jazz[?]"),
        ({"style": {"funk": NAN}}, "the share of style 'funk' must be a number from 0 up, got nan"),
        ({"style": 7}, "style must be a name, or names with shares, got 7"),
        ({"bars": 0}, r"bars must be a whole number in \[1, 4096\], got 0; ask for a few"),
        ({"bars": 10_000}, r"bars must be a whole number in \[1, 4096\], got 10000; ask for a"),
        ({"bars": -1}, "bars must be .* got -1"),
        ({"bars": 2.5}, "bars must be a whole number .* got 2.5"),
        ({"bars": NAN}, "bars must be .* got nan"),
        ({"bars": INF}, "bars must be .* got inf"),
        ({"qpm": NAN}, "qpm must be in .*, got nan; try 120"),
        ({"qpm": 0}, "qpm must be in .*, got 0; try 120"),
        ({"temperature": 0}, r"temperature must be in \[0.1, 10\], got 0; 0.1 keeps to the likel"),
        ({"temperature": 100}, r"temperature must be in \[0.1, 10\], got 100"),
        ({"temperature": NAN}, "temperature must be in .*, got nan"),
        ({"density": -1}, r"density must be in \[0, 9\], got -1; beats of recordings"),
        ({"density": 10}, "density must be in .*, got 10"),
        ({"density": NAN}, "density must be in .*, got nan"),
        ({"beat_type": "groove"}, "beat_type must be beat or fill, got 'groove'"),
        ({"count": 0}, r"count must be a whole number in \[1, 10000\], got 0; ask for a few pat"),
        ({"count": 10_001}, "count must be .*, got 10001"),
        ({"count": 1.5}, "count must be .*, got 1.5"),
        ({"seed": -1}, r"seed must be in \[0, 2\*\*63\), got -1"),
        ({"seed": 1.5}, r"seed must be in .*, got 1.5"),
        ({"seed": NAN}, r"seed must be in .*, got nan"),
        ({"seed": 2**63 - 1, "count": 2}, r"seed must be in .*, got 9223372036854775808"),
    ],
)
def test_generating_with_settings_out_of_range(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        paradiddle.generate(**settings)


PLAYERS = {name: getattr(paradiddle, name) for name in ("continue_", "fill", "humanize", "tap")}
players = pytest.mark.parametrize("play", PLAYERS.values(), ids=PLAYERS)
Play = Callable[..., Pattern]


@players
def test_wishes_are_checked_whatever_is_played(play: Play) -> None:
    for settings, message in [
        ({"style": "jaz"}, "unknown style 'jaz'; did you mean jazz"),
        ({"temperature": NAN}, "temperature must be in .*, got nan"),
        ({"temperature": 0.05}, "temperature must be in .*, got 0.05"),
        ({"beat_type": "x"}, "beat_type must be"),
        ({"seed": -1}, "seed must be in"),
    ]:
        with pytest.raises(InvalidValueError, match=message):
            play(GROOVE, **settings)


@players
def test_another_grid_is_refused_and_can_be_converted_as_the_message_says(play: Play) -> None:
    hits = np.eye(24, 9) > 0
    triplets = Pattern(hits, hits * 0.5, hits * 0.1, steps_per_quarter=6)
    with pytest.raises(InvalidValueError, match="the pattern has 6 steps a quarter, the models pl"):
        play(triplets)
    converted = paradiddle.quantise(paradiddle.Events.from_pattern(triplets)).pattern
    assert play(converted).steps >= 16


@players
def test_another_metre_is_refused_and_can_be_converted_as_the_message_says(play: Play) -> None:
    hits = np.eye(24, 9) > 0
    waltz = Pattern(hits, hits * 0.5, hits * 0.1, quarters_per_bar=3)
    with pytest.raises(InvalidValueError, match="has 3 quarters a bar, the models play 4/4; dr"):
        play(waltz)
    assert play(replace(waltz, quarters_per_bar=4)).steps >= 24


@players
def test_a_pattern_without_a_step(play: Play) -> None:
    with pytest.raises(InvalidValueError, match="the pattern has no steps; generate one instead"):
        play(Pattern.empty(0))


@pytest.mark.parametrize("name", ["continue_", "humanize", "tap"])
def test_a_pattern_without_a_hit(name: str) -> None:
    with pytest.raises(InvalidValueError, match=r"the pattern has no hits to .*; "):
        PLAYERS[name](Pattern.empty(2))


def test_a_pattern_too_long_and_one_that_would_become_so() -> None:
    long = groove_of(4096)
    with pytest.raises(InvalidValueError, match="bars must be at most 4096, got 4097"):
        paradiddle.continue_(long, 1)
    with pytest.raises(InvalidValueError, match=r"bars must be a whole number in .*, got 0"):
        paradiddle.continue_(GROOVE, 0)


@pytest.mark.parametrize("amount", [-0.1, 1.1, NAN, INF])
def test_amounts_out_of_range(amount: float) -> None:
    with pytest.raises(InvalidValueError, match=rf"amount must be in \[0, 1\], got {amount}"):
        paradiddle.humanize(GROOVE, amount)


def test_masks_of_the_wrong_shape() -> None:
    for mask in (np.ones((16, 9), bool), np.full((32, 9), NAN), [True]):
        with pytest.raises(InvalidValueError, match="keep must be words, or a bool mask of shape"):
            paradiddle.fill(GROOVE, mask)


def test_rhythms_that_are_none() -> None:
    with pytest.raises(InvalidValueError, match=r"velocity must be in .*, got nan"):
        paradiddle.tap([1, NAN])
    with pytest.raises(InvalidValueError, match="a rhythm must have 1 to"):
        paradiddle.tap([])
    with pytest.raises(InvalidValueError, match="the pattern has no hits to play on the kit; tap"):
        paradiddle.tap([0, 0, 0, 0])
    with pytest.raises(InvalidValueError, match=r"qpm must be in .*, got nan"):
        paradiddle.tap([1, 0], qpm=NAN)


@pytest.mark.parametrize("field", [2, 3])
def test_a_pattern_in_json_with_nan(field: int) -> None:
    document = json.loads(GROOVE.to_json())
    document["hits"][0][field] = NAN
    with pytest.raises(InvalidValueError, match=r"(velocity|offset) must be in .*, got nan"):
        Pattern.from_json(json.dumps(document))


# --- models that cannot play ----------------------------------------------------------------------


def test_a_model_trained_with_other_voices(tmp_path: Path) -> None:
    file = weights.read(write_machine(tmp_path / "mine"), KIND)
    document = file.document | {"voices": {"names": ["gong", "triangle"]}}
    weights.write(tmp_path / "mine", KIND, document, random_tensors(tiny_shape()))
    message = "mine was trained with the voices gong, triangle; this paradiddle plays kick, snare"
    with pytest.raises(ModelError, match=message):
        Machine.load(tmp_path / "mine")


def test_a_model_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a drummer model; a machine model is wanted"):
        Machine.load(write_drummer(tmp_path / "drummer"))


def test_a_model_with_other_styles_knows_those(tmp_path: Path) -> None:
    own = dict(zip(("polka", "schottisch", "waltz"), (110.0, 96.0, 180.0), strict=True))
    machine = Machine.load(write_machine(tmp_path / "mine", styles=list(own), qpm=own))
    assert machine.generate("polka", bars=1)[0].qpm == 110
    with pytest.raises(InvalidValueError, match="unknown style 'funk'; the model knows polka, sch"):
        machine.generate("funk")
