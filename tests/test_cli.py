import errno
import json
import os
import subprocess
import sys
import types
import wave
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from models import VOCABULARY, tiny_drummer, write_drummer
from test_imports import HEAVY, loaded_by

import paradiddle
from paradiddle import midi, weights
from paradiddle.cli import main
from paradiddle.corpus import Filter, scan
from paradiddle.drummer import Drummer, Length
from paradiddle.errors import InvalidValueError
from paradiddle.evaluation import teacher_forced
from paradiddle.events import Events, quantise
from paradiddle.pattern import Pattern
from paradiddle.sequences import Recipe

INDEX = """\
drummer,style,beat_type,split,midi_filename
anna,rock,beat,train,rock.mid
ben,folk,beat,validation,waltz.mid
ben,folk,beat,test,more/loose.MID
cara,folk,beat,test,more/short.mid
"""


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]
Refused = Callable[..., str]


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, and a tiny drummer that comes along."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    shipped = write_drummer(tmp_path / "shipped.safetensors", document={"encoding": {"qpm": 96}})
    monkeypatch.setattr("paradiddle.drummer.DEFAULT_MODEL", shipped)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a function that runs the command line in this process."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["paradiddle", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as done:
            code = int(done.code or 0)
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def refused(run: Run) -> Refused:
    """Give a function that runs what must fail, and returns the one line it prints."""

    def refused(*arguments: object) -> str:
        code, out, err = run(*arguments)
        assert (code, out) == (1, ""), err
        assert err.startswith("error: ")
        assert err.endswith("\n")
        assert err.count("\n") == 1
        return err[len("error: ") : -1]

    return refused


def here() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


# --- drum -------------------------------------------------------------------------------------


def test_drum_without_a_word_writes_a_thousand_notes(run: Run) -> None:
    code, out, err = run("drum")
    assert code == 0
    assert here() == ["drums.mid"]
    played = midi.read_events("drums.mid")
    assert len(played) == 1000
    assert played.qpm == 96
    assert out == f"{quantise(played).pattern.first(2)}\n"
    # and the seed it reports plays it again
    assert err.startswith("drums.mid: 1,000 notes, ")
    seed = err.split()[-1]
    assert run("drum", "--seed", seed, "-o", "again.mid").code == 0
    assert Path("again.mid").read_bytes() == Path("drums.mid").read_bytes()


@pytest.mark.parametrize(
    ("length", "check"),
    [
        (["-n", 12], lambda played: len(played) == 12),
        (["--notes", 1], lambda played: len(played) == 1),
        (["--bars", 2.5], lambda played: 2.5 * 1920 - 240 <= played.onsets[-1] < 2.5 * 1920),
        (["--seconds", 5], lambda played: 5 - 60 / 192 <= played.seconds()[-1] < 5),
    ],
)
def test_drum_as_long_as_asked(
    run: Run, length: list[object], check: Callable[[Events], bool]
) -> None:
    assert run("drum", *length, "--seed", 1).code == 0
    assert check(midi.read_events("drums.mid"))


def test_drum_to_several_files_at_once(run: Run) -> None:
    outputs = ["a.mid", "b.MIDI", "c.json", "d.wav"]
    code, _, err = run(
        "drum", "-n", 9, "--seed", 7, "--qpm", 60, *(x for path in outputs for x in ("-o", path))
    )
    assert code == 0
    assert here() == outputs
    assert [line.split(":")[0] for line in err.splitlines()] == outputs
    assert all(line.endswith(" at 60 qpm, seed 7") for line in err.splitlines())
    played = midi.read_events("a.mid")
    assert len(played) == 9
    assert Path("a.mid").read_bytes() == Path("b.MIDI").read_bytes()
    pattern = Pattern.from_json(Path("c.json").read_text())
    assert (pattern.hits == quantise(played).pattern.hits).all()
    with wave.open("d.wav") as sound:
        assert sound.getnframes() / 44_100 > played.seconds()[-1]


def test_drum_several_pieces(run: Run) -> None:
    assert run("drum", "-n", 20, "--count", 3, "--seed", 5, "-o", "my.set.mid").code == 0
    assert here() == ["my.set-1.mid", "my.set-2.mid", "my.set-3.mid"]
    contents = [Path(name).read_bytes() for name in here()]
    assert len(set(contents)) == 3
    # each is what its own seed plays alone
    assert run("drum", "-n", 20, "--seed", 7, "-o", "alone.mid").code == 0
    assert Path("alone.mid").read_bytes() == contents[2]


