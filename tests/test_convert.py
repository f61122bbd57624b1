import errno
import json
import os
import resource
import signal
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from paradiddle import encoding, midi
from paradiddle.convert import convert
from paradiddle.corpus import Corpus, scan
from paradiddle.encoding import Vocabulary, round_ticks
from paradiddle.errors import InvalidValueError, OutputError
from paradiddle.events import Events
from paradiddle.sequences import glue, in_seeded_order


@pytest.fixture
def corpus(midi_folder: Path) -> Corpus:
    return scan(midi_folder)


def tables(folder: Path) -> Vocabulary:
    document = json.loads((folder / "vocabulary.json").read_text())
    return Vocabulary(*(tuple(document[name]) for name in ("notes", "ticks", "velocities")))


def test_writes_the_sequence_that_its_tables_decode(corpus: Corpus, tmp_path: Path) -> None:
    done = convert(corpus, tmp_path / "out", seed=3)
    indices = np.load(tmp_path / "out" / "events.npy")
    assert indices.dtype == np.int32
    assert indices.shape == (15, 3)
    assert (done.events, done.files, done.names) == (15, 3, ("events.npy", "vocabulary.json"))
    assert done.vocabulary == tables(tmp_path / "out")
    expected = round_ticks(glue(in_seeded_order(corpus.events(), 3)))
    decoded = tables(tmp_path / "out").decode(indices)
    np.testing.assert_array_equal(decoded.notes, expected.notes)
    np.testing.assert_array_equal(decoded.ticks, expected.ticks)
    np.testing.assert_allclose(decoded.dynamics, expected.dynamics, atol=1 / 16)


def test_each_file_starts_on_a_bar_line(corpus: Corpus, tmp_path: Path) -> None:
    convert(corpus, tmp_path / "out", resolution=1)
    decoded = tables(tmp_path / "out").decode(np.load(tmp_path / "out" / "events.npy"))
    loose = int(np.flatnonzero(decoded.notes == 51)[0]) - 1  # its kick comes before its ride
    assert decoded.onsets[loose] % 480 == 3


@pytest.mark.parametrize(("resolution", "off"), [(1, 0), (5, 2), (60, 30)])
def test_time_does_not_drift(corpus: Corpus, tmp_path: Path, resolution: int, off: int) -> None:
    convert(corpus, tmp_path / "out", resolution=resolution)
    exact = glue(in_seeded_order(corpus.events(), 0)).onsets
    onsets = tables(tmp_path / "out").decode(np.load(tmp_path / "out" / "events.npy")).onsets
    # a gap of an eighth or a quarter is rounded to 2 or 8 times the resolution
    assert np.abs(onsets - exact).max() <= 8 * off


def test_the_same_seed_gives_the_same_files(corpus: Corpus, tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        convert(corpus, tmp_path / name, seed=seed, one_hot=True)
    same, again, other = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "abc"
    )
    assert same == again
    assert same["events.npy"] != other["events.npy"]


def test_mega_tracks_are_other_orders_in_the_same_tables(corpus: Corpus, tmp_path: Path) -> None:
    done = convert(corpus, tmp_path / "out", seed=5, mega_tracks=3)
    assert done.names == ("events-01.npy", "events-02.npy", "events-03.npy", "vocabulary.json")
    decoded = [
        done.vocabulary.decode(np.load(tmp_path / "out" / f"events-0{k}.npy")) for k in (1, 2, 3)
    ]
    for k, events in enumerate(decoded):
        expected = round_ticks(glue(in_seeded_order(corpus.events(), 5 + k)))
        np.testing.assert_array_equal(events.notes, expected.notes)
        np.testing.assert_array_equal(events.ticks, expected.ticks)
    assert len({events.notes.tobytes() for events in decoded}) > 1


def test_one_hot_rows_say_the_same(corpus: Corpus, tmp_path: Path) -> None:
    done = convert(corpus, tmp_path / "out", one_hot=True)
    folder = tmp_path / "out"
    dense = np.load(folder / "X.npy")
    assert dense.dtype == np.float32
    assert dense.shape == (15, sum(done.vocabulary.sizes))
    indices = np.load(folder / "events.npy")
    np.testing.assert_array_equal(dense, encoding.one_hot(indices, done.vocabulary.sizes))
    notes, ticks, velocities = (
        json.loads((folder / f"{name}.json").read_text())
        for name in ("notes", "ticks", "velocities")
    )
    assert notes == [36, 38, 40, 42, 51]
    assert [len(notes), len(ticks), len(velocities)] == list(done.vocabulary.sizes)
    np.testing.assert_array_equal(
        np.array(notes)[dense[:, : len(notes)].argmax(axis=1)],
        done.vocabulary.decode(indices).notes,
    )


