"""`paradiddle train machine` and `latent`: what they say, keep and refuse."""

import signal
import sys
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paradiddle import weights
from paradiddle.cli.train import app
from paradiddle.errors import ParadiddleError

pytest.importorskip("torch")

from tasks import Line

from paradiddle.training.recipes import LATENT, MACHINE
from paradiddle.training.run_folder import CHECKPOINT

pytestmark = pytest.mark.torch

HEADER = "drummer,style,beat_type,split,midi_filename\n"


class Machine(Line):
    """Stands in for the drum machine: learns a line, and remembers what it was given."""

    name = "machine"
    made: "list[Machine]" = []  # noqa: RUF012 - cleared by the fixture
    stop_at = -1

    def __init__(self, takes, settings, document, half):
        super().__init__(seed=settings["seed"], fingerprint=document["training"]["fingerprint"])
        self.takes, self.settings, self.given, self.half = takes, settings, document, half
        self.made.append(self)

    def document(self):
        return self.given

    def loss(self, step):
        if step == self.stop_at:
            signal.raise_signal(signal.SIGINT)
        return super().loss(step)


@pytest.fixture(autouse=True)
def _machine(monkeypatch):
    """Put the stand-in in its place; leave signals as they were."""
    for name in ("Machine", "Latent"):
        module = types.SimpleNamespace(**{f"{name}Task": Machine, f"{name}Settings": dict})
        monkeypatch.setitem(sys.modules, f"paradiddle.training.{name.lower()}", module)
    monkeypatch.setattr(Machine, "made", [])
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def corpus(tmp_path, drum_file):
    """Twenty-four files by three drummers: most rock, one jazz, one in 3/4, one twice, no index."""
    folder = tmp_path / "midi"
    for number in range(24):
        hits = [(120 * step, (36, 38, 42)[step % 3], 40 + number) for step in range(16 + number)]
        drum_file(folder / f"{number}.mid", hits, metre=(3, 4) if number == 5 else (4, 4))
    (folder / "copy.mid").write_bytes((folder / "7.mid").read_bytes())
    drum_file(folder / "doubled.mid", [(0, 36, 90), (10, 36, 30), (480, 38, 70), (960, 3, 9)])
    return folder


@pytest.fixture
def indexed(corpus):
    """The same with an index."""
    splits = ["train"] * 20 + ["validation", "validation", "test", "test"]
    rows = [
        f"{'anna' if number % 2 else 'ben'},{'jazz' if number == 3 else 'rock'},beat,{split},"
        f"{number}.mid"
        for number, split in enumerate(splits)
    ]
    rows += ["cara,rock,beat,train,copy.mid", "cara,rock,beat,train,doubled.mid"]
    (corpus / "info.csv").write_text(HEADER + "\n".join(rows))
    return corpus


def run(corpus: Path, output: Path, *options: object, command: str = "machine") -> Result:
    arguments = [command, corpus, "-o", output, "--steps", 4, *options]
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(*arguments: object) -> str:
    """The error that the command line prints."""
    result = run(*arguments)
    assert result.exception is not None, result.output
    assert isinstance(result.exception, ParadiddleError), result.output
    return str(result.exception)


def document_of(folder):
    return weights.read(folder / "machine.safetensors", "machine").document


def test_it_says_what_there_is_to_learn(indexed, tmp_path):
    result = run(indexed, tmp_path / "run")
    assert result.exit_code == 0, result.output
    lines = result.stderr.splitlines()
    assert lines[0] == "24 recordings: train 20, validation 2, test 2"
    assert lines[1] == (
        "left out: 1 in other metres (3/4 1), 0 without a drum of ours, 1 duplicates"
    )
    assert lines[2].startswith("on the grid of 16ths 1 hits collided with another of the same drum")
    assert lines[3] == "styles to learn: rock 19, jazz 1"
    assert lines[4] == "rare, fewer than 20 recordings: rock, jazz"
    assert lines[-1].startswith("step 4: loss ")
    assert lines[-1].endswith(f"-> {tmp_path / 'run' / 'machine.safetensors'}")


def test_options_reach_the_task_and_the_run(indexed, tmp_path):
    options = ["--batch", 7, "--seed", 3, "--lr", 0.01, "--minutes", 9, "--half"]
    result = run(indexed, tmp_path, *options, "--attribution", "made up")
    assert result.exit_code == 0, result.output
    (task,) = Machine.made
    assert (task.settings, task.half) == ({"seed": 3, "batch": 7, "bfloat16": False}, True)
    training = document_of(tmp_path)["training"]
    settings = training["settings"]
    assert [settings[name] for name in ("steps", "minutes", "lr", "seed")] == [4, 9, 0.01, 3]
    assert training["attribution"] == "made up"
    assert training["corpus"]["splits"] == {"test": 2, "train": 20, "validation": 2}
    assert training["corpus"]["other_metres"] == {"3/4": 1}
    assert (training["corpus"]["duplicates"], training["corpus"]["collisions"]) == (1, 1)
    assert len(training["fingerprint"]) == 64
    assert document_of(tmp_path)["voices"]["names"][0] == "kick"


