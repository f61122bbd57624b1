"""A run in steps: the same however often it is interrupted, and the best of it kept."""

import contextlib
import json
from dataclasses import replace

import numpy as np
import pytest

from paradiddle import weights
from paradiddle.errors import CorpusError, InvalidValueError, ModelError, OutputError
from paradiddle.pattern import Pattern
from paradiddle.takes import Take, Takes

torch = pytest.importorskip("torch")

from tasks import Line  # noqa: E402

from paradiddle.training.run import Run  # noqa: E402 - needs torch
from paradiddle.training.run_folder import CHECKPOINT  # noqa: E402
from paradiddle.training.run_settings import RunSettings  # noqa: E402
from paradiddle.training.splits import with_splits  # noqa: E402

pytestmark = pytest.mark.torch

SETTINGS = RunSettings(steps=10, lr=0.05, warm_up=3, validate_every=3, average=0.9, seed=4)
MODEL = "line.safetensors"


def finish(run, stop_after=None):
    """Train, stopping after so many steps; return the number trained."""
    done = []
    done.extend(run.run(lambda: len(done) == stop_after))
    return len(done)


def trained(folder, settings=SETTINGS, stop_after=None, *, resume=False, task=None):
    run = Run(task or Line(seed=settings.seed), settings, folder, resume=resume)
    finish(run, stop_after)
    return run


def tensors_of(folder, file=CHECKPOINT):
    kind = "line checkpoint" if file == CHECKPOINT else "line"
    return weights.read(folder / file, kind).tensors


def assert_same(left, right, file):
    ours, theirs = tensors_of(left, file), tensors_of(right, file)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])


@pytest.mark.parametrize("stop_after", [1, 3, 5, 9])
@pytest.mark.parametrize("change", [{}, {"average": 0.0}, {"keep_best": False}], ids=str)
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, change, stop_after):
    settings = replace(SETTINGS, **change)
    whole = trained(tmp_path / "whole", settings)
    trained(tmp_path / "parts", settings, stop_after)
    torch.manual_seed(99)  # another process has another state
    resumed = trained(tmp_path / "parts", settings, resume=True)

    assert [row["step"] for row in resumed.curve] == [3, 6, 9, 10]
    assert resumed.curve == whole.curve
    assert_same(tmp_path / "whole", tmp_path / "parts", CHECKPOINT)
    assert_same(tmp_path / "whole", tmp_path / "parts", MODEL)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        trained(tmp_path / name, replace(SETTINGS, seed=seed))
    assert_same(tmp_path / "a", tmp_path / "b", MODEL)
    ours, theirs = (tensors_of(tmp_path / name, MODEL)["2.weight"] for name in "ac")
    assert not np.array_equal(ours, theirs)


def test_training_learns(tmp_path):
    settings = RunSettings(steps=300, lr=0.05, validate_every=50, weight_decay=0.0)
    run = trained(tmp_path, settings, task=Line(dropout=0.0))
    assert run.curve[-1]["validation/mse"] < 0.1 * run.curve[0]["validation/mse"]
    assert run.curve[-1]["loss"] < 0.3 * run.curve[0]["loss"]
    assert run.curve[-1]["train/error"] < run.curve[0]["train/error"]
    assert run.curve[-1]["learning_rate"] == pytest.approx(0.02 * 0.05)


def test_the_curve_holds_means_over_the_steps_since_the_last_row(tmp_path):
    run = Run(Line(seed=4), SETTINGS, tmp_path)
    losses = []
    original = run.task.loss

    def noted(step):
        loss, figures = original(step)
        losses.append(float(loss.detach()))
        return loss, figures

    run.task.loss = noted
    finish(run)
    assert run.curve[0]["loss"] == pytest.approx(np.mean(losses[:3]))
    assert run.curve[1]["loss"] == pytest.approx(np.mean(losses[3:6]))
    assert run.curve[3]["loss"] == pytest.approx(losses[9])
    assert [row.get("train/odd step") for row in run.curve] == [1, 4, 7, 9]


def test_averaged_weights_are_validated_and_written(tmp_path):
    settings = replace(SETTINGS, keep_best=False)
    task = Line(seed=4)
    trained(tmp_path, settings, task=task)
    written, state = tensors_of(tmp_path, MODEL), tensors_of(tmp_path)
    for name, value in task.validated[-1].items():
        np.testing.assert_array_equal(written[name], value.numpy())
        np.testing.assert_array_equal(written[name], state[f"average.{name}"])
    assert not np.array_equal(written["2.weight"], state["model.2.weight"])
    np.testing.assert_array_equal(state["model.2.weight"], task.model[2].weight.detach().numpy())


