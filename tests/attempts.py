"""A second chance for tests that make a claim about real time."""

from collections.abc import Callable


def attempts(trial: Callable[[], None], times: int = 5) -> None:
    """Let the trial fail on a stalled machine, as long as one of a few passes.

    A claim about real time breaks whenever the machine stops for a moment,
    which says nothing about the code. A broken program fails every trial, so
    a real fault still shows. Each trial has to start afresh.
    """
    for left in reversed(range(times)):
        try:
            trial()
            return
        except AssertionError:
            if not left:
                raise
