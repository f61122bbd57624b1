"""Where a model comes from, for the document in its file."""

import hashlib
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from paradiddle import __version__
from paradiddle.corpus import Corpus, Filter
from paradiddle.drums import TABLE_VERSION, VOICE_NAMES
from paradiddle.sequences import Recipe
from paradiddle.takes import METRE, STEPS_PER_BAR, Takes

__all__ = ["describe", "describe_takes"]


def describe(corpus: Corpus, recipe: Recipe, events: int, attribution: str) -> dict[str, Any]:
    """Describe voices, encoding and training corpus.

    Parameters
    ----------
    corpus : Corpus
        The files as filtered.
    recipe : Recipe
        How the sequence was made from them.
    events : int
        Its length.
    attribution : str
        Source and licence, in the user's words.
    """
    tempi = [entry.qpm for entry in corpus.entries]
    return {
        "voices": _voices(),
        "encoding": {"resolution": recipe.resolution, "qpm": round(float(np.median(tempi)), 2)},
        "training": {
            "sequence": recipe.to_dict(),
            "events": events,
            "attribution": attribution,
            **_source(),
        },
    }


def describe_takes(
    takes: Takes,
    wanted: Filter,
    channel: int | None,
    held_out: Sequence[str],
    attribution: str,
) -> dict[str, Any]:
    """Describe voices, grid and training corpus of a model of patterns.

    Parameters
    ----------
    takes : Takes
        The recordings, each in its split.
    wanted : Filter
        Which files of the corpus they are.
    channel : int, optional
        As for `paradiddle.corpus.scan`.
    held_out : sequence of str
        Drummers whose takes all are in the test split.
    attribution : str
        Source and licence, in the user's words.
    """
    corpus = {
        "wanted": asdict(wanted),
        "channel": channel,
        "held_out_drummers": sorted(held_out),
        "splits": dict(sorted(Counter(take.split for take in takes).items())),
        "other_metres": takes.other_metres,
        "empty": takes.empty,
        "duplicates": takes.duplicates,
        "collisions": takes.collisions,
        "unmapped": takes.unmapped,
    }
    return {
        "voices": _voices(),
        "grid": {"metre": METRE, "steps_per_bar": STEPS_PER_BAR},
        "training": {
            "corpus": corpus,
            "fingerprint": _fingerprint(takes),
            "attribution": attribution,
            **_source(),
        },
    }


def _fingerprint(takes: Takes) -> str:
    """Hash of what is learned from; names count because splits may follow from them."""
    digest = hashlib.sha256()
    for take in takes:
        label = (take.name, take.style, take.split, take.beat_type, take.pattern.qpm)
        digest.update(repr(label).encode() + take.cells.tobytes())
    return digest.hexdigest()


def _voices() -> dict[str, Any]:
    return {"table": TABLE_VERSION, "names": list(VOICE_NAMES)}


def _source() -> dict[str, str]:
    """Which program trains."""
    return {"version": __version__, "commit": _commit()}


def _commit() -> str:
    """Commit of the source tree that trains, ``-dirty`` where changed since; empty outside one."""
    try:
        result = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return result.stdout.strip()
