import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors.numpy import save

from paradiddle import weights
from paradiddle.errors import ModelError, OutputError

KIND = "drummer"
TENSORS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
    "b": np.array([-1.5, 3e38], np.float32),
}
DOCUMENT = {"format": weights.FORMAT, "kind": KIND}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    weights.write(path, KIND, {"voices": ["kick", "snare"], "seed": 3}, TENSORS)
    return path


WriteRaw = Callable[..., Path]


@pytest.fixture
def raw(tmp_path: Path) -> WriteRaw:
    """Give a function that writes a safetensors file with any document and tensors."""

    def write(document: Any, tensors: Mapping[str, Any] = TENSORS) -> Path:
        path = tmp_path / "raw.safetensors"
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_bytes(save(dict(tensors), {weights.KEY: text}))
        return path

    return write


def test_what_is_written_is_read(model: Path) -> None:
    found = weights.read(model, KIND)
    assert found.document == {"voices": ["kick", "snare"], "seed": 3, "format": 1, "kind": KIND}
    assert found.tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert found.tensors[name].dtype == np.float32
        assert_array_equal(found.tensors[name], tensor)


def test_the_same_content_gives_the_same_bytes(model: Path, tmp_path: Path) -> None:
    found = weights.read(model, KIND)
    weights.write(tmp_path / "again", KIND, found.document, found.tensors)
    assert (tmp_path / "again").read_bytes() == model.read_bytes()


def test_doubles_halves_and_transposed_views_become_plain_float32(tmp_path: Path) -> None:
    path = tmp_path / "model"
    weights.write(path, KIND, {}, {"a": np.arange(6.0).reshape(2, 3).T, "b": [1, 2]})
    found = weights.read(path, KIND).tensors
    assert found["a"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert found["b"].tolist() == [1, 2]
    assert {tensor.dtype for tensor in found.values()} == {np.dtype(np.float32)}


def test_half_precision_is_read_as_float32(raw: WriteRaw) -> None:
    found = weights.read(raw(DOCUMENT, {"a": np.array([0.5, -2], np.float16)}), KIND)
    assert found.tensors["a"].dtype == np.float32
    assert found.tensors["a"].tolist() == [0.5, -2]


def test_what_is_read_may_be_changed_and_the_file_replaced(model: Path) -> None:
    found = weights.read(model, KIND)
    found.tensors["a"][0, 0] = 9
    weights.write(model, KIND, found.document, found.tensors)
    assert weights.read(model, KIND).tensors["a"][0, 0] == 9


def test_a_new_file_gets_the_permissions_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        weights.write(tmp_path / "model", KIND, {}, TENSORS)
    finally:
        os.umask(before)
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o640


def test_writing_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the folder .*nowhere does not exist; create it first"):
        weights.write(tmp_path / "nowhere" / "model", KIND, {}, TENSORS)


# --- files that are refused -------------------------------------------------------------------


def test_a_file_cut_short_anywhere(model: Path) -> None:
    data = model.read_bytes()
    for length in range(len(data)):
        model.write_bytes(data[:length])
        with pytest.raises(ModelError, match=r"model\.safetensors is no model file, or damaged"):
            weights.read(model, KIND)


def test_a_file_with_bytes_left_over(model: Path) -> None:
    model.write_bytes(model.read_bytes() + b"\0\0\0\0")
    with pytest.raises(ModelError, match=r"damaged \(.*\); train, download or copy it again$"):
        weights.read(model, KIND)


@pytest.mark.parametrize(
    "content", [b"", b"hello, this is text", bytes(1000), b"\xff" * 1000, b"PK\x03\x04" * 9]
)
def test_a_file_of_another_sort(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="other is no model file, or damaged"):
        weights.read(path, KIND)


def test_a_folder_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ModelError, match=f"^no model file at {path}; check the path$"):
            weights.read(path, KIND)


def test_safetensors_without_a_document(tmp_path: Path) -> None:
    path = tmp_path / "model"
    for metadata in (None, {}, {"format": "pt"}):
        path.write_bytes(save(TENSORS, metadata))
        with pytest.raises(ModelError, match="is a safetensors file, but no model of paradiddle"):
            weights.read(path, KIND)


@pytest.mark.parametrize(
    "document",
    ["", "{", "null", "7", '"drummer"', "[]", "{}", '{"format": 1}', "[" * 100_000, "\x00"],
    ids=lambda text: text[:12] or "nothing",
)
def test_a_damaged_document(raw: WriteRaw, document: str) -> None:
    with pytest.raises(ModelError, match="is a safetensors file, but no model of paradiddle"):
        weights.read(raw(document), KIND)


def test_another_version(raw: WriteRaw) -> None:
    with pytest.raises(
        ModelError, match="of format version 2, this paradiddle reads version 1; install the"
    ):
        weights.read(raw({**DOCUMENT, "format": 2}), KIND)


def test_another_kind(raw: WriteRaw) -> None:
    with pytest.raises(ModelError, match="is a machine model; a drummer model is wanted"):
        weights.read(raw({**DOCUMENT, "kind": "machine"}), KIND)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_no_number(raw: WriteRaw, value: float) -> None:
    path = raw(DOCUMENT, {**TENSORS, "c": np.array([0, value], np.float32)})
    with pytest.raises(ModelError, match=r"^tensor c in .* holds NaN or infinity; train it again$"):
        weights.read(path, KIND)


@pytest.mark.parametrize("dtype", [np.int32, np.int8, np.bool_, np.float64])
def test_a_tensor_of_another_type(raw: WriteRaw, dtype: type) -> None:
    path = raw(DOCUMENT, {"c": np.ones(2, dtype)})
    with pytest.raises(ModelError, match=f"^tensor c in .* is {np.dtype(dtype)}; it must be float"):
        weights.read(path, KIND)


# --- check_tensors ----------------------------------------------------------------------------


def test_tensors_that_fit_pass() -> None:
    weights.check_tensors("model", TENSORS, {"a": (2, 3), "b": (2,)})


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"a": (2, 3), "b": (2,), "c": (1,)}, "tensor c is missing from model; the file is"),
        ({"a": (3, 2), "b": (2,)}, r"tensor a in model has shape \(2, 3\), its .* needs \(3, 2\)"),
        ({"a": (2, 3)}, "model holds b, which its architecture does not have"),
        ({}, "model holds a, b, which its architecture does not have"),
    ],
)
def test_tensors_that_do_not_fit(shapes: dict[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        weights.check_tensors("model", TENSORS, shapes)
