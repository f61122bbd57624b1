"""Training the drum machine: the numbers of the network that plays, and a run that resumes."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from examined import take
from machines import groove_of, questions, random_cells

from paradiddle.errors import CorpusError, InvalidValueError
from paradiddle.fill_net import FillNet
from paradiddle.fill_surprise import surprise
from paradiddle.given import V
from paradiddle.machine import Machine
from paradiddle.machine_file import read_model, shape_for
from paradiddle.pattern import Pattern
from paradiddle.quanta import VELOCITY_BINS
from paradiddle.takes import Take, Takes

torch = pytest.importorskip("torch")

from record_fill import answers, batch_of, random_model, recorded_questions  # noqa: E402

from paradiddle.training.fill_model import FillModel  # noqa: E402 - needs torch
from paradiddle.training.machine import MachineSettings, MachineTask  # noqa: E402
from paradiddle.training.masks import KINDS, Known, draw_known  # noqa: E402
from paradiddle.training.run import Run  # noqa: E402
from paradiddle.training.run_settings import RunSettings  # noqa: E402

pytestmark = pytest.mark.torch

SMALL = MachineSettings(encoder=8, hidden=8, batch=4, bars=2, dropout=0.1, seed=3)
RUN = RunSettings(steps=5, warm_up=2, validate_every=2, average=0.5, seed=3)


def takes(count: int = 6, bars: int = 6) -> Takes:
    """Recordings of two styles, every third to validate on."""
    return Takes(
        tuple(
            Take(
                f"{i}.mid",
                groove_of(bars, i, qpm=90 + i),
                style=("funk", "jazz")[i % 2],
                split=("train", "train", "validation")[i % 3],
                beat_type="beat",
            )
            for i in range(count)
        ),
        {},
    )


def task(settings: MachineSettings = SMALL, given: Takes | None = None, *, half: bool = False):
    document = {"training": {"fingerprint": "x"}}
    return MachineTask(given or takes(), settings, document, half)


def finish(run: Run, stop_after: int | None = None) -> Run:
    done: list[object] = []
    done.extend(run.run(lambda: len(done) == stop_after))
    return run


# --- the same numbers without torch -----------------------------------------------------------


def test_likelihoods_agree_with_torch_for_every_kind_of_question() -> None:
    model, asked = random_model(), recorded_questions()
    found, expected = surprise(FillNet(model.shape, model.tensors()), asked), answers(model, asked)
    for name, bits in expected.items():
        assert bits.any()
        np.testing.assert_allclose(getattr(found, name), bits, atol=1e-5)


def test_likelihoods_agree_at_the_size_that_is_trained_and_over_many_bars() -> None:
    model = FillModel(shape_for(3), VELOCITY_BINS, dropout=0.3, seed=1).eval()
    known = np.random.default_rng(0).random((2, 18 * 16, V)) < 0.3
    asked = questions(random_cells(2, 18), known, known)
    found, expected = surprise(FillNet(model.shape, model.tensors()), asked), answers(model, asked)
    for name, bits in expected.items():
        np.testing.assert_allclose(getattr(found, name), bits, atol=1e-5)


def test_dropout_is_for_training_alone_and_the_same_at_every_step() -> None:
    model = FillModel(shape_for(3, encoder=8, hidden=8), VELOCITY_BINS, dropout=0.5, seed=1)
    x = torch.ones(3, 20, 40)
    kept = model.dropout(x)
    assert (kept == kept[:, :1]).all()
    assert set(kept.unique().tolist()) == {0, 2}
    assert (kept[0] != kept[1]).any()
    assert (model.eval().dropout(x) == x).all()


def test_weights_follow_from_the_seed_and_leave_torchs_generator_alone() -> None:
    shape = shape_for(3, encoder=8, hidden=8)
    before = torch.random.get_rng_state()
    ours, same, other = (FillModel(shape, VELOCITY_BINS, 0.0, seed).tensors() for seed in (1, 1, 2))
    assert (torch.random.get_rng_state() == before).all()
    assert all((ours[name] == same[name]).all() for name in ours)
    assert (ours["encoder.in"] != other["encoder.in"]).any()
    assert {name: array.shape for name, array in ours.items()} == shape.tensors()


# --- what is asked ----------------------------------------------------------------------------


def test_kinds_of_questions_have_their_shares() -> None:
    assert sum(share for share, _ in KINDS.values()) == pytest.approx(1)
    generator = np.random.default_rng(0)
    found = Counter(_kind(draw_known(generator, 32)) for _ in range(3000))
    assert found["nothing"] / 3000 == pytest.approx(KINDS["nothing"][0], abs=0.03)
    assert found["tap"] / 3000 == pytest.approx(KINDS["tap"][0], abs=0.03)
    assert found["hits"] / 3000 == pytest.approx(KINDS["hits"][0], abs=0.03)
    assert found["cells"] / 3000 == pytest.approx(0.45, abs=0.03)


def _kind(known: Known) -> str:
    if known.tap:
        assert not known.hits.any()
        return "tap"
    if known.hits.all() and not known.dynamics.any():
        return "hits"
    assert (known.hits == known.dynamics).all()
    return "cells" if known.hits.any() else "nothing"


@pytest.mark.parametrize("seed", range(20))
def test_what_each_kind_tells(seed: int) -> None:
    def known(kind: str) -> np.ndarray:
        return KINDS[kind][1](np.random.default_rng(seed), 32).hits

    prefix, voices, around = known("prefix"), known("voices"), known("around a gap")
    assert prefix[0].all()
    assert not prefix[-1].any()
    assert (np.diff(prefix.astype(int), axis=0) <= 0).all()
    assert (voices == voices[0]).all()
    assert (around == around[:, :1]).all()
    assert (np.diff(around[:, 0].astype(int)) != 0).sum() <= 2
    assert known("scattered cells").shape == (32, V)


def test_only_what_is_asked_is_paid_for() -> None:
    model, asked = random_model(), recorded_questions()
    losses = model(batch_of(asked))
    assert (losses.hits.detach().numpy()[asked.hits_known.all(-1)] == 0).all()
    assert len(losses.velocities) == ((asked.cells[..., :V] > 0) & ~asked.dynamics_known).sum()


# --- the task ---------------------------------------------------------------------------------


def test_it_learns_two_takes_by_heart() -> None:
    settings = replace(SMALL, encoder=24, hidden=32, batch=8, dropout=0.0)
    two = take(0), take(1, style="funk"), take(2, split="validation")
    learning = task(settings, Takes(two, {}))
    optimizer = torch.optim.Adam(learning.model.parameters(), lr=0.01)
    before = _loss_of(learning)
    for step in range(40):
        loss, _ = learning.loss(step)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert _loss_of(learning) < 0.5 * before


def _loss_of(learning: MachineTask) -> float:
    """Loss of questions that are not trained on."""
    with torch.no_grad():
        return sum(float(learning.loss(step)[0]) for step in range(1000, 1003))


def test_a_batch_follows_from_the_seed_and_the_step() -> None:
    ours, theirs = task(), task()
    ours.model.eval(), theirs.model.eval()
    assert ours.loss(7)[1] == theirs.loss(7)[1]
    assert ours.loss(7)[1] != ours.loss(8)[1]
    other = task(replace(SMALL, seed=4))
    other.model.load_state_dict(ours.model.state_dict())
    assert other.model.eval() is other.model
    assert ours.loss(7)[1] != other.loss(7)[1]


@pytest.mark.parametrize(("kind", "paid"), [("hits", {"dynamics"}), ("tap", {"hits", "dynamics"})])
def test_the_loss_is_of_what_was_not_told(
    monkeypatch: pytest.MonkeyPatch, kind: str, paid: set[str]
) -> None:
    monkeypatch.setattr("paradiddle.training.machine.draw_known", KINDS[kind][1])
    _, figures = task().loss(0)
    assert {name for name, nats in figures.items() if nats > 0} == paid


def test_steps_after_the_end_of_a_take_are_not_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paradiddle.training.machine.draw_known", KINDS["nothing"][1])
    learning = task(replace(SMALL, bars=8), takes(bars=2))
    torch.nn.init.zeros_(learning.model.hits_out)
    torch.nn.init.constant_(learning.model.hits_bias, 50.0)  # sure of hits, and wrong
    loss, figures = learning.loss(0)
    rests = np.mean([(one.cells[:, :V] == 0).sum() / 32 for one in learning._takes])
    assert figures["hits"] == pytest.approx(50 * rests, rel=0.05)
    assert float(loss.detach()) == pytest.approx(figures["hits"] + 0.2 * figures["dynamics"])


def test_validation_asks_about_takes_that_are_not_trained_on() -> None:
    alike = takes()
    odd = replace(alike, takes=tuple(_louder(one) for one in alike))
    ours, theirs = task(given=alike), task(given=odd)
    ours.model.eval(), theirs.model.eval()
    with torch.no_grad():
        assert ours.validate() == theirs.validate()  # only what is trained on differs
        assert ours.loss(0)[1] != theirs.loss(0)[1]


def _louder(one: Take) -> Take:
    """Change takes to train on, keep those to validate on."""
    pattern = one.pattern
    filled = Pattern(pattern.hits | True, pattern.velocities, pattern.offsets, pattern.qpm)
    return replace(one, pattern=filled if one.split == "train" else pattern)


def test_validation_reports_what_decides() -> None:
    learning = task()
    learning.model.eval()
    with torch.no_grad():
        figures = learning.validate()
        assert figures == learning.validate()
    assert set(figures) == {"nothing", "first bar", "tap", "velocity", "offset", "choice"}
    hits = np.mean([figures["nothing"], figures["first bar"], figures["tap"]])
    expected = hits + 0.2 * (figures["velocity"] + figures["offset"])
    assert figures[learning.decides] == pytest.approx(expected)
    assert 4 < figures["velocity"] < 6  # 32 bins, untrained
    assert 4.5 < figures["offset"] < 6.5  # 40 bins


def test_fills_are_not_validated_on_where_there_are_beats() -> None:
    beats = takes()
    fill = Take("f.mid", groove_of(4, 99), "funk", "validation", "fill")
    learning, same = task(given=replace(beats, takes=(*beats.takes, fill))), task(given=beats)
    learning.model.eval(), same.model.eval()
    with torch.no_grad():
        assert learning.validate() == same.validate()


def test_takes_too_short_to_validate_on_are_refused() -> None:
    with pytest.raises(CorpusError, match="no recording of split validation has 2 bars"):
        task(given=takes(bars=1))


@pytest.mark.parametrize("change", [{"hidden": 0}, {"dropout": 0.95}, {"batch": 0}, {"seed": -1}])
def test_settings_out_of_range_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(InvalidValueError, match=f"{next(iter(change))} must be"):
        replace(SMALL, **change)


# --- a run ------------------------------------------------------------------------------------


def test_a_run_writes_a_machine_that_plays(tmp_path: Path) -> None:
    run = finish(Run(task(half=True), RUN, tmp_path))
    machine = Machine.load(run.model_path)
    assert machine.styles == ("funk", "jazz")
    assert machine.document["qpm"] == {"funk": 92, "jazz": 92}  # of takes 0 and 4, 1 and 3
    assert machine.document["training"]["machine"]["hidden"] == 8
    assert machine.document["training"]["fingerprint"] == "x"
    assert machine.generate("funk", bars=1, seed=1)[0].steps == 16
    tensors = read_model(run.model_path)[2].tensors
    assert all((array.astype(np.float16) == array).all() for array in tensors.values())


@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, stop_after: int) -> None:
    whole = finish(Run(task(), RUN, tmp_path / "whole"))
    finish(Run(task(), RUN, tmp_path / "parts"), stop_after)
    torch.manual_seed(99)  # another process has another state
    resumed = finish(Run(task(), RUN, tmp_path / "parts", resume=True))
    assert resumed.curve == whole.curve
    ours, theirs = (read_model(run.model_path)[2].tensors for run in (whole, resumed))
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_wishes_and_places_are_hidden_now_and_then() -> None:
    learning = task()
    given, _ = learning._windows.ask(np.random.default_rng(0), 1500, KINDS["nothing"][1])
    styles, (_, qpm, _, density, beat, fill) = given.conditions[:, :-6], given.conditions[:, -6:].T
    assert (given.first_bar == -1).mean() == pytest.approx(0.1, abs=0.03)
    assert styles.any(1).mean() == pytest.approx(0.85, abs=0.03)
    assert qpm.mean() == pytest.approx(0.9, abs=0.03)
    assert density.mean() == pytest.approx(0.25, abs=0.04)
    assert (beat + fill).mean() == pytest.approx(0.9, abs=0.03)
