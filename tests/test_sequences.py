import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import performances

from paradiddle import midi
from paradiddle.corpus import Corpus, Filter, scan
from paradiddle.encoding import round_ticks
from paradiddle.errors import CorpusError, InvalidValueError
from paradiddle.events import Events
from paradiddle.sequences import Recipe, glue, in_seeded_order, up_to

BAR = 1920


def at(*onsets: int, **metre: float) -> Events:
    return Events.from_onsets([36] * len(onsets), onsets, **metre)


def glued(*performances: Events) -> list[int]:
    return glue(performances).onsets.tolist()


# --- glue -------------------------------------------------------------------------------------


def test_each_performance_starts_at_the_bar_line_after_the_one_before() -> None:
    assert glued(at(0, 480), at(0, 2000), at(0)) == [0, 480, BAR, BAR + 2000, 3 * BAR]


def test_one_performance_stays_as_it_is() -> None:
    events = Events([36, 38], [10, 2000], [0.25, 0.5], 96, 3.5)
    assert glue([events]) == events


def test_silent_bars_at_the_start_are_dropped_and_the_place_in_the_bar_kept() -> None:
    assert glued(at(3 * BAR + 480)) == [480]
    assert glued(at(0), at(2 * BAR + 100, 3 * BAR)) == [0, BAR + 100, 2 * BAR]


def test_an_early_hit_belongs_to_the_bar_that_it_opens() -> None:
    assert glued(at(0), at(BAR - 20, BAR + 480)) == [0, BAR - 20, BAR + 480]
    assert glued(at(0, BAR - 20), at(0)) == [0, BAR - 20, 2 * BAR]


@pytest.mark.parametrize(("early", "bar"), [(60, 1), (61, 0)])
def test_early_means_at_most_half_a_16th(early: int, bar: int) -> None:
    assert glued(at(0, BAR - early), at(0))[-1] == (bar + 1) * BAR


def test_an_early_hit_at_the_very_start_is_moved_to_it() -> None:
    assert glued(at(BAR - 20, BAR + 480)) == [0, 480]


def test_performances_keep_their_own_bars_and_the_result_takes_the_first_metre() -> None:
    waltz, odd = {"quarters_per_bar": 3}, {"quarters_per_bar": 3.5}
    sequence = glue([at(0, qpm=96, **waltz), at(0, 1440, **waltz), at(0, **odd), at(0)])
    assert sequence.onsets.tolist() == [0, 1440, 2880, 4320, 6000]
    assert (sequence.qpm, sequence.quarters_per_bar) == (96, 3)


def test_silent_performances_take_no_time() -> None:
    assert glued(at(), at(0), at(), at(0), at()) == [0, BAR]


@pytest.mark.parametrize("performances", [[], [at()], [at(), at()]])
def test_nothing_to_join_is_refused(performances: list[Events]) -> None:
    with pytest.raises(
        CorpusError, match=f"nothing to join: none of {len(performances)} performances has a hit"
    ):
        glue(performances)


def test_notes_and_velocities_stay_with_their_hits() -> None:
    sequence = glue([Events([36, 38], [0, 480], [0.25, 0.5]), Events([42], [0], [0.75])])
    assert sequence == Events([36, 38, 42], [0, 480, 1440], [0.25, 0.5, 0.75])


def test_without_any_velocities_there_are_none() -> None:
    assert glue([at(0), at(0)]).velocities is None


def test_performances_without_velocities_take_the_default_among_others() -> None:
    velocities = glue([at(0), Events([36], [0], [0.5])]).velocities
    assert velocities is not None
    assert velocities.tolist() == [np.float32(100 / 127), 0.5]


@given(st.lists(performances(), min_size=1, max_size=5).filter(lambda parts: any(map(len, parts))))
def test_every_hit_keeps_its_place_within_its_bar(parts: list[Events]) -> None:
    parts = [dataclasses.replace(part, quarters_per_bar=4) for part in parts]
    sequence = glue(parts)
    assert sequence.notes.tolist() == [note for part in parts for note in part.notes.tolist()]
    free = 0  # where the bar begins that nothing has sounded in yet
    for part, placed in zip(
        parts, np.split(sequence.onsets, np.cumsum([len(part) for part in parts])[:-1]), strict=True
    ):
        if len(part):
            shift = round((placed[-1] - part.onsets[-1]) / BAR) * BAR
            assert placed.tolist() == np.maximum(part.onsets + shift, 0).tolist()
            assert free - 60 <= placed[0] < free + BAR - 60
            free = (int(placed[-1]) + 60) // BAR * BAR + BAR


# --- order and amount -------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_order() -> None:
    parts = [at(tick) for tick in range(20)]
    order = in_seeded_order(parts, 7)
    assert order == in_seeded_order(parts, 7)
    assert order != in_seeded_order(parts, 8)
    assert order != parts
    assert sorted(int(part.ticks[0]) for part in order) == list(range(20))


@pytest.mark.parametrize(
    ("events", "taken"), [(None, 4), (1, 1), (3, 1), (4, 2), (5, 2), (6, 4), (9, 4), (99, 4)]
)
def test_performances_are_taken_until_they_hold_enough(events: int | None, taken: int) -> None:
    parts = [at(1, 2, 3), at(1, 2), at(), at(1, 2, 3, 4)]
    assert up_to(parts, events) == parts[:taken]


def test_nothing_to_take_from() -> None:
    assert up_to([], 5) == up_to([], None) == []


# --- recipes ----------------------------------------------------------------------------------


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Six files of one to six hits, the even ones at 90 and the odd ones at 120."""
    for hits in range(1, 7):
        events = Events([36] * hits, [hits * 7] * hits, [1] * hits, qpm=90 + 30 * (hits % 2))
        midi.write(tmp_path / f"{hits}.mid", events)
    return scan(tmp_path)


def test_a_recipe_chooses_orders_joins_and_rounds(corpus: Corpus) -> None:
    recipe = Recipe(Filter(qpm=(85, 95)), seed=3, max_events=7, resolution=10)
    even = corpus.matching(Filter(qpm=(90, 90))).events()
    assert [len(events) for events in even] == [2, 4, 6]
    chosen = up_to(in_seeded_order(even, 3), 7)
    assert recipe.performances(corpus) == chosen
    assert recipe.build(corpus) == round_ticks(glue(chosen), 10)


def test_a_recipe_takes_everything_unless_told_otherwise(corpus: Corpus) -> None:
    sequence = Recipe().build(corpus)
    assert len(sequence) == 21
    assert sequence == Recipe().build(corpus)
    assert sequence != Recipe(seed=1).build(corpus)


def test_a_recipe_survives_json() -> None:
    recipe = Recipe(Filter(qpm=(90, 120), style="rock,funk", min_notes=3), 5, 1000, 1)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    assert Recipe.from_dict(json.loads(json.dumps(Recipe().to_dict()))) == Recipe()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": -1}, r"seed must be in \[0, 2\*\*63\), got -1"),
        ({"max_events": 0}, "max_events must be at least 1, got 0; leave it out to use all"),
        ({"resolution": 0}, "resolution must be at least 1, got 0"),
    ],
)
def test_numbers_out_of_range_are_named(values: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Recipe(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values", [{}, {"wanted": 5}, {"wanted": {"key": "D"}}, {"wanted": {}, "taste": "salty"}, []]
)
def test_what_is_no_recipe_is_refused(values: Any) -> None:
    with pytest.raises(InvalidValueError, match="not a recipe: "):
        Recipe.from_dict(values)