def test_drum_differs_every_time(run: Run) -> None:
    for name in ("a.mid", "b.mid"):
        run("drum", "-n", 50, "-o", name)
    assert Path("a.mid").read_bytes() != Path("b.mid").read_bytes()


def test_drum_at_temperature_0_repeats_itself(run: Run) -> None:
    for name in ("a.mid", "b.mid"):
        assert run("drum", "-n", 50, "--seed", 3, "--temperature", 0, "-o", name).code == 0
    assert Path("a.mid").read_bytes() == Path("b.mid").read_bytes()
    run("drum", "-n", 50, "--seed", 3, "-o", "warm.mid")
    assert Path("a.mid").read_bytes() != Path("warm.mid").read_bytes()


def test_drum_like_a_monkey(run: Run) -> None:
    for name, option in [("a.mid", "--random"), ("b.mid", "--random"), ("c.mid", "--qpm=96")]:
        assert run("drum", "-n", 300, "--seed", 3, option, "-o", name).code == 0
    assert Path("a.mid").read_bytes() == Path("b.mid").read_bytes()
    assert Path("a.mid").read_bytes() != Path("c.mid").read_bytes()
    monkey = midi.read_events("a.mid")
    assert set(monkey.ticks.tolist()) == set(VOCABULARY.ticks)
    assert run("drum", "--bars", 2, "--random", "--qpm", 30.5).code == 0
    assert midi.read_events("drums.mid").qpm == pytest.approx(30.5, rel=1e-5)


