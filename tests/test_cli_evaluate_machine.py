import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from examined import Echo, Fake, takes

from paradiddle.cli import main


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def evaluate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Give a function that evaluates fakes on small takes, from the command line."""
    monkeypatch.setattr("paradiddle.machine.Machine.load", lambda *paths: Fake())
    monkeypatch.setattr("paradiddle.latent.Latent.load", lambda path=None: Echo())
    monkeypatch.setattr("paradiddle.corpus.scan", lambda path: path)
    monkeypatch.setattr("paradiddle.takes.takes_of", lambda corpus: takes())

    def run(*arguments: object) -> Outcome:
        words = ["paradiddle", "evaluate", "machine", "groove", "--samples", "2", *arguments]
        monkeypatch.setattr(sys, "argv", [str(word) for word in words])
        with pytest.raises(SystemExit) as stopped:
            main()
        return Outcome(int(stopped.value.code or 0), *capsys.readouterr())

    return run


def test_a_table_of_every_figure_and_progress_on_stderr(evaluate: Callable[..., Outcome]) -> None:
    outcome = evaluate()
    assert outcome.code == 0, outcome.err
    assert "4 beats of split test, 10 windows of two bars" in outcome.err
    assert "hits, medians over 2 samples" in outcome.err
    lines = outcome.out.splitlines()
    assert lines[0].split()[:3] == ["figure", "machine", "latent"]
    assert any(line.startswith("reconstruction: exact steps") for line in lines)
    assert "sample" not in lines[0]


def test_json_has_the_figures_by_name(evaluate: Callable[..., Outcome]) -> None:
    found = json.loads(evaluate("--json").out)
    assert found["likelihood"]["machine"]["tap"] == 2
    assert found["tap"]["machine"]["consensus"]["f1"] == 1
    assert found["split"] == "test"


def test_another_split_and_drummers_held_out(evaluate: Callable[..., Outcome]) -> None:
    assert json.loads(evaluate("--json", "--split", "validation").out)["recordings"] == 4
    held_out = json.loads(evaluate("--json", "--hold-out", "drummer1").out)
    assert held_out["recordings"] == 20 + 2 + 2
    refused = evaluate("--hold-out", "anna")
    assert refused.code == 1
    assert "no recording is by 'anna'" in refused.err


def test_no_samples_are_a_mistake_of_usage(evaluate: Callable[..., Outcome]) -> None:
    assert evaluate("--samples", "0").code == 2


def test_pages_are_drawn_into_a_folder(evaluate: Callable[..., Outcome], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    outcome = evaluate("--plot", tmp_path / "pages")
    assert outcome.code == 0
    names = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert names == ["dynamics.png", "grids.png", "histograms.png"]
    assert str(tmp_path / "pages" / "grids.png") in outcome.err