def test_the_average_follows_its_definition(tmp_path):
    task = Line(seed=4)
    expected = task.model[2].weight.detach().clone()
    run = Run(task, replace(SETTINGS, average=0.3), tmp_path)
    for step, _ in enumerate(run.run()):
        decay = min(0.3, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * task.model[2].weight.detach()
    np.testing.assert_allclose(tensors_of(tmp_path)["average.2.weight"], expected, rtol=1e-5)


@pytest.mark.parametrize(("keep_best", "kept"), [(True, 1), (False, 3)])
def test_the_best_weights_are_kept_or_the_last(tmp_path, keep_best, kept):
    class Fickle(Line):
        def validate(self):
            super().validate()
            return {"mse": (3.0, 1.0, 2.0, 2.0)[len(self.validated) - 1]}

    task = Fickle(seed=4)
    run = trained(tmp_path, replace(SETTINGS, keep_best=keep_best), task=task)
    written = weights.read(tmp_path / MODEL, "line")
    np.testing.assert_array_equal(written.tensors["2.weight"], task.validated[kept]["2.weight"])
    expected = {"step": (3, 6, 9, 10)[kept], "mse": (3.0, 1.0, 2.0, 2.0)[kept]}
    assert written.document["metrics"]["validation"] == expected
    assert written.document["training"]["steps"] == expected["step"]
    assert run.position.best["step"] == 6


def test_the_best_is_still_kept_after_resuming(tmp_path):
    class Worsening(Line):
        def validate(self):
            return {"mse": float(self.steps_done)}

        def loss(self, step):
            self.steps_done = step + 1
            return super().loss(step)

    trained(tmp_path, stop_after=5, task=Worsening(seed=4))
    before = tensors_of(tmp_path, MODEL)
    trained(tmp_path, resume=True, task=Worsening(seed=4))
    after = weights.read(tmp_path / MODEL, "line")
    assert after.document["training"]["steps"] == 3
    np.testing.assert_array_equal(after.tensors["2.weight"], before["2.weight"])


def test_the_model_file_says_how_it_was_trained(tmp_path):
    trained(tmp_path)
    document = weights.read(tmp_path / MODEL, "line").document
    assert document["training"]["attribution"] == "made up"
    assert document["training"]["settings"]["lr"] == 0.05
    assert document["training"]["seconds"] >= 0
    assert document["metrics"]["validation"].keys() == {"step", "mse"}
    json.dumps(document)


def test_progress_is_reported(tmp_path):
    statuses = list(Run(Line(seed=4), SETTINGS, tmp_path).run())
    assert [status.step for status in statuses] == list(range(1, 11))
    assert [status.fraction for status in statuses] == pytest.approx(np.arange(1, 11) / 10)
    assert [bool(status.validation) for status in statuses[:4]] == [False, False, True, True]
    assert statuses[-1].seconds_left == 0
    assert all(status.steps_per_second > 0 and status.loss > 0 for status in statuses)


def test_minutes_end_a_run_and_its_schedule(tmp_path):
    settings = replace(SETTINGS, steps=10**9, minutes=0.02, validate_every=10**9)
    last = None
    for status in Run(Line(seed=4), settings, tmp_path).run():
        last = status
    assert last.step < 10**9
    assert last.fraction == 1
    assert last.learning_rate == pytest.approx(0.02 * settings.lr)


def test_a_finished_run_has_nothing_to_do(tmp_path):
    whole = trained(tmp_path)
    before = (tmp_path / MODEL).read_bytes()
    again = Run(Line(seed=4), SETTINGS, tmp_path, resume=True)
    assert finish(again) == 0
    assert again.curve == whole.curve
    assert (tmp_path / MODEL).read_bytes() == before
    longer = Run(Line(seed=4), replace(SETTINGS, steps=12, lr=0.01), tmp_path, resume=True)
    assert finish(longer) == 2


def test_a_run_saves_as_it_goes_and_when_nobody_listens_any_more(tmp_path, monkeypatch):
    monkeypatch.setattr("paradiddle.training.run._SAVE_SECONDS", 0.0)
    statuses = Run(Line(seed=4), SETTINGS, tmp_path / "often").run()
    next(statuses)
    next(statuses)
    assert step_of(tmp_path / "often") == 2
    monkeypatch.undo()
    with contextlib.closing(Run(Line(seed=4), SETTINGS, tmp_path / "left").run()) as statuses:
        next(statuses)
        assert step_of(tmp_path / "left") == 0
    assert step_of(tmp_path / "left") == 1


def step_of(folder):
    return weights.read(folder / CHECKPOINT, "line checkpoint").document["position"]["step"]


@pytest.mark.parametrize(
    ("change", "task", "match"),
    [
        ({"seed": 5}, Line(), r"has seed 4, now it is 5"),
        ({"average": 0.0}, Line(), r"has average 0.9, now it is 0.0"),
        ({}, Line(fingerprint="g"), r"learned from other files"),
    ],
)
def test_resume_of_another_run_is_refused(tmp_path, change, task, match):
    trained(tmp_path, stop_after=1)
    with pytest.raises(ModelError, match=f"--resume: the run in .* {match}; give the same"):
        Run(task, replace(SETTINGS, **change), tmp_path, resume=True)


def test_resume_with_another_model_is_refused(tmp_path):
    trained(tmp_path, stop_after=1)
    task = Line(seed=4)
    task.identity = lambda: {"inputs": 3, "sizes": (4, 1)}
    with pytest.raises(ModelError, match=r"has sizes \[3, 1\], now it is \[4, 1\]"):
        Run(task, SETTINGS, tmp_path, resume=True)
    task = Line(seed=4)
    task.model[2] = torch.nn.Linear(3, 2)
    with pytest.raises(ModelError, match=r"tensor 2.weight in .* has shape \(1, 3\)"):
        Run(task, SETTINGS, tmp_path, resume=True)


def test_resume_without_a_run_and_a_run_without_resume_are_refused(tmp_path):
    with pytest.raises(ModelError, match=r"nothing to resume in .*; leave out --resume"):
        Run(Line(), SETTINGS, tmp_path / "empty", resume=True)
    Run(Line(), SETTINGS, tmp_path / "run")  # claims it from the first moment
    with pytest.raises(OutputError, match="holds a training run; add --resume"):
        Run(Line(), SETTINGS, tmp_path / "run")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / MODEL).touch()
    with pytest.raises(OutputError, match=r"line.safetensors exists already; choose another"):
        Run(Line(), SETTINGS, tmp_path / "other")


