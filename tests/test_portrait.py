import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from numpy.typing import NDArray
from strategies import performances

from paradiddle.drums import VOICE_NAMES
from paradiddle.encoding import VELOCITY_LEVELS, Vocabulary, round_ticks
from paradiddle.errors import CorpusError, InvalidValueError
from paradiddle.events import Events
from paradiddle.portrait import ITEMS, Portrait, overlap, portrait
from paradiddle.portrait_plot import MOST_PORTRAITS, plot
from paradiddle.report import GAPS

BAR, BEAT, STEP = 1920, 480, 120
KICK, SNARE, HAT, RIDE = 36, 38, 42, 51


def at(*onsets: int, pitch: int = KICK) -> Events:
    return Events.from_onsets([pitch] * len(onsets), onsets)


def named(likeness: Portrait, item: str) -> dict[str, float]:
    """The bins of one item that hold something."""
    shares = zip(ITEMS[item], getattr(likeness, item), strict=True)
    return {label: share for label, share in shares if share}


def rock(bars: int, shift: int = 0) -> Events:
    """Eighths on the hi-hat, kick on 1 and 3, snare on 2 and 4, and a last kick."""
    hits = [(bar * BAR + eighth * 240, HAT) for bar in range(bars) for eighth in range(8)]
    hits += [(beat * BEAT, (KICK, SNARE)[beat % 2]) for beat in range(4 * bars)]
    hits.append((bars * BAR, KICK))
    return Events.from_onsets([pitch for _, pitch in hits], [onset + shift for onset, _ in hits])


# --- notes per bar ----------------------------------------------------------------------------


def test_a_bar_of_rock_has_twelve_notes() -> None:
    likeness = portrait([rock(4)])
    assert (likeness.pieces, likeness.bars, likeness.notes) == (1, 4, 49)
    assert likeness.mean_notes_per_bar == 12
    assert likeness.quartiles_of_notes_per_bar == (12, 12, 12)
    assert named(likeness, "notes_per_bar") == {"12-15": 1}


def test_quartiles_are_of_the_bars_of_all_pieces() -> None:
    bars = [1, 2, 3, 4, 10]
    pieces = [at(*range(0, STEP * notes, STEP), BAR) for notes in bars]
    likeness = portrait(pieces)
    assert likeness.quartiles_of_notes_per_bar == (2, 3, 4)
    assert likeness.mean_notes_per_bar == 4
    assert named(likeness, "notes_per_bar") == {"0-3": 0.6, "4-7": 0.2, "8-11": 0.2}


def test_silent_bars_count_between_hits_but_not_before_the_first() -> None:
    assert portrait([at(3 * BAR, 5 * BAR, 6 * BAR)]).mean_notes_per_bar == 2 / 3


def test_the_unfinished_last_bar_counts_only_if_it_is_the_only_one() -> None:
    assert portrait([at(0, BEAT, BAR)]).mean_notes_per_bar == 2
    assert portrait([at(0, BEAT)]).mean_notes_per_bar == 2


def test_a_hit_just_before_the_bar_line_belongs_to_the_bar_it_opens() -> None:
    likeness = portrait([at(0, BAR - 30, BAR + BEAT, 2 * BAR)])
    assert likeness.quartiles_of_notes_per_bar == (1.25, 1.5, 1.75)
    assert named(likeness, "kick") == {"1": 0.75, "2": 0.25}


def test_very_full_bars_share_the_last_bin() -> None:
    assert named(portrait([at(*range(0, 500, 5), BAR)]), "notes_per_bar") == {"40+": 1}


# --- voices, places, velocities, gaps ---------------------------------------------------------


def test_voices_are_shares_of_all_hits() -> None:
    pitches = [KICK, 40, 37, 44, 26, 43, 47, 50, 57, 59]
    likeness = portrait([Events(pitches, [0] + [STEP] * 9)])
    assert likeness.voices == (0.1, 0.2, *[0.1] * 7)
    assert tuple(ITEMS["voices"]) == VOICE_NAMES


def test_a_pitch_of_no_voice_counts_as_a_note_and_as_no_voice() -> None:
    likeness = portrait([Events([KICK, 100], [0, STEP])])
    assert likeness.notes == 2
    assert named(likeness, "voices") == {"kick": 1}


def test_kick_and_snare_stand_where_they_are_played() -> None:
    likeness = portrait([rock(4)])
    assert named(likeness, "kick") == {"1": 5 / 9, "3": 4 / 9}
    assert named(likeness, "snare") == {"2": 0.5, "4": 0.5}


def test_places_turn_with_the_music() -> None:
    straight, late = portrait([rock(4)]), portrait([rock(4, shift=3 * STEP)])
    assert late.kick == (*straight.kick[-3:], *straight.kick[:-3])
    assert named(late, "snare") == {"2a": 0.5, "4a": 0.5}


@pytest.mark.parametrize(
    ("onset", "place"), [(59, "1"), (60, "1e"), (180, "1&"), (1859, "4a"), (1860, "1")]
)
def test_a_hit_goes_to_its_nearest_sixteenth(onset: int, place: str) -> None:
    assert named(portrait([at(onset)]), "kick") == {place: 1}


@pytest.mark.parametrize(
    ("velocity", "level"),
    [(1, "0-15"), (15, "0-15"), (16, "16-31"), (63, "48-63"), (64, "64-79"), (127, "112-127")],
)
def test_velocities_fall_in_the_range_that_names_them(velocity: int, level: str) -> None:
    events = Events([KICK], [0], [velocity / 127])
    assert named(portrait([events]), "velocities") == {level: 1}


