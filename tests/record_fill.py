"""Record what the torch model finds, for `test_fill_recorded.py` to replay without torch.

    python tests/record_fill.py

writes a tiny model, with weights that half precision holds, and questions with their answers.
"""

from pathlib import Path

import numpy as np
import torch
from machines import QPM, STYLES, questions, random_cells

from paradiddle.fill_inputs import encoder_inputs, recall_of
from paradiddle.given import Given
from paradiddle.machine import Machine
from paradiddle.machine_file import shape_for, write_model
from paradiddle.quanta import VELOCITY_BINS, offset_bin, velocity_bin
from paradiddle.training.fill_model import Batch, FillModel
from paradiddle.training.masks import KINDS

DATA = Path(__file__).parent / "data"
MODEL, RECORD = DATA / "fill.safetensors", DATA / "fill.npz"
SIZES = {
    "encoder": 8,
    "dilations": (1, 3, 15),
    "hidden": 8,
    "layers": 2,
    "hit_units": 3,
    "dynamics_units": 3,
}
BARS = 4


def random_model() -> FillModel:
    """Weights that half precision holds, strong enough that all they multiply matters."""
    model = FillModel(shape_for(len(STYLES), **SIZES), VELOCITY_BINS, dropout=0.0, seed=0).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.requires_grad:
                noise = 0.4 * torch.randn(weights.shape, generator=generator)
                weights.copy_((weights + noise).half().float())
            else:
                assert name.startswith("lstm.bias_hh"), name
    return model


def recorded_questions() -> Given:
    """One question of each kind that is trained."""
    generator = np.random.default_rng(0)
    known = [make(generator, 16 * BARS) for _, make in KINDS.values()]
    asked = questions(
        random_cells(len(known), BARS),
        np.stack([each.hits for each in known]),
        np.stack([each.dynamics for each in known]),
    )
    asked.tap_known[:] = [each.tap for each in known]
    return asked


def batch_of(asked: Given) -> Batch:
    """Give the torch model its questions."""
    hits, velocities, offsets = np.split(asked.cells, 3, axis=-1)
    arrays = (
        encoder_inputs(asked),
        recall_of(asked.cells),
        asked.cells,
        np.stack([velocity_bin(velocities), offset_bin(offsets)], axis=-1),
        (~asked.hits_known).astype(np.float32),
        (~asked.dynamics_known & (hits > 0)).astype(np.float32),
    )
    return Batch(*map(torch.from_numpy, arrays))


@torch.inference_mode()
def answers(model: FillModel, asked: Given) -> dict[str, np.ndarray]:
    """Bits of hits, (B, T), and of velocities and offsets, (B, T, 9), as torch finds them."""
    batch = batch_of(asked)
    losses = model(batch)
    shades = np.zeros((2, *batch.dynamics_asked.shape), np.float32)
    places = np.nonzero(batch.dynamics_asked.permute(2, 0, 1).numpy())  # sorted by voice
    voice, pattern, step = places
    shades[0, pattern, step, voice] = losses.velocities
    shades[1, pattern, step, voice] = losses.offsets
    found = {"hits": losses.hits.numpy(), "velocities": shades[0], "offsets": shades[1]}
    return {name: (nats / np.log(2)).astype(np.float32) for name, nats in found.items()}


def main() -> None:
    model, asked = random_model(), recorded_questions()
    halves = {name: array.astype(np.float16) for name, array in model.tensors().items()}
    DATA.mkdir(exist_ok=True)
    write_model(MODEL, model.shape, {"styles": list(STYLES), "qpm": QPM}, halves)
    played = Machine.load(MODEL).play(asked, range(len(asked)))
    bits = {f"bits.{name}": array for name, array in answers(model, asked).items()}
    given = {f"given.{name}": array for name, array in vars(asked).items()}
    np.savez_compressed(RECORD, played=played, **bits, **given)


if __name__ == "__main__":
    main()
