"""Training the latent recipe: the numbers of the playing networks, and a run that resumes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from latents import groove_of

from paradiddle.errors import CorpusError, InvalidValueError
from paradiddle.latent import Latent
from paradiddle.latent_cells import inputs_of, reading_of
from paradiddle.latent_file import read_model
from paradiddle.latent_net import Mixer, MixerShape, Prior, PriorShape
from paradiddle.pattern_cells import cells_of
from paradiddle.takes import Take, Takes

torch = pytest.importorskip("torch")

from paradiddle.training.latent import LatentSettings, LatentTask  # noqa: E402 - needs torch
from paradiddle.training.latent_loss import agreement, altered, cell_nats  # noqa: E402
from paradiddle.training.latent_models import (  # noqa: E402
    ConditionalVae,
    MixerVae,
    drawn,
    nats_above_normal,
)
from paradiddle.training.run import Run  # noqa: E402
from paradiddle.training.run_settings import RunSettings  # noqa: E402

pytestmark = pytest.mark.torch

SMALL = LatentSettings(
    width=12, narrow=6, latent=10, blocks=1, code=4, prior_width=8, prior_blocks=1, batch=8, seed=3
)


def takes(bars: int = 6) -> Takes:
    """A few recordings of two styles in two splits."""
    return Takes(
        tuple(
            Take(
                f"{i}.mid",
                groove_of(bars, i, qpm=90 + i),
                style=("funk", "jazz")[i % 2],
                split=("train", "train", "validation")[i % 3],
            )
            for i in range(6)
        ),
        {},
    )


def task(settings: LatentSettings = SMALL, *, half: bool = False) -> LatentTask:
    return LatentTask(takes(), settings, {"training": {"fingerprint": "x"}}, half=half)


def weights_of(model: torch.nn.Module, prefix: str = "") -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): value.detach().numpy()
        for name, value in model.state_dict().items()
        if name.startswith(prefix)
    }


def shaken(model: torch.nn.Module) -> torch.nn.Module:
    """Move every weight, those that begin at 0 or 1 as well."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model


# --- the same numbers without torch -----------------------------------------------------------


@pytest.mark.parametrize("bars", [2, 4])
def test_the_autoencoder_that_plays_agrees_with_torch(bars: int) -> None:
    shape = MixerShape(4 * bars, 108, 180, 128, 64, 256, 2)
    model = shaken(MixerVae(shape))
    cells = np.stack([cells_of(groove_of(bars, seed)) for seed in range(20)])
    mixer = Mixer(shape, weights_of(model))
    with torch.inference_mode():
        mean, _ = model.encode(torch.from_numpy(inputs_of(cells)))
        outputs = model.decode(mean)
    np.testing.assert_allclose(mixer.encode(inputs_of(cells)), mean.numpy(), atol=1e-5)
    np.testing.assert_allclose(mixer.decode(mean.numpy()), outputs.numpy(), atol=1e-5)


def test_the_prior_that_plays_agrees_with_torch() -> None:
    shape = PriorShape(64, 24, 256, 256, 2)
    model = shaken(ConditionalVae(shape))
    prior = Prior(shape, weights_of(model, "decoder."))
    codes, wishes = np.random.default_rng(0).standard_normal((2, 30, 64)).astype(np.float32)
    with torch.inference_mode():
        theirs = model.decode(torch.from_numpy(codes), torch.from_numpy(wishes[:, :24]))
    for ours, expected in zip(prior.decode(codes, wishes[:, :24]), theirs, strict=True):
        np.testing.assert_allclose(ours, expected.numpy(), atol=1e-5)


def test_weights_have_the_names_and_shapes_that_are_read() -> None:
    shape = MixerShape(8, 108, 180, 12, 6, 10, 2)
    sizes = {name: array.shape for name, array in weights_of(MixerVae(shape)).items()}
    assert sizes == shape.tensors()
    prior = PriorShape(4, 8, 10, 8, 3)
    sizes = {n: array.shape for n, array in weights_of(ConditionalVae(prior), "decoder.").items()}
    assert sizes == prior.tensors()


# --- losses -----------------------------------------------------------------------------------


def test_nats_are_those_of_the_distributions() -> None:
    generator = np.random.default_rng(0)
    outputs = generator.normal(size=(3, 8, 180)).astype(np.float32)
    cells = np.stack([cells_of(groove_of(2, seed)) for seed in range(3)])
    reading = reading_of(outputs)
    hits, velocities, offsets = np.split(cells, 3, axis=-1)
    probability = 1 / (1 + np.exp(-reading.logits.astype(np.float64)))
    expected = [
        -np.log(np.where(hits > 0, probability, 1 - probability)).sum((1, 2)),
        *(
            (hits * (np.abs(truth - median) / spread + np.log(2 * spread))).sum((1, 2))
            for truth, median, spread in (
                (velocities, reading.velocities, reading.velocity_spreads),
                (offsets, reading.offsets, reading.offset_spreads),
            )
        ),
    ]
    found = cell_nats(torch.from_numpy(outputs), torch.from_numpy(cells))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-4)


def test_divergence_from_a_standard_normal() -> None:
    mean, log_variance = torch.tensor([[0.5, -2.0]]), torch.tensor([[0.3, -1.0]])
    ours = torch.distributions.Normal(mean, torch.exp(0.5 * log_variance))
    expected = torch.distributions.kl_divergence(ours, torch.distributions.Normal(0.0, 1.0)).sum()
    torch.testing.assert_close(nats_above_normal(mean, log_variance)[0], expected)


