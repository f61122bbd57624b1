import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from paradiddle import fetch as fetching
from paradiddle import report_plot
from paradiddle.cli.corpus import app
from paradiddle.errors import CorpusError, InvalidValueError, ParadiddleError
from paradiddle.fetch import Dataset

INDEX = """\
drummer,style,beat_type,split,midi_filename
anna,rock/heavy,beat,train,rock.mid
ben,folk,fill,test,waltz.mid
"""


@pytest.fixture
def folder(midi_folder: Path) -> Path:
    (midi_folder / "info.csv").write_text(INDEX)
    return midi_folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(*arguments: object) -> ParadiddleError:
    """The error that the command line prints."""
    result = run(*arguments)
    assert isinstance(result.exception, ParadiddleError), result.output
    assert "\n" not in str(result.exception)
    return result.exception


def test_report_prints_text(folder: Path) -> None:
    result = run("report", folder)
    assert result.exit_code == 0
    assert "3 files used · 0 rejected" in result.stdout
    assert result.stderr == ""


def test_report_prints_nothing_but_json(folder: Path) -> None:
    (folder / "broken.mid").write_bytes(b"MThd")
    result = run("report", folder, "--json", "--split", "train,test")
    document = json.loads(result.stdout)
    assert (document["files"], document["splits"]) == (2, {"test": 1, "train": 1})
    assert document["rejected"][0]["name"] == "broken.mid"
    assert result.stderr.splitlines() == [
        "skipped 1 file that cannot be used; corpus report lists why",
        "2 of 3 files pass --split train,test",
    ]


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (["--qpm", "90-100"], 2),
        (["--ticks-per-quarter", "96"], 1),
        (["--time-signature", "4/4"], 2),
        (["--style", "rock,folk"], 2),
        (["--split", "test"], 1),
        (["--beat-type", "fill"], 1),
        (["--min-notes", "4"], 2),
        (["--style", "rock", "--qpm", "120"], 1),
        (["--channel", "10"], 2),
        (["--channel", "1"], 1),
        (["--channel", "all"], 3),
    ],
)
def test_filters(folder: Path, options: list[str], files: int) -> None:
    assert json.loads(run("report", folder, "--json", *options).stdout)["files"] == files


def test_report_draws(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[int, Path]] = []
    monkeypatch.setattr(
        report_plot, "plot", lambda report, path: drawn.append((report.files, path))
    )
    result = run("report", folder, "--plot", tmp_path / "report.svg", "--split", "test")
    assert result.exit_code == 0
    assert drawn == [(1, tmp_path / "report.svg")]


def test_a_plot_of_another_kind_is_refused_before_the_work(folder: Path, tmp_path: Path) -> None:
    result = run("report", folder, "--plot", tmp_path / "p.doc")
    assert isinstance(result.exception, InvalidValueError)
    assert result.stdout == ""


def test_a_single_tempo_is_echoed_as_typed(folder: Path) -> None:
    assert "pass --qpm 90\n" in run("report", folder, "--qpm", "90").stderr


def test_convert_writes_what_the_filters_leave(folder: Path, tmp_path: Path) -> None:
    result = run(
        "convert", folder, "-o", tmp_path / "out", "--style", "rock,folk", "--mega-tracks", 2,
        "--one-hot", "--no-velocity", "--seed", 4, "--resolution", 10,
    )  # fmt: skip
    assert result.exit_code == 0
    assert "2 x 11 events of 2 files, 3 notes, " in result.stdout
    assert np.load(tmp_path / "out" / "events-02.npy").shape == (11, 2)
    assert np.load(tmp_path / "out" / "X-01.npy").dtype == np.float32
    document = json.loads((tmp_path / "out" / "vocabulary.json").read_text())
    assert (document["seed"], document["resolution"]) == (4, 10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mega-tracks", "0"], "mega_tracks must be at least 1, got 0; "),
        (["--resolution", "0"], "resolution must be at least 1, got 0; "),
        (["--seed", "-1"], "seed must be in [0, 2**63), got -1; "),
        (["--qpm", "fast"], "qpm must be a number or a range such as 90-120, got 'fast'"),
        (["--channel", "17"], "channel must be 1 to 16 or 'all', got '17'"),
    ],
)
def test_convert_refuses(folder: Path, tmp_path: Path, options: list[str], message: str) -> None:
    error = refused("convert", folder, "-o", tmp_path / "out", *options)
    assert isinstance(error, InvalidValueError)
    assert message in str(error)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [["report"], ["convert", "-o", "out"]])
def test_a_filter_that_leaves_nothing(folder: Path, command: list[str]) -> None:
    error = refused(*command, folder, "--style", "polka")
    assert isinstance(error, CorpusError)
    assert "none of the 3 files" in str(error)
    assert "passes --style polka; see what there is" in str(error)


def test_no_such_folder(tmp_path: Path) -> None:
    assert "no such file or folder" in str(refused("report", tmp_path / "nowhere"))


def test_fetch_says_whose_work_it_is(
    tmp_path: Path, midi_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = Dataset("Toy Set", "http://toy.invalid/a.zip", "0" * 64, 2, 10**6, "free", "Me, 2020")
    monkeypatch.setattr(fetching, "DATASETS", {"toy": toy})
    monkeypatch.chdir(tmp_path)
    (midi_folder / "info.csv").write_text(INDEX)
    shutil.make_archive("toy", "zip", midi_folder)
    first = run("fetch", "toy", "--from", "toy.zip")
    assert first.exit_code == 0
    assert first.stdout.splitlines() == [
        f"{Path('data', 'toy')}: Toy Set, 2 files, unpacked and verified",
        "Licence: free",
        "Please cite: Me, 2020",
    ]
    assert "complete, nothing to do" in run("fetch", "toy").stdout
    assert json.loads(run("report", "data/toy", "--json").stdout)["files"] == 2
    assert "no corpus is called 'poy'" in str(refused("fetch", "poy"))


@pytest.mark.groove
def test_report_on_groove_takes_two_seconds(groove: Path) -> None:
    # of processor time, whatever else the machine is doing
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "paradiddle", "corpus", "report", str(groove)]
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2
