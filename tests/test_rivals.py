import json
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from examined import STYLES, exam, take

torch = pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parents[1]))

from paradiddle.errors import ModelError  # noqa: E402 - after torch
from paradiddle.likeness import ITEMS  # noqa: E402
from paradiddle.machine_table import rows  # noqa: E402
from paradiddle.questions import whole  # noqa: E402
from paradiddle.takes import Window  # noqa: E402
from runs.rivals.examples import batch_of, phrases  # noqa: E402
from runs.rivals.figures import RIVALS, rival_figures  # noqa: E402
from runs.rivals.files import load, save  # noqa: E402
from runs.rivals.groovae import Seq2Seq  # noqa: E402
from runs.rivals.groove_transformer import GrooveTransformer  # noqa: E402
from runs.rivals.loop import Trained, train  # noqa: E402
from runs.rivals.next_step import DrumsRnn, NextStep, VoiceLstm  # noqa: E402
from runs.rivals.rival import Rival  # noqa: E402

pytestmark = pytest.mark.torch

EXAM = exam()
SMALL = {
    VoiceLstm: {"hidden": 16, "voice": 4},
    DrumsRnn: {"hidden": 16},
    GrooveTransformer: {"width": 16, "layers": 1, "heads": 2},
    Seq2Seq: {"encoder": 8, "decoder": 8},
}


def small(kind: type[Rival]) -> Rival:
    torch.manual_seed(0)
    return kind(STYLES, **SMALL[kind]).eval()


def taught(kind: type[Rival], steps: int = 12) -> tuple[Rival, Trained]:
    rival = small(kind)
    course = replace(kind.course, batch=8, steps=steps, rate=1e-2)
    return rival, train(rival, EXAM, course, 0, Event())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("rivals")
    for kind in RIVALS:
        save(*taught(kind), made)
    return made


def test_windows_are_filled_up_with_silence() -> None:
    short, long = take(0, bars=1), take(1, bars=3)
    batch = batch_of([Window(long, 16, 48), whole(short)], STYLES)
    assert batch.cells.shape == (2, 32, 27)
    assert batch.played.sum(1).tolist() == [32, 16]
    assert not batch.cells[1, 16:].any()
    assert batch.positions[0, :2].tolist() == [16, 17]
    assert (batch.steps_of_bar.argmax(-1) == torch.arange(32) % 16).all()
    assert (batch.before[:, 1:] == batch.cells[:, :-1]).all()
    assert not batch.before[:, 0].any()
    assert batch.conditions[:, :2].tolist() == [[0, 1], [0, 1]]


def test_phrases_cover_recordings_once_or_from_every_bar() -> None:
    windows = [Window(take(0, bars=5), 0, 32)]
    assert [(one.start, one.stop) for one in phrases(windows, 4, 4)] == [(0, 64), (64, 80)]
    assert [one.start for one in phrases(windows, 4, 1)] == [0, 16, 32, 48, 64]
    assert phrases(EXAM.train, 2, 1) == EXAM.train
    assert all(one.start % 32 == 0 for one in phrases(EXAM.train, 2, 2))


@pytest.mark.parametrize("kind", [VoiceLstm, DrumsRnn])
def test_no_step_is_told_what_comes(kind: type[NextStep]) -> None:
    rival, batch = small(kind), batch_of(EXAM.windows[:1], STYLES)
    other = batch_of(EXAM.windows[:1], STYLES)
    other.cells[:, 20, :9] = 1 - other.cells[:, 20, :9]
    before, after = rival.bits(batch)[0], rival.bits(other)[0]
    assert (before[:20] == after[:20]).all()
    assert (before[20:22] != after[20:22]).all()


@pytest.mark.parametrize("kind", [VoiceLstm, DrumsRnn])
def test_chances_of_all_sets_of_hits_sum_to_one(kind: type[NextStep]) -> None:
    batch = batch_of(EXAM.windows[:1] * 512, STYLES)
    sets = torch.arange(512)[:, None] // 2 ** torch.arange(9) % 2
    batch.cells[:, 5, :9] = sets.float()
    chances = 2.0 ** -small(kind).bits(batch)[:, 5]
    assert float(chances.detach().sum()) == pytest.approx(1, abs=1e-4)


