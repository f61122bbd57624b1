import itertools
from pathlib import Path

import numpy as np
import pytest
from models import CLASSIC, PLACED, VOCABULARY, published_lstm, tiny_drummer
from numpy.typing import NDArray

from paradiddle import evaluation
from paradiddle.drummer import Length
from paradiddle.drummer_file import read_model
from paradiddle.encoding import Vocabulary
from paradiddle.errors import CorpusError, InvalidValueError
from paradiddle.evaluation import Copying, Scores, copying, teacher_forced
from paradiddle.events import Events

KICK, SNARE, HAT = 36, 38, 42


# --- predicting -------------------------------------------------------------------------------


def random_sequence(vocabulary: Vocabulary, events: int) -> NDArray[np.int32]:
    generator = np.random.default_rng(3)
    return generator.integers(0, vocabulary.sizes, (events, len(vocabulary.sizes)), np.int32)


def scored_one_by_one(folder: Path, vocabulary: Vocabulary, indices: NDArray[np.int32]) -> Scores:
    """Accuracy and bits of each prediction by the published formula."""
    _, _, file = read_model(folder / "tiny.safetensors")
    wx, wy = file.tensors["lstm.0.forward"], file.tensors["dense"]
    right, bits = [], []
    inputs = vocabulary.inputs(indices[:-1])
    predictions = published_lstm(wx, wy, vocabulary.sizes, inputs, vocabulary.extra_inputs)
    for target, fields in zip(indices[1:], predictions, strict=True):
        pairs = list(zip(fields, target, strict=True))
        right.append([field.argmax() == index for field, index in pairs])
        bits.append([-np.log2(field[index]) for field, index in pairs])
    names = ("note", "ticks", "velocity")[: len(vocabulary.sizes)]
    return Scores(
        len(right),
        sum(note and ticks for note, ticks, *_ in right) / len(right),
        dict(zip(names, np.mean(right, axis=0), strict=True)),
        dict(zip(names, np.mean(bits, axis=0), strict=True)),
    )


