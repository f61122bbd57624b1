import json
from pathlib import Path

import mido
import numpy as np
import pytest
from conftest import DrumFile
from latents import write_latent
from machines import QPM, STYLES, groove_of, write_machine
from test_imports import HEAVY, loaded_by
from typer.testing import CliRunner, Result

from paradiddle.cli import app
from paradiddle.drums import VOICE_NAMES, VOICES
from paradiddle.errors import ParadiddleError
from paradiddle.kit_maps import kit_pitches
from paradiddle.latent import Latent
from paradiddle.machine import Machine
from paradiddle.midi import read_pattern, write
from paradiddle.pattern import Pattern

PATTERN = groove_of(2, seed=4, qpm=93)
ANSWERS = {
    "continue": "continued",
    "fill": "filled",
    "humanize": "humanized",
    "tap": "tapped",
}


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a pattern, and tiny models that come along."""
    machine, latent = write_machine(tmp_path / "machine"), write_latent(tmp_path / "latent")
    monkeypatch.setattr("paradiddle.machine.DEFAULT_MACHINE", machine)
    monkeypatch.setattr("paradiddle.latent.DEFAULT_LATENT", latent)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("in.json").write_text(PATTERN.to_json())


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run(*arguments: object) -> Result:
    result = invoke(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def refused(*arguments: object) -> str:
    """Run what must fail with one line and without a file, and return that line."""
    before = sorted(Path().iterdir())
    error = invoke(*arguments).exception
    assert isinstance(error, ParadiddleError), repr(error)
    assert "\n" not in str(error)
    assert sorted(Path().iterdir()) == before
    return str(error)


def read(name: str) -> Pattern:
    return Pattern.from_json(Path(name).read_text())


# --- generate -------------------------------------------------------------------------------------


def test_generate_without_a_word_writes_four_bars_and_says_the_seed() -> None:
    told = run("generate")
    assert mido.MidiFile("generated.mid").length == pytest.approx(4 * 4 * 60 / 120)
    assert told.stdout.count("kick  ") == 2  # two bars side by side
    assert told.stdout.splitlines()[0].count("|") == 3
    assert told.stderr.startswith("generated.mid: 4 bars, ")
    seed = int(told.stderr.split("seed ")[1])
    run("generate", "--seed", seed, "-o", "again.mid")
    assert Path("again.mid").read_bytes() == Path("generated.mid").read_bytes()


def test_generate_passes_on_all_that_is_wished_for() -> None:
    run(
        *("generate", "--style", "funk:0.7,jazz:0.3", "--bars", 3, "--qpm", 88, "--density", 2),
        *("--temperature", 0.5, "--beat-type", "fill", "--seed", 7, "-o", "a.json", "-o", "b.mid"),
    )
    [expected] = Machine.load().generate(
        *({"funk": 0.7, "jazz": 0.3}, 3, 88),
        temperature=0.5,
        density=2,
        beat_type="fill",
        seed=7,
    )
    assert read("a.json") == expected
    assert mido.MidiFile("b.mid").length > 0


def test_any_beat_type_is_none() -> None:
    run("generate", "--beat-type", "any", "--seed", 1, "-o", "any.json")
    assert read("any.json") == Machine.load().generate(beat_type=None, seed=1)[0]


def test_several_pieces_are_numbered_and_each_has_its_seed() -> None:
    told = run("generate", "--count", 3, "--seed", 5, "-o", "a.json", "-o", "a.mid").stderr
    assert told.count("\n") == 6
    for number in (1, 2, 3):
        line = next(line for line in told.splitlines() if line.startswith(f"a-{number}.json"))
        assert line.endswith(f"seed {4 + number}")
        run("generate", "--seed", 4 + number, "-o", "alone.json")
        assert read(f"a-{number}.json") == read("alone.json")


def test_what_is_long_is_drawn_in_part() -> None:
    assert "more bars" not in run("generate", "--bars", 8).stdout
    told = run("generate", "--bars", 11, "--seed", 3, "-o", "a.json").stdout
    assert told == f"{read('a.json').first(4)}\n\nand 7 more bars\n"


def test_another_model(tmp_path: Path) -> None:
    own = dict(zip(("polka", "schottisch", "waltz"), (110.0, 96.0, 180.0), strict=True))
    model = write_machine(tmp_path / "mine", styles=list(own), qpm=own)
    told = run("generate", "--model", model, "--style", "schottisch", "--seed", 1).stderr
    assert "96 qpm, seed 1" in told
    assert run("styles", "--model", model).stdout.split()[::3] == list(own)


def test_generate_via_latent() -> None:
    run(
        *("generate", "--via", "latent", "--style", "funk", "--bars", 2, "--qpm", 111),
        *("--temperature", 0.5, "--count", 2, "--seed", 3, "-o", "a.json"),
    )
    pieces = Latent.load().generate("funk", 2, 111, 0.5, 2, 3)
    assert [read("a-1.json"), read("a-2.json")] == pieces


def test_styles_have_their_usual_tempo() -> None:
    lines = run("styles").stdout.splitlines()
    assert [line.split() for line in lines] == [[name, f"{QPM[name]:g}", "qpm"] for name in STYLES]


# --- playing from a file --------------------------------------------------------------------------


def test_continue_keeps_what_was_there() -> None:
    run("continue", "in.json", "--bars", 3, "--style", "jazz", "--seed", 2, "-o", "out.json")
    assert read("out.json") == Machine.load().continue_(PATTERN, 3, "jazz", seed=2)
    assert read("out.json").first(2) == PATTERN


def test_fill_keeps_what_is_named() -> None:
    keep = ("--keep", "kick, snare in bar 1", "--keep", "step 32")
    run("fill", "in.json", *keep, "--seed", 2, "-o", "out.json")
    filled = read("out.json")
    assert filled == Machine.load().fill(PATTERN, ["kick", "snare in bar 1", "step 32"], seed=2)
    assert (filled.velocities[:, 0] == PATTERN.velocities[:, 0]).all()


def test_fill_keeps_nothing_by_default() -> None:
    run("fill", "in.json", "--seed", 2, "-o", "out.json")
    assert read("out.json") == Machine.load().fill(PATTERN, seed=2)


def test_humanize_by_some_amount() -> None:
    run("humanize", "in.json", "--amount", 0.5, "--seed", 2, "-o", "out.json")
    assert read("out.json") == Machine.load().humanize(PATTERN, 0.5, seed=2)


def test_tap_at_another_tempo() -> None:
    run("tap", "in.json", "--qpm", 77, "--density", 3, "--seed", 2, "-o", "out.json")
    assert read("out.json") == Machine.load().tap(PATTERN, qpm=77, density=3, seed=2)


@pytest.mark.parametrize("command", ANSWERS)
def test_midi_is_read_and_written_by_default(command: str) -> None:
    write("in.mid", PATTERN)
    told = run(command, "in.mid", "--seed", 1).stderr
    assert f"{ANSWERS[command]}.mid: " in told
    assert read_pattern(f"{ANSWERS[command]}.mid").pattern.qpm == pytest.approx(93, abs=0.01)


@pytest.mark.parametrize("command", ANSWERS)
def test_several_answers_to_one_file(command: str) -> None:
    told = run(command, "in.json", "--count", 2, "--seed", 8, "-o", "out.json").stderr
    assert [line[-6:] for line in told.splitlines()] == ["seed 8", "seed 9"]
    run(command, "in.json", "--seed", 9, "-o", "alone.json")
    assert read("out-2.json") == read("alone.json") != read("out-1.json")


def test_what_the_grid_could_not_hold_is_said(drum_file: DrumFile) -> None:
    drum_file(Path("flam.mid"), [(0, 36, 90), (470, 38, 40), (480, 38, 90), (490, 20, 9)])
    told = run("continue", "flam.mid").stderr
    assert "1 hits collided with another of the same drum" in told
    assert "1 notes are no drum of ours" in told


def test_drums_on_another_channel(drum_file: DrumFile) -> None:
    drum_file(Path("in.mid"), [(0, 36, 90), (480, 90, 90)], channel=3)
    message = refused("continue", "in.mid")
    assert message.startswith(
        "in.mid: no drums: nothing on channel 10, notes on channel 3; name on"
    )
    run("continue", "in.mid", "--channel", 3)


# --- what is written ------------------------------------------------------------------------------


def hits_of(path: str) -> list[tuple[int, int, int]]:
    """Tick, pitch and velocity of every note-on, as mido reads them."""
    now, found = 0, []
    [track] = mido.MidiFile(path).tracks
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity:
            assert message.channel == 9
            found.append((now, message.note, message.velocity))
    return found


def test_midi_has_tempo_metre_and_the_timing_of_every_hit() -> None:
    run("humanize", "in.json", "--qpm", 96.5, "--seed", 1, "-o", "out.mid", "-o", "out.json")
    file = mido.MidiFile("out.mid")
    [tempo] = [message for message in file.tracks[0] if message.type == "set_tempo"]
    [metre] = [message for message in file.tracks[0] if message.type == "time_signature"]
    assert mido.tempo2bpm(tempo.tempo) == pytest.approx(96.5, rel=1e-5)
    assert (metre.numerator, metre.denominator) == (4, 4)
    assert file.ticks_per_beat == 480
    assert file.length == pytest.approx(2 * 4 * 60 / 96.5, rel=1e-5)
    human = read("out.json")
    steps, voices = np.nonzero(human.hits)
    ticks = np.maximum((steps + human.offsets[steps, voices]) * 120, 0)
    velocities = human.velocities[steps, voices] * 127
    expected = sorted(
        zip(ticks, [VOICES[voice].pitch for voice in voices], velocities, strict=True),
        key=lambda hit: (hit[1], hit[0]),
    )
    found = sorted(hits_of("out.mid"), key=lambda hit: (hit[1], hit[0]))
    assert [hit[1] for hit in found] == [hit[1] for hit in expected]
    assert np.abs(np.array(found)[:, 0] - [hit[0] for hit in expected]).max() <= 1
    assert np.abs(np.array(found)[:, 2] - [hit[2] for hit in expected]).max() <= 1
    assert len({tick % 120 for tick, _, _ in found}) > 5


@pytest.mark.parametrize(
    "arguments",
    [
        ("generate", "--bars", 2),
        ("continue", "in.json"),
        ("fill", "in.json"),
        ("humanize", "in.json"),
        ("tap", "in.json"),
        ("vary", "in.json", "--amount", 1),
        ("morph", "in.json", "other.json", "--count", 2),
        ("drum", "--bars", 2),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_kit_map_changes_pitches_alone(arguments: tuple[object, ...]) -> None:
    Path("other.json").write_text(groove_of(2, seed=5).to_json())
    Path("mine.json").write_text(json.dumps(dict(zip(VOICE_NAMES, range(60, 69), strict=True))))
    seed = () if arguments[0] == "morph" else ("--seed", 3)
    name = "-1" if arguments[0] == "morph" else ""
    for kit in ("gm", "roland-td", "mine.json"):
        run(*arguments, *seed, "--kit-map", kit, "-o", f"{kit}.mid")
    plain = hits_of(f"gm{name}.mid")
    for kit in ("roland-td", "mine.json"):
        voices = dict(zip(kit_pitches("gm"), kit_pitches(kit), strict=True))
        mapped = [(tick, voices[pitch], velocity) for tick, pitch, velocity in plain]
        assert sorted(hits_of(f"{kit}{name}.mid")) == sorted(mapped)


def test_sound_needs_no_kit_map() -> None:
    run("fill", "in.json", "--seed", 1, "-o", "a.wav", "-o", "a.mid", "--kit-map", "yamaha-dtx")
    run("fill", "in.json", "--seed", 1, "-o", "b.wav")
    assert Path("a.wav").read_bytes() == Path("b.wav").read_bytes()


# --- what makes no sense --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--style", "fnk"], "unknown style 'fnk'; did you mean funk?"),
        (["--style", "funk:1,jaz:1"], "unknown style 'jaz'; did you mean jazz?"),
        (["--style", "funk:x"], "the share of style 'funk' must be a number, got 'x'; write funk:"),
        (["--style", "funk:nan"], "the share of style 'funk' must be a number from 0 up, got nan"),
        (["--style", "funk:1,funk:2"], "style 'funk' is named twice in 'funk:1,funk:2'"),
        (["--style", "funk,"], "unknown style ''; the model knows"),
        (["--bars", 0], "bars must be a whole number in [1, 4096], got 0; ask for a few bars"),
        (["--bars", 10_000], "bars must be a whole number in [1, 4096], got 10000"),
        (["--density", -1], "density must be in [0, 9], got -1"),
        (["--density", "nan"], "density must be in [0, 9], got nan"),
        (["--temperature", 0], "temperature must be in [0.1, 10], got 0"),
        (["--temperature", 100], "temperature must be in [0.1, 10], got 100"),
        (["--temperature", "nan"], "temperature must be in [0.1, 10], got nan"),
        (["--qpm", "nan"], "qpm must be in [3.58, 60000000], got nan"),
        (["--qpm", 0], "qpm must be in [3.58, 60000000], got 0"),
        (["--beat-type", "groove"], "beat_type must be beat or fill, got 'groove'"),
        (
            ["--count", 0],
            "count must be a whole number in [1, 10000], got 0; ask for a few patterns",
        ),
        (["--count", 10**30], "count must be a whole number in [1, 10000], got 1000000"),
        (["--seed", -1], "seed must be in [0, 2**63), got -1"),
        (
            ["--seed", 2**63 - 1, "--count", 2],
            "seed must be in [0, 2**63), got 9223372036854775808",
        ),
        (["--model", "nowhere"], "no model file at nowhere; check the path"),
        (["-o", "x.doc"], "cannot write x.doc; its name must end in .mid"),
        (["-o", "folder/x.mid"], "cannot write folder/x.mid: the folder folder does not exist"),
        (["--soundfont", "my.sf2"], "--soundfont my.sf2 changes sound, and no output is sound"),
        (["--kit-map", "rolnd"], "unknown kit map 'rolnd'; did you mean roland-td?"),
        (
            ["--kit-map", "gm", "-o", "x.wav"],
            "--kit-map gm changes MIDI files, and no output is on",
        ),
        (["--via", "magic"], "--via must be machine or latent, got 'magic'"),
    ],
)
def test_generate_refuses(arguments: list[object], message: str) -> None:
    assert refused("generate", *arguments).startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--density", 2], "--density 2.0 means nothing to the latent model; leave it out, or use"),
        (["--beat-type", "beat"], "--beat-type beat means nothing to the latent model; leave it"),
        (["--style", "jaz"], "unknown style 'jaz'; did you mean jazz?"),
        (["--bars", 0], "bars must be"),
        (["--temperature", "nan"], "temperature must be in [0.1, 10], got nan"),
        (["--model", "nowhere"], "no model file at nowhere"),
    ],
)
def test_generate_via_latent_refuses(arguments: list[object], message: str) -> None:
    assert refused("generate", "--via", "latent", *arguments).startswith(message)


@pytest.mark.parametrize("command", ANSWERS)
def test_files_that_hold_no_pattern(command: str, drum_file: DrumFile) -> None:
    hit = json.loads(PATTERN.to_json()) | {"hits": [[0, 0, float("nan"), 0]]}
    Path("nan.json").write_text(json.dumps(hit))
    Path("text.json").write_text("hello")
    Path("text.mid").write_text("hello")
    drum_file(Path("piano.mid"), [(0, 60, 90), (480, 96, 90)], channel=1)
    drum_file(Path("nothing.mid"), [])
    for name, message in [
        (
            "nan.json",
            "nan.json: velocity must be in [0, 1], got nan; divide MIDI velocities by 127",
        ),
        ("text.json", "text.json: not a pattern in JSON: "),
        ("text.mid", "text.mid: "),
        (
            "piano.mid",
            "piano.mid: no drums: nothing on channel 10, notes on channel 1; name one wi",
        ),
        ("nothing.mid", "nothing.mid: no notes in the file"),
    ]:
        assert refused(command, name).startswith(message)
    assert isinstance(invoke(command, "nowhere.mid").exception, OSError)


@pytest.mark.parametrize("command", ANSWERS)
def test_patterns_in_another_metre_or_on_another_grid(command: str, drum_file: DrumFile) -> None:
    drum_file(Path("waltz.mid"), [(0, 36, 90), (480, 38, 90)], metre=(3, 4))
    assert refused(command, "waltz.mid").startswith(
        "waltz.mid: the pattern has 3 quarters a bar, the models"
    )
    hits = np.ones((6, 9), bool)
    Path("triplets.json").write_text(
        Pattern(hits, hits * 0.5, hits * 0.0, steps_per_quarter=6).to_json()
    )
    assert refused(command, "triplets.json").startswith(
        "triplets.json: the pattern has 6 steps a quarter"
    )


@pytest.mark.parametrize("command", ["continue", "humanize", "tap"])
def test_a_file_without_hits(command: str) -> None:
    Path("empty.json").write_text(Pattern.empty(2).to_json())
    assert refused(command, "empty.json").startswith("the pattern has no hits to ")


def test_playing_from_a_file_refuses() -> None:
    for arguments, message in [
        (("fill", "in.json", "--keep", "cowbell"), "no voice is called 'cowbell'; choose one of"),
        (("fill", "in.json", "--keep", "bar 3"), "keep names bar 3, and the pattern has bars 1 to"),
        (("fill", "in.json", "--keep", ""), "keep has an empty word"),
        (("continue", "in.json", "--bars", 0), "bars must be a whole number in [1, 4096], got 0"),
        (("continue", "in.json", "--bars", 4095), "bars must be at most 4096, got 4097"),
        (("humanize", "in.json", "--amount", "nan"), "amount must be in [0, 1], got nan"),
        (("humanize", "in.json", "--amount", 2), "amount must be in [0, 1], got 2"),
        (("tap", "in.json", "--qpm", "nan"), "qpm must be in [3.58, 60000000], got nan"),
        (("tap", "in.json", "--channel", 17), "channel must be 1 to 16 or 'all', got '17'"),
    ]:
        assert refused(*arguments).startswith(message), arguments


@pytest.mark.parametrize(
    "arguments",
    [
        "generate extra",
        "generate --keep kick",
        "generate --channel 10",
        "generate --bars many",
        "generate --bars 2.5",
        "continue",
        "continue in.json --keep kick",
        "fill in.json --bars 4",
        "humanize in.json --density 2",
        "tap in.json --amount 1",
        "styles funk",
    ],
)
def test_usage_errors(arguments: str) -> None:
    result = invoke(*arguments.split())
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_generating_loads_nothing_heavy(tmp_path: Path) -> None:
    code = f"""
import runpy
sys.argv = ["paradiddle", "generate", "-o", "x.mid", "--model", {str(tmp_path / "machine")!r}]
try:
    runpy.run_module("paradiddle", run_name="__main__")
except SystemExit as done:
    assert not done.code
assert "paradiddle.machine" in sys.modules
"""
    heavy = f"{HEAVY} fastapi uvicorn paradiddle.latent paradiddle.drummer"
    assert loaded_by(code, heavy) == []
    assert Path("x.mid").exists()
