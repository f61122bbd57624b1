import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from latents import STYLES, groove_of, latent_shape, random_weights, write_latent
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

from paradiddle import latent as module
from paradiddle.cli import app
from paradiddle.errors import InvalidValueError, ModelError
from paradiddle.given import condition
from paradiddle.latent import Latent
from paradiddle.latent_cells import Reading, inputs_of, reading_of, windows
from paradiddle.latent_file import read_model, write_model
from paradiddle.latent_net import Mixer, Prior
from paradiddle.latent_paths import even_choice, spherical
from paradiddle.latent_window import WindowModel
from paradiddle.midi import read_pattern, write
from paradiddle.pattern import Pattern
from paradiddle.pattern_cells import cells_of, pattern_of
from paradiddle.weights import KEY


@pytest.fixture
def latent(tmp_path: Path) -> Latent:
    return Latent.load(write_latent(tmp_path / "tiny.safetensors"))


# --- cells ------------------------------------------------------------------------------------


def test_cells_and_patterns_are_the_same_thing() -> None:
    pattern = groove_of(3)
    assert pattern_of(cells_of(pattern), pattern.qpm) == pattern


def test_the_encoder_reads_a_quarter_as_one_token() -> None:
    cells = np.arange(2 * 32 * 27, dtype=np.float32).reshape(2, 32, 27)
    inputs = inputs_of(cells)
    assert inputs.shape == (2, 8, 108)
    assert_array_equal(inputs[1, 3].reshape(4, 27)[:, :9], cells[1, 12:16, :9])


def test_what_the_decoder_says_stays_within_ranges() -> None:
    outputs = np.random.default_rng(0).normal(scale=100, size=(3, 8, 180)).astype(np.float32)
    reading = reading_of(outputs)
    for generator, temperature in ((None, 0), (np.random.default_rng(0), 100)):
        cells = reading.cells(generator, temperature)
        hits, velocities, offsets = np.split(cells, 3, axis=-1)
        assert_array_equal(hits, reading.logits > 0)
        assert velocities[hits > 0].min() >= np.float32(1 / 127)
        for values in (velocities, offsets):
            assert not values[hits == 0].any()
        pattern_of(cells[0], 120)  # which checks the rest


def test_dynamics_are_drawn_around_the_medians() -> None:
    shape = (400, 16, 9)
    full = np.ones(shape, np.float32)
    reading = Reading(full, full * 0.5, full * 0.05, full * 0.1, full * 0.02)
    _, velocities, offsets = np.split(reading.cells(np.random.default_rng(0), 1.0), 3, axis=-1)
    for values, median, spread in ((velocities, 0.5, 0.05), (offsets, 0.1, 0.02)):
        assert abs(np.median(values) - median) < 0.001
        assert abs(np.abs(values - median).mean() - spread) < 0.001
    calm = reading.cells()
    assert_array_equal(calm[..., 9:18], full * 0.5)


@pytest.mark.parametrize(
    ("steps", "length", "count"), [(16, 2, 1), (30, 2, 1), (32, 2, 1), (48, 4, 1), (112, 4, 2)]
)
def test_windows_hold_all_and_are_filled_up(steps: int, length: int, count: int) -> None:
    cells = np.random.default_rng(0).random((steps, 27)).astype(np.float32)
    bars, cut = windows(cells, (4, 2))
    assert (bars, cut.shape) == (length, (count, 16 * length, 27))
    assert_array_equal(cut.reshape(-1, 27)[:steps], cells)


def test_the_last_window_repeats_its_own_beginning() -> None:
    cells = np.random.default_rng(0).random((96, 27)).astype(np.float32)
    _, cut = windows(cells, (2, 4))
    assert_array_equal(cut[1, :32], cells[64:])
    assert_array_equal(cut[1, 32:], cells[64:])


# --- ways -------------------------------------------------------------------------------------