@pytest.mark.parametrize(
    "vocabulary", [CLASSIC, VOCABULARY, PLACED], ids=["classic", "velocity", "places"]
)
@pytest.mark.parametrize("block", [7, 60, 4096])
def test_scores_are_those_of_the_formula(
    tmp_path: Path, vocabulary: Vocabulary, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drummer = tiny_drummer(tmp_path, vocabulary)
    indices = random_sequence(vocabulary, 121)
    monkeypatch.setattr(evaluation, "_BLOCK", block)
    scores = teacher_forced(drummer, indices)
    expected = scored_one_by_one(tmp_path, vocabulary, indices)
    assert scores.events == expected.events == 120
    assert scores.joint_accuracy == expected.joint_accuracy
    assert scores.accuracy == pytest.approx(expected.accuracy, abs=0)
    assert scores.bits == pytest.approx(expected.bits, rel=1e-4)
    assert scores.total_bits == pytest.approx(sum(expected.bits.values()), rel=1e-4)
    assert 0 < scores.joint_accuracy < min(scores.accuracy["note"], scores.accuracy["ticks"])


def test_what_it_plays_at_temperature_0_it_predicts(tmp_path: Path) -> None:
    drummer = tiny_drummer(tmp_path)
    rows = list(itertools.islice(drummer.stream(seed=1, temperature=0, state_scale=0), 400))
    scores = teacher_forced(drummer, np.stack(rows))
    # the first few hang on an event that was not written down
    assert scores.joint_accuracy > 0.97
    assert teacher_forced(drummer, random_sequence(VOCABULARY, 400)).joint_accuracy < 0.4


def test_two_events_are_one_prediction(tmp_path: Path) -> None:
    drummer = tiny_drummer(tmp_path)
    assert teacher_forced(drummer, random_sequence(VOCABULARY, 2)).events == 1
    for events in (0, 1):
        with pytest.raises(CorpusError, match=f"^{events} events leave nothing to predict; use"):
            teacher_forced(drummer, random_sequence(VOCABULARY, events))


def test_a_sequence_of_another_vocabulary(tmp_path: Path) -> None:
    drummer = tiny_drummer(tmp_path, CLASSIC)
    with pytest.raises(InvalidValueError, match=r"field 1 must be in \[0, 4\), got 4"):
        teacher_forced(drummer, np.array([[0, 0], [1, 4], [0, 0]], np.int32))


def test_scores_as_json_values() -> None:
    scores = Scores(3, 0.5, {"note": 1.0, "ticks": 0.5}, {"note": 0.25, "ticks": 1.5})
    assert scores.to_dict() == {
        "events": 3,
        "joint_accuracy": 0.5,
        "accuracy": {"note": 1.0, "ticks": 0.5},
        "bits": {"note": 0.25, "ticks": 1.5},
        "bits_per_event": 1.75,
    }


# --- copying ----------------------------------------------------------------------------------

# bars of four quarters each
ROCK = [(KICK, 480), (SNARE, 480), (KICK, 480), (SNARE, 480)]
SLOW = [(KICK, 480), (KICK, 480), (KICK, 480), (KICK, 480)]
HATS = [(HAT, 480), (HAT, 480), (HAT, 480), (SNARE, 480)]


def music(*bars: list[tuple[int, int]]) -> Events:
    """Join bars; the first event starts at once."""
    events = [event for bar in bars for event in bar]
    notes, ticks = zip(*events, strict=True)
    return Events(notes, (0, *ticks[1:]))


def copied(*played: Events, training: Events) -> Copying:
    return copying(played, training, Vocabulary.of(training, velocity=False))


def test_everything_copied() -> None:
    training = music(ROCK, HATS, SLOW)
    assert copied(music(HATS, SLOW), training=training) == Copying(2, 1.0, 7)
    assert copied(training, training=training) == Copying(3, 1.0, 11)


def test_known_bars_in_a_new_order() -> None:
    training = music(ROCK, HATS, SLOW)
    # hat, hat, snare and the next kick: the ticks of a piece's first event count for nothing
    assert copied(music(HATS, ROCK), training=training) == Copying(2, 1.0, 4)
    assert copied(music(SLOW, HATS), training=training) == Copying(2, 1.0, 4)
    assert copied(music(SLOW, SLOW), training=training) == Copying(2, 1.0, 4)
    assert copied(music(ROCK, SLOW), training=training) == Copying(2, 1.0, 5)


def test_nothing_copied_but_single_events() -> None:
    training = music(SLOW, [(SNARE, 240), (HAT, 240)])
    assert copied(music([(HAT, 480), (SNARE, 240)] * 2), training=training) == Copying(1, 0.0, 1)


def test_a_bar_is_found_at_any_16th_but_looked_for_on_bar_lines() -> None:
    late = Events([SNARE, KICK, SNARE, KICK, SNARE, HAT], [0, 600, 480, 480, 480, 1920])
    assert copied(music(ROCK), training=late).verbatim_bars == 1
    assert copied(late, training=music(ROCK, ROCK)).verbatim_bars == 0


def test_timing_within_a_16th_counts_for_the_run_but_not_for_bars() -> None:
    human = Events([KICK, SNARE, KICK, SNARE], [0, 470, 480, 490])
    found = copied(
        human, training=Events([KICK, SNARE] * 2 + [HAT] * 2, [0, 480, 480, 480, 470, 490])
    )
    assert found == Copying(1, 1.0, 1)


def test_silent_bars_are_left_out() -> None:
    sparse = Events([KICK, KICK], [0, 3 * 1920])
    assert copied(sparse, training=music(ROCK)).bars == 2


def test_the_longest_run_is_that_of_any_piece() -> None:
    training = music(ROCK, HATS, SLOW)
    pieces = [music(SLOW), music(HATS, SLOW), music(ROCK)]
    assert copied(*pieces, training=training).longest_run == 7
    # a piece longer than all that was learned
    assert copied(music(ROCK, HATS, SLOW, ROCK), training=training).longest_run == 11


def test_nothing_played() -> None:
    assert copied(training=music(ROCK)) == Copying(0, 0.0, 0)
    assert copied(Events([KICK], [0]), training=music(ROCK)) == Copying(1, 0.0, 0)


def test_the_longest_run_is_that_of_an_exhaustive_search(tmp_path: Path) -> None:
    drummer = tiny_drummer(tmp_path)
    training, *played = drummer.play_many(Length(notes=300), [0, 1, 2], temperature=0.6)

    def pairs(events: Events) -> list[tuple[int, int]]:
        return list(zip(events.notes.tolist(), events.ticks.tolist(), strict=True))

    source, longest = pairs(training), 0
    for piece in played:
        lengths = [0] * (len(source) + 1)
        for event in pairs(piece)[1:]:
            lengths = [0] + [
                lengths[k] + 1 if event == other else 0 for k, other in enumerate(source)
            ]
            longest = max(longest, *lengths)
    assert longest > 2
    assert copying(played, training, VOCABULARY).longest_run == longest


def test_copying_as_json_values() -> None:
    assert Copying(4, 0.25, 7).to_dict() == {"bars": 4, "verbatim_bars": 0.25, "longest_run": 7}
