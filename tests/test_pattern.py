import copy
import dataclasses
import json
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import patterns

from paradiddle.drums import VOICE_NAMES
from paradiddle.errors import InvalidValueError
from paradiddle.pattern import MAX_STEPS, Pattern


def one_bar(*, velocity: float = 0.7, offset: float = 0.0, **metre: Any) -> Pattern:
    """A bar with a kick on its first step."""
    empty = Pattern.empty(1, **metre)
    hits = np.zeros(empty.hits.shape, bool)
    hits[0, 0] = True
    return dataclasses.replace(
        empty, hits=hits, velocities=np.where(hits, velocity, 0), offsets=np.where(hits, offset, 0)
    )


# --- immutable --------------------------------------------------------------------------------


def test_arrays_are_copied_and_typed() -> None:
    hits, ones = np.ones((16, 9), bool), np.ones((16, 9), np.float32)
    pattern = Pattern(hits, ones, ones * 0)
    hits[:], ones[:] = 0, 0.5
    assert pattern.hits.all()
    assert (pattern.velocities == 1).all()
    pattern = Pattern(np.ones((16, 9), int), np.ones((16, 9)), np.zeros((16, 9), int))
    arrays = pattern.hits, pattern.velocities, pattern.offsets
    assert [array.dtype for array in arrays] == [np.bool_, np.float32, np.float32]


def test_arrays_are_read_only() -> None:
    pattern = one_bar()
    for array in (pattern.hits, pattern.velocities, pattern.offsets):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        pattern.qpm = 90  # type: ignore[misc]


def test_an_edit_makes_a_new_pattern_from_lists_too() -> None:
    pattern = one_bar()
    slower = dataclasses.replace(pattern, qpm=90)
    assert (pattern.qpm, slower.qpm) == (120, 90)
    assert pattern != slower
    assert dataclasses.replace(pattern, hits=pattern.hits.tolist()) == pattern


def test_cells_without_a_hit_hold_nothing() -> None:
    """So that equal music is equal: neither leftovers nor a sign of zero count."""
    hits = one_bar().hits
    leftovers = Pattern(hits, np.full((16, 9), 0.7), np.full((16, 9), 0.25))
    assert leftovers.velocities.sum() == np.float32(0.7)
    assert leftovers.offsets.sum() == 0.25
    assert leftovers == one_bar(velocity=0.7, offset=0.25)
    nothing = Pattern(hits, np.where(hits, 0.7, np.nan), np.where(hits, 0.25, np.inf))
    assert nothing == leftovers


def test_a_negative_zero_is_zero() -> None:
    hits = one_bar().hits
    negative, positive = Pattern(hits, hits * -0.0, hits * -0.0), Pattern(hits, hits * 0, hits * 0)
    assert negative == positive
    assert hash(negative) == hash(positive)
    assert negative.to_json() == positive.to_json()


# --- equality ---------------------------------------------------------------------------------


def test_equal_patterns_are_equal_and_hash_alike() -> None:
    assert one_bar() == one_bar()
    assert len({one_bar(), one_bar(), Pattern.empty(1)}) == 2


@pytest.mark.parametrize(
    "other",
    [
        one_bar(velocity=0.71),
        one_bar(offset=0.01),
        one_bar(qpm=121),
        one_bar(steps_per_quarter=8),
        one_bar(steps_per_quarter=1, quarters_per_bar=16),
        Pattern.empty(1),
        Pattern.empty(2),
        "kick",
        None,
    ],
)
def test_any_difference_makes_patterns_unequal(other: object) -> None:
    assert one_bar() != other


@given(patterns())
def test_copies_are_equal(pattern: Pattern) -> None:
    for twin in (
        copy.copy(pattern),
        copy.deepcopy(pattern),
        pickle.loads(pickle.dumps(pattern)),
        dataclasses.replace(pattern),
    ):
        assert twin == pattern
        assert hash(twin) == hash(pattern)


# --- what is refused --------------------------------------------------------------------------

CELLS = np.ones((16, 9))


@pytest.mark.parametrize("shape", [(16,), (16, 8), (16, 10), (1, 16, 9), ()])
def test_a_wrong_shape_is_named(shape: tuple[int, ...]) -> None:
    ones = np.ones(shape)
    with pytest.raises(InvalidValueError, match=r"hits must have shape \(steps, 9\), got \("):
        Pattern(ones, ones, ones * 0)