def test_what_is_left_out_is_the_recipes(corpus, tmp_path):
    run(corpus, tmp_path)
    assert Machine.made[0].settings == {"seed": 0, "bfloat16": False}
    settings = document_of(tmp_path)["training"]["settings"]
    assert (settings["lr"], settings["minutes"]) == (MACHINE.lr, None)


def test_without_an_index_a_tenth_validates(corpus, tmp_path):
    result = run(corpus, tmp_path)
    assert result.stderr.splitlines()[0] == "24 recordings: train 22, validation 2"
    assert "styles" not in result.stderr


def test_drummers_can_be_held_out(indexed, tmp_path):
    result = run(indexed, tmp_path / "two", "--hold-out", "cara, ben")
    assert "24 recordings: train 10, validation 1, test 13" in result.stderr
    assert document_of(tmp_path / "two")["training"]["corpus"]["held_out_drummers"] == [
        "ben",
        "cara",
    ]
    result = run(indexed, tmp_path / "one", "--hold-out", "cara")
    assert {take.name: take.split for take in Machine.made[-1].takes}["doubled.mid"] == "test"
    assert "train 21, validation 2, test 1" in result.stderr
    assert "no recording is by 'dora'; there are" in refused(
        indexed, tmp_path / "third", "--hold-out", "dora"
    )


def test_files_can_be_selected(indexed, tmp_path):
    result = run(indexed, tmp_path, "--min-notes", 30)
    assert "files pass --min-notes 30" in result.stderr
    assert document_of(tmp_path)["training"]["corpus"]["wanted"]["min_notes"] == 30
    assert run(indexed, tmp_path, "--split", "train").exit_code == 2
    assert "nothing to validate on" in refused(indexed, tmp_path / "b", "--style", "jazz")


def test_an_interrupted_run_is_saved_and_goes_on(corpus, tmp_path, monkeypatch):
    assert run(corpus, tmp_path / "whole").exit_code == 0
    monkeypatch.setattr(Machine, "stop_at", 1)
    result = run(corpus, tmp_path / "parts")
    assert result.exit_code == 0, result.output
    assert "stopped and saved at step 2; go on with --resume" in result.stderr
    monkeypatch.setattr(Machine, "stop_at", -1)
    result = run(corpus, tmp_path / "parts", "--resume")
    assert "going on at step 2" in result.stderr
    ours, theirs = (
        weights.read(tmp_path / name / CHECKPOINT, "machine checkpoint").tensors
        for name in ("whole", "parts")
    )
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_another_run_or_corpus_is_refused(corpus, tmp_path):
    assert run(corpus, tmp_path).exit_code == 0
    assert "holds a training run; add --resume" in refused(corpus, tmp_path)
    (corpus / "1.mid").unlink()
    assert "learned from other files" in refused(corpus, tmp_path, "--resume")
    assert "nothing to resume in" in refused(corpus, tmp_path / "empty", "--resume")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--steps", 0], "steps must be at least 1, got 0"),
        (["--lr", 0], "lr must be in"),
        (["--minutes", -1], "minutes must be in"),
        (["--seed", -1], "seed must be in"),
    ],
)
def test_impossible_options_are_refused_before_anything_is_read(tmp_path, options, match):
    assert match in refused(tmp_path / "nowhere", tmp_path / "run", *options)
    assert not (tmp_path / "run").exists()


def test_logs_are_written(corpus, tmp_path):
    pytest.importorskip("tensorboard")
    assert run(corpus, tmp_path, "--log").exit_code == 0
    assert list((tmp_path / "log").glob("events.out.tfevents.*"))


def test_the_latent_recipe_is_trained_alike(corpus, tmp_path):
    result = run(corpus, tmp_path, "--batch", 7, command="latent")
    assert result.exit_code == 0, result.output
    assert Machine.made[0].settings == {"seed": 0, "batch": 7}
    assert document_of(tmp_path)["training"]["settings"]["lr"] == LATENT.lr


def test_torch_is_asked_for_where_it_is_missing(corpus, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "pip install 'paradiddle[train]'" in refused(corpus, tmp_path / "run")
    assert not (tmp_path / "run").exists()
