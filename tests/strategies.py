"""What Hypothesis draws in more than one test file."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paradiddle.drums import VOICE_OF_PITCH
from paradiddle.events import Events
from paradiddle.pattern import Pattern

VELOCITIES = st.floats(0, 1, width=32)
OFFSETS = st.floats(-0.5, 0.5, width=32, exclude_max=True)
METRES = st.sampled_from([(4, 4), (4, 3), (4, 3.5), (3, 4), (6, 2), (8, 1.25), (11, 2), (32, 0.25)])


@st.composite
def patterns(draw: st.DrawFn, *, whole_bars: bool = False) -> Pattern:
    """Patterns of any metre, of a few steps, or of a few bars of which the last has a hit."""
    steps_per_quarter, quarters_per_bar = draw(METRES)
    bar = round(steps_per_quarter * quarters_per_bar)
    shape = draw(st.integers(1, 3).map(lambda n: n * bar) if whole_bars else st.integers(0, 24)), 9
    hits = draw(hnp.arrays(bool, shape))
    if whole_bars:
        hits[-1, 0] = True
    return Pattern(
        hits,
        draw(hnp.arrays(np.float32, shape, elements=VELOCITIES)),
        draw(hnp.arrays(np.float32, shape, elements=OFFSETS)),
        draw(st.integers(200_000, 2_000_000)) / 10_000,
        steps_per_quarter,
        quarters_per_bar,
    )


@st.composite
def performances(draw: st.DrawFn, *, gaps: st.SearchStrategy[int] | None = None) -> Events:
    """Up to 40 hits on the nine voices, with dynamics or without."""
    if gaps is None:
        gaps = st.one_of(st.integers(0, 10), st.integers(0, 500), st.integers(0, 10_000))
    hits = draw(
        st.lists(st.tuples(st.sampled_from(sorted(VOICE_OF_PITCH)), gaps, VELOCITIES), max_size=40)
    )
    notes, ticks, velocities = zip(*hits, strict=True) if hits else ((), (), ())
    return Events(
        np.array(notes, np.int64),
        np.array(ticks, np.int64),
        draw(st.sampled_from([None, velocities])),
        quarters_per_bar=draw(METRES)[1],
    )
