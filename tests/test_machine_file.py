"""The drum machine's file: what comes back, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from machines import QPM, STYLES, random_tensors, tiny_machine, tiny_shape, write_machine
from safetensors.numpy import load_file, save_file

from paradiddle import weights
from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import InvalidValueError, ModelError
from paradiddle.machine import DEFAULT_MACHINE, Machine
from paradiddle.machine_file import read_model, shape_for, write_model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_machine(tmp_path / "tiny.safetensors", training={"seed": 3})


def altered(path: Path, **changes: object) -> Path:
    """Write parts of the document anew; None removes one."""
    file = weights.read(path, "machine")
    document = {**file.document, **changes}
    kept = {name: value for name, value in document.items() if value is not None}
    weights.write(path, "machine", kept, file.tensors)
    return path


def test_what_is_written_comes_back(path: Path) -> None:
    shape, styles, file = read_model(path)
    assert (shape, styles) == (tiny_shape(), STYLES)
    assert file.document["qpm"] == QPM
    assert file.document["training"] == {"seed": 3}
    assert file.document["voices"]["names"] == list(VOICE_NAMES)
    assert file.document["architecture"]["dilations"] == [1, 4, 14]
    for name, array in random_tensors(tiny_shape()).items():
        np.testing.assert_array_equal(file.tensors[name], array)


def test_a_machine_of_ones_own_plays_as_before_it_was_written(path: Path) -> None:
    machine = Machine.load(path)
    assert machine.styles == STYLES
    ours, theirs = machine.generate("jazz", 2, seed=1), tiny_machine().generate("jazz", 2, seed=1)
    assert ours == theirs


def test_half_precision_is_read_as_single(tmp_path: Path) -> None:
    halves = {
        name: array.astype(np.float16) for name, array in random_tensors(tiny_shape()).items()
    }
    path = tmp_path / "half.safetensors"
    write_model(path, tiny_shape(), {"styles": list(STYLES), "qpm": QPM}, halves)
    tensors = read_model(path)[2].tensors
    assert all(tensors[name].dtype == np.float32 for name in halves)
    assert all((tensors[name] == halves[name]).all() for name in halves)


def test_the_machine_that_comes_along_is_sound() -> None:
    shape, styles, file = read_model(DEFAULT_MACHINE)
    assert shape == shape_for(len(styles))
    assert set(file.document["qpm"]) == set(styles)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"styles": ["funk"]}, "inputs is 79, for 1 styles and 9 voices it is 77"),
        ({"styles": None}, "'styles' is missing"),
        ({"styles": 3}, "description in .* is damaged"),
        ({"qpm": {"funk": 96, "jazz": 160}}, "'rock' is missing"),
        ({"qpm": {**QPM, "rock": -3}}, "qpm must be"),
        ({"qpm": {**QPM, "rock": "fast"}}, "description in .* is damaged"),
        ({"voices": None}, "'voices' is missing"),
        ({"voices": {"names": 5}}, "description in .* is damaged"),
        ({"voices": {"names": ["bongo", "cowbell"]}}, "trained with the voices bongo, cowbell;"),
        ({"voices": {"names": [1, 2]}}, "trained with the voices 1, 2;"),
        ({"architecture": None}, "'architecture' is missing"),
        ({"architecture": []}, "description in .* is damaged"),
        ({"architecture": {"dilations": [1, 4, 14]}}, "description in .* is damaged"),
    ],
    ids=str,
)
def test_a_description_that_does_not_fit_is_refused(
    path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        read_model(altered(path, **changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("size", "value", "message"),
    [
        ("hidden", 9, "tensor .* has shape"),
        ("hidden", 0, "hidden must be at least 1, got 0"),
        ("hidden", 8.5, "description in .* is damaged"),
        ("layers", 3, "tensor decoder.lstm.2 is missing"),
        ("layers", 10**12, "layers must be in"),
        ("channels", 8, "channels is 8"),
        ("categories", 71, "categories is 71"),
        ("recall", 40, "recall is 40"),
        ("dilations", [], "dilations must be at least 1, got 0"),
        ("dilations", 5, "description in .* is damaged"),
        ("colour", 5, "description in .* is damaged"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(
    path: Path, size: str, value: object, message: str
) -> None:
    architecture = weights.read(path, "machine").document["architecture"]
    with pytest.raises(ModelError, match=message):
        read_model(altered(path, architecture={**architecture, size: value}))


def test_weights_that_are_no_numbers_are_refused(path: Path) -> None:
    tensors = load_file(path)
    tensors["hits.out"][2, 3] = np.nan
    document = weights.read(path, "machine").document
    save_file(tensors, path, {weights.KEY: json.dumps(document)})
    with pytest.raises(ModelError, match=r"tensor hits.out in .* holds NaN or infinity"):
        Machine.load(path)


@pytest.mark.parametrize("name", ["hits.given", "encoder.norm"])
def test_a_missing_tensor_is_named(path: Path, name: str) -> None:
    file = weights.read(path, "machine")
    del file.tensors[name]
    weights.write(path, "machine", file.document, file.tensors)
    with pytest.raises(ModelError, match=f"tensor {name} is missing"):
        Machine.load(path)


def test_damaged_files_and_other_kinds_are_refused(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    for size in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError, match="no model file, or damaged"):
            Machine.load(path)
    with pytest.raises(ModelError, match="no model file at"):
        Machine.load(tmp_path / "nothing.safetensors")
    weights.write(path, "drummer", {}, {})
    with pytest.raises(ModelError, match="is a drummer model; a machine model is wanted"):
        Machine.load(path)


def test_nothing_is_written_that_would_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(InvalidValueError, match="'qpm' is missing"):
        write_model(path, tiny_shape(), {"styles": list(STYLES)}, random_tensors(tiny_shape()))
    assert not path.exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"recordings": [1, 2]}, "is damaged"),
        ({"recordings": {"funk": "many"}}, "is damaged"),
        (
            {"grid": {"metre": "3/4", "steps_per_bar": 12}},
            "trained on the grid .*3/4.*: train",
        ),
    ],
    ids=["recordings", "a count", "another grid"],
)
def test_descriptions_that_do_not_fit(path: Path, damage: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Machine.load(altered(path, **damage))