def test_a_great_circle_keeps_its_distance_from_the_centre() -> None:
    start, end = np.random.default_rng(0).standard_normal((2, 3, 50)).astype(np.float32)
    start, end = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (start, end))
    way = spherical(start, end, np.linspace(0, 1, 7))
    assert way.shape == (7, 3, 50)
    assert_allclose(np.linalg.norm(way, axis=-1), 1, rtol=1e-5)
    assert_allclose(way[0], start, atol=1e-6)
    assert_allclose(way[-1], end, atol=1e-6)
    steps = np.linalg.norm(np.diff(way, axis=0), axis=-1)
    assert_allclose(steps, np.broadcast_to(steps[0], steps.shape), rtol=1e-3)


@pytest.mark.parametrize("end", [[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]], ids=str)
def test_where_there_is_no_great_circle_the_way_is_straight(end: list[float]) -> None:
    start = np.array([[1.0, 0.0]], np.float32)
    way = spherical(start, np.array([end], np.float32), [0, 0.5, 1])
    assert np.isfinite(way).all()
    assert_allclose(way[[0, -1], 0], [start[0], end], atol=1e-6)


def test_the_choice_is_even_and_the_best_there_is() -> None:
    points = np.linspace(0, 1, 201)[:, None] ** 3  # slow at first
    chosen = even_choice(points, 5)
    assert_allclose(points[chosen, 0], [0, 0.25, 0.5, 0.75, 1], atol=0.01)
    rough = np.random.default_rng(0).random((9, 4))
    cost = {
        (0, i, j, 8): sum(
            np.abs(rough[a] - rough[b]).sum() ** 2 for a, b in ((0, i), (i, j), (j, 8))
        )
        for i in range(1, 8)
        for j in range(i + 1, 8)
    }
    assert tuple(even_choice(rough, 4)) == min(cost, key=cost.__getitem__)


def test_all_points_or_both_ends_can_be_chosen() -> None:
    points = np.random.default_rng(0).random((6, 2))
    assert even_choice(points, 6) == [0, 1, 2, 3, 4, 5]
    assert even_choice(points, 2) == [0, 5]
    assert even_choice(np.zeros((6, 2)), 3)[::2] == [0, 5]


# --- embedding --------------------------------------------------------------------------------


def test_codes_of_patterns_of_any_length(latent: Latent) -> None:
    patterns = [groove_of(bars, bars) for bars in (1, 2, 3, 8)]
    codes = latent.embed(patterns)
    assert (codes.shape, codes.dtype) == ((4, 10), np.float32)
    assert_allclose(codes[1], latent.encode(cells_of(patterns[1])[None])[0], atol=1e-6)
    halves = cells_of(patterns[3]).reshape(4, 32, 27)
    assert_allclose(codes[3], latent.encode(halves).mean(0), atol=1e-6)
    assert latent.embed([]).shape == (0, 10)


def test_a_repeated_pattern_has_the_code_of_what_it_repeats(latent: Latent) -> None:
    once = groove_of(2)
    twice = pattern_of(np.tile(cells_of(once), (2, 1)), once.qpm)
    assert_allclose(latent.embed([once]), latent.embed([twice]), atol=1e-6)
    assert np.abs(latent.embed([twice]) - latent.embed([twice], bars=4)).max() > 0.01


def test_silent_windows_do_not_count(latent: Latent) -> None:
    music = groove_of(2)
    waited = pattern_of(np.concatenate([np.zeros((32, 27), np.float32), cells_of(music)]), 100)
    assert_allclose(latent.embed([music]), latent.embed([waited]), atol=1e-6)


def test_reconstructing_is_decoding_the_code(latent: Latent) -> None:
    pattern = groove_of(2)
    again = latent.reconstruct(cells_of(pattern)[None])
    (decoded,) = latent.decode(latent.embed([pattern]), 2, qpm=90)
    assert_array_equal(again[0], cells_of(decoded))
    assert decoded.qpm == 90


# --- morphing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bars", [1, 2, 4, 7])
def test_a_morph_ends_where_it_should(latent: Latent, bars: int) -> None:
    start, end = groove_of(bars, 1, qpm=80), groove_of(bars, 2, qpm=120)
    way = latent.morph(start, end, 5)
    assert way[0] is start
    assert way[-1] is end
    assert [pattern.qpm for pattern in way] == [80, 90, 100, 110, 120]
    assert {pattern.steps for pattern in way} == {16 * bars}
    assert latent.morph(start, end, 2) == [start, end]
    assert latent.morph(start, end, 5) == way


