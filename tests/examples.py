"""The programs among the examples, as modules."""

import importlib.util
from pathlib import Path
from typing import Any

__all__ = ["EXAMPLES", "example"]

EXAMPLES = Path(__file__).parent.parent / "examples"


def example(path: str) -> Any:
    """Load a program, named as its path below `EXAMPLES` says."""
    specification = importlib.util.spec_from_file_location(Path(path).stem, EXAMPLES / path)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
