import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models import CLASSIC, PLACED, VOCABULARY, random_tensors, tiny_drummer, write_drummer
from numpy.testing import assert_array_equal

from paradiddle import drummer as module
from paradiddle import weights
from paradiddle.drummer import Drummer, Length, monkey
from paradiddle.drummer_file import KIND, read_model, write_model
from paradiddle.encoding import Vocabulary
from paradiddle.engine import Lstm, LstmShape, Session
from paradiddle.errors import InvalidValueError, ModelError, ParadiddleError
from paradiddle.events import Events

BAR = 1920  # ticks
LONGEST_GAP = VOCABULARY.ticks[-1]


@pytest.fixture
def drummer(tmp_path: Path) -> Drummer:
    return tiny_drummer(tmp_path)


# --- Length -----------------------------------------------------------------------------------


def test_ticks_of_a_length() -> None:
    assert Length(notes=7).ticks(120, 4) == float("inf")
    assert Length(bars=2.5).ticks(90, 3) == 2.5 * 3 * 480
    assert Length(seconds=10).ticks(96, 4) == 16 * 480


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give one of notes, bars or seconds, got none"),
        ({"notes": 1, "bars": 2}, "give one of notes, bars or seconds, got notes, bars"),
        ({"notes": 0}, r"notes must be in \[1, 1000000\], got 0; try 1000 notes"),
        ({"notes": 1.5}, "notes must be a whole number, got 1.5; round it"),
        ({"notes": 1_000_001}, "notes must be in .*, got 1000001"),
        ({"bars": 0}, r"bars must be in \[0.01, 100000\], got 0"),
        ({"bars": -3}, "bars must be in .*, got -3"),
        ({"bars": float("nan")}, "bars must be in .*, got nan"),
        ({"seconds": float("inf")}, r"seconds must be in \[0.01, 7200\], got inf"),
        ({"seconds": 1e9}, "seconds must be in .*, got 1000000000"),
    ],
)
def test_lengths_out_of_range(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Length(**arguments)


@pytest.mark.parametrize("qpm", [0, -120, float("nan"), float("inf")])
def test_a_length_at_no_speed(qpm: float) -> None:
    with pytest.raises(InvalidValueError, match=f"qpm must be in .*, got {qpm}; try 120"):
        Length(seconds=1).ticks(qpm, 4)


# --- playing ----------------------------------------------------------------------------------


def listen(
    drummer: Drummer, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[list[int]], list[list[int]]]:
    """Let two lists fill with what the network reads at each step, and what it finds likeliest."""
    heard: list[list[int]] = []
    likeliest: list[list[int]] = []

    def session(streams: int, *memory: Any) -> Session:
        opened = Lstm.session(drummer.lstm, streams, *memory)
        step = opened.step

        def listening(row: Any) -> tuple[Any, ...]:
            fields = step(row)
            heard.append(row[0].tolist())
            likeliest.append([int(field.argmax()) for field in fields])
            return fields

        monkeypatch.setattr(opened, "step", listening)
        return opened

    monkeypatch.setattr(drummer.lstm, "session", session)
    return heard, likeliest


def test_the_same_seed_plays_the_same(drummer: Drummer) -> None:
    length = Length(notes=200)
    assert drummer.play(length, seed=3) == drummer.play(length, seed=3)
    assert drummer.play(length, seed=3) != drummer.play(length, seed=4)
    assert drummer.play(length) != drummer.play(length)


def test_a_longer_piece_starts_as_the_shorter(drummer: Drummer) -> None:
    short, long = (drummer.play(Length(notes=n), seed=3) for n in (50, 60))
    assert_array_equal(long.notes[:50], short.notes)
    assert_array_equal(long.ticks[:50], short.ticks)


@pytest.mark.parametrize("count", [1, 2, 333])
def test_so_many_notes(drummer: Drummer, count: int) -> None:
    for number in (count, np.int64(count), float(count)):
        pieces = drummer.play_many(Length(notes=number), [0, 1])  # type: ignore[arg-type]
        assert [len(piece) for piece in pieces] == [count] * 2


@pytest.mark.parametrize("bars", [1, 2.5, 8])
def test_bars_are_full_and_nothing_follows_them(drummer: Drummer, bars: float) -> None:
    for piece in drummer.play_many(Length(bars=bars), list(range(20))):
        assert bars * BAR - LONGEST_GAP <= piece.onsets[-1] < bars * BAR


@pytest.mark.parametrize("qpm", [60, 200.5])
def test_seconds_are_full_and_nothing_follows_them(drummer: Drummer, qpm: float) -> None:
    for piece in drummer.play_many(Length(seconds=6), list(range(20)), qpm=qpm):
        assert 6 - LONGEST_GAP / 480 * 60 / qpm <= piece.seconds()[-1] < 6


def test_a_note_on_the_end_is_left_out(tmp_path: Path) -> None:
    steady = tiny_drummer(tmp_path, Vocabulary((36, 38), (480,)))
    assert steady.play(Length(bars=2), seed=0).onsets.tolist() == [480 * k for k in range(1, 8)]
    assert steady.play(Length(seconds=2), seed=0, qpm=60).onsets.tolist() == [480]


def test_the_first_hit_waits_for_its_place_in_the_bar(drummer: Drummer) -> None:
    pieces = drummer.play_many(Length(notes=3), list(range(60)))
    assert {0, 240} < {int(piece.ticks[0]) for piece in pieces}
    assert {int(piece.notes[0]) for piece in pieces} == set(VOCABULARY.notes)
    # of so short a time there may be nothing to hear
    lengths = [len(piece) for piece in drummer.play_many(Length(bars=0.01), list(range(60)))]
    assert min(lengths) == 0 < max(lengths)


def test_the_network_reads_where_in_the_bar_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drummer = tiny_drummer(tmp_path, PLACED)
    heard, _ = listen(drummer, monkeypatch)
    piece = drummer.play(Length(bars=20), seed=2)
    assert piece.quarters_per_bar == 3
    assert 20 * 1440 - LONGEST_GAP <= piece.onsets[-1] < 20 * 1440
    # the first it reads is the unheard one on the bar line
    assert [row[3] for row in heard[: len(piece)]] == [0, *(piece.onsets[:-1] % 1440 // 240)]
    assert {row[3] for row in heard} == set(range(6))


def test_pieces_played_together_are_those_played_alone(drummer: Drummer) -> None:
    seeds: list[int | None] = [4, 0, 2**40]
    for length in (Length(notes=100), Length(bars=3)):
        together = drummer.play_many(length, seeds, temperature=0.9)
        alone = [drummer.play(length, seed=seed, temperature=0.9) for seed in seeds]
        assert together == alone


def test_what_it_plays_comes_from_its_tables(drummer: Drummer) -> None:
    piece = drummer.play(Length(notes=500), seed=0)
    assert set(piece.notes.tolist()) == set(VOCABULARY.notes)
    assert set(piece.ticks.tolist()) == set(VOCABULARY.ticks)
    assert piece.velocities is not None
    assert set(piece.velocities.tolist()) == set(VOCABULARY.velocities)


def test_a_model_of_two_fields_plays_without_velocities(tmp_path: Path) -> None:
    assert tiny_drummer(tmp_path, CLASSIC).play(Length(notes=9), seed=0).velocities is None


@pytest.mark.parametrize("settings", [{"layers": 3}, {"bidirectional": True}], ids=str)
def test_any_architecture_plays(tmp_path: Path, settings: dict[str, Any]) -> None:
    drummer = tiny_drummer(tmp_path, **settings)
    one, other = drummer.play_many(Length(notes=40), [1, 2])
    assert len(one) == len(other) == 40
    assert one == drummer.play(Length(notes=40), seed=1)
    assert one != other


def test_the_speed_is_that_of_the_document_unless_told(tmp_path: Path, drummer: Drummer) -> None:
    assert (drummer.qpm, drummer.resolution) == (120, 5)
    document = {"encoding": {"qpm": 96.5, "resolution": 10}}
    told = tiny_drummer(tmp_path, document=document)
    assert (told.qpm, told.resolution) == (96.5, 10)
    assert told.play(Length(notes=2), seed=0).qpm == 96.5
    assert told.play(Length(notes=2), seed=0, qpm=60).qpm == 60
    # a second is then more or fewer beats
    assert told.play(Length(seconds=20), seed=0).onsets[-1] < 20 * 96.5 / 60 * 480


def test_without_end(drummer: Drummer) -> None:
    rows = list(itertools.islice(drummer.stream(seed=6, temperature=0.8), 3000))
    assert {row.shape for row in rows} == {(3,)}
    streamed = drummer.vocabulary.decode(np.stack(rows))
    played = drummer.play(Length(notes=3000), seed=6, temperature=0.8)
    assert_array_equal(streamed.notes, played.notes)
    assert_array_equal(streamed.ticks, played.ticks)


# --- settings ---------------------------------------------------------------------------------


def test_at_temperature_0_it_plays_the_likeliest_after_what_it_played(
    drummer: Drummer, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, likeliest = listen(drummer, monkeypatch)
    played = [row.tolist() for row in itertools.islice(drummer.stream(1, temperature=0), 60)]
    assert played == likeliest
    assert heard[1:] == played[:-1]


def test_temperature_and_top_p_narrow_the_choice(drummer: Drummer) -> None:
    def kinds(**settings: float) -> int:
        rows = itertools.islice(drummer.stream(seed=2, **settings), 400)
        return len({tuple(row) for row in rows})

    assert kinds(temperature=0.2) < kinds() < kinds(temperature=5)
    assert kinds(top_p=0.3) < kinds()


def test_the_memory_is_random_within_the_scale(
    drummer: Drummer, monkeypatch: pytest.MonkeyPatch
) -> None:
    memories: list[Any] = []
    session = drummer.lstm.session
    monkeypatch.setattr(
        drummer.lstm, "session", lambda n, *memory: memories.append(memory) or session(n, *memory)
    )
    seeds: list[int | None] = list(range(50))
    for scale in (0, 0.1, 2):
        drummer.play_many(Length(notes=1), seeds, state_scale=scale)
        for state in memories.pop():
            assert state.shape == (1, 50, 8)
            assert 0.97 * scale <= np.abs(state).max() <= scale
            assert abs(state.mean()) <= 0.1 * scale
    drummer.play(Length(notes=1), seed=7)
    h, c = memories.pop()
    assert 0.05 < np.abs(h).max() <= 0.1
    assert not np.array_equal(h, c)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"state_scale": -0.1}, r"state_scale must be in \[0, 100\], got -0.1; try 0.1"),
        ({"state_scale": 101}, "state_scale must be in .*, got 101"),
        ({"state_scale": float("nan")}, "state_scale must be in .*, got nan"),
        ({"temperature": -1}, "temperature must be at least 0, got -1"),
        ({"top_p": 0}, "top_p must be in .*, got 0"),
        ({"seed": -1}, "seed must be in .*, got -1"),
        ({"qpm": 0}, "qpm must be in .*, got 0; try 120"),
    ],
)
def test_settings_out_of_range(drummer: Drummer, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        drummer.play(Length(notes=5), **settings)


def test_no_pieces_or_too_many(drummer: Drummer) -> None:
    with pytest.raises(InvalidValueError, match="number of seeds must be at least 1, got 0"):
        drummer.play_many(Length(notes=5), [])
    with pytest.raises(
        InvalidValueError, match=r"notes must be in \[1, 1000\], got 1001; .* than 10000 of 1001"
    ):
        drummer.play_many(Length(notes=1001), [0] * 10_000)


def test_a_model_that_stands_still_does_not_play_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_NOTES", 100)
    vocabulary = Vocabulary((36, 38), (0,))
    message = "100 notes played and the end is not reached; ask for fewer or shorter pieces"
    with pytest.raises(ModelError, match=message):
        tiny_drummer(tmp_path, vocabulary).play(Length(bars=1), seed=0)
    with pytest.raises(ModelError, match=message):
        monkey(vocabulary, Length(bars=1), 0, 120)


# --- the monkey -------------------------------------------------------------------------------


def test_the_monkey_plays_everything_equally_often() -> None:
    piece = monkey(VOCABULARY, Length(notes=12_000), 5, 90)
    assert piece.velocities is not None
    assert (len(piece), piece.qpm) == (12_000, 90)
    pairs = [
        (piece.notes, VOCABULARY.notes),
        (piece.ticks, VOCABULARY.ticks),
        (piece.velocities, VOCABULARY.velocities),
    ]
    for values, table in pairs:
        found, counts = np.unique(values, return_counts=True)
        assert tuple(found) == table
        share = 12_000 / len(table)
        assert np.abs(counts - share).max() < 5 * share**0.5


def test_the_monkey_repeats_itself_by_seed() -> None:
    length = Length(notes=50)
    assert monkey(CLASSIC, length, 5, 120) == monkey(CLASSIC, length, 5, 120)
    assert monkey(CLASSIC, length, 5, 120) != monkey(CLASSIC, length, 6, 120)
    assert monkey(CLASSIC, length, None, 120) != monkey(CLASSIC, length, None, 120)
    assert monkey(CLASSIC, length, 5, 120).velocities is None
    with pytest.raises(InvalidValueError, match=r"seed must be in .*, got -1"):
        monkey(CLASSIC, length, -1, 120)


@pytest.mark.parametrize("longest", [240, 1_000_000])
def test_the_monkey_fills_the_bars(longest: int) -> None:
    vocabulary = Vocabulary((36, 38), (*range(100), longest))
    for seed in range(20):
        onsets = monkey(vocabulary, Length(bars=30), seed, 120).onsets
        assert 30 * BAR - longest <= onsets[-1] < 30 * BAR


# --- model files ------------------------------------------------------------------------------


def test_a_model_file_tells_all(tmp_path: Path) -> None:
    document = {"encoding": {"qpm": 96, "resolution": 1}, "training": {"seed": 3}, "license": "MIT"}
    path = write_drummer(tmp_path / "model", PLACED, layers=2, document=document)
    shape, vocabulary, file = read_model(path)
    assert shape == LstmShape((3, 4, 3), 8, 2, False, (6,))
    assert vocabulary == PLACED
    assert file.document == {
        "format": 1,
        "kind": "drummer",
        "architecture": {
            "sizes": [3, 4, 3],
            "hidden": 8,
            "layers": 2,
            "bidirectional": False,
            "extra_inputs": [6],
        },
        "encoding": {
            "qpm": 96,
            "resolution": 1,
            "ticks_per_quarter": 480,
            "notes": [36, 38, 42],
            "ticks": [0, 60, 120, 240],
            "velocities": [0.25, 0.5, 0.875],
            "places": 6,
            "ticks_per_bar": 1440,
        },
        "training": {"seed": 3},
        "license": "MIT",
    }
    for name, tensor in random_tensors(shape).items():
        assert_array_equal(file.tensors[name], tensor)


def test_the_drummer_that_comes_along_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEFAULT_MODEL", write_drummer(tmp_path / "shipped"))
    assert Drummer.load().vocabulary == VOCABULARY
    monkeypatch.setattr(module, "DEFAULT_MODEL", tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"no model file at .*nowhere; check the path"):
        Drummer.load()


def test_tables_and_weights_of_different_models(drummer: Drummer) -> None:
    with pytest.raises(ModelError, match=r"tables hold \(3, 4\) values, the weights \(3, 4, 3\)"):
        Drummer(CLASSIC, drummer.lstm)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("dense"), "tensor dense is missing"),
        (lambda t: t.pop("lstm.1.forward"), "tensor lstm.1.forward is missing"),
        (
            lambda t: t.update(dense=np.zeros((9, 11))),
            r"dense .* has shape \(9, 11\), .* \(9, 10\)",
        ),
        (lambda t: t.update(more=np.zeros(1)), "holds more, which its architecture does not have"),
        (lambda t: t["dense"].fill(np.nan), "tensor dense .* holds NaN"),
    ],
)
def test_damaged_tensors(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    path = write_drummer(tmp_path / "model", layers=2)
    file = weights.read(path, KIND)
    change(file.tensors)
    weights.write(path, KIND, file.document, file.tensors)
    with pytest.raises(ModelError, match=message):
        Drummer.load(path)


DAMAGE = [
    (("architecture",), None, "'architecture' is missing"),
    (("architecture", "hidden"), None, "'hidden' is missing"),
    (("architecture",), [1], "list indices"),
    (("architecture", "hidden"), "8", "cannot be interpreted as an integer"),
    (("architecture", "hidden"), 8.5, "cannot be interpreted as an integer"),
    (("architecture", "hidden"), float("inf"), "cannot be interpreted as an integer"),
    (("architecture", "hidden"), 0, r"hidden must be in \[1, 8192\], got 0"),
    (("architecture", "layers"), -1, "layers must be in \\[1, 64\\], got -1"),
    (("architecture", "sizes"), [3, 4], r"sizes \(3, 4\) with tables of \(3, 4, 3\) values"),
    (("architecture", "sizes"), [], "every field size must be at least 1, got 0"),
    (("architecture", "extra_inputs"), [6], r"sizes \(3, 4, 3, 6\) with tables of \(3, 4, 3\)"),
    (("encoding", "places"), 6, r"sizes \(3, 4, 3\) with tables of \(3, 4, 3, 6\)"),
    (("encoding", "places"), -1, "places must be in"),
    (("encoding", "ticks_per_bar"), 0, "ticks_per_bar must be at least 1, got 0"),
    (("encoding",), None, "'encoding' is missing"),
    (("encoding",), "notes", "string indices"),
    (("encoding", "notes"), [36, 38, 38], "the table of notes must hold distinct values"),
    (("encoding", "notes"), [36, 38.5, 42], "cannot be interpreted as an integer"),
    (("encoding", "notes"), [36, 38, 142], r"the table of notes .* in \[0, 127\]"),
    (("encoding", "ticks"), [0, 60, 120, 60], "the table of ticks must hold distinct values"),
    (("encoding", "velocities"), ["soft", "hard", 1], "could not convert string to float"),
    (("encoding", "qpm"), 0, "qpm must be in .*, got 0"),
    (("encoding", "qpm"), "fast", "could not convert string to float"),
    (("encoding", "qpm"), [120], "must be a string or a real number"),
    (("encoding", "resolution"), 0, "resolution must be at least 1, got 0"),
    (("encoding", "resolution"), 2.5, "cannot be interpreted as an integer"),
    (("training",), "on drums", "training must be an object, got 'on drums'"),
    (("training",), 7, "training must be an object, got 7"),
]


@pytest.mark.parametrize(("place", "value", "message"), DAMAGE)
def test_a_damaged_description(
    tmp_path: Path, place: tuple[str, ...], value: Any, message: str
) -> None:
    path = write_drummer(tmp_path / "model")
    file = weights.read(path, KIND)
    *parents, last = place
    part = file.document
    for name in parents:
        part = part[name]
    part.pop(last, None)
    if value is not None:
        part[last] = value
    weights.write(path, KIND, file.document, file.tensors)
    with pytest.raises(ModelError, match=f"^the description in .*model is damaged: .*{message}"):
        read_model(path)


def test_a_damaged_byte_is_refused_or_does_no_harm(tmp_path: Path) -> None:
    path = write_drummer(tmp_path / "model")
    data = path.read_bytes()
    generator = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        place, value = generator.integers(0, (1000, 256))
        path.write_bytes(data[:place] + bytes([value]) + data[place + 1 :])
        try:
            drummer = Drummer.load(path)
            assert len(drummer.play(Length(notes=5), seed=0)) == 5
        except ParadiddleError:
            refused += 1
    assert 50 < refused < 200


def test_what_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    shape = LstmShape(CLASSIC.sizes, 4)
    tensors = random_tensors(shape)
    for document, message in [
        ({"encoding": {"qpm": 0}}, "qpm must be in .*, got 0"),
        ({"training": "on drums"}, "training must be an object"),
    ]:
        with pytest.raises(InvalidValueError, match=message):
            write_model(tmp_path / "model", shape, CLASSIC, document, tensors)
    with pytest.raises(InvalidValueError, match=r"sizes \(3, 4\) with tables of \(3, 4, 3\)"):
        write_model(tmp_path / "model", shape, VOCABULARY, {}, tensors)
    assert list(tmp_path.iterdir()) == []


def test_drummers_can_be_made_of_arrays() -> None:
    shape = LstmShape(CLASSIC.sizes, 4)
    drummer = Drummer(CLASSIC, Lstm(shape, random_tensors(shape)))
    assert isinstance(drummer.play(Length(notes=3), seed=0), Events)
    assert drummer.document == {}