def test_a_morph_to_itself_and_to_the_same_hits(latent: Latent) -> None:
    pattern = groove_of(2)
    assert len(latent.morph(pattern, pattern, 4)) == 4


# --- varying ----------------------------------------------------------------------------------


def test_nothing_varied_is_the_pattern_itself(latent: Latent) -> None:
    pattern = groove_of(3)
    assert latent.vary(pattern, 0, count=3) == [pattern] * 3


def test_variations_follow_their_seeds(latent: Latent) -> None:
    pattern = groove_of(2, qpm=90)
    three = latent.vary(pattern, 0.6, count=3, seed=4)
    assert [latent.vary(pattern, 0.6, seed=4 + k)[0] for k in range(3)] == three
    assert {(varied.steps, varied.qpm) for varied in three} == {(32, 90)}
    assert three[0] != three[1]


def test_more_amount_changes_more(latent: Latent) -> None:
    pattern = groove_of(2)

    def changed(amount: float) -> int:
        varied = latent.vary(pattern, amount, count=20, seed=0)
        return sum(int((each.hits != pattern.hits).sum()) for each in varied)

    assert 0 <= changed(0.01) < changed(0.3) < changed(0.9)


def test_a_hit_that_stays_keeps_its_dynamics(latent: Latent) -> None:
    pattern = groove_of(2)
    (varied,) = latent.vary(pattern, 0.5, seed=3)
    both = pattern.hits & varied.hits
    assert both.any()
    assert_array_equal(varied.velocities[both], pattern.velocities[both])
    assert_array_equal(varied.offsets[both], pattern.offsets[both])


# --- generating -------------------------------------------------------------------------------


@pytest.mark.parametrize("bars", [1, 2, 3, 4, 11])
def test_so_many_bars(latent: Latent, bars: int) -> None:
    (pattern,) = latent.generate(bars=bars, seed=0)
    assert (pattern.bars, pattern.qpm) == (bars, 97)
    assert latent.generate(bars=bars, qpm=60, seed=0)[0].qpm == 60


def test_generating_follows_seed_and_style(latent: Latent) -> None:
    three = latent.generate("funk", count=3, seed=7)
    assert [latent.generate("funk", seed=7 + k)[0] for k in range(3)] == three
    assert latent.generate({"funk": 2}, count=3, seed=7) == three
    assert latent.generate("jazz", count=3, seed=7) != three
    assert latent.generate() != latent.generate()


def test_a_style_is_exaggerated() -> None:
    shape = latent_shape(2)
    tensors = {n[2:]: t for n, t in random_weights({2: shape}).items()}
    prior = Prior(shape.prior, {n[6:]: t for n, t in tensors.items() if n.startswith("prior.")})
    told, plain = (condition(weights, 100, None, None) for weights in ([0, 1], [0, 0]))
    code = np.zeros((1, 5), np.float32)
    with_style, without = (prior.decode(code, wishes[None])[0] for wishes in (told, plain))
    model, generator = WindowModel(shape, tensors), np.random.default_rng(0)
    assert_allclose(model.draw(1, plain, 0, generator), without, atol=1e-5)
    assert_allclose(model.draw(1, told, 0, generator), 2 * with_style - without, atol=1e-5)


def test_without_temperature_there_is_nothing_to_draw(latent: Latent) -> None:
    one, other = latent.generate("funk", temperature=0, count=2)
    assert one == other


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"style": "jaz"}, "unknown style 'jaz'; did you mean jazz"),
        ({"bars": 0}, r"bars must be a whole number in \[1, 1000\], got 0"),
        ({"bars": 2.5}, "bars must be a whole number in .*, got 2.5; ask for"),
        ({"bars": 10_000}, r"bars must be a whole number in \[1, 1000\], got 10000"),
        ({"temperature": -1}, "temperature must be in .*, got -1"),
        ({"temperature": float("nan")}, "temperature must be in .*, got nan"),
        ({"count": 0}, "count must be a whole number in .*, got 0; ask for a few patterns"),
        ({"seed": -1}, "seed must be in .*, got -1"),
        ({"qpm": 0}, "qpm must be in .*, got 0"),
    ],
)
def test_generating_with_settings_out_of_range(
    latent: Latent, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message):
        latent.generate(**settings)


