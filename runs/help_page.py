"""Write docs/help.md: every command and option, from the command line's own definitions."""

import html
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from paradiddle.cli import app
from paradiddle.files import atomic_path

PAGE = Path(__file__).parents[1] / "docs" / "help.md"


def page() -> str:
    """Return the whole page."""
    lines = ["# Every command", "", "Made by `python runs/help_page.py`; do not edit."]
    for name, command in commands("paradiddle", typer.main.get_command(app)):
        lines += ["", f"## `{name}`", "", inspect.cleandoc(command.help or "")]
        rows = [row(parameter) for parameter in command.params]
        if rows:
            lines += ["", "| option | default | what it does |", "| --- | --- | --- |", *rows]
    return "\n".join(lines) + "\n"


def commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield a command and all below it."""
    yield name, command
    for child, below in getattr(command, "commands", {}).items():
        yield from commands(f"{name} {child}", below)


def row(parameter: Any) -> str:
    """Describe a parameter in one row of a table."""
    options = [*parameter.opts, *parameter.secondary_opts]
    argument = not options[0].startswith("-")
    names = options[0].upper() if argument else ", ".join(options)
    default = getattr(parameter, "show_default", None)
    if not isinstance(default, str):
        default = "" if parameter.default in (None, "", False) else str(parameter.default)
    shown = "required" if parameter.required else default
    text = html.escape(getattr(parameter, "help", None) or "", quote=False).replace("|", "\\|")
    return f"| `{names}` | {shown} | {text} |"


if __name__ == "__main__":
    text = page()
    with atomic_path(PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8")
