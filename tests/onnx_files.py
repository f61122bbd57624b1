"""What lies in ONNX files."""

import json
from pathlib import Path
from typing import Any

__all__ = ["SEQUENCE", "STEP", "props", "tables_of"]

STEP, SEQUENCE = "drummer-step.onnx", "drummer-sequence.onnx"


def tables_of(path: Path) -> dict[str, Any]:
    return json.loads({each.key: each.value for each in props(path)}["paradiddle"])  # type: ignore[no-any-return]


def props(path: Path) -> Any:
    import onnx

    return onnx.load(str(path), load_external_data=False).metadata_props
