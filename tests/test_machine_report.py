import json
from pathlib import Path

import numpy as np
import pytest
from examined import Echo, Fake, exam

from paradiddle.baselines import Baselines
from paradiddle.compositions import humanized_by, made_by
from paradiddle.likeness import ITEMS
from paradiddle.machine_plot import PAGES, draw_pages
from paradiddle.machine_report import report
from paradiddle.machine_table import HEAD, rows
from paradiddle.questions import cells_of

EXAM = exam()
BASELINES = Baselines.fit(cells_of(EXAM.train), cells_of(EXAM.validation))
MADE = made_by(EXAM, BASELINES, Fake(), Echo())
FOUND = report(EXAM, BASELINES, MADE, Fake(), Echo(), samples=2)


def test_each_model_makes_what_it_is_asked_for() -> None:
    machine, latent, marginals = MADE.values()
    assert list(MADE) == ["machine", "latent", "position marginals"]
    for made in MADE.values():
        assert made.as_train.shape == (len(EXAM.windows), 32, 27)
    for made in (machine, latent):
        assert made.of_styles is not None
        assert len(made.of_styles) == len(made.styles) == 128
    assert marginals.of_styles is None
    asked = cells_of(EXAM.like_train(len(EXAM.windows), 0))
    assert (machine.as_train == asked).all()  # the fake plays what it was asked about


def test_the_machine_is_measured_beside_the_baselines() -> None:
    assert FOUND["likelihood"]["machine"]["tap"] == 2
    assert FOUND["likelihood"]["tap table"]["tap"] > 0
    assert FOUND["tap"]["machine"]["consensus"]["f1"] == 1
    assert FOUND["tap"]["position marginals"]["greedy"]["f1"] < 1
    assert FOUND["humanize"]["machine"]["median"]["velocity_mae"] == 0
    assert FOUND["humanize"]["quantised, mean velocity"]["point"]["velocity_mae"] > 0.1
    assert FOUND["reconstruction"]["latent"]["exact_all_steps"] == 1


def test_styles_are_named_of_real_and_of_made() -> None:
    assert FOUND["style"]["real"]["accuracy"] == 1
    assert FOUND["style"]["real"]["commonest"] in EXAM.mix.values()
    assert FOUND["style"]["machine"]["balanced"] == 1
    assert FOUND["style"]["latent"]["by_style"] == {"funk": 0, "rock": 1}  # it plays rock alone
    assert FOUND["style"]["latent"]["in_the_real_mix"] == pytest.approx(EXAM.mix["rock"])


def test_copies_and_overlaps_of_one_who_plays_the_train_windows() -> None:
    assert FOUND["copies"]["machine"] == 1
    assert FOUND["copies"]["real"] < 0.2
    assert set(FOUND["likeness"]["machine"]) == set(ITEMS)
    ride = {name: FOUND["likeness"][name]["voices"] for name in ("real", "machine")}
    assert min(ride.values()) > 0.8


def test_a_report_is_json_and_the_same_each_time() -> None:
    again = report(EXAM, BASELINES, MADE, Fake(), Echo(), samples=2)
    assert json.loads(json.dumps(FOUND)) == json.loads(json.dumps(again))


def test_rows_of_every_figure() -> None:
    table = {row.figure: row for row in rows(FOUND)}
    assert len(next(iter(table.values()))) == len(HEAD)
    assert table["tap to drums, bits/16th"].machine == "2.000"
    assert "tap table" in table["tap to drums, bits/16th"].beside
    assert "Monotonic" in table["tap to drums, bits/16th"].known
    assert table["tap to drums, consensus of 2: hit F1"].machine == "1.000"
    assert table["humanize, marginal median, 2 samples: offset MAE, ms"].machine == "0.00"
    assert table["reconstruction: exact steps"].latent == "1.000"
    assert table["style named rightly, each style alike"][1:3] == ("100.0%", "50.0%")
    assert table["two-bar hit patterns copied from train"].machine == "100.0%"


def test_without_models_the_baselines_stand_alone() -> None:
    made = made_by(EXAM, BASELINES)
    found = report(EXAM, BASELINES, made)
    assert list(made) == ["position marginals"]
    assert {row.machine for row in rows(found)} == {row.latent for row in rows(found)} == {"-"}
    assert found["likelihood"]["tap table"] == FOUND["likelihood"]["tap table"]


def test_hits_drawn_from_marginals_are_struck_as_often() -> None:
    played, drawn = cells_of(EXAM.train)[..., 0], MADE["position marginals"].as_train[..., 0]
    assert drawn.mean() == pytest.approx(played.mean(), abs=0.03)


def test_pages_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    humanized = humanized_by(EXAM, BASELINES, Fake())
    assert list(humanized) == ["machine, sampled", "machine, median", "ridge"]
    pages = draw_pages(EXAM, MADE, humanized, tmp_path / "new")
    assert [page.stem for page in pages] == list(PAGES)
    for page in pages:
        assert page.read_bytes().startswith(b"\x89PNG")


def test_humanized_windows_keep_their_hits() -> None:
    played = cells_of(EXAM.windows)[..., :9]
    for cells in humanized_by(EXAM, BASELINES).values():
        assert np.array_equal(cells[..., :9], played)
