"""What all `paradiddle train` commands share: options, progress and logs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from paradiddle.errors import MissingExtraError

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["clock", "log_row", "log_writer", "option", "progress_bar", "require_torch"]


def option(help_text: str, panel: str, *names: str) -> Any:
    """Declare an option that is listed in a panel of the help page."""
    return typer.Option(*names, help=help_text, rich_help_panel=panel)


def require_torch() -> None:
    """Raise unless torch can be imported.

    Raises
    ------
    MissingExtraError
        With the way to install it.
    """
    try:
        import torch  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise MissingExtraError("training", "train") from error


def progress_bar() -> "Progress":
    """Return a bar on stderr; its tasks have a field ``figures`` that follows it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    return Progress(
        BarColumn(20),
        TaskProgressColumn(),
        TextColumn("{task.fields[figures]}"),
        console=Console(stderr=True),
    )


def clock(seconds: float) -> str:
    """Write seconds as minutes and seconds.

    Examples
    --------
    >>> clock(61.7)
    '1:02'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def log_writer(folder: Path) -> Any:
    """Return a TensorBoard writer into ``log`` in a folder.

    Raises
    ------
    MissingExtraError
        If TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("--log", "train") from error
    return SummaryWriter(str(folder / "log"))


def log_row(writer: Any, row: dict[str, float], counter: str) -> None:
    """Log a row of a curve at the value of its `counter`, ``epoch`` or ``step``."""
    for name, value in row.items():
        if name != counter:
            writer.add_scalar(name, value, int(row[counter]))
