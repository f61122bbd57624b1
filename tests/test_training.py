"""Training: the same run however often it is interrupted, and the same numbers as the engine."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from paradiddle import weights
from paradiddle.drummer import Drummer
from paradiddle.encoding import Vocabulary
from paradiddle.engine import Lstm, LstmShape
from paradiddle.errors import CorpusError, InvalidValueError, ModelError, OutputError
from paradiddle.evaluation import teacher_forced
from paradiddle.events import Events
from paradiddle.midi import write

torch = pytest.importorskip("torch")

from paradiddle.interrupts import graceful_stop  # noqa: E402
from paradiddle.training.data import Streams, Windows, misread  # noqa: E402 - needs torch
from paradiddle.training.drummer import MODEL, Training  # noqa: E402
from paradiddle.training.models import EventLstm  # noqa: E402
from paradiddle.training.run_folder import CHECKPOINT  # noqa: E402
from paradiddle.training.settings import Settings  # noqa: E402

pytestmark = pytest.mark.torch

SETTINGS = Settings(hidden=12, streams=4, unroll=10, epochs=3, seed=5)


def beat(events=200):
    """A rock beat with some variety, long enough to train on."""
    rng = np.random.default_rng(0)
    notes = np.where(rng.random(events) < 0.2, 49, np.resize([36, 42, 38, 42], events))
    return Events(notes, np.full(events, 240), rng.random(events).astype(np.float32))


def training(folder, settings=SETTINGS, *, events=None, places=0, **options):
    music = events or beat()
    vocabulary = Vocabulary.of(music, places=places)
    return Training(
        vocabulary.encode(music), vocabulary, settings, folder, {"training": {}}, **options
    )


def finish(run, stop_after=None):
    """Train, stopping after so many chunks; return the number trained on."""
    trained: list[object] = []
    trained.extend(run.run(lambda: len(trained) == stop_after))
    return len(trained)


def tensors_of(folder):
    return weights.read(folder / MODEL, "drummer").tensors


def assert_same_model(left, right):
    ours, theirs = tensors_of(left), tensors_of(right)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])


@pytest.mark.parametrize(
    "shape",
    [
        LstmShape((17, 209), 200),
        LstmShape((22, 90, 8), 64, layers=2),
        LstmShape((15, 147), 32, bidirectional=True),
        LstmShape((22, 90, 8), 64, extra_inputs=(96,)),
    ],
)
def test_engine_agrees_with_torch_over_a_thousand_steps(shape):
    model = EventLstm(shape, seed=1)
    rng = np.random.default_rng(2)
    tensors = {
        name: rng.normal(scale=0.15, size=size).astype(np.float32)
        for name, size in shape.tensors().items()
    }
    model.load_tensors(tensors)
    indices = np.stack([rng.integers(0, size, (1000, 1)) for size in shape.input_sizes], axis=-1)
    with torch.inference_mode():
        logits, _ = model(torch.tensor(indices))
        expected = [field.softmax(-1).numpy() for field in logits.split(shape.sizes, -1)]

    ours = torch.tensor(Lstm(shape, tensors).logits(indices)).split(shape.sizes, -1)

    for field, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(field.softmax(-1).numpy(), other, atol=1e-5)


def test_steps_agree_with_torch_over_a_thousand_steps():
    shape = LstmShape((17, 209), 200)
    model = EventLstm(shape, seed=1)
    rng = np.random.default_rng(2)
    indices = np.stack([rng.integers(0, size, (1000, 1)) for size in shape.sizes], axis=-1)
    with torch.inference_mode():
        logits, _ = model(torch.tensor(indices))
    session = Lstm(shape, model.tensors()).session(1)
    for t, row in enumerate(logits):
        probabilities = session.step(indices[t])
        for ours, theirs in zip(probabilities, row.split(shape.sizes, -1), strict=True):
            np.testing.assert_allclose(ours, theirs.softmax(-1).numpy(), atol=1e-5)


def test_weights_survive_the_way_to_the_engine_and_back():
    shape = LstmShape((4, 6), 5, layers=2, bidirectional=True)
    there = EventLstm(shape, seed=1).tensors()
    back = EventLstm(shape, seed=2)
    back.load_tensors(there)
    for name, array in back.tensors().items():
        np.testing.assert_array_equal(array, there[name])


@pytest.mark.parametrize(
    "extra", [{}, {"bidirectional": True}, {"layers": 2}, {"noise": 0.2}, {"steady": 0.5}], ids=str
)
@pytest.mark.parametrize("stop_after", [1, 5, 7])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, extra, stop_after):
    settings = Settings(hidden=12, streams=4, unroll=10, epochs=3, seed=5, **extra)
    whole = training(tmp_path / "whole", settings)
    total = finish(whole)
    parts = finish(training(tmp_path / "parts", settings), stop_after)
    resumed = training(tmp_path / "parts", settings, resume=True)
    parts += finish(resumed)

    assert parts == total
    assert [row["epoch"] for row in resumed.curve] == [1, 2, 3]
    assert resumed.curve == whole.curve
    assert_same_model(tmp_path / "whole", tmp_path / "parts")


def test_noise_disturbs_what_is_read_and_only_that():
    clean = torch.randint(0, 50, (20, 10, 3), generator=torch.Generator().manual_seed(0))
    assert torch.equal(misread(clean, 2, 0.0, [1]), clean)
    noisy = misread(clean, 2, 0.5, [1])
    assert 0.4 < (clean != noisy).any(-1).float().mean() < 0.6
    assert torch.equal(clean[..., 2], noisy[..., 2])  # the place in the bar is known
    assert torch.equal(noisy, misread(clean, 2, 0.5, [1]))
    assert not torch.equal(noisy, misread(clean, 2, 0.5, [2]))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        finish(
            training(
                tmp_path / name, Settings(hidden=12, streams=4, unroll=10, epochs=2, seed=seed)
            )
        )
    assert_same_model(tmp_path / "a", tmp_path / "b")
    assert not np.array_equal(
        tensors_of(tmp_path / "a")["dense"], tensors_of(tmp_path / "c")["dense"]
    )


def test_training_learns(tmp_path):
    settings = Settings(hidden=24, streams=4, unroll=10, epochs=60, lr=0.02)
    run = training(tmp_path, settings, events=Events([36, 42, 38, 42] * 60, [240] * 240))
    finish(run)
    assert run.curve[-1]["joint_accuracy"] > 0.95 > run.curve[0]["joint_accuracy"]
    scores = teacher_forced(Drummer.load(tmp_path / MODEL), run.indices)
    assert scores.joint_accuracy > 0.95


def test_resume_takes_a_new_learning_rate(tmp_path):
    finish(training(tmp_path), 3)
    settings = Settings(hidden=12, streams=4, unroll=10, epochs=3, seed=5, lr=0.5)
    status = next(training(tmp_path, settings, resume=True).run())
    assert status.learning_rate > 100 * Settings().lr * 1e-3


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"hidden": 13}, r"has hidden 12, now it is 13"),
        ({"layers": 2}, r"has layers 1, now it is 2"),
        ({"seed": 6}, r"has seed 5, now it is 6"),
    ],
)
def test_resume_from_another_architecture_is_refused(tmp_path, change, match):
    finish(training(tmp_path), 1)
    settings = Settings(**{**vars(SETTINGS), **change})
    with pytest.raises(ModelError, match=f"--resume: the run in .* {match}; give the same"):
        training(tmp_path, settings, resume=True)


def test_resume_with_other_files_is_refused(tmp_path):
    finish(training(tmp_path), 1)
    with pytest.raises(ModelError, match=r"--resume: the run in .* learned from other files"):
        training(tmp_path, events=beat(300), resume=True)


def test_resume_without_a_run_and_a_run_without_resume_are_refused(tmp_path):
    with pytest.raises(ModelError, match=r"nothing to resume in .*; leave out --resume"):
        training(tmp_path / "empty", resume=True)
    finish(training(tmp_path / "run"), 1)
    with pytest.raises(OutputError, match="holds a training run; add --resume"):
        training(tmp_path / "run")


def test_a_damaged_checkpoint_is_refused(tmp_path):
    finish(training(tmp_path), 1)
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelError, match="damaged"):
        training(tmp_path, resume=True)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write"):
        training(tmp_path / "file" / "run")


def test_a_folder_that_cannot_be_written_is_refused_before_training(tmp_path):
    (tmp_path / MODEL).mkdir()
    with pytest.raises(OutputError, match=r"drummer.safetensors exists already; choose another"):
        training(tmp_path)
    assert not (tmp_path / CHECKPOINT).exists()


def test_a_folder_is_claimed_from_the_first_moment(tmp_path):
    training(tmp_path)
    with pytest.raises(OutputError, match="holds a training run; add --resume"):
        training(tmp_path)
    assert finish(training(tmp_path, resume=True)) > 0


def test_a_run_saves_within_an_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr("paradiddle.training.drummer._SAVE_SECONDS", 0.0)
    run = training(tmp_path)
    statuses = run.run()
    for _ in range(3):
        next(statuses)
    position = weights.read(tmp_path / CHECKPOINT, "drummer checkpoint").document["position"]
    assert (position["epoch"], position["chunk"]) == (0, 3)


def test_a_corpus_of_one_note_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="one unique note, 36; there is nothing to learn"):
        training(tmp_path, events=Events([36] * 100, [240] * 100))


def test_a_corpus_shorter_than_a_chunk_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="20 events do not fill one chunk: 4 streams of 10 steps"):
        training(tmp_path, events=beat(20))
    settings = Settings(bidirectional=True, unroll=21)
    with pytest.raises(CorpusError, match="20 events do not fill one chunk of 21 steps"):
        training(tmp_path, settings, events=beat(20))


def test_half_of_the_size_is_scored_as_it_is_written(tmp_path):
    vocabulary = Vocabulary.of(beat())
    indices = vocabulary.encode(beat())
    run = Training(indices, vocabulary, SETTINGS, tmp_path, {}, half=True)
    finish(run)
    scores = run.score()
    size = sum(rows * columns for rows, columns in run.model.shape.tensors().values())
    assert (tmp_path / MODEL).stat().st_size < 2 * size + 4000
    assert teacher_forced(Drummer.load(tmp_path / MODEL), indices) == scores


def test_weights_that_are_no_numbers_are_never_saved(tmp_path):
    run = training(tmp_path)
    finish(run, 2)
    run = training(tmp_path, resume=True)
    with torch.no_grad():
        run.model.dense.weight[0, 0] = float("nan")
    with pytest.raises(ModelError, match=r"training diverged in epoch 1; lower --lr"):
        finish(run)
    assert finish(training(tmp_path, resume=True)) > 0


def test_divergence_is_an_error_that_leaves_a_usable_checkpoint(tmp_path, monkeypatch):
    run = training(tmp_path)
    finish(run, 2)
    run = training(tmp_path, resume=True)
    nowhere = torch.tensor(float("nan"), requires_grad=True)
    monkeypatch.setattr(
        run.model, "losses", lambda logits, targets: (nowhere, torch.ones(1, dtype=torch.bool))
    )
    with pytest.raises(ModelError, match=r"training diverged in epoch 1; lower --lr, now 0.01"):
        finish(run)
    assert finish(training(tmp_path, resume=True)) > 0


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"lr": 0.0}, "lr must be in"),
        ({"lr": float("nan")}, "lr must be in"),
        ({"minutes": -1.0}, "minutes must be in"),
        ({"seed": -1}, "seed must be in .* got -1"),
        ({"streams": 0}, "streams must be at least 1, got 0"),
    ],
)
def test_impossible_settings_are_refused(values, match):
    with pytest.raises(InvalidValueError, match=match):
        Settings(**values)


def test_minutes_end_a_run(tmp_path):
    settings = Settings(hidden=12, streams=4, unroll=10, epochs=100_000, minutes=0.01)
    run = training(tmp_path, settings)
    start = time.monotonic()
    finish(run)
    assert run.position.epoch < 100_000
    assert time.monotonic() - start < 120


def test_streams_cover_the_sequence_and_hand_on_at_their_ends():
    indices = np.arange(82).reshape(41, 2).astype(np.int32)
    chunks = list(Streams(indices[:-1], indices[1:], streams=4, unroll=3).epoch(0))
    inputs = torch.cat([chunk.inputs for chunk in chunks])
    targets = torch.cat([chunk.targets for chunk in chunks])
    np.testing.assert_array_equal(inputs.transpose(0, 1).reshape(-1, 2), indices[:40])
    np.testing.assert_array_equal(targets.transpose(0, 1).reshape(-1, 2), indices[1:41])


def test_windows_show_every_window_once_an_epoch_in_a_seeded_order():
    indices = np.arange(30).reshape(30, 1).astype(np.int32)
    windows = Windows(indices[:-1], indices[1:], batch=8, length=5, seed=3)
    chunks = list(windows.epoch(1))
    starts = torch.cat([chunk.inputs[0, :, 0] for chunk in chunks]).tolist()
    assert sorted(starts) == list(range(25))
    assert all((chunk.targets == chunk.inputs + 1).all() for chunk in chunks)
    again = torch.cat([chunk.inputs[0, :, 0] for chunk in windows.epoch(1, start=2)]).tolist()
    assert again == starts[16:]


def test_bidirectional_accuracy_is_a_leak_of_the_target(tmp_path):
    """Nobody can predict dice, yet in windows the backward half reads the answer."""
    rng = np.random.default_rng(0)
    dice = Events(rng.integers(36, 42, 3000), rng.integers(1, 5, 3000) * 60)
    vocabulary = Vocabulary.of(dice, velocity=False)
    indices = vocabulary.encode(dice)
    settings = Settings(hidden=24, bidirectional=True, unroll=21, streams=64, epochs=8, lr=0.02)
    run = Training(indices, vocabulary, settings, tmp_path, {})
    finish(run)

    window_accuracy = run.curve[-1]["joint_accuracy"]
    session = run.drummer().lstm.session(1)
    right = [
        all(field[0].argmax() == target for field, target in zip(fields, following, strict=True))
        for fields, following in (
            (session.step(event[None]), following) for event, following in pairwise(indices[:1000])
        )
    ]
    assert window_accuracy > 0.9
    assert np.mean(right) < 0.1  # chance is 1/24


def test_a_request_to_stop_is_noticed_and_the_old_handler_comes_back():
    before = signal.getsignal(signal.SIGTERM)
    with graceful_stop() as stop:
        assert not stop.is_set()
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.fixture
def command(tmp_path):
    """Start `paradiddle train drummer` on a small folder of files, in a metre unlike 16ths."""
    (tmp_path / "midi").mkdir()
    for number in range(3):
        write(tmp_path / "midi" / f"{number}.mid", replace(beat(150), quarters_per_bar=7 / 16))

    def start(*options, epochs=3):
        arguments = ["train", "drummer", str(tmp_path / "midi"), "-o", str(tmp_path / "run")]
        sizes = ["--hidden", "12", "--streams", "4", "--unroll", "10", "--epochs", str(epochs)]
        return subprocess.Popen(
            [sys.executable, "-m", "paradiddle", *arguments, *sizes, *options],
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_command_trains_logs_and_says_where_the_model_is(tmp_path, command):
    process = command("--log", "--attribution", "made up for a test")
    _, messages = process.communicate(timeout=300)
    assert process.returncode == 0, messages
    assert "joint accuracy" in messages
    assert list((tmp_path / "run" / "log").glob("events.out.tfevents.*"))
    document = weights.read(tmp_path / "run" / MODEL, "drummer").document
    assert document["training"]["attribution"] == "made up for a test"
    assert document["training"]["events"] == 450
    assert document["metrics"]["train"]["events"] == 449
    json.dumps(document)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_saves_on_a_signal_and_goes_on(tmp_path, command, number):
    process = command(epochs=1_000_000)
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        line = process.stderr.readline()
        if "events" in line:
            break
    time.sleep(1)
    for pause in (0, 0.1, 0.2, 0.5):  # nobody presses Ctrl+C once
        time.sleep(pause)
        if process.poll() is None:
            process.send_signal(number)
    _, messages = process.communicate(timeout=300)
    assert process.returncode == 0, messages
    assert "go on with --resume" in messages
    path = tmp_path / "run" / CHECKPOINT
    position = weights.read(path, "drummer checkpoint").document["position"]
    again = command("--resume", epochs=position["epoch"] + 2)
    _, messages = again.communicate(timeout=300)
    assert again.returncode == 0, messages
    # a process that was held up may not have begun
    assert ("going on in epoch" in messages) == bool(position["epoch"] or position["chunk"])


def test_a_run_that_begins_with_the_weights_of_another(tmp_path):
    settings = Settings(hidden=12, streams=4, unroll=10, epochs=1, seed=5)
    finish(training(tmp_path / "one", settings))
    begun = training(tmp_path / "two", settings, start=tmp_path / "one" / MODEL)
    for name, array in tensors_of(tmp_path / "one").items():
        np.testing.assert_array_equal(begun.model.tensors()[name], array)
    finish(begun)
    start = weights.read(tmp_path / "two" / MODEL, "drummer").document["training"]["start"]
    assert start["training"]["epochs"] == 1
    assert len(start["fingerprint"]) == 64
    with pytest.raises(ModelError, match=r"has 1 x 12 units and tables .* not 1 x 13 and"):
        training(tmp_path / "three", replace(settings, hidden=13), start=tmp_path / "one" / MODEL)
    deeper = replace(beat(), notes=beat().notes - 1)
    with pytest.raises(ModelError, match="knows other drums or times; train on the same files"):
        training(tmp_path / "four", settings, events=deeper, start=tmp_path / "one" / MODEL)


def test_a_run_that_began_with_a_model_goes_on_without_it(tmp_path):
    settings = Settings(hidden=12, streams=4, unroll=10, epochs=2, seed=5)
    for name, seed in (("one", 1), ("other", 2)):
        finish(training(tmp_path / name, replace(settings, seed=seed, epochs=1)))
    one, other = (tmp_path / name / MODEL for name in ("one", "other"))
    whole = training(tmp_path / "whole", settings, start=one)
    finish(whole)
    finish(training(tmp_path / "parts", settings, start=one), stop_after=3)
    with pytest.raises(ModelError, match=r"did not begin with .*other"):
        training(tmp_path / "parts", settings, start=other, resume=True)
    training(tmp_path / "parts", settings, start=one, resume=True)
    one.unlink()
    finish(training(tmp_path / "parts", settings, start=one, resume=True))
    assert_same_model(tmp_path / "whole", tmp_path / "parts")
