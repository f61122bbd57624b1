"""Recordings as Patterns: nothing lost at bar lines, nothing mangled, nothing on both sides."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import DrumFile

from paradiddle.corpus import scan
from paradiddle.errors import CorpusError, InvalidValueError
from paradiddle.pattern import Pattern
from paradiddle.takes import Take, Takes, Window, takes_of, windows_of

BAR = 1920  # ticks
STRAIGHT = [(BAR // 4 * quarter, 36, 100) for quarter in range(8)]


@pytest.fixture
def folder(tmp_path: Path, drum_file: DrumFile) -> Path:
    """Six files: two to keep, their like again, a waltz, one of no voice, one a hair apart."""
    drum_file(tmp_path / "a.mid", STRAIGHT)
    drum_file(tmp_path / "b.mid", [(0, 36, 100), (BAR - 10, 36, 64), (BAR + 480, 38, 127)])
    drum_file(tmp_path / "c.mid", STRAIGHT)
    drum_file(tmp_path / "d.mid", [*STRAIGHT[:-1], (STRAIGHT[-1][0] + 1, 36, 100)])
    drum_file(tmp_path / "waltz.mid", STRAIGHT, metre=(3, 4))
    drum_file(tmp_path / "x.mid", [(0, 100, 90)])
    return tmp_path


def take(name: str, bars: int = 4, drummer: str = "", **labels: str) -> Take:
    hits = np.zeros((16 * bars, 9), bool)
    hits[::4, 0] = True
    return Take(name, Pattern(hits, hits * 0.5, hits * 0.0), drummer=drummer, **labels)


def test_a_kick_just_before_the_bar_line_belongs_to_the_bar(folder: Path) -> None:
    [early] = [take for take in takes_of(scan(folder)) if take.name == "b.mid"]
    second = windows_of([early], 1)[1]
    assert second.start == 16
    assert second.pattern.hits[:, 0].tolist() == [True] + 15 * [False]
    assert second.pattern.offsets[0, 0] == pytest.approx(-10 / 120)
    assert second.pattern.velocities[0, 0] == pytest.approx(64 / 127)


def test_what_is_left_out_is_counted(folder: Path) -> None:
    takes = takes_of(scan(folder))
    assert [take.name for take in takes] == ["a.mid", "b.mid", "d.mid"]
    assert takes.other_metres == {"3/4": 1}
    assert (takes.duplicates, takes.empty, takes.collisions, takes.unmapped) == (1, 1, 0, 0)


def test_collisions_and_notes_of_no_voice_are_counted(tmp_path: Path, drum_file: DrumFile) -> None:
    drum_file(tmp_path / "a.mid", [(0, 36, 100), (9, 36, 90), (20, 100, 90), (480, 38, 90)])
    takes = takes_of(scan(tmp_path))
    assert (takes.collisions, takes.unmapped) == (1, 1)


def test_a_corpus_without_four_four_is_refused(tmp_path: Path, drum_file: DrumFile) -> None:
    drum_file(tmp_path / "waltz.mid", STRAIGHT, metre=(3, 4))
    with pytest.raises(CorpusError, match=r"none of the 1 files .* is in 4/4"):
        takes_of(scan(tmp_path))


def test_cells_are_hits_velocities_and_offsets_side_by_side() -> None:
    pattern = take("a.mid").pattern
    cells = Take("a.mid", pattern).cells
    assert cells.shape == (64, 27)
    assert cells.dtype == np.float32
    for part, array in zip(
        np.split(cells, 3, axis=1),
        (pattern.hits, pattern.velocities, pattern.offsets),
        strict=True,
    ):
        assert (part == array).all()


def test_windows_start_at_every_bar_line_and_leave_silence_out() -> None:
    hits = take("a.mid", bars=6).pattern.hits.copy()
    hits[16:48] = False
    quiet = Take("a.mid", Pattern(hits, hits * 0.5, hits * 0.0, qpm=90))
    windows = windows_of([quiet], 2)
    assert [window.start for window in windows] == [0, 32, 48, 64]
    assert windows[1].pattern.qpm == 90
    assert (windows[1].pattern.hits == hits[32:64]).all()
    assert (windows[1].cells[:, :9] == hits[32:64]).all()
    with pytest.raises(InvalidValueError, match="bars must be at least 1, got 0"):
        windows_of([quiet], 0)


def test_takes_are_chosen_by_split_and_type_and_counted_by_style() -> None:
    takes = Takes(
        (
            take("a", split="train", beat_type="beat", style="funk"),
            take("b", split="train", beat_type="fill", style="rock"),
            take("c", split="test", beat_type="beat", style="rock"),
        ),
        {"3/4": 2},
    )
    assert [one.name for one in takes.of("train")] == ["a", "b"]
    assert [one.name for one in takes.of("train", "fill")] == ["b"]
    assert [one.name for one in takes.of(beat_type="beat")] == ["a", "c"]
    assert list(takes.styles().items()) == [("rock", 2), ("funk", 1)]
    assert takes.of("test").other_metres == {"3/4": 2}
    with pytest.raises(CorpusError, match="none of the 3 recordings is in split validation"):
        takes.of("validation")


def test_drummers_are_held_out() -> None:
    takes = Takes(
        (
            take("a", drummer="anna", split="train"),
            take("b", drummer="anna", split="validation"),
            take("c", drummer="ben", split="train"),
            take("d", drummer="cleo", split="test"),
            take("e", drummer="cleo", split="validation"),
        ),
        {},
    )
    apart = takes.drummers_held_out(["anna"])
    assert [one.split for one in apart] == ["test", "test", "train", "train", "validation"]
    assert [one.split for one in takes] == ["train", "validation", "train", "test", "validation"]
    with pytest.raises(CorpusError, match="no recording is by 'dave'; there are anna, ben, cleo"):
        takes.drummers_held_out(["anna", "dave"])


# --- the Groove MIDI Dataset ------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(groove: Path) -> Takes:
    return takes_of(scan(groove))


@pytest.mark.groove
def test_groove_is_read_whole(recorded: Takes) -> None:
    assert len(recorded) == 1137
    assert recorded.other_metres == {"3/4": 5, "6/8": 5, "5/4": 1, "5/8": 1}
    assert (recorded.duplicates, recorded.empty) == (1, 0)
    assert all(one.pattern.steps % 16 == 0 for one in recorded)


@pytest.mark.groove
@pytest.mark.parametrize(
    ("split", "count"), [("train", 16_514), ("validation", 2_055), ("test", 2_084)]
)
def test_groove_has_so_many_windows(recorded: Takes, split: str, count: int) -> None:
    assert len(windows_of(recorded.of(split), 2)) == count


@pytest.mark.groove
def test_the_downbeat_kick_survives(recorded: Takes) -> None:
    windows = windows_of(recorded.of("train"), 2)
    first, second = (np.mean([window.cells[step, 0] for window in windows]) for step in (0, 16))
    assert first == pytest.approx(0.716, abs=0.001)
    assert second == pytest.approx(0.7205, abs=0.001)


@pytest.mark.groove
def test_windows_of_one_file_are_never_in_two_splits(recorded: Takes) -> None:
    splits: dict[str, set[str]] = {}
    for split in ("train", "validation", "test"):
        for window in windows_of(recorded.of(split), 4):
            splits.setdefault(window.take.name, set()).add(split)
    assert all(len(found) == 1 for found in splits.values())
    apart = recorded.drummers_held_out(["drummer1"])
    assert {one.drummer for one in apart.of("test")} == {"drummer1"}
    assert "drummer1" not in {one.drummer for one in apart.of("train")}


def test_a_window_is_cut_from_its_take() -> None:
    whole = take("a.mid")
    window = Window(whole, 16, 48)
    assert window.pattern == replace(whole.pattern.first(3), **_parts(whole.pattern, 16, 48))


def _parts(pattern: Pattern, start: int, stop: int) -> dict[str, np.ndarray]:
    names = "hits", "velocities", "offsets"
    return {name: getattr(pattern, name)[start:stop] for name in names}