def test_draws_have_mean_and_variance() -> None:
    mean, log_variance = torch.full((9000, 2), 3.0), torch.full((9000, 2), np.log(0.25))
    values = drawn(mean, log_variance, torch.Generator().manual_seed(0))
    assert abs(values.mean() - 3) < 0.02
    assert abs(values.std() - 0.5) < 0.02


def test_free_bits_cost_nothing() -> None:
    dear, free = (task(replace(SMALL, free_bits=bits, beta=50.0)).loss(0)[0] for bits in (0.0, 1e5))
    none = task(replace(SMALL, beta=0.0)).loss(0)[0]
    assert free == none
    assert dear > none


def test_agreement_counts_what_is_right() -> None:
    outputs = np.full((1, 8, 180), -1.0, np.float32)
    values = outputs.reshape(1, 32, 45)  # of the same memory
    cells = np.zeros((1, 32, 27), np.float32)
    cells[0, [0, 4, 8], 0], cells[0, [0, 4, 8], 9] = 1, 0.5
    values[0, [0, 4, 12], 0] = 1  # two of three, and one too many
    values[..., 9:18] = 0  # velocity 0.5
    values[..., 27:36] = 0  # on the grid
    counted = agreement(torch.from_numpy(outputs), torch.from_numpy(cells))
    assert counted == {
        "right": 2,
        "played": 3,
        "real": 3,
        "exact": 2,
        "full": 3,
        "velocity": 0,
        "offset": 0,
    }


# --- what is trained on -----------------------------------------------------------------------


def test_altered_windows_keep_their_hits_whole() -> None:
    cells = np.stack([cells_of(groove_of(2, seed)) for seed in range(40)])
    rng = np.random.default_rng(0)
    assert np.array_equal(altered(cells, 0, 0, rng), cells)
    shifted = altered(cells, 0, 1, rng)
    assert (shifted != cells).any((1, 2)).sum() > 30
    assert np.array_equal(np.sort(shifted, axis=1), np.sort(cells, axis=1))
    mixed = altered(cells, 1, 0, rng)
    other = np.roll(cells, 1, axis=0)
    for voice in range(9):
        own, taken, found = (x[:, :, voice::9] for x in (cells, other, mixed))
        from_own, from_other = ((found == x).all((1, 2)) for x in (own, taken))
        assert (from_own | from_other).all()
        assert 8 < from_other.sum() < 32


def test_a_step_depends_on_its_number_and_the_seed() -> None:
    first, again, other = task(), task(), task(replace(SMALL, seed=4))
    assert first.loss(7)[0] == again.loss(7)[0]
    assert first.loss(7)[0] != first.loss(9)[0]
    assert first.loss(7)[0] != other.loss(7)[0]
    assert {name[-1] for name in first.loss(0)[1]} == {"2"}
    assert {name[-1] for name in first.loss(1)[1]} == {"4"}


def test_validation_is_the_same_each_time() -> None:
    trained = task()
    with torch.no_grad():
        figures = trained.validate()
        assert figures == trained.validate()
    assert {"loss", "f1-2", "exact-4", "velocity-mae-2", "offset-mae-4"} < set(figures)
    assert all(np.isfinite(value) for value in figures.values())


def test_settings_and_recordings_that_cannot_be() -> None:
    with pytest.raises(InvalidValueError, match=r"mixing must be in .*, got 1.5; it is a share"):
        LatentSettings(mixing=1.5)
    with pytest.raises(InvalidValueError, match=r"beta must be in .*, got -1"):
        LatentSettings(beta=-1)
    with pytest.raises(InvalidValueError, match=r"batch must be a whole number in .*, got 1"):
        LatentSettings(batch=1)
    with pytest.raises(CorpusError, match="no recording in split train has 4 bars; use longer"):
        LatentTask(takes(3), SMALL, {})


# --- runs -------------------------------------------------------------------------------------

RUN = RunSettings(steps=8, lr=5e-3, warm_up=1, validate_every=4, average=0.9)


def finish(run: Run, stop_after: int | None = None) -> None:
    trained: list[object] = []
    trained.extend(run.run(lambda: len(trained) == stop_after))


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    finish(Run(task(), RUN, tmp_path / "whole"))
    finish(Run(task(), RUN, tmp_path / "parts"), 3)
    finish(Run(task(), RUN, tmp_path / "parts", resume=True))
    whole, parts = (
        read_model(tmp_path / name / "latent.safetensors")[2].tensors for name in ("whole", "parts")
    )
    assert whole.keys() == parts.keys()
    for name, array in whole.items():
        np.testing.assert_array_equal(array, parts[name])


def test_what_is_trained_can_be_played(tmp_path: Path) -> None:
    run = Run(task(half=True), RUN, tmp_path)
    finish(run)
    latent = Latent.load(run.model_path)
    assert latent.styles == ("funk", "jazz")
    assert latent.qpm == 92  # the median of four
    assert latent.document["training"]["latent"]["width"] == 12
    assert latent.generate("jazz", bars=3, seed=1)[0].bars == 3


@pytest.mark.parametrize("frozen", [False, True], ids=["both learn", "only the prior learns"])
def test_training_learns(tmp_path: Path, frozen: bool) -> None:
    settings = replace(SMALL, lengths=(2,), width=32, narrow=16, batch=16, mixing=0, shifting=0)
    trained = task(settings)
    trained.model.get_submodule("2.autoencoder").requires_grad_(not frozen)
    with torch.no_grad():
        before = trained.validate()
    finish(Run(trained, replace(RUN, steps=120, validate_every=120, average=0), tmp_path))
    with torch.no_grad():
        after = trained.validate()
    learned = "prior-2" if frozen else "hit-bits-2"  # the prior of a moving target may seem worse
    assert after[learned] < before[learned] - 0.2 * abs(before[learned])