def test_a_damaged_checkpoint_is_refused(tmp_path):
    trained(tmp_path, stop_after=1)
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelError, match="damaged"):
        Run(Line(seed=4), SETTINGS, tmp_path, resume=True)


@pytest.mark.parametrize("where", ["loss", "gradient", "validation"])
def test_divergence_is_an_error_that_writes_nothing(tmp_path, where):
    trained(tmp_path, stop_after=5)
    before = [(tmp_path / name).read_bytes() for name in (CHECKPOINT, MODEL)]
    task = Line(seed=4)
    run = Run(task, SETTINGS, tmp_path, resume=True)
    if where == "validation":
        task.validate = lambda: {"mse": float("nan")}
    else:
        task.loss = lambda step: (diverging(task.model[2].weight, where), {})
    with pytest.raises(ModelError, match=r"training diverged at step \d; lower --lr, now 0.05"):
        finish(run)
    assert [(tmp_path / name).read_bytes() for name in (CHECKPOINT, MODEL)] == before
    assert finish(Run(Line(seed=4), SETTINGS, tmp_path, resume=True)) == 5


def diverging(weight, where):
    """A loss that is no number, or a finite one whose gradient is infinite."""
    nothing = (weight * 0).sum()
    return nothing * float("nan") if where == "loss" else nothing.sqrt() + 1


def test_weights_that_are_no_numbers_are_never_saved(tmp_path):
    task = Line(seed=4)
    run = Run(task, SETTINGS, tmp_path)
    with torch.no_grad():
        task.model[2].weight[0, 0] = float("nan")
    with pytest.raises(ModelError, match="training diverged at step 1"):
        run.save()
    assert finish(Run(Line(seed=4), SETTINGS, tmp_path, resume=True)) == 10


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"warm_up": 0}, "warm_up must be at least 1, got 0"),
        ({"validate_every": 0}, "validate_every must be at least 1, got 0"),
        ({"lr": 0.0}, "lr must be in"),
        ({"lr": float("nan")}, "lr must be in"),
        ({"minutes": 0.0}, "minutes must be in"),
        ({"average": 1.0}, r"average must be in \[0, 1\), got 1"),
        ({"weight_decay": -1.0}, "weight_decay must be in"),
        ({"seed": -1}, "seed must be in .* got -1"),
    ],
)
def test_impossible_settings_are_refused(values, match):
    with pytest.raises(InvalidValueError, match=match):
        RunSettings(**values)


def takes_named(names, split=""):
    pattern = Pattern(np.eye(16, 9, dtype=bool), np.eye(16, 9) / 2, np.zeros((16, 9)))
    return Takes(tuple(Take(name, pattern, split=split) for name in names), {})


def split_of(takes):
    return {take.name: take.split for take in takes}


@pytest.mark.parametrize(("files", "validating"), [(2, 1), (10, 1), (35, 4), (100, 10)])
def test_a_tenth_validates_where_no_index_says_otherwise(files, validating):
    names = [f"{number}.mid" for number in range(files)]
    splits = split_of(with_splits(takes_named(names)))
    assert list(splits.values()).count("validation") == validating
    assert list(splits.values()).count("train") == files - validating
    assert split_of(with_splits(takes_named(reversed(names)))) == splits


def test_splits_of_an_index_stay():
    both = replace(
        takes_named([]),
        takes=(*takes_named("abc", "test"), *takes_named("d", "validation"), *takes_named("ef")),
    )
    splits = split_of(with_splits(both))
    assert [splits[name] for name in "abcd"] == ["test"] * 3 + ["validation"]
    assert sorted(splits[name] for name in "ef") == ["train", "validation"]


@pytest.mark.parametrize(
    ("takes", "match"),
    [
        (takes_named("a"), "nothing to validate on: none of the 1 recordings is in split valid"),
        (takes_named("ab", "validation"), "nothing to learn from: none of the 2 recordings"),
    ],
)
def test_a_corpus_that_leaves_a_split_empty_is_refused(takes, match):
    with pytest.raises(CorpusError, match=match):
        with_splits(takes)