def test_drum_with_another_model_in_an_odd_place(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "Trömmel 🥁 'n more"
    folder.mkdir()
    model = write_drummer(folder / "mödel", layers=2, document={"encoding": {"qpm": 200}})
    code, _, err = run("drum", "-n", 5, "--model", model, "-o", folder / "überall.mid")
    assert code == 0
    assert "überall.mid: 5 notes" in err
    assert midi.read_events(folder / "überall.mid").qpm == 200


def test_drum_replaces_what_is_there(run: Run) -> None:
    Path("drums.mid").write_text("old")
    assert run("drum", "-n", 5).code == 0
    assert len(midi.read_events("drums.mid")) == 5


def test_drum_shows_the_start_of_what_no_grid_could_hold(run: Run, tmp_path: Path) -> None:
    slow = paradiddle.Vocabulary((36,), (0, 1920 * 5000))
    model = write_drummer(tmp_path / "slow", slow)
    code, out, _ = run("drum", "-n", 60, "--seed", 0, "--model", model)
    assert code == 0
    played = Drummer.load(model).play(Length(notes=60), seed=0)
    with pytest.raises(InvalidValueError, match=r"a grid of \d+ steps is too long"):
        quantise(played)
    assert played.ticks[0] == 0
    assert out.splitlines()[0] == "kick          |x... .... .... ....|"


def test_drum_too_short_for_a_note(run: Run, tmp_path: Path) -> None:
    model = write_drummer(tmp_path / "late", paradiddle.Vocabulary((36,), (480,)))
    code, out, err = run("drum", "--bars", 0.1, "--seed", 1, "--model", model)
    assert (code, err) == (0, "drums.mid: 0 notes, 0:00 at 120 qpm, seed 1\n")
    assert out.splitlines()[0] == "kick          ||"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", -1], "seed must be in [0, 2**63), got -1; leave it out"),
        (
            ["--seed", 2**63 - 1, "--count", 2],
            "seed must be in [0, 2**63), got 9223372036854775808",
        ),
        (["--temperature", -1], "temperature must be at least 0, got -1; 0 always plays"),
        (["--temperature", "nan"], "temperature must be at least 0, got nan"),
        (["--temperature", "inf"], "temperature must be in [0, 100], got inf"),
        (["--top-p", 0], "top_p must be in [1e-06, 1], got 0; 1 draws among all"),
        (["--state-scale", -1], "state_scale must be in [0, 100], got -1; try 0.1"),
        (["--qpm", 0], "qpm must be in [3.58, 60000000], got 0.0; try 120"),
        (["--qpm", "inf", "--seconds", 1], "qpm must be in [3.58, 60000000], got inf"),
        (["--qpm", "inf", "--seconds", 1, "--random"], "qpm must be in [3.58, 60000000], got inf"),
        (["--count", 0], "count must be in [1, 10000], got 0; ask for a few"),
        (["--count", 10**30], "count must be in [1, 10000], got 1000000000"),
        (["-n", 0], "notes must be in [1, 1000000], got 0"),
        (["-n", 10**18], "notes must be in [1, 1000000], got 1000000000000000000"),
        (["--bars", "nan"], "bars must be in [0.01, 100000], got nan"),
        (["--seconds", -5], "seconds must be in [0.01, 7200], got -5"),
        (["--bars", 1, "--seconds", 5], "give one of notes, bars or seconds, got bars, seconds"),
        (["-n", 5, "--bars", 1], "give one of notes, bars or seconds, got notes, bars"),
        (["-o", "drums.doc"], "cannot write drums.doc; its name must end in .mid, "),
        (["-o", "a.mid", "-o", "-"], "cannot write -; its name must end in .mid, "),
        (["--model", "nowhere"], "no model file at nowhere; check the path"),
        (["--model", "."], "no model file at .; check the path"),
        (["--soundfont", "my.sf2"], "--soundfont my.sf2 changes sound, and no output is sound"),
        (["-o", "a.wav", "--soundfont", "no.sf2"], "cannot read the SoundFont no.sf2: No such"),
    ],
)
def test_drum_refuses(refused: Refused, arguments: list[object], message: str) -> None:
    assert refused("drum", *arguments).startswith(message)
    assert here() == []


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("folder.mid", "it is a folder; name a file inside it"),
        ("nowhere/drums.mid", "the folder nowhere does not exist; create it first"),
        ("file.mid/drums.mid", "file.mid is not a folder; choose another place"),
        ("nowhere/drums.wav", "the folder nowhere does not exist; create it first"),
        ("nowhere/drums.json", "the folder nowhere does not exist; create it first"),
        ("x" * 300 + ".mid", "the name is too long; choose a shorter one"),
    ],
)
def test_drum_where_nothing_can_be_written(refused: Refused, output: str, message: str) -> None:
    Path("folder.mid").mkdir()
    Path("file.mid").write_text("mine")
    assert refused("drum", "-n", 5, "-o", output) == f"cannot write {output}: {message}"
    assert here() == ["file.mid", "folder.mid"]
    assert Path("file.mid").read_text() == "mine"


def test_drum_with_a_model_cut_short(refused: Refused, tmp_path: Path) -> None:
    Path("cut").write_bytes((tmp_path / "shipped.safetensors").read_bytes()[:-1])
    message = refused("drum", "--model", "cut")
    assert message.startswith("cut is no model file, or damaged (")
    assert message.endswith("; train, download or copy it again")


