"""What lies in saved Core ML files."""

from pathlib import Path
from typing import Any

from paradiddle.coreml_ops import with_coremltools

__all__ = ["LEGACY", "PACKAGE", "size_of", "spec_of"]

PACKAGE, LEGACY = "drummer.mlpackage", "drummer.mlmodel"


def size_of(path: Path) -> int:
    return sum(one.stat().st_size for one in (path, *path.rglob("*")) if one.is_file())


def spec_of(path: Path) -> Any:
    with with_coremltools() as ct:
        return ct.utils.load_spec(str(path))
