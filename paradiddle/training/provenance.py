"""Where a model comes from, for the document in its file."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from paradiddle import __version__
from paradiddle.corpus import Corpus
from paradiddle.drums import TABLE_VERSION, VOICE_NAMES
from paradiddle.sequences import Recipe

__all__ = ["describe"]


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
        "voices": {"table": TABLE_VERSION, "names": list(VOICE_NAMES)},
        "encoding": {"resolution": recipe.resolution, "qpm": round(float(np.median(tempi)), 2)},
        "training": {
            "sequence": recipe.to_dict(),
            "events": events,
            "attribution": attribution,
            "version": __version__,
            "commit": _commit(),
        },
    }


def _commit() -> str:
    """Commit of the source tree that trains, empty outside one."""
    try:
        result = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return result.stdout.strip()