def test_arrays_are_what_numpy_would_write(corpus: Corpus, tmp_path: Path) -> None:
    convert(corpus, tmp_path / "out")
    np.save(tmp_path / "again.npy", np.load(tmp_path / "out" / "events.npy"))
    written = (tmp_path / "out" / "events.npy").read_bytes()
    assert written == (tmp_path / "again.npy").read_bytes()


def test_a_disk_that_fills_up_under_an_array_says_so(corpus: Corpus, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # numpy.save would say "10 requested and 3 written", without an errno
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (140, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"out: File too large; choose another place"):
            convert(corpus, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert not (tmp_path / "out").exists()


def test_without_velocity_there_are_two_fields(corpus: Corpus, tmp_path: Path) -> None:
    done = convert(corpus, tmp_path / "out", velocity=False, one_hot=True)
    assert np.load(tmp_path / "out" / "events.npy").shape == (15, 2)
    assert done.names == (
        "X.npy", "events.npy", "notes.json", "ticks.json", "vocabulary.json",
    )  # fmt: skip


def test_a_large_matrix_is_written_in_little_memory(tmp_path: Path) -> None:
    gaps = np.random.default_rng(0).integers(0, 1000, 1000)
    midi.write(tmp_path / "many.mid", Events(np.full(1000, 38), gaps))
    many = Corpus("many", scan(tmp_path).entries * 12)
    tracemalloc.start()
    convert(many, tmp_path / "out", resolution=1, one_hot=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    dense = np.load(tmp_path / "out" / "X.npy", mmap_mode="r")
    assert dense.shape[0] == 12_000
    assert dense.nbytes > 30e6
    assert peak < 12e6
    np.testing.assert_array_equal(dense.sum(axis=1), 3)


def test_what_an_earlier_run_wrote_is_replaced(corpus: Corpus, tmp_path: Path) -> None:
    convert(corpus, tmp_path / "out", mega_tracks=2, one_hot=True)
    convert(corpus, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "events.npy",
        "vocabulary.json",
    ]
    assert [path.name for path in tmp_path.iterdir() if path.name != "midi"] == ["out"]


def test_other_files_are_not_replaced(corpus: Corpus, midi_folder: Path) -> None:
    with pytest.raises(OutputError, match=r"midi: it holds other files, such as more; choose a"):
        convert(corpus, midi_folder)
    assert len(scan(midi_folder)) == 3


def test_a_target_that_is_a_file(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match=r"out: it is a file; name a folder"):
        convert(corpus, tmp_path / "out")
    with pytest.raises(OutputError, match=r"out/deep: Not a directory; choose another place"):
        convert(corpus, tmp_path / "out" / "deep")


@pytest.mark.parametrize("reason", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyError()])
def test_a_failure_half_way_leaves_everything_as_it_was(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: Exception
) -> None:
    convert(corpus, tmp_path / "out")
    before = (tmp_path / "out" / "events.npy").read_bytes()

    def fail(*_: object) -> None:
        raise reason

    monkeypatch.setattr(encoding, "one_hot", fail)
    with pytest.raises((OutputError, KeyError)) as caught:
        convert(corpus, tmp_path / "out", seed=9, one_hot=True)
    if isinstance(reason, OSError):
        assert caught.match(r"out: the disk is full; free some space")
    assert (tmp_path / "out" / "events.npy").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["midi", "out"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("mega_tracks", 0, "mega_tracks must be at least 1, got 0; 1 is one sequence"),
        ("resolution", 0, "resolution must be at least 1, got 0; 1 keeps human timing"),
        ("seed", -1, r"seed must be in \[0, 2\*\*63\), got -1"),
    ],
)
def test_numbers_out_of_range(
    corpus: Corpus, tmp_path: Path, name: str, value: int, message: str
) -> None:
    with pytest.raises(InvalidValueError, match=f"^{message}"):
        convert(corpus, tmp_path / "out", **{name: value})
    assert not (tmp_path / "out").exists()


@pytest.mark.groove
def test_groove(groove: Path, tmp_path: Path) -> None:
    done = convert(scan(groove), tmp_path / "out")
    assert done.events == 446_312
    notes, ticks, _ = done.vocabulary.sizes
    assert notes == 22
    assert ticks < 150