@pytest.mark.parametrize("output", ["drums.mid", "drums.json"])
def test_drum_onto_a_full_disk(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    def full(path: Path, *_: object, **__: object) -> int:
        with path.open("wb") as file:
            file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(Path, "write_text", full)
    assert refused("drum", "-n", 5, "-o", output) == (
        f"cannot write {output}: the disk is full; free some space or write elsewhere"
    )
    assert here() == []


# --- play -------------------------------------------------------------------------------------


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lengths in samples of what went to the sound card."""
    lengths: list[int] = []

    def play(sound: np.ndarray, sample_rate: int) -> None:
        assert sample_rate == 48_000
        lengths.append(len(sound))

    monkeypatch.setattr("paradiddle.audio.card_rate", lambda: 48_000)
    monkeypatch.setattr("paradiddle.audio.play", play)
    return lengths


def test_play_midi_and_patterns(run: Run, heard: list[int]) -> None:
    run("drum", "-n", 9, "--seed", 1, "--qpm", 120, "-o", "a.mid", "-o", "a.JSON")
    for name in ("a.mid", "a.JSON"):
        assert run("play", name) == (0, "", "")
    assert len(heard) == 2
    assert min(heard) > 48_000 * midi.read_events("a.mid").seconds()[-1]


def test_play_follows_every_tempo(run: Run, heard: list[int]) -> None:
    # a minute at 1 quarter a second, though the first tempo is 300
    midi.write("a.mid", Events([36, 36], [0, 480 * 60], qpm=300))
    data = Path("a.mid").read_bytes()
    faster, slower = (b"\xff\x51\x03" + (us).to_bytes(3) for us in (200_000, 1_000_000))
    assert faster in data
    where = data.index(faster) + len(faster)
    size = int.from_bytes(data[18:22]) + len(slower) + 1
    data = data[:18] + size.to_bytes(4) + data[22:where] + b"\x00" + slower + data[where:]
    Path("a.mid").write_bytes(data)
    assert run("play", "a.mid").code == 0
    assert 60 < heard[0] / 48_000 < 62


def test_a_piece_of_several_can_be_played_alone(run: Run) -> None:
    assert run("drum", "--seed", 4, "--count", 3, "-n", 500, "-o", "take.mid").code == 0
    assert run("drum", "--seed", 6, "-n", 500, "-o", "alone.mid").code == 0
    assert Path("take-3.mid").read_bytes() == Path("alone.mid").read_bytes()


def test_play_another_channel(run: Run, refused: Refused, heard: list[int]) -> None:
    midi.write("a.mid", Events([36], [0]))
    assert run("play", "a.mid", "--channel", "all").code == 0
    assert len(heard) == 1
    assert refused("play", "a.mid", "--channel", 3).startswith(
        "a.mid: no drums: nothing on channel 3, notes on channel 10; name one with --channel"
    )
    assert refused("play", "a.mid", "--channel", "99") == (
        "channel must be 1 to 16 or 'all', got '99'; drums have 10"
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.mid", b"hello", "a.mid: not a Standard MIDI File: it starts with 'hell', not 'MThd'"),
        ("a.txt", b"", "a.txt: the file is empty"),
        ("a.mid", b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 1]), "a.mid: "),
        ("a.json", b"hello", "a.json: not a pattern in JSON: Expecting value"),
        ("a.json", b"\xff\xfe\x00\x80", "a.json: not a pattern in JSON: Expecting value"),
        ("a.json", b"[]", "a.json: not a pattern in JSON: "),
        ("a.json", b"{}", "a.json: not a pattern in JSON: KeyError: 'format'"),
    ],
)
def test_play_what_is_no_music(
    refused: Refused, heard: list[int], name: str, content: bytes, message: str
) -> None:
    Path(name).write_bytes(content)
    assert refused("play", name).startswith(message)
    assert heard == []


def test_play_what_is_not_there(refused: Refused) -> None:
    assert refused("play", "nowhere.mid") == "nowhere.mid: No such file or directory"
    assert refused("play", "nowhere.json") == "nowhere.json: No such file or directory"
    assert refused("play", ".") == ".: Is a directory"


def test_play_without_a_sound_card(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    class PortAudioError(Exception):
        pass

    def query(**_: object) -> None:
        raise PortAudioError("Error querying device -1")

    card = types.SimpleNamespace(query_devices=query, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", card)  # type: ignore[arg-type]
    midi.write("a.mid", Events([36], [0]))
    assert refused("play", "a.mid") == (
        "cannot play sound: Error querying device -1; is a sound card there? Play to a MIDI port"
        " instead, with --port or --virtual, or write a file, such as beat.wav"
    )
    monkeypatch.setitem(sys.modules, "sounddevice", None)  # type: ignore[arg-type]
    assert refused("play", "a.mid").endswith("in a checkout: pip install '.[audio]'")


# --- export and import ------------------------------------------------------------------------


def test_export_and_import(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "shipped.safetensors"
    code, _, err = run("export", "bin", model, "-o", "out/here")
    assert code == 0
    # 10 values in three fields, 8 units: 19 x 32 and 9 x 10 float32
    assert err.splitlines()[:2] == ["out/here/Wx.bin: 2,432 bytes", "out/here/Wy.bin: 360 bytes"]
    code, _, err = run("import-bin", "out/here", "-o", "again.safetensors")
    assert (code, err) == (0, "again.safetensors: 8 units, (3, 4, 3) values, 698 parameters\n")
    for name, source in (("a.mid", model), ("b.mid", "again.safetensors")):
        run("drum", "-n", 30, "--seed", 1, "--model", source, "-o", name)
    assert Path("a.mid").read_bytes() == Path("b.mid").read_bytes()


def test_import_two_bare_matrices(run: Run, refused: Refused, tmp_path: Path) -> None:
    classic = paradiddle.Vocabulary(VOCABULARY.notes, VOCABULARY.ticks)
    run("export", "bin", write_drummer(tmp_path / "classic", classic), "-o", ".")
    Path("ticks.json").write_text(json.dumps(classic.ticks))
    tables = "--notes", "36,38,42", "--ticks", "ticks.json"
    assert run("import-bin", "Wx.bin", "Wy.bin", *tables, "-o", "model").code == 0
    assert run("drum", "-n", 5, "--model", "model").code == 0
    assert refused("import-bin", "Wx.bin", "Wy.bin", *tables[:2], "-o", "other") == (
        "two bare matrices need their tables: give notes and ticks"
    )
    assert refused("import-bin", "Wx.bin", "Wy.bin", *tables[:3], "0,1", "-o", "other").startswith(
        "Wx.bin has 2,048 bytes, which fits no number of units with 5 inputs; check the tables"
    )
    assert refused("import-bin", "Wx.bin", "Wy.bin", *tables[:3], "0;1", "-o", "x").startswith(
        "not a table of whole numbers: '0;1'; give "
    )
    assert refused("import-bin", "nowhere", "-o", "other").startswith("give a folder, or Wx.bin")
    assert refused("import-bin", ".", "-o", "nowhere/model").startswith("cannot write nowhere/")
    assert not Path("other").exists()


# --- evaluate ---------------------------------------------------------------------------------


@pytest.fixture
def corpus(midi_folder: Path) -> Path:
    midi.write(midi_folder / "more" / "short.mid", Events([36, 38], [0, 480]))
    (midi_folder / "info.csv").write_text(INDEX)
    return midi_folder


@pytest.fixture
def learned(corpus: Path, tmp_path: Path) -> Drummer:
    """A drummer whose file says that it learned the train split."""
    recipe = Recipe(Filter(split="train"), max_events=2)
    training = {"sequence": recipe.to_dict(), "events": len(recipe.build(scan(corpus)))}
    return tiny_drummer(tmp_path, document={"training": training})


@pytest.mark.usefixtures("learned")
def test_evaluate_prints_nothing_but_json(
    run: Run, corpus: Path, tmp_path: Path, learned: Drummer
) -> None:
    code, out, err = run(
        "evaluate", "drummer", corpus, "--model", tmp_path / "tiny.safetensors", "--json"
    )
    assert (code, err) == (0, "")
    report = json.loads(out)
    for split, found in [("train", report), *((s, report[s]) for s in ("validation", "test"))]:
        events = Recipe(Filter(split=split)).build(scan(corpus))
        expected = teacher_forced(learned, VOCABULARY.encode(events)).to_dict()
        assert {key: found[key] for key in expected} == expected
        assert found["unknown_events"] == VOCABULARY.unknown(events)
    assert (report["split"], report["events"]) == ("train", 7)
    assert report["generated"].keys() == {"bars", "verbatim_bars", "longest_run"}
    assert report["generated"]["bars"] > 100


@pytest.mark.usefixtures("learned")
def test_evaluate_prints_a_table(run: Run, corpus: Path, tmp_path: Path) -> None:
    code, out, err = run("evaluate", "drummer", corpus, "--model", tmp_path / "tiny.safetensors")
    assert (code, err) == (0, "")
    rows = [line.split()[:2] for line in out.splitlines()]
    assert rows[:4] == [["split", "events"], ["train", "7"], ["validation", "2"], ["test", "5"]]
    assert "bars stand verbatim in the training files; longest verbatim run" in out


def test_evaluate_one_split(run: Run, corpus: Path) -> None:
    code, out, err = run("evaluate", "drummer", corpus, "--split", "test", "--json")
    report = json.loads(out)
    assert (code, report["split"], report["events"]) == (0, "test", 5)
    assert "validation" not in report
    assert err == "the model does not say what it learned from; taking every file as it is\n"


def test_evaluate_on_other_files_than_it_learned(run: Run, corpus: Path, tmp_path: Path) -> None:
    training = {"sequence": Recipe().to_dict(), "fingerprint": "of other files"}
    model = write_drummer(tmp_path / "model", document={"training": training})
    code, _, err = run("evaluate", "drummer", corpus, "--model", model)
    assert code == 0
    assert err.startswith("these are not the files that the model learned from")


def test_evaluate_refuses(refused: Refused, corpus: Path, tmp_path: Path) -> None:
    assert refused("evaluate", "drummer", "nowhere").startswith("no such file or folder: nowhere;")
    Path("empty").mkdir()
    assert refused("evaluate", "drummer", "empty").startswith("no MIDI files (")
    model = write_drummer(tmp_path / "model")
    file = weights.read(model, "drummer")
    file.document["training"] = {"sequence": {"wanted": 3}}
    weights.write(model, "drummer", file.document, file.tensors)
    message = refused("evaluate", "drummer", corpus, "--model", model)
    assert "not a recipe: TypeError" in message


def test_evaluate_a_split_that_is_not_there(run: Run, corpus: Path) -> None:
    code, _, err = run("evaluate", "drummer", corpus, "--split", "foo")
    assert code == 1
    assert err.splitlines()[-1].startswith("error: none of the 4 files in ")
    assert "passes --split foo; see what there is with: " in err


# --- the command line itself ------------------------------------------------------------------


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"{paradiddle.__version__}\n", "")


@pytest.mark.parametrize(
    "command",
    ["", "drum", "play", "export", "export bin", "import-bin", "train drummer", "evaluate drummer"],
)
def test_help(run: Run, command: str) -> None:
    code, out, err = run(*command.split(), "--help")
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    assert text.startswith("Usage: ")
    assert f" {command} [OPTIONS]".replace("  ", " ") in text


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "nothing",
        "--nothing",
        "drum extra",
        "drum -n many",
        "drum --seed 1.5",
        "drum --temperature hot",
        "drum -o",
        "play",
        "export",
        "export bin x",
        "import-bin -o x",
        "evaluate drummer",
    ],
)
def test_usage_errors(run: Run, arguments: str) -> None:
    code, out, err = run(*arguments.split())
    assert code == 2
    assert "Usage: " in out + err or "Error" in err
    assert "Traceback" not in out + err
    assert here() == []


# --- in a process of its own ------------------------------------------------------------------


def shell(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-m", "paradiddle", *map(str, arguments)],
        text=True,
        timeout=180,
        check=False,
        **options,
    )


def test_a_process_from_end_to_end(tmp_path: Path) -> None:
    model = tmp_path / "shipped.safetensors"
    done = shell("drum", "-n", 20, "--seed", 1, "--model", model)
    assert (done.returncode, done.stderr[:21]) == (0, "drums.mid: 20 notes, ")
    played = Drummer.load(model).play(Length(notes=20), seed=1)
    assert Path("drums.mid").read_bytes() == midi.to_bytes(played)
    assert done.stdout == f"{quantise(played).pattern.first(2)}\n"


def test_a_process_that_fails_says_so_in_one_line() -> None:
    done = shell("drum", "--model", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: no model file at nowhere; check the path\n"


def test_drumming_loads_nothing_heavy(tmp_path: Path) -> None:
    arguments = [
        "drum",
        "-n",
        "1000",
        "-o",
        "x.mid",
        "--model",
        str(tmp_path / "shipped.safetensors"),
    ]
    code = f"""
import runpy
sys.argv = ["paradiddle", *{arguments!r}]
try:
    runpy.run_module("paradiddle", run_name="__main__")
except SystemExit as done:
    assert not done.code
assert "paradiddle.drummer" in sys.modules
"""
    assert loaded_by(code, HEAVY) == []
    assert len(midi.read_events("x.mid")) == 1000


def test_a_reader_that_has_had_enough(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = shell("drum", "-n", 5, "--model", tmp_path / "shipped.safetensors", stdout=writing)
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert done.stderr.startswith("drums.mid: 5 notes, ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_nothing_takes(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = shell("drum", "-n", 5, "--model", tmp_path / "shipped.safetensors", stdout=full)
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == ["error: input/output: No space left on device"]