@pytest.mark.parametrize("name", ["velocities", "offsets"])
def test_shapes_that_differ_are_named(name: str) -> None:
    arrays = {"hits": CELLS, "velocities": CELLS, "offsets": CELLS * 0, name: np.zeros((15, 9))}
    with pytest.raises(
        InvalidValueError, match=rf"{name} must have the shape of hits, \(16, 9\), got \(15, 9\)"
    ):
        Pattern(**arrays)


@pytest.mark.parametrize("velocity", [96, -0.1, 1.01, math.nan, math.inf])
def test_a_velocity_out_of_range_is_named(velocity: float) -> None:
    with pytest.raises(
        InvalidValueError, match=rf"velocity must be in \[0, 1\], got {velocity}.*; divide MIDI"
    ):
        one_bar(velocity=velocity)


@pytest.mark.parametrize("offset", [0.5, -0.51, 3, math.nan])
def test_an_offset_out_of_range_is_named(offset: float) -> None:
    with pytest.raises(
        InvalidValueError, match=rf"offset must be in \[-0\.5, 0\.5\), got {offset}.*; move the hit"
    ):
        one_bar(offset=offset)


def test_the_least_offset_and_the_greatest_are_allowed() -> None:
    for offset in (-0.5, np.nextafter(np.float32(0.5), np.float32(0))):
        assert one_bar(offset=offset).offsets[0, 0] == offset


@pytest.mark.parametrize("steps_per_quarter", [0, -4, 481, 4.0, "4", None])
def test_steps_that_are_no_whole_number_are_named(steps_per_quarter: object) -> None:
    with pytest.raises(
        InvalidValueError,
        match=rf"steps_per_quarter must be a whole number in \[1, 480\], got '?{steps_per_quarter}",
    ):
        Pattern(CELLS, CELLS, CELLS * 0, steps_per_quarter=steps_per_quarter)  # type: ignore[arg-type]


def test_a_whole_number_of_numpy_is_one() -> None:
    pattern = Pattern.empty(1, steps_per_quarter=np.int64(6))  # type: ignore[arg-type]
    assert type(pattern.steps_per_quarter) is int
    assert Pattern.from_json(pattern.to_json()) == pattern


@pytest.mark.parametrize(
    ("quarters_per_bar", "steps_per_quarter"),
    [(0, 4), (-4, 4), (3.3, 4), (3.5, 3), (math.nan, 4), (math.inf, 4), (257, 4)],
)
def test_a_bar_of_no_whole_number_of_steps_is_named(
    quarters_per_bar: float, steps_per_quarter: int
) -> None:
    message = f"got {float(quarters_per_bar)} quarters of {steps_per_quarter} steps; 4/4 in 16ths"
    with pytest.raises(InvalidValueError, match=message):
        Pattern(CELLS, CELLS, CELLS * 0, 120, steps_per_quarter, quarters_per_bar)


@pytest.mark.parametrize("qpm", [0, -1, math.nan, math.inf])
def test_a_speed_out_of_range_is_named(qpm: float) -> None:
    with pytest.raises(InvalidValueError, match=rf"qpm must be .*, got {qpm}; try 120"):
        Pattern.empty(1, qpm=qpm)


# --- length -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metre", "steps_per_bar"),
    [
        ((4, 4), 16),
        ((4, 3.5), 14),  # 7/8
        ((4, 3), 12),  # 3/4 and 6/8
        ((3, 4), 12),  # triplets
        ((6, 4), 24),
        ((8, 1.25), 10),  # 5/16
    ],
)
def test_bars(metre: tuple[int, float], steps_per_bar: int) -> None:
    pattern = Pattern.empty(3, steps_per_quarter=metre[0], quarters_per_bar=metre[1])
    assert pattern.steps_per_bar == steps_per_bar
    assert pattern.steps == 3 * steps_per_bar
    assert pattern.bars == 3


def test_a_pattern_need_not_be_whole_bars() -> None:
    pattern = Pattern(CELLS[:6], CELLS[:6], CELLS[:6] * 0)
    assert (pattern.steps, pattern.bars) == (6, 0.375)


def test_an_empty_pattern_has_no_steps() -> None:
    assert Pattern.empty(0).steps == 0
    assert not Pattern.empty(4).hits.any()


@pytest.mark.parametrize("bars", [-1, math.nan])
def test_less_than_no_bars_are_refused(bars: float) -> None:
    with pytest.raises(
        InvalidValueError, match=f"bars must be at least 0, got {bars}; ask for one bar"
    ):
        Pattern.empty(bars)  # type: ignore[arg-type]


