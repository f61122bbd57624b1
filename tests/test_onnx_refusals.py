"""ONNX graphs that are not written: what is refused, and what the proof finds."""

import errno
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from humanizers import write_humanizer
from latents import write_latent
from machines import write_machine
from models import CLASSIC, VOCABULARY, write_drummer
from numpy.testing import assert_allclose
from onnx_files import SEQUENCE, STEP, tables_of

from paradiddle import export_check, export_files, onnx_ops
from paradiddle.errors import MissingExtraError, ModelError, OutputError
from paradiddle.export_check import agree
from paradiddle.onnx_export import export_onnx

pytest.importorskip("onnx", reason="needs the export extra")
pytest.importorskip("onnxruntime", reason="needs the export extra")


# --- what is refused ----------------------------------------------------------------------------


def refused(kind: type[Exception], message: str, model: Path, out: Path, **settings: Any) -> None:
    before = sorted(out.iterdir()) if out.exists() else None
    with pytest.raises(kind, match=message) as caught:
        export_onnx(model, out, **settings)
    assert "\n" not in str(caught.value)
    assert (sorted(out.iterdir()) if out.exists() else None) == before


@pytest.mark.parametrize("module", ["onnx", "onnxruntime"])
def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    model = write_drummer(tmp_path / "model")
    monkeypatch.setitem(sys.modules, module, None)  # type: ignore[arg-type]
    message = r"the export to ONNX needs an extra .* pip install 'paradiddle\[export\]'"
    refused(MissingExtraError, message, model, tmp_path / "out")


def test_models_that_are_none_or_of_another_kind(tmp_path: Path) -> None:
    out = tmp_path / "out"
    refused(ModelError, "no model file at .*nowhere", tmp_path / "nowhere", out)
    model = write_drummer(tmp_path / "model")
    model.write_bytes(model.read_bytes()[:-4])
    refused(ModelError, "model is no model file, or damaged", model, out)
    latent = write_latent(tmp_path / "latent")
    message = "is a latent model, for which the export to ONNX has no graphs: embed, morph"
    refused(ModelError, message, latent, out)


def test_nothing_is_replaced_without_force(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_onnx(write_drummer(tmp_path / "model", CLASSIC), out)
    (out / STEP).unlink()
    other = write_drummer(tmp_path / "other", VOCABULARY)
    message = r"cannot write .*drummer-sequence\.onnx: it exists; .* --force"
    refused(OutputError, message, other, out)
    (out / "notes.txt").write_text("mine")
    export_onnx(other, out, force=True)
    assert tables_of(out / STEP)["velocities"] == list(VOCABULARY.velocities)
    assert tables_of(out / SEQUENCE)["velocities"] == list(VOCABULARY.velocities)
    assert (out / "notes.txt").read_text() == "mine"
    assert sorted(path.name for path in out.iterdir()) == [SEQUENCE, STEP, "notes.txt"]


@pytest.mark.parametrize("write", [write_drummer, write_machine, write_humanizer])
def test_a_graph_that_computes_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any
) -> None:
    make_wrong(monkeypatch)
    message = r"\.onnx differs from what we compute by .*e-.*, more than 1e-05; nothing was written"
    refused(ModelError, message, write(tmp_path / "model"), tmp_path / "out")


def make_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let graphs multiply by slightly other weights."""
    right = onnx_ops._OnnxOps.affine

    def wrong(self: Any, x: Any, weights: Any) -> Any:
        return right(self, x, weights * np.float32(1.001))

    monkeypatch.setattr(onnx_ops._OnnxOps, "affine", wrong)


def test_a_former_export_survives_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_drummer(tmp_path / "model")
    export_onnx(model, tmp_path / "out")
    before = (tmp_path / "out" / STEP).read_bytes()
    make_wrong(monkeypatch)
    refused(ModelError, "differs", model, tmp_path / "out", force=True)
    assert (tmp_path / "out" / STEP).read_bytes() == before


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write_drummer(tmp_path / "model")

    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    refused(OutputError, "the disk is full; free some space", model, tmp_path / "out")


def test_a_move_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, out = write_drummer(tmp_path / "model"), tmp_path / "out"
    export_onnx(model, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    other, rename = write_drummer(tmp_path / "other", CLASSIC), Path.rename

    def stubborn(path: Path, target: Path) -> Path:
        if target == out / SEQUENCE and "former" not in path.parts:
            raise OSError(errno.EACCES, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stubborn)
    refused(OutputError, "permission denied", other, out, force=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    model = write_drummer(tmp_path / "model")
    with pytest.raises(OutputError, match="it is a file; name a folder"):
        export_onnx(model, model)


# --- the proof itself ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({}, "graph gives p as nothing, not"),
        ({"p": np.zeros(3)}, r"graph gives p as \(3,\), not \(2,\)"),
        ({"p": np.array([0.5, 0.50002])}, "graph differs from what we compute by 2.0e-05"),
        ({"p": np.array([0.5, np.nan])}, "graph differs from what we compute by inf"),
    ],
)
def test_the_proof_fails_where_it_should(found: dict[str, Any], message: str) -> None:
    cases = [({}, {"p": np.array([0.5, 0.5])})]
    with pytest.raises(ModelError, match=message):
        agree("graph", lambda _: found, cases)
    assert agree("graph", lambda _: {"p": np.array([0.5, 0.500001])}, cases) < 2e-6


def test_logits_are_compared_as_probabilities() -> None:
    logits = np.zeros((1, 9, 72), np.float32)
    shifted = export_check.as_probabilities({"dynamics_logits": logits + 5})["dynamics_logits"]
    assert_allclose(shifted[0, 0, [0, 40]], [1 / 32, 1 / 40])
    assert_allclose(export_check.as_probabilities({"hit_logits": np.zeros(1)})["hit_logits"], 0.5)


def test_a_model_of_no_kind_is_taken_for_a_drummer(tmp_path: Path) -> None:
    assert export_files.kind_of(tmp_path / "nowhere") == "drummer"
    assert export_files.kind_of(write_machine(tmp_path / "machine")) == "machine"
