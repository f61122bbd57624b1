"""Proof that an exported graph computes what our own engine computes.

Every graph is run beside the engine on music of the model's own, with the same events and the same
memory going in, and refused if a probability differs by more than `TOLERANCE`. For that, memory is
taken from the engine anew every few events: a drummer that was not trained to be `steady` amplifies
rounding, so that any two computations in float32, ours and ours in another order included, part
after some hundred events. How far a drummer's graph strays that keeps its own memory is measured
besides.

Shapes: T time, B batch, F + E fields read, D layers times directions, H hidden.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paradiddle.drummer import Drummer
from paradiddle.encoding import Vocabulary
from paradiddle.engine import Lstm, LstmShape, Session
from paradiddle.errors import ModelError
from paradiddle.graph import Runner
from paradiddle.quanta import VELOCITY_BINS
from paradiddle.sampling import softmax

__all__ = [
    "STEPS",
    "TOLERANCE",
    "WINDOW",
    "DrummerMusic",
    "Proof",
    "agree",
    "as_probabilities",
]

TOLERANCE = 1e-5
STEPS = 1000
WINDOW = 4  # events from one memory to the next

_Array = NDArray[Any]
Arrays = Mapping[str, _Array]
Case = tuple[Arrays, Arrays]  # inputs and what is expected, by name


class Proof(NamedTuple):
    """How well a file agrees with our own engine.

    Attributes
    ----------
    worst : float
        By how much a probability differed at most, from the same memory.
    strayed : float, optional
        The same for a drummer that kept a memory of its own over `STEPS` events.
    """

    worst: float
    strayed: float | None = None


def agree(name: str, run: Runner, cases: Iterable[Case]) -> float:
    """Run a graph on every case and return the largest difference from what is expected.

    Differences of memory count in relation to its size where that is above 1.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    run : callable
        From inputs by name to outputs by name.
    cases : iterable of pairs of mappings
        Inputs and what is expected, by name; outputs that are not expected are not looked at.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        If it is above `TOLERANCE`, or something is missing or no number.

    Examples
    --------
    >>> double = lambda inputs: {"y": 2 * inputs["x"]}
    >>> agree("double", double, [({"x": np.array([1.5])}, {"y": np.array([3.0])})])
    0.0
    """
    worst = 0.0
    for inputs, expected in cases:
        found = as_probabilities(run(inputs))
        for output, wanted in as_probabilities(expected).items():
            if output not in found or found[output].shape != wanted.shape:
                shape = found[output].shape if output in found else "nothing"
                raise ModelError(f"{name} gives {output} as {shape}, not {wanted.shape}")
            difference = np.abs(found[output] - wanted) / np.maximum(1, np.abs(wanted))
            worst = max(worst, float(difference.max(initial=0)))
            if not np.isfinite(difference).all():
                worst = float("inf")
    if not worst <= TOLERANCE:
        raise ModelError(
            f"{name} differs from what we compute by {worst:.1e}, more than {TOLERANCE:.0e};"
            " nothing was written; unless its weights are huge, please report it with the versions"
            " of the converters"
        )
    return worst


def as_probabilities(values: Arrays) -> dict[str, _Array]:
    """Turn logits, which have no scale of their own, into probabilities; leave the rest.

    Parameters
    ----------
    values : mapping of str to array
        ``hit_logits`` and ``dynamics_logits`` are those of the drum machine's step.

    Returns
    -------
    dict of str to array

    Examples
    --------
    >>> as_probabilities({"hit_logits": np.zeros(2), "cells": np.ones(1)})
    {'hit_logits': array([0.5, 0.5]), 'cells': array([1.])}
    """
    made = dict(values)
    if "hit_logits" in made:
        made["hit_logits"] = 0.5 * np.tanh(0.5 * made["hit_logits"]) + 0.5
    if "dynamics_logits" in made:
        parts = np.split(made["dynamics_logits"], [VELOCITY_BINS], axis=-1)
        made["dynamics_logits"] = np.concatenate([softmax(part) for part in parts], axis=-1)
    return made


class DrummerMusic:
    """Events that a drummer played, and its memory before each.

    Parameters
    ----------
    shape : LstmShape
    vocabulary : Vocabulary
    tensors : mapping of str to float32 array
    seed : int, default 0
        Which of its pieces.
    """

    def __init__(
        self,
        shape: LstmShape,
        vocabulary: Vocabulary,
        tensors: Mapping[str, NDArray[np.float32]],
        seed: int = 0,
    ) -> None:
        self._fields, self._sizes = vocabulary.fields, shape.sizes
        self._lstm = Lstm(shape, tensors)
        drummer = Drummer(vocabulary, self._lstm)
        rows = np.stack(list(itertools.islice(drummer.stream(seed=seed), STEPS)))
        self.events = vocabulary.inputs(rows).astype(np.int64)  # (N, F + E)
        session, memory = self._lstm.session(1), []
        for event in self.events:
            memory.append((session.h, session.c))
            session.step(event[None])
        self._memory = [np.concatenate(one, axis=1) for one in zip(*memory, strict=True)]

    def cases(self, length: int, batch: int) -> Iterator[Case]:
        """Cut the music into windows and say what the engine makes of so many side by side.

        Yields
        ------
        inputs : ``events`` (length, B, F + E), ``h_in`` and ``c_in`` (D, B, H)
        expected : a probability array (length, B, size) a field, ``h_out`` and ``c_out``
        """
        starts = np.arange(0, STEPS - length + 1, length)
        session = self._lstm.session(batch)
        for first in range(0, len(starts), batch):
            chosen = starts[first : first + batch]
            events = self.events[chosen + np.arange(length)[:, None]]
            h, c = (memory[:, chosen] for memory in self._memory)
            if session.streams != len(chosen):  # the last ones may be fewer
                session = self._lstm.session(len(chosen))
            session.set_state(h, c)
            expected = self._probabilities(events, session)
            yield (
                {"events": events, "h_in": h, "c_in": c},
                expected | {"h_out": session.h, "c_out": session.c},
            )

    def single(self, batch: int) -> Iterator[Case]:
        """As `cases` of one event, without the axis of time.

        Yields
        ------
        inputs : ``event`` (B, F + E), ``h_in`` and ``c_in`` (D, B, H)
        expected : a probability array (B, size) a field, ``h_out`` and ``c_out``
        """
        for inputs, expected in self.cases(1, batch):
            events = {"event": inputs["events"][0]}
            fields = {name: expected[name][0] for name in self._fields}
            yield {**inputs, **events}, {**expected, **fields}

    def strayed(self, run: Runner, length: int) -> float | None:
        """Force all events on a graph that keeps its own memory, so many at once.

        Returns
        -------
        float or None
            By how much a probability differed at most from those of the engine with its own. None
            for a network that also reads backwards, which has none to play on with.
        """
        if self._lstm.shape.bidirectional:
            return None
        session, worst = self._lstm.session(1), 0.0
        memory = {"h_in": session.h, "c_in": session.c}
        for first in range(0, STEPS, length):
            events = self.events[first : first + length, None]
            found = run({"events": events, "event": events[0], **memory})
            memory = {"h_in": found["h_out"], "c_in": found["c_out"]}
            for field, wanted in self._probabilities(events, session).items():
                difference = np.abs(found[field].reshape(wanted.shape) - wanted)
                worst = max(worst, float(np.nan_to_num(difference, nan=np.inf).max()))
        return worst

    def _probabilities(self, events: NDArray[np.int64], session: Session) -> dict[str, _Array]:
        """Let the engine read events, (T, B, F + E), and say what it expects of each field."""
        logits = self._lstm.logits(events, session)
        parts = np.split(logits, np.cumsum(self._sizes)[:-1], axis=-1)
        return dict(zip(self._fields, map(softmax, parts), strict=True))