def test_transformer_hears_the_tap_alone() -> None:
    rival, batch = small(GrooveTransformer), batch_of(EXAM.windows[:1], STYLES)
    moved = batch_of(EXAM.windows[:1], STYLES)
    moved.cells[...] = moved.cells.unflatten(-1, (3, 9)).roll(1, -1).flatten(-2)  # other drums
    for one, other in zip(rival.said(batch), rival.said(moved), strict=True):
        assert one.shape == (1, 32, 9)
        assert torch.equal(one, other)


def test_humanizing_reads_hits_alone_and_keeps_them() -> None:
    rival, batch = small(Seq2Seq), batch_of(EXAM.windows, STYLES)
    bare = batch_of(EXAM.windows, STYLES)
    bare.cells[..., 9:] = 0
    made = rival.humanize(batch)
    assert torch.equal(made, rival.humanize(bare))
    assert torch.equal(made[..., :9], batch.hits)
    assert made[..., 18:].abs().max() <= 0.5


def test_training_keeps_what_is_best_on_validation() -> None:
    rival, trained = taught(VoiceLstm, steps=40)
    held_out = batch_of(phrases(EXAM.validation, 8, 8), STYLES)
    assert rival.judge([held_out]) == pytest.approx(trained.validation, rel=1e-5)
    assert trained.validation < small(VoiceLstm).judge([held_out])
    assert 0 < trained.step <= trained.of <= 40
    assert json.dumps(trained.figures())


def test_a_stop_keeps_the_best_so_far() -> None:
    stop, rival = Event(), small(DrumsRnn)
    stop.set()
    trained = train(rival, EXAM, replace(DrumsRnn.course, batch=4), 0, stop)
    assert trained.step == trained.of == 1


def test_same_seed_same_weights() -> None:
    one, other = (taught(Seq2Seq, steps=3)[0].state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_figures_fit_into_the_table(folder: Path) -> None:
    figures = rival_figures(folder, EXAM)
    lstm, rnn, transformer, calibrated = figures["likelihood"].values()
    assert set(lstm) == set(rnn) == {"next_step", "nothing", "second_bar"}
    assert 0 < calibrated["tap"] <= transformer["tap"] + 0.05
    assert set(figures["humanize"]["GrooVAE Seq2Seq"]) == {"point", "spread"}
    report = {
        "style": {"real": {"accuracy": 1.0, "commonest": 1.0}},
        "likeness": {name: dict.fromkeys(ITEMS, 1.0) for name in ("real", "position marginals")},
        "copies": {"real": 0.0},
        "reconstruction": {},
        **figures,
    }
    beside = {row.figure: row.beside for row in rows(report)}
    assert "LSTM 2x256" in beside["next step given all before, bits/16th"]
    assert "Transformer, calibrated" in beside["tap to drums, bits/16th"]
    assert "Transformer" in beside["tap to drums, greedy: hit F1"]
    assert "Seq2Seq" in beside["humanize, sampled: timing KL"]


def test_whole_recordings_are_read_to_their_end(folder: Path) -> None:
    rival = load(VoiceLstm, folder)
    alone = [rival.bits(batch_of([whole(one)], rival.styles))[0] for one in EXAM.takes]
    found = rival_figures(folder, EXAM)["likelihood"]["LSTM 2x256"]["next_step"]
    assert found == pytest.approx(float(torch.cat(alone).detach().mean()), rel=1e-5)


def test_a_rival_comes_back_as_it_was_written(folder: Path) -> None:
    batch = batch_of(EXAM.windows, STYLES)
    rival = taught(Seq2Seq)[0]
    assert torch.equal(load(Seq2Seq, folder).humanize(batch), rival.humanize(batch))


def test_a_missing_rival_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model file at .*lstm-2x256"):
        rival_figures(tmp_path, EXAM)