def test_absurd_lengths_are_refused() -> None:
    assert Pattern.empty(MAX_STEPS // 16).steps == MAX_STEPS
    with pytest.raises(
        InvalidValueError, match="1000000000 bars are 16000000000 steps; ask for at most 1000000"
    ):
        Pattern.empty(10**9)


@pytest.mark.parametrize(("bars", "steps"), [(0, 0), (1, 12), (2, 24), (3, 30), (99, 30)])
def test_the_first_bars(bars: int, steps: int) -> None:
    cells = np.random.default_rng(1).random((30, 9), np.float32)
    pattern = Pattern(cells > 0.5, cells, cells - 0.5, 96, 4, 3)
    first = pattern.first(bars)
    assert first == Pattern(cells[:steps] > 0.5, cells[:steps], cells[:steps] - 0.5, 96, 4, 3)
    with pytest.raises(InvalidValueError, match="bars must be at least 0, got -1; ask for one bar"):
        pattern.first(-1)


# --- the text grid ----------------------------------------------------------------------------


def with_hits(pattern: Pattern, *cells: tuple[int, int, float]) -> Pattern:
    """`pattern` with a hit at each (step, voice, velocity)."""
    hits, velocities = pattern.hits.copy(), pattern.velocities.copy()
    for step, voice, velocity in cells:
        hits[step, voice], velocities[step, voice] = True, velocity
    return dataclasses.replace(pattern, hits=hits, velocities=velocities)


def test_the_grid_of_one_bar() -> None:
    pattern = with_hits(Pattern.empty(1), (0, 0, 1), (4, 1, 0.5), (15, 8, 0.1), (2, 2, 0))
    assert str(pattern).splitlines() == [
        "kick          |X... .... .... ....|",
        "snare         |.... x... .... ....|",
        "closed hi-hat |..o. .... .... ....|",
        "open hi-hat   |.... .... .... ....|",
        "low tom       |.... .... .... ....|",
        "mid tom       |.... .... .... ....|",
        "high tom      |.... .... .... ....|",
        "crash         |.... .... .... ....|",
        "ride          |.... .... .... ...o|",
    ]


@pytest.mark.parametrize(
    ("velocity", "symbol"),
    [(0, "o"), (0.39, "o"), (0.4, "x"), (0.79, "x"), (0.8, "X"), (1, "X")],
)
def test_ghost_notes_hits_and_accents(velocity: float, symbol: str) -> None:
    assert kick_line(one_bar(velocity=velocity)) == f"|{symbol}... .... .... ....|"


def kick_line(pattern: Pattern) -> str:
    return str(pattern).splitlines()[0].removeprefix("kick          ")


@pytest.mark.parametrize(
    ("metre", "line"),
    [
        ({"steps_per_quarter": 3}, "|x.. ... ... ...|"),
        ({"steps_per_quarter": 6, "quarters_per_bar": 2}, "|x..... ......|"),
        ({"quarters_per_bar": 3.5}, "|x... .... .... ..|"),
        ({"quarters_per_bar": 3}, "|x... .... ....|"),
    ],
)
def test_the_grid_follows_the_metre(metre: dict[str, Any], line: str) -> None:
    assert kick_line(one_bar(**metre)) == line


def test_two_bars_stand_side_by_side() -> None:
    pattern = with_hits(Pattern.empty(2), (16, 0, 0.5))
    assert kick_line(pattern) == "|.... .... .... ....|x... .... .... ....|"
    assert len(str(pattern).splitlines()) == 9


def test_longer_patterns_come_in_blocks_of_two_bars() -> None:
    blocks = str(with_hits(Pattern.empty(3), (32, 0, 0.5))).split("\n\n")
    assert [len(block.splitlines()) for block in blocks] == [9, 9]
    assert blocks[1].startswith("kick          |x... .... .... ....|\nsnare ")


def test_a_part_of_a_bar_is_drawn_as_it_is() -> None:
    assert kick_line(Pattern(CELLS[:6], CELLS[:6] / 2, CELLS[:6] * 0)) == "|xxxx xx|"


def test_nothing_is_still_nine_named_lines() -> None:
    assert str(Pattern.empty(0)).splitlines() == [f"{name:13} ||" for name in VOICE_NAMES]


@given(patterns())
def test_every_hit_is_drawn_and_nothing_else(pattern: Pattern) -> None:
    drawn = str(pattern)
    # names hold an `o` and an `x` or two of their own
    cells = "".join(line[14:] for line in drawn.splitlines())
    assert sum(map(cells.count, "oxX")) == pattern.hits.sum()
    assert cells.count(".") == (~pattern.hits).sum()
    assert max(map(len, drawn.splitlines())) <= 110


# --- JSON -------------------------------------------------------------------------------------


@given(patterns())
def test_json_is_exact(pattern: Pattern) -> None:
    assert Pattern.from_json(pattern.to_json()) == pattern


def test_json_is_short_and_says_what_it_holds() -> None:
    assert json.loads(one_bar(velocity=0.5, offset=-0.25, qpm=96).to_json()) == {
        "format": 1,
        "qpm": 96.0,
        "steps_per_quarter": 4,
        "quarters_per_bar": 4.0,
        "steps": 16,
        "voices": list(VOICE_NAMES),
        "hits": [[0, 0, 0.5, -0.25]],
    }


def test_json_of_whole_numbers_and_single_precision_is_read() -> None:
    """As JavaScript writes them: 4 for 4.0, the nearest decimals for a float."""
    document = json.loads(one_bar(velocity=1).to_json())
    document |= {"qpm": 120, "quarters_per_bar": 4, "hits": [[0, 0, 1, 0]]}
    assert Pattern.from_json(json.dumps(document)) == one_bar(velocity=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a pattern in JSON: Expecting value"),
        ("[]", "not a pattern in JSON: TypeError"),
        ("null", "not a pattern in JSON: TypeError"),
        ("{}", "not a pattern in JSON: KeyError: 'format'"),
        ("[" * 100_000, "not a pattern in JSON: RecursionError"),
    ],
)
def test_what_is_no_pattern_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Pattern.from_json(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "pattern format 2 with voices .* is unknown; format 1 with the nine"),
        ({"voices": ["kick"]}, r"format 1 with voices \['kick'\] is unknown"),
        ({"steps": -1}, r"steps must be in \[0, 1000000\], got -1"),
        ({"steps": 10**12}, r"steps must be in \[0, 1000000\], got 1000000000000"),
        ({"steps": "many"}, "not a pattern in JSON: ValueError"),
        ({"steps": math.inf}, "not a pattern in JSON: OverflowError"),
        ({"qpm": None}, "not a pattern in JSON: TypeError"),
        ({"qpm": 10**400}, "not a pattern in JSON: OverflowError"),
        ({"qpm": 0}, "qpm must be"),
        ({"steps_per_quarter": 4.5}, "steps_per_quarter must be a whole number"),
        ({"quarters_per_bar": math.nan}, "a bar must be a whole number of steps"),
        ({"hits": 5}, "not a pattern in JSON: TypeError"),
        ({"hits": [[0, 0, 1]]}, "not a pattern in JSON: ValueError"),
        ({"hits": [[0, 0, 0, 1, 0]]}, "not a pattern in JSON: ValueError"),
        ({"hits": [[16, 0, 1, 0]]}, r"step 16, voice 0 lies outside the grid of \(16, 9\)"),
        ({"hits": [[0, 9, 1, 0]]}, "step 0, voice 9 lies outside"),
        ({"hits": [[-1, 0, 1, 0]]}, "step -1, voice 0 lies outside"),
        ({"hits": [[0.5, 0, 1, 0]]}, "not a pattern in JSON: TypeError"),
        ({"hits": [["0", 0, 1, 0]]}, "not a pattern in JSON: TypeError"),
        ({"hits": [[0, 0, 127, 0]]}, r"velocity must be in \[0, 1\], got 127; divide"),
        ({"hits": [[0, 0, None, 0]]}, "velocity must be"),
        ({"hits": [[0, 0, 1, 0.5]]}, r"offset must be in \[-0\.5, 0\.5\), got 0\.5"),
    ],
)
def test_a_document_that_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    document = {**json.loads(one_bar().to_json()), **change}
    with pytest.raises(InvalidValueError, match=message):
        Pattern.from_json(json.dumps(document))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text("ab", max_size=3), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(sorted(json.loads(one_bar().to_json()))), json_values))
def test_any_document_reads_or_is_refused(change: dict[str, Any]) -> None:
    document = {**json.loads(one_bar().to_json()), **change}
    try:
        pattern = Pattern.from_json(json.dumps(document))
    except InvalidValueError:
        return
    assert Pattern.from_json(pattern.to_json()) == pattern
