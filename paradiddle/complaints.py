"""Work that is done again and again, and goes on whatever goes wrong in it."""

import threading
from collections.abc import Callable, Sequence

__all__ = ["again_and_again"]


def again_and_again(
    works: Sequence[Callable[[], object]],
    seconds: float,
    closing: threading.Event,
    what: str,
    tell: Callable[[str], None],
) -> None:
    """Do some things once in so many seconds, and say in a line what goes wrong, each once.

    Parameters
    ----------
    works : sequence of callable
        Each is done even if another cannot be.
    seconds : float
        Between two times.
    closing : threading.Event
        Ends it.
    what : str
        What cannot be done then.
    tell : callable
        Told the lines.

    Examples
    --------
    >>> closing, done = threading.Event(), []
    >>> def work():
    ...     done.append(1)
    ...     if len(done) == 3:
    ...         closing.set()
    ...     raise OSError("no such device")
    >>> again_and_again([work], 0.001, closing, "cannot look after it", print)
    cannot look after it: OSError: no such device
    """
    told: set[str] = set()
    while not closing.wait(seconds):
        for work in works:
            try:
                work()
            except Exception as error:
                text = " ".join(f"{what}: {type(error).__name__}: {error}".split())
                if text not in told:
                    told.add(text)
                    tell(text)