@pytest.mark.parametrize("amount", [-0.1, 1.1, float("nan")])
def test_amounts_out_of_range(latent: Latent, amount: float) -> None:
    with pytest.raises(
        InvalidValueError, match=rf"amount must be in .*, got {amount}; 0.3 is near"
    ):
        latent.vary(groove_of(2), amount)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (Pattern.empty(2), "the pattern has no hits to find its place by; give one with music"),
        (Pattern.empty(0), "the pattern has no steps; generate one"),
        (
            replace(groove_of(3), quarters_per_bar=3),
            "has 3 quarters a bar, the models play 4/4; draw",
        ),
        (
            replace(groove_of(3), steps_per_quarter=6),
            "has 6 steps a quarter, the models play 4; conv",
        ),
    ],
    ids=["silent", "no steps", "waltz", "triplets"],
)
def test_patterns_that_do_not_fit(latent: Latent, pattern: Pattern, message: str) -> None:
    for ask in (
        lambda: latent.embed([groove_of(2), pattern]),
        lambda: latent.vary(pattern),
        lambda: latent.morph(pattern, pattern, 3),
    ):
        with pytest.raises(InvalidValueError, match=message):
            ask()


def test_morphs_that_cannot_be(latent: Latent) -> None:
    with pytest.raises(InvalidValueError, match=r"of one length, got 2 and 4 bars; shorten"):
        latent.morph(groove_of(2), groove_of(4), 3)
    with pytest.raises(InvalidValueError, match=r"count must be .*, got 1; 2 are the two"):
        latent.morph(groove_of(2), groove_of(2), 1)
    with pytest.raises(InvalidValueError, match=r"bars must be in .*, got 65; morph a"):
        latent.morph(groove_of(65), groove_of(65), 3)


def test_arrays_that_do_not_fit(latent: Latent) -> None:
    cells = np.zeros((1, 32, 27), np.float32)
    cells[0, 3, 10] = np.nan
    with pytest.raises(InvalidValueError, match=r"cell must be in .*, got nan"):
        latent.reconstruct(cells)
    with pytest.raises(InvalidValueError, match=r"windows have 2 or 4 bars, got 3; cut them so"):
        latent.encode(np.zeros((1, 48, 27), np.float32))
    with pytest.raises(InvalidValueError, match=r"cells must have shape \(B, T, 27\), got \(1, 32"):
        latent.encode(np.zeros((1, 32, 9), np.float32))
    with pytest.raises(InvalidValueError, match="windows have 2 or 4 bars, got 8"):
        latent.embed([groove_of(2)], bars=8)
    with pytest.raises(InvalidValueError, match=r"codes must have shape \(N, 10\), got \(10,\)"):
        latent.decode(np.zeros(10, np.float32), 2)
    with pytest.raises(InvalidValueError, match=r"code must be in .*, got nan"):
        latent.decode(np.full((1, 10), np.nan, np.float32), 2)


# --- model files ------------------------------------------------------------------------------


def test_a_model_file_tells_all(tmp_path: Path) -> None:
    shapes, styles, file = read_model(write_latent(tmp_path / "model"))
    assert shapes == {2: latent_shape(2), 4: latent_shape(4)}
    assert styles == STYLES
    for name, tensor in random_weights(shapes).items():
        assert_array_equal(file.tensors[name], tensor)


def test_the_model_that_comes_along_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEFAULT_LATENT", write_latent(tmp_path / "shipped"))
    assert Latent.load().styles == STYLES


