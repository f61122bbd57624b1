"""Imports point one way only, and only the command line speaks to the terminal."""

import ast
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import pytest

import paradiddle

PACKAGE = Path(paradiddle.__file__).parent

# A module may import what is listed before it. A folder counts as one module.
LAYERS = (
    ("errors", "checks", "drums", "kit_maps", "timing", "files", "folders", "download"),
    ("pattern", "pattern_cells", "early", "events", "rhythm", "swing", "swung_file"),
    ("priority", "stopping", "interrupts", "complaints"),
    ("loop", "timed", "marks", "stretches", "tempo_line", "transport"),
    ("pulse_fit", "clock_in", "link_clock"),
    ("score", "smf", "midi", "encoding", "weights"),
    ("sources", "corpus", "sequences", "convert", "fetch"),
    ("report", "report_text", "report_plot", "portrait", "portrait_plot"),
    ("takes", "given", "quanta", "keep", "pattern_questions", "pattern_models"),
    ("cells", "engine", "sampling"),
    ("fill_inputs", "fill_encoder", "fill_net", "fill_pace", "fill_playing"),
    ("fill_surprise", "fill_medians", "machine_file"),
    ("humanizer_net", "humanizer_file", "humanizer", "steady"),
    ("tones", "skins", "metals", "handheld", "synthesis", "choking", "limiter", "placing", "kit"),
    ("audio", "soundfont", "saving"),
    ("held_port", "output", "input", "jack_client", "port_watch", "ports", "bus_delay"),
    ("sinks", "live_player", "live_mixer", "live_sounds", "live_audio"),
    ("style_weights", "latent_net", "latent_paths"),
    ("latent_file", "latent_cells", "latent_window", "latent"),
    ("drummer_file", "drummer", "machine", "instrument", "evaluation"),
    ("terminal", "live_screen"),
    ("bars", "machine_bars", "drummer_bars", "band", "live", "controls"),
    ("answers", "listening", "jam", "deck", "performance"),
    ("measures", "consensus", "questions", "baselines", "style_classifier", "likeness", "exam"),
    ("players", "machine_scores", "compositions"),
    ("machine_report", "machine_table", "machine_plot"),
    ("training",),
    (
        "graph",
        "drummer_graph",
        "machine_graph",
        "machine_step_graph",
        "export_files",
        "export_check",
    ),
    ("machine_check", "export_forms"),
    ("onnx_ops", "onnx_export", "coreml_ops", "coreml_walk", "coreml_legacy", "coreml_export"),
    ("export", "server"),
    ("__init__", "cli", "__main__"),
)
ORDER = [name for layer in LAYERS for name in layer]

# What only some features need, and what takes long to load: functions import it on use.
ON_USE = {
    "aalink",
    "coremltools",
    "matplotlib",
    "midirenderer",
    "onnx",
    "onnxruntime",
    "pypdl",
    "rtmidi",
    "sounddevice",
    "soundfile",
    "tensorboard",
    "torch",
}

FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    """The name in `LAYERS` that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


class Import(NamedTuple):
    module: str  # dotted
    names: tuple[str, ...]  # empty for `import module`
    eager: bool  # runs when the file is imported


def imports_in(node: ast.AST, eager: bool = True) -> Iterator[Import]:
    """Every import below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, (), eager) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, f"line {child.lineno}: write the whole name of the module"
            yield Import(str(child.module), tuple(alias.name for alias in child.names), eager)
        deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
            isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        )
        yield from imports_in(child, eager and not deferred)


def own_modules(found: Import) -> set[str]:
    """The modules of the package that an import names, as in `LAYERS`."""
    root, _, rest = found.module.partition(".")
    if root != "paradiddle":
        return set()
    if rest:
        return {rest.split(".")[0]}
    # the version is there before anything is imported
    names = set(found.names or ["__init__"]) - {"__version__"}
    return {name if name in ORDER else "__init__" for name in names}


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_every_module_has_its_place() -> None:
    assert len(set(ORDER)) == len(ORDER)
    missing = {module_of(path) for path in FILES} - set(ORDER)
    assert not missing, f"list in LAYERS: {', '.join(sorted(missing))}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    module = module_of(path)
    allowed = {*takewhile(module.__ne__, ORDER), module}
    for found in imports_in(tree_of(path)):
        wrong = own_modules(found) - allowed
        assert not wrong, f"{module} may not import {', '.join(sorted(wrong))}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_heavy_libraries_are_loaded_on_use(path: Path) -> None:
    allowed = {"torch"} if module_of(path) == "training" else set()
    for found in imports_in(tree_of(path)):
        if not found.eager:
            continue
        assert found.module.split(".")[0] not in ON_USE - allowed, "import it where it is used"
        if not allowed:
            assert "training" not in own_modules(found), "training loads torch"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_the_command_line_prints(path: Path) -> None:
    if module_of(path) == "cli":
        return
    for node in ast.walk(tree_of(path)):
        prints = isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
        writes = isinstance(node, ast.Attribute) and ast.unparse(node).startswith("sys.std")
        assert not prints, f"line {node.lineno} prints"
        assert not writes, f"line {node.lineno} uses {ast.unparse(node)}"


def test_the_check_finds_what_it_looks_for() -> None:
    source = """
import torch, paradiddle.kit
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from paradiddle.cli import main
class Late:
    from paradiddle import midi, VOICES
    def load(self):
        import matplotlib.pyplot
"""
    found = list(imports_in(ast.parse(source)))
    assert [(each.module, each.eager) for each in found] == [
        ("torch", True),
        ("paradiddle.kit", True),
        ("typing", True),
        ("paradiddle.cli", False),
        ("paradiddle", True),
        ("matplotlib.pyplot", False),
    ]
    assert [own_modules(each) for each in found] == [
        set(),
        {"kit"},
        set(),
        {"cli"},
        {"midi", "__init__"},
        set(),
    ]