def test_every_velocity_of_a_model_has_a_range_of_its_own() -> None:
    levels = Vocabulary.of(at(0)).velocities
    likeness = portrait([Events([KICK] * len(levels), [STEP] * len(levels), levels)])
    assert likeness.velocities == (1 / VELOCITY_LEVELS,) * VELOCITY_LEVELS


def test_without_dynamics_every_hit_has_the_usual_velocity() -> None:
    assert named(portrait([at(0, STEP)]), "velocities") == {"96-111": 1}


@pytest.mark.parametrize(
    ("ticks", "name"),
    [
        (0, "together"),
        (25, "flam"),
        (60, "32nd"),
        (80, "16th triplet"),
        (120, "16th"),
        (160, "8th triplet"),
        (240, "8th"),
        (360, "dotted 8th"),
        (480, "quarter"),
        (960, "longer"),
    ],
)
def test_a_gap_is_called_after_its_note_value(ticks: int, name: str) -> None:
    assert named(portrait([at(500, 500 + ticks)]), "gaps") == {name: 1}


@pytest.mark.parametrize("limit", [start for _, start in GAPS][1:-1])
def test_rounding_moves_no_gap_to_another_name(limit: int) -> None:
    for ticks in range(limit - 6, limit + 6):
        events = at(0, ticks)
        assert portrait([round_ticks(events)]).gaps == portrait([events]).gaps, ticks


def test_the_silence_before_the_first_hit_is_no_gap() -> None:
    assert portrait([at(960)]).gaps == (0,) * len(GAPS)


# --- the whole --------------------------------------------------------------------------------


@given(performances())
def test_every_histogram_sums_to_one_or_is_empty(piece: Events) -> None:
    if not len(piece):
        return
    likeness = portrait([replace(piece, quarters_per_bar=4.0)])
    for item, labels in ITEMS.items():
        shares = getattr(likeness, item)
        assert len(shares) == len(labels)
        assert sum(shares) == pytest.approx(1) or not any(shares)


def test_a_portrait_is_json() -> None:
    values = portrait([rock(2)]).to_dict()
    read = json.loads(json.dumps(values))
    assert read["kick"][0] == values["kick"][0] == 3 / 5
    assert set(ITEMS) < set(read)


def test_order_and_silent_pieces_change_nothing() -> None:
    one, other, silence = rock(2), at(0, 50, 100, pitch=RIDE), Events([], [])
    likeness = portrait([one, other])
    assert portrait([other, one]) == likeness
    assert replace(portrait([one, silence, other]), pieces=2) == likeness


def test_other_metres_are_refused_by_number() -> None:
    with pytest.raises(InvalidValueError, match=r"piece 1 has 3\.5 quarters a bar"):
        portrait([at(0), Events([KICK], [0], quarters_per_bar=3.5)])


@pytest.mark.parametrize("pieces", [[], [Events([], [])]])
def test_silence_has_no_portrait(pieces: list[Events]) -> None:
    with pytest.raises(CorpusError, match=f"none of {len(pieces)} pieces has a hit"):
        portrait(pieces)


# --- overlap ----------------------------------------------------------------------------------


def test_a_portrait_overlaps_wholly_with_itself() -> None:
    likeness = portrait([rock(3)])
    assert overlap(likeness, likeness) == pytest.approx(dict.fromkeys(ITEMS, 1.0))


def test_overlap_is_the_shared_area() -> None:
    one = portrait([at(0, 0, 0, BEAT)])
    other = portrait([at(0, BEAT, BEAT, 2 * BEAT)])
    assert overlap(one, other)["kick"] == 0.25 + 0.25
    assert overlap(one, other) == overlap(other, one)


def test_turned_music_shares_no_place() -> None:
    shared = overlap(portrait([rock(4)]), portrait([rock(4, shift=STEP)]))
    assert (shared["kick"], shared["snare"]) == (0, 0)
    assert shared["voices"] == shared["gaps"] == pytest.approx(1)


def test_no_snare_shares_nothing_with_no_snare() -> None:
    assert overlap(portrait([at(0)]), portrait([at(0)]))["snare"] == 0


# --- the page ---------------------------------------------------------------------------------


@pytest.fixture
def some() -> dict[str, Portrait]:
    return {f"$x_{shift}": portrait([rock(3, shift)]) for shift in range(0, 4 * STEP, STEP)}


def test_the_same_portraits_give_the_same_page(tmp_path: Path, some: dict[str, Portrait]) -> None:
    pytest.importorskip("matplotlib")
    pages = [tmp_path / "one.svg", tmp_path / "other.svg"]
    for page in pages:
        plot(some, page, title="Beats")
    one, other = (page.read_text() for page in pages)
    assert one == other
    assert all(words in one for words in ("Beats", *some))


def test_two_portraits_make_a_white_page_that_is_wide_enough_to_read(
    tmp_path: Path, some: dict[str, Portrait]
) -> None:
    image = pytest.importorskip("matplotlib.image")
    plot(dict(list(some.items())[:2]), tmp_path / "page.png")
    pixels: NDArray[Any] = image.imread(tmp_path / "page.png")
    assert pixels.shape[1] >= 1200
    assert pixels[0, 0, :3].tolist() == [1, 1, 1]


@pytest.mark.parametrize("count", [1, MOST_PORTRAITS + 1])
def test_too_few_or_too_many_portraits_are_refused(tmp_path: Path, count: int) -> None:
    likeness = portrait([rock(1)])
    with pytest.raises(InvalidValueError, match=f"got {count};"):
        plot({str(number): likeness for number in range(count)}, tmp_path / "page.png")
    assert not list(tmp_path.iterdir())


def test_another_format_is_refused(tmp_path: Path, some: dict[str, Portrait]) -> None:
    with pytest.raises(InvalidValueError, match=r"got 'page\.gif'"):
        plot(some, tmp_path / "page.gif")
