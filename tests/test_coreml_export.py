"""Core ML files, read back and evaluated in NumPy; predicting with them needs macOS."""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from coreml_files import LEGACY, PACKAGE, size_of, spec_of
from humanizers import write_humanizer
from machines import groove_of, write_machine
from models import CLASSIC, PLACED, VOCABULARY, published_lstm, write_drummer
from numpy.testing import assert_allclose, assert_array_equal

from examples import EXAMPLES, example
from paradiddle import __version__, coreml_legacy
from paradiddle.coreml_export import export_coreml
from paradiddle.coreml_legacy import legacy_walker
from paradiddle.coreml_ops import MOST_STEPS
from paradiddle.coreml_walk import walker
from paradiddle.drummer import DEFAULT_MODEL, Drummer
from paradiddle.drummer_file import read_model
from paradiddle.encoding import Vocabulary
from paradiddle.export_check import TOLERANCE
from paradiddle.machine import Machine
from paradiddle.pattern_cells import cells_of

if not importlib.util.find_spec("coremltools"):
    pytest.skip("needs the export extra", allow_module_level=True)


def shapes(features: Any) -> dict[str, list[int]]:
    return {each.name: list(each.type.multiArrayType.shape) for each in features}


def run_of(path: Path, model: Path) -> Any:
    """The saved file as a function, whichever form it has."""
    if path.name == PACKAGE:
        return walker(path)
    shape, vocabulary, _ = read_model(model)
    return legacy_walker(path, shape, vocabulary)


