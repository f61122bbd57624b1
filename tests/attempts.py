"""A second chance for tests that make a claim about real time."""

import functools
from collections.abc import Callable
from typing import ParamSpec

_Given = ParamSpec("_Given")


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


def attempted(test: Callable[_Given, None]) -> Callable[_Given, None]:
    """Let a whole test begin afresh: what is sent while a bus is held up for long may be lost."""

    @functools.wraps(test)
    def tried(*args: _Given.args, **named: _Given.kwargs) -> None:
        attempts(lambda: test(*args, **named))

    return tried
