"""ONNX graphs: what is in the files, that they compute what we do, and what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from humanizers import write_humanizer
from machines import STYLES, write_machine
from models import CLASSIC, PLACED, VOCABULARY, published_lstm, write_drummer
from numpy.testing import assert_allclose
from onnx_files import SEQUENCE, STEP, props, tables_of
from typer.testing import CliRunner

from paradiddle import __version__
from paradiddle.cli import app
from paradiddle.drummer import DEFAULT_MODEL, Drummer
from paradiddle.drummer_file import read_model
from paradiddle.encoding import Vocabulary
from paradiddle.errors import OutputError
from paradiddle.export_check import TOLERANCE, Proof
from paradiddle.machine import DEFAULT_MACHINE
from paradiddle.onnx_export import export_onnx, onnx_runner

onnx = pytest.importorskip("onnx", reason="needs the export extra")
pytest.importorskip("onnxruntime", reason="needs the export extra")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Proof]:
    """The drummer that comes with the package."""
    return export_onnx(DEFAULT_MODEL, tmp_path_factory.mktemp("shipped"))


# --- the drummer ------------------------------------------------------------------------------


def test_the_shipped_drummer_is_small_and_proved(shipped: dict[Path, Proof]) -> None:
    assert [path.name for path in shipped] == [STEP, SEQUENCE]
    assert all(0 < proof.worst <= TOLERANCE for proof in shipped.values())
    assert all(0 < (proof.strayed or 0) <= TOLERANCE for proof in shipped.values())
    assert sum(path.stat().st_size for path in shipped) <= 2_000_000


@pytest.mark.parametrize("seed", [2, 9, 10])  # 2 and 10 want sums of short parts
def test_a_thousand_steps_on_a_memory_of_its_own(shipped: dict[Path, Proof], seed: int) -> None:
    run, drummer = onnx_runner(next(iter(shipped))), Drummer.load()
    session, stream = drummer.lstm.session(1), drummer.stream(seed=seed)
    h, c = session.h, session.c
    rows = drummer.vocabulary.inputs(np.stack([next(stream) for _ in range(1000)]))
    worst = spread = 0.0
    for row in rows:
        found = run({"event": row[None], "h_in": h, "c_in": c})
        h, c = found["h_out"], found["c_out"]
        for field, ours in zip(drummer.vocabulary.fields, session.step(row[None]), strict=True):
            worst = max(worst, np.abs(found[field] - ours).max())
            spread = max(spread, np.ptp(ours))
    assert worst <= TOLERANCE
    assert spread > 0.5  # or else anything would agree


@pytest.mark.parametrize("name", [STEP, SEQUENCE])
def test_the_files_say_what_an_app_needs(shipped: dict[Path, Proof], name: str) -> None:
    path = next(path for path in shipped if path.name == name)
    model = onnx.load(str(path), load_external_data=False)
    _, vocabulary, _ = read_model(DEFAULT_MODEL)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 17)]
    assert (model.producer_name, model.producer_version) == ("paradiddle", __version__)
    said = {each.key: each.value for each in model.metadata_props}
    assert said["licence"].startswith("weights trained on: Groove MIDI Dataset v1.0.0")
    assert "CC BY 4.0" in said["licence"]
    assert said["version"] == __version__
    tables = json.loads(said["paradiddle"])
    assert tables["notes"] == list(vocabulary.notes)
    assert tables["ticks"] == list(vocabulary.ticks)
    assert tables["velocities"] == list(vocabulary.velocities)
    assert (tables["places"], tables["ticks_per_bar"]) == (96, 1920)
    assert (tables["ticks_per_quarter"], tables["qpm"]) == (480, 105)
    assert tables["fields"] == ["note", "ticks", "velocity", "place"]
    lead = [] if name == STEP else ["time"]
    described = {
        each.name: [size.dim_param or size.dim_value for size in each.type.tensor_type.shape.dim]
        for each in (*model.graph.input, *model.graph.output)
    }
    assert described == {
        "event" if name == STEP else "events": [*lead, "batch", 4],
        "h_in": [1, "batch", 288],
        "c_in": [1, "batch", 288],
        "note": [*lead, "batch", 22],
        "ticks": [*lead, "batch", 98],
        "velocity": [*lead, "batch", 8],
        "h_out": [1, "batch", 288],
        "c_out": [1, "batch", 288],
    }
    assert all(each.doc_string for each in (*model.graph.input, *model.graph.output))


def test_the_step_file_stands_alone_and_lends_its_weights(
    shipped: dict[Path, Proof], tmp_path: Path
) -> None:
    step, sequence = shipped
    alone = Path(shutil.copy(step, tmp_path))
    onnx_runner(alone)
    assert sequence.stat().st_size < 10_000
    stranded = Path(shutil.copy(sequence, tmp_path / "elsewhere.onnx"))
    onnx_runner(stranded)  # beside the step's file
    alone.unlink()
    with pytest.raises(Exception, match=r"drummer-step\.onnx"):
        onnx_runner(stranded)


@pytest.mark.parametrize("file", [STEP, SEQUENCE])
def test_graphs_play_by_the_published_formula(tmp_path: Path, file: str) -> None:
    model = write_drummer(tmp_path / "model", CLASSIC)
    export_onnx(model, tmp_path)
    tensors = read_model(model)[2].tensors
    events = np.random.default_rng(1).integers(0, CLASSIC.sizes, (40, 2))
    expected = list(
        published_lstm(tensors["lstm.0.forward"], tensors["dense"], CLASSIC.sizes, events)
    )
    run, state = onnx_runner(tmp_path / file), np.zeros((2, 1, 1, 8), np.float32)
    if file == SEQUENCE:
        found = run({"events": events[:, None], "h_in": state[0], "c_in": state[1]})
        for field, name in enumerate(CLASSIC.fields):
            assert_allclose(found[name][:, 0], [each[field] for each in expected], atol=1e-5)
        return
    for event, fields in zip(events, expected, strict=True):
        found = run({"event": event[None], "h_in": state[0], "c_in": state[1]})
        state = found["h_out"], found["c_out"]
        assert_allclose(found["note"][0], fields[0], atol=1e-5)
        assert_allclose(found["ticks"][0], fields[1], atol=1e-5)


@pytest.mark.parametrize(
    ("vocabulary", "layers", "bidirectional"),
    [
        (CLASSIC, 1, False),
        (VOCABULARY, 3, False),
        (PLACED, 1, False),
        (CLASSIC, 1, True),
        (PLACED, 2, True),
    ],
)
def test_every_kind_of_drummer(
    tmp_path: Path, vocabulary: Vocabulary, layers: int, bidirectional: bool
) -> None:
    model = write_drummer(
        tmp_path / "model", vocabulary, layers=layers, bidirectional=bidirectional
    )
    written = export_onnx(model, tmp_path / "new" / "folder")
    assert all(proof.worst <= TOLERANCE for proof in written.values())
    # memory in and out, several streams, and the backward half from the end
    lstm = Drummer.load(model).lstm
    events = np.random.default_rng(1).integers(
        0, lstm.shape.input_sizes, (7, 3, len(lstm.shape.input_sizes))
    )
    cells = layers * (1 + bidirectional)
    h, c = np.random.default_rng(2).uniform(-1, 1, (2, cells, 3, 8)).astype(np.float32)
    session = lstm.session(3, h, c)
    logits = lstm.logits(events, session)
    run = onnx_runner(tmp_path / "new" / "folder" / SEQUENCE)
    found = run({"events": events, "h_in": h, "c_in": c})
    assert_allclose(found["h_out"], session.h, atol=1e-5)
    assert_allclose(found["c_out"], session.c, atol=1e-5)
    notes = np.exp(logits[..., :3])
    assert_allclose(found["note"], notes / notes.sum(-1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (2, True)])
def test_the_files_and_the_command_say_what_reads_backwards(
    tmp_path: Path, layers: int, bidirectional: bool
) -> None:
    model = write_drummer(tmp_path / "model", layers=layers, bidirectional=bidirectional)
    told = CliRunner().invoke(app, ["export", "onnx", str(model), "-o", str(tmp_path)]).stderr
    assert ("also reads backwards: it can follow whole sequences, but not play" in told) == (
        bidirectional
    )
    for name in (STEP, SEQUENCE):
        tables = tables_of(tmp_path / name)
        assert (tables["layers"], tables["bidirectional"]) == (layers, bidirectional)


def test_a_file_that_does_not_say_where_it_is_from(tmp_path: Path) -> None:
    export_onnx(write_drummer(tmp_path / "model"), tmp_path)
    said = {each.key: each.value for each in props(tmp_path / STEP)}
    assert said["licence"] == "weights trained on: not stated in the model file"


# --- the drum machine and the humanizer ---------------------------------------------------------


def test_the_drum_machine(tmp_path: Path) -> None:
    written = export_onnx(write_machine(tmp_path / "machine"), tmp_path / "out")
    assert [path.name for path in written] == ["machine-encoder.onnx", "machine-step.onnx"]
    for path, (worst, _) in written.items():
        assert worst <= TOLERANCE
        tables = tables_of(path)
        assert tables["styles"] == list(STYLES)
        assert tables["voices"][:2] == ["kick", "snare"]
        assert tables["qpm"]["jazz"] == 160
    width = onnx.load(str(next(iter(written)))).graph.input[0].type.tensor_type.shape.dim[2]
    assert sum(each["columns"] for each in tables["inputs"]) == width.dim_value


def test_the_shipped_drum_machine(tmp_path: Path) -> None:
    written = export_onnx(DEFAULT_MACHINE, tmp_path)
    assert max(proof.worst for proof in written.values()) <= TOLERANCE
    assert sum(path.stat().st_size for path in written) < 3_000_000


def test_the_page_about_embedding_names_every_input_and_output(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "embedding.md").read_text(encoding="utf-8")
    for write in (write_drummer, write_machine, write_humanizer):
        for path in export_onnx(write(tmp_path / "model"), tmp_path / "out"):
            assert f"`{path.name}`" in page
            graph = onnx.load(str(path), load_external_data=False).graph
            for port in (*graph.input, *graph.output):
                assert f"`{port.name}`" in page, port.name


def test_the_humanizer(tmp_path: Path) -> None:
    [(path, (worst, _))] = export_onnx(write_humanizer(tmp_path / "feel"), tmp_path / "out").items()
    assert path.name == "humanizer.onnx"
    assert worst <= TOLERANCE
    assert tables_of(path)["kind"] == "humanizer"
    assert "qpm" not in tables_of(path)  # it knows of none


# --- the command --------------------------------------------------------------------------------


def test_the_command(tmp_path: Path) -> None:
    model = write_drummer(tmp_path / "model")
    arguments = ["export", "onnx", str(model), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        str(tmp_path / "out" / name) for name in (STEP, SEQUENCE)
    ]
    assert " bytes; probabilities as ours within " in result.stderr
    assert isinstance(CliRunner().invoke(app, arguments).exception, OutputError)
    assert CliRunner().invoke(app, [*arguments, "--force"]).exit_code == 0