@pytest.fixture(scope="module", params=[False, True], ids=["package", "legacy"])
def shipped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The drummer that comes with the package, in either form: its path and how well it fits."""
    folder = tmp_path_factory.mktemp("shipped")
    [(path, proof)] = export_coreml(DEFAULT_MODEL, folder, legacy=request.param).items()
    return path, proof


# --- the drummer ------------------------------------------------------------------------------


def test_the_shipped_drummer_is_small_and_proved(shipped: Any) -> None:
    path, proof = shipped
    assert 0 < proof.worst <= TOLERANCE
    assert 0 < proof.strayed <= TOLERANCE
    assert size_of(path) <= 2_000_000


def test_a_thousand_steps_on_a_memory_of_its_own(shipped: Any) -> None:
    run, drummer = run_of(shipped[0], DEFAULT_MODEL), Drummer.load()
    session, stream = drummer.lstm.session(1), drummer.stream(seed=9)
    rows = drummer.vocabulary.inputs(np.stack([next(stream) for _ in range(1000)]))
    h, c, worst, spread = session.h, session.c, 0.0, 0.0
    for row in rows:
        found = run({"events": row[None, None], "h_in": h, "c_in": c})
        h, c = found["h_out"], found["c_out"]
        for field, ours in zip(drummer.vocabulary.fields, session.step(row[None]), strict=True):
            worst = max(worst, np.abs(found[field][0] - ours).max())
            spread = max(spread, np.ptp(ours))
    assert worst <= TOLERANCE
    assert spread > 0.5  # or else anything would agree


def test_the_package_says_what_an_app_needs(tmp_path: Path) -> None:
    origin = {"training": {"attribution": "Somebody, CC BY 4.0"}, "encoding": {"qpm": 97}}
    export_coreml(write_drummer(tmp_path / "model", PLACED, layers=2, document=origin), tmp_path)
    spec = spec_of(tmp_path / PACKAGE)
    assert spec.WhichOneof("Type") == "mlProgram"
    about = spec.description.metadata
    assert about.shortDescription.startswith("Any number of events of a drummer")
    assert (about.author, about.versionString) == ("paradiddle", __version__)
    assert about.license == "weights trained on: Somebody, CC BY 4.0"
    tables = json.loads(about.userDefined["paradiddle"])
    assert (tables["notes"], tables["qpm"]) == ([36, 38, 42], 97)
    assert shapes(spec.description.input) == {
        "events": [1, 1, 4],
        "h_in": [2, 1, 8],
        "c_in": [2, 1, 8],
    }
    outputs = [each.name for each in spec.description.output]
    assert outputs == ["note", "ticks", "velocity", "h_out", "c_out"]
    features = [*spec.description.input, *spec.description.output]
    assert all(each.shortDescription for each in features)
    kinds = {each.type.multiArrayType.dataType for each in features[1:]}
    assert kinds == {65568}  # float32
    [span, *others] = features[0].type.multiArrayType.shapeRange.sizeRanges
    assert (span.lowerBound, span.upperBound) == (1, MOST_STEPS)
    assert all(each.lowerBound == each.upperBound for each in others)


def test_the_legacy_form_is_that_of_2020(tmp_path: Path) -> None:
    model = write_drummer(tmp_path / "model", CLASSIC, bidirectional=True)
    export_coreml(model, tmp_path, legacy=True)
    spec = spec_of(tmp_path / LEGACY)
    assert spec.WhichOneof("Type") == "neuralNetwork"
    last = spec.neuralNetwork.layers[-1]
    assert last.custom.className == "MidiNoteTickActivation"
    parameters = {name: value.intValue for name, value in last.custom.parameters.items()}
    assert parameters == {"notes": 3, "ticks": 4}
    states = ["h", "c", "h_reverse", "c_reverse"]
    assert shapes(spec.description.input) == {
        "events": [1, 1, 7, 1, 1],
        **{f"{name}_in": [1, 1, 8, 1, 1] for name in states},
    }
    assert shapes(spec.description.output) == {
        "probabilities": [1, 1, 7],
        **{f"{name}_out": [1, 1, 8, 1, 1] for name in states},
    }
    features = [*spec.description.input, *spec.description.output]
    assert all(each.shortDescription for each in features)
    [span, *_] = features[0].type.multiArrayType.shapeRange.sizeRanges
    assert (span.lowerBound, span.upperBound) == (1, MOST_STEPS)
    assert spec.description.metadata.license.startswith("weights trained on: ")


def test_the_legacy_form_of_other_drummers(tmp_path: Path) -> None:
    model = write_drummer(tmp_path / "model", PLACED, layers=2, bidirectional=True)
    export_coreml(model, tmp_path, legacy=True)
    spec = spec_of(tmp_path / LEGACY)
    parameters = spec.neuralNetwork.layers[-1].custom.parameters
    assert {name: value.intValue for name, value in parameters.items()} == {
        "notes": 3,
        "ticks": 4,
        "velocities": 3,
    }
    states = [f"{name}{k}{way}" for k in "01" for way in ("", "_reverse") for name in "hc"]
    assert list(shapes(spec.description.input)) == ["events", *(f"{name}_in" for name in states)]


@pytest.mark.parametrize(
    ("vocabulary", "layers", "bidirectional", "legacy"),
    [
        (VOCABULARY, 2, False, False),
        (PLACED, 2, True, False),
        (CLASSIC, 1, False, True),
        (CLASSIC, 1, True, True),
        (PLACED, 2, True, True),
    ],
)
def test_every_kind_of_drummer_at_every_length(
    tmp_path: Path, vocabulary: Vocabulary, layers: int, bidirectional: bool, legacy: bool
) -> None:
    model = write_drummer(
        tmp_path / "model", vocabulary, layers=layers, bidirectional=bidirectional
    )
    [(path, (worst, _))] = export_coreml(model, tmp_path / "new" / "folder", legacy=legacy).items()
    assert worst <= TOLERANCE
    run, lstm = run_of(path, model), Drummer.load(model).lstm
    sizes, cells = lstm.shape.input_sizes, layers * (1 + bidirectional)
    h, c = np.random.default_rng(2).uniform(-1, 1, (2, cells, 1, 8)).astype(np.float32)
    for length in (1, 2, 33):
        events = np.random.default_rng(length).integers(0, sizes, (length, 1, len(sizes)))
        session = lstm.session(1, h, c)
        notes = np.exp(lstm.logits(events, session)[..., :3])
        found = run({"events": events, "h_in": h, "c_in": c})
        assert_allclose(found["note"], notes / notes.sum(-1, keepdims=True), atol=1e-5)
        assert_allclose(found["h_out"], session.h, atol=1e-5)
        assert_allclose(found["c_out"], session.c, atol=1e-5)


@pytest.mark.parametrize("legacy", [False, True])
def test_files_play_by_the_published_formula(tmp_path: Path, legacy: bool) -> None:
    model = write_drummer(tmp_path / "model", CLASSIC)
    [path] = export_coreml(model, tmp_path, legacy=legacy)
    tensors = read_model(model)[2].tensors
    events = np.random.default_rng(1).integers(0, CLASSIC.sizes, (40, 2))
    expected = list(
        published_lstm(tensors["lstm.0.forward"], tensors["dense"], CLASSIC.sizes, events)
    )
    nothing = np.zeros((1, 1, 8), np.float32)
    found = run_of(path, model)({"events": events[:, None], "h_in": nothing, "c_in": nothing})
    for field, name in enumerate(CLASSIC.fields):
        assert_allclose(found[name][:, 0], [each[field] for each in expected], atol=1e-5)


# --- the drum machine and the humanizer ---------------------------------------------------------


def same_cells(found: Any, ours: Any) -> None:
    """Compare cells; coremltools turns quotients by a constant into products, which round apart."""
    assert_array_equal(found[:, :9], ours[:, :9])
    assert_allclose(found, ours, atol=1e-6)


def test_the_drum_machine_plays_what_we_play(tmp_path: Path) -> None:
    model = write_machine(tmp_path / "model")
    written = export_coreml(model, tmp_path / "out")
    assert [path.name for path in written] == [
        "machine-encoder.mlpackage",
        "machine-step.mlpackage",
    ]
    assert max(proof.worst for proof in written.values()) <= TOLERANCE
    about = spec_of(next(iter(written))).description.metadata
    tables = json.loads(about.userDefined["paradiddle"])
    pytest.importorskip("onnxruntime")

    def session(path: Path) -> Any:
        run, described = walker(path), spec_of(path).description.input
        ports = [SimpleNamespace(name=name, shape=size) for name, size in shapes(described).items()]
        return SimpleNamespace(
            get_inputs=lambda: ports, run=lambda _, inputs: list(run(inputs).values())
        )

    player = example("python/onnx_machine.py").Machine
    theirs = player.__new__(player)
    theirs.encoder, theirs.step = map(session, written)
    theirs.tables = tables
    ours, before = Machine.load(model), groove_of(3, qpm=100)
    [pattern] = ours.generate("funk", 3, 100, seed=3)
    same_cells(theirs.generate("funk", 3, 3, qpm=100), cells_of(pattern))
    keep = np.random.default_rng(0).random(before.hits.shape) < 0.5
    filled = ours.fill(before, keep, "jazz", seed=4)
    same_cells(theirs.fill(cells_of(before), keep, 4, "jazz", qpm=100), cells_of(filled))
    human = ours.humanize(before, style="rock", seed=5)
    same_cells(theirs.humanize(cells_of(before), 5, "rock", qpm=100), cells_of(human))


def test_the_humanizer(tmp_path: Path) -> None:
    [(path, (worst, _))] = export_coreml(
        write_humanizer(tmp_path / "feel"), tmp_path / "out"
    ).items()
    assert path.name == "humanizer.mlpackage"
    assert worst <= TOLERANCE
    assert [each.name for each in spec_of(path).description.output] == ["velocity", "offset"]


# --- the example --------------------------------------------------------------------------------


def test_the_swift_example_names_what_the_files_have(tmp_path: Path) -> None:
    # there is no Swift here: what it asks of a model must at least be what a model has
    client = (EXAMPLES / "swift" / "main.swift").read_text()
    layer = (EXAMPLES / "swift" / "MidiNoteTickActivation.swift").read_text()
    model = write_drummer(tmp_path / "model")
    export_coreml(model, tmp_path)
    description = spec_of(tmp_path / PACKAGE).description
    for feature in (*description.input, *description.output):
        assert f'"{feature.name}"' in client, feature.name
    assert '"paradiddle"' in client
    about = description.metadata.userDefined["paradiddle"]
    tables = client[client.index("struct Tables") : client.index("/// A drummer")]
    for line in tables.splitlines()[1:-2]:
        name = line.strip().removeprefix("let ").partition(":")[0]
        assert name in json.loads(about), name
    assert f"@objc({coreml_legacy.ACTIVATION})" in layer
    for name in ("notes", "ticks", "velocities"):
        assert f'"{name}"' in layer
    assert "reviewed by reading" in client
    assert "reviewed by reading" in layer