def damaged(path: Path, change: dict[str, Any]) -> Path:
    """Change the description of a model file."""
    _, _, file = read_model(path)
    document = {**file.document, **change}
    save_file(load_file(path), path, {KEY: json.dumps(document)})
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"styles": ["funk"]}, "conditions of the model of 2 bars is 8, not 7"),
        ({"styles": None}, "is damaged: "),
        (
            {"voices": {"names": ["cowbell"]}},
            "was trained with the voices cowbell; this",
        ),
        ({"architecture": {}}, "it has no window length"),
        ({"architecture": {"two": {}}}, "invalid literal"),
        ({"architecture": {"2": {}}}, "'autoencoder' is missing"),
        ({"kind": "drummer"}, "is a drummer model; a latent model is wanted"),
    ],
    ids=str,
)
def test_damaged_descriptions(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = damaged(write_latent(tmp_path / "model"), change)
    with pytest.raises(ModelError, match=message):
        Latent.load(path)


def test_a_missing_tensor_and_sizes_that_do_not_fit(tmp_path: Path) -> None:
    shapes = {2: latent_shape(2)}
    tensors = random_weights(shapes)
    tensors.pop("2.prior.end.bias")
    write_model(tmp_path / "model", shapes, STYLES, {}, tensors)
    with pytest.raises(ModelError, match=r"tensor 2.prior.end.bias is missing"):
        Latent.load(tmp_path / "model")
    with pytest.raises(InvalidValueError, match="tokens of the model of 4 bars is 8, not 16"):
        write_model(tmp_path / "model", {4: latent_shape(2)}, STYLES, {}, tensors)


# --- networks ---------------------------------------------------------------------------------


def test_windows_side_by_side_are_those_alone() -> None:
    shape = latent_shape(2)
    tensors = random_weights({2: shape})
    mixer = Mixer(shape.autoencoder, {n[14:]: t for n, t in tensors.items() if ".auto" in n})
    inputs = np.random.default_rng(1).standard_normal((3, 8, 108)).astype(np.float32)
    together = mixer.decode(mixer.encode(inputs))
    alone = [mixer.decode(mixer.encode(inputs[i : i + 1]))[0] for i in range(3)]
    assert together.shape == (3, 8, 180)
    assert_allclose(together, alone, atol=1e-5)


def test_the_prior_depends_on_code_and_condition() -> None:
    shape = latent_shape(2)
    tensors = random_weights({2: shape})
    prior = Prior(shape.prior, {n[8:]: t for n, t in tensors.items() if ".prior" in n})
    codes, wishes = np.eye(2, 5, dtype=np.float32), np.eye(2, 8, dtype=np.float32)
    mean, log_variance = prior.decode(codes, wishes)
    assert mean.shape == log_variance.shape == (2, 10)
    assert np.abs(prior.decode(codes, wishes[::-1])[0] - mean).max() > 0.01
    assert np.abs(prior.decode(codes[::-1], wishes)[0] - mean).max() > 0.01


# --- command line -----------------------------------------------------------------------------


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_morph_and_vary_write_numbered_files(tmp_path: Path) -> None:
    model = write_latent(tmp_path / "model")
    write(tmp_path / "a.mid", groove_of(2, 1, qpm=90))
    (tmp_path / "b.json").write_text(groove_of(2, 2, qpm=110).to_json())
    told = run(
        *("morph", tmp_path / "a.mid", tmp_path / "b.json", "--count", 3, "--model", model),
        *("-o", tmp_path / "way.mid", "-o", tmp_path / "way.json"),
    )
    assert told.count("kick ") == 3
    assert read_pattern(tmp_path / "way-2.mid").pattern.qpm == pytest.approx(100, abs=0.01)
    assert Pattern.from_json((tmp_path / "way-3.json").read_text()) == groove_of(2, 2, qpm=110)
    told = run(
        *("vary", tmp_path / "b.json", "--amount", 0.5, "--count", 2, "--seed", 3),
        *("--model", model, "-o", tmp_path / "near.json"),
    )
    assert "seed 3" in told
    second = Pattern.from_json((tmp_path / "near-2.json").read_text())
    assert second == Latent.load(model).vary(groove_of(2, 2, qpm=110), 0.5, seed=4)[0]


def test_embed_writes_codes_and_labels(tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    write(folder / "a.mid", groove_of(3, 1))
    write(folder / "b.mid", groove_of(2, 2))
    model = write_latent(tmp_path / "model")
    run("embed", folder, "-o", tmp_path / "codes.npz", "--model", model)
    with np.load(tmp_path / "codes.npz") as arrays:
        assert arrays["embeddings"].shape == (3, 10)
        assert arrays["names"].tolist() == ["a.mid", "a.mid", "b.mid"]
        assert arrays["starts"].tolist() == [0, 1, 0]
        assert arrays["styles"].shape == arrays["splits"].shape == (3,)
