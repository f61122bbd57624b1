"""Which recordings to learn from and which to validate on, also without an index that says so."""

import hashlib
from dataclasses import replace

from paradiddle.errors import CorpusError
from paradiddle.takes import Take, Takes

__all__ = ["TRAIN", "VALIDATION", "with_splits"]

TRAIN, VALIDATION = "train", "validation"

_VALIDATION_SHARE = 0.1


def with_splits(takes: Takes) -> Takes:
    """Give every take that has no split one: a tenth validates, at least one of two or more.

    Which ones follows from a hash of their names, so that it is the same each time.

    Raises
    ------
    CorpusError
        If nothing is left to train or to validate on.

    Examples
    --------
    >>> import numpy as np
    >>> from paradiddle.pattern import Pattern
    >>> pattern = Pattern(np.eye(16, 9, dtype=bool), np.eye(16, 9), np.zeros((16, 9)))
    >>> takes = Takes(tuple(Take(f"{i}.mid", pattern) for i in range(20)), {})
    >>> sorted(take.split for take in with_splits(takes))[17:]
    ['train', 'validation', 'validation']
    """
    unsplit = sorted((take.name for take in takes if not take.split), key=_draw)
    count = max(round(_VALIDATION_SHARE * len(unsplit)), 1) if len(unsplit) > 1 else 0
    validating = set(unsplit[:count])

    def split(take: Take) -> Take:
        drawn = VALIDATION if take.name in validating else TRAIN
        return take if take.split else replace(take, split=drawn)

    result = replace(takes, takes=tuple(split(take) for take in takes))
    present = {take.split for take in result}
    for name, purpose in ((TRAIN, "learn from"), (VALIDATION, "validate on")):
        if name not in present:
            raise CorpusError(
                f"nothing to {purpose}: none of the {len(takes)} recordings is in split {name};"
                " use more files, or name the split of each in the column split of info.csv"
            )
    return result


def _draw(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
