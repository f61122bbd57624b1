from collections import Counter

import pytest
from examined import exam, takes

from paradiddle.errors import CorpusError
from paradiddle.exam import exam_of

EXAM = exam()


def test_beats_of_the_split_and_their_windows() -> None:
    assert [take.name for take in EXAM.takes] == [f"test/{seed}.mid" for seed in (60, 61, 62, 63)]
    assert len(EXAM.windows) == 3 * 2 + 4
    assert (len(EXAM.train), len(EXAM.validation)) == (80, 8)


def test_the_mix_is_of_windows() -> None:
    assert EXAM.mix == {"funk": 0.4, "rock": 0.6}


def test_styles_of_twenty_files_are_known() -> None:
    assert set(EXAM.known_styles) == {"funk", "rock"}
    fewer = takes().where(lambda take: take.name != "train/0.mid")
    assert exam_of(fewer).known_styles == ("rock",)


def test_windows_to_ask_for_are_train_windows() -> None:
    drawn = EXAM.like_train(30, seed=1)
    assert len({(window.take.name, window.start) for window in drawn}) == 30
    assert all(window.take.split == "train" for window in drawn)
    assert len(EXAM.like_train(200, seed=1)) == 200
    styles = Counter(window.take.style for window in EXAM.of_each_style(7, seed=0))
    assert styles == {"funk": 7, "rock": 7}


def test_drummers_can_be_held_out() -> None:
    held_out = exam_of(takes().drummers_held_out(["drummer1"]))
    assert {take.drummer for take in held_out.takes} == {"drummer1"}
    assert {window.take.drummer for window in held_out.train} == {"drummer0"}


def test_a_split_without_beats_is_refused() -> None:
    with pytest.raises(CorpusError, match="split exam"):
        exam_of(takes(), "exam")
