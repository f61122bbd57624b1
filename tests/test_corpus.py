import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from paradiddle.corpus import Corpus, Filter, Rejection, scan
from paradiddle.errors import CorpusError, InvalidValueError
from paradiddle.events import quantise

INDEX = """\
drummer,style,beat_type,split,midi_filename
anna,rock/heavy,beat,train,rock.mid
ben,folk,fill,test,waltz.mid
"""

A_LONG_REST = b"\xff\xff\xff\x7f"  # 2**28 - 1 ticks
HIT = bytes([0x99, 36, 100])


def smf(*events: bytes, ticks_per_quarter: int = 480) -> bytes:
    track = b"".join(events) + b"\x00\xff\x2f\x00"
    return (
        b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1]) + ticks_per_quarter.to_bytes(2)
        + b"MTrk" + len(track).to_bytes(4) + track
    )  # fmt: skip


@pytest.fixture
def indexed(midi_folder: Path) -> Path:
    (midi_folder / "info.csv").write_text(INDEX)
    return midi_folder


def test_reads_every_midi_file_below_a_folder_in_the_order_of_names(midi_folder: Path) -> None:
    (midi_folder / "readme.txt").write_text("no music")
    (midi_folder / "._rock.mid").write_bytes(b"what macOS leaves behind")
    corpus = scan(midi_folder)
    assert [entry.name for entry in corpus.entries] == ["more/loose.MID", "rock.mid", "waltz.mid"]
    assert [entry.notes for entry in corpus.entries] == [4, 8, 3]
    assert [entry.time_signature for entry in corpus.entries] == ["4/4", "4/4", "3/4"]
    assert [round(entry.qpm, 2) for entry in corpus.entries] == [96.5, 120, 90]
    assert corpus.rejected == ()


def test_ticks_come_out_at_480_per_quarter(midi_folder: Path) -> None:
    loose, _, waltz = scan(midi_folder).events()
    np.testing.assert_array_equal(waltz.onsets, [0, 480, 960])
    np.testing.assert_array_equal(loose.ticks, [3, 235, 239, 4])


def test_a_zip_archive_reads_as_the_folder_does(indexed: Path, tmp_path: Path) -> None:
    packed = tmp_path / "drums.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in indexed.rglob("*"):
            archive.write(path, Path("drums") / path.relative_to(indexed))
    names, styles = zip(*((one.name, one.style) for one in scan(packed).entries), strict=True)
    assert names == ("drums/more/loose.MID", "drums/rock.mid", "drums/waltz.mid")
    assert styles == ("", "rock", "folk")
    assert scan(packed).events() == scan(indexed).events()


def test_a_single_file_is_a_corpus_of_one(midi_folder: Path) -> None:
    assert scan(midi_folder / "rock.mid").entries[0].notes == 8


def test_the_index_adds_style_split_beat_type_and_drummer(indexed: Path) -> None:
    loose, rock, _ = scan(indexed).entries
    assert (rock.style, rock.split, rock.beat_type, rock.drummer) == (
        "rock", "train", "beat", "anna",
    )  # fmt: skip
    assert loose.style == loose.split == ""


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Filter(qpm=(90, 96.5)), ["more/loose.MID", "waltz.mid"]),
        (Filter(ticks_per_quarter=96), ["waltz.mid"]),
        (Filter(time_signature="4/4"), ["more/loose.MID", "rock.mid"]),
        (Filter(style="rock, folk"), ["rock.mid", "waltz.mid"]),
        (Filter(split="test"), ["waltz.mid"]),
        (Filter(beat_type="beat"), ["rock.mid"]),
        (Filter(min_notes=4), ["more/loose.MID", "rock.mid"]),
        (Filter(style="rock", min_notes=8, time_signature="4/4"), ["rock.mid"]),
    ],
)
def test_filters(indexed: Path, wanted: Filter, names: list[str]) -> None:
    assert [entry.name for entry in scan(indexed).matching(wanted).entries] == names


def test_a_filter_that_leaves_nothing_is_named(indexed: Path) -> None:
    wanted = Filter(qpm=(200, 210), style="polka")
    with pytest.raises(
        CorpusError,
        match=r"^none of the 3 files in \S+ passes --qpm 200-210 --style polka; see [^\n]*report$",
    ):
        scan(indexed).matching(wanted)


@pytest.mark.parametrize("text", ["fast", "120-90", "-5", "0", "nan", "90-120-150"])
def test_a_senseless_tempo_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match=rf"qpm must be .* such as 90-120, got '{text}'"):
        Filter.parse_qpm(text)


def spoil(folder: Path) -> None:
    good = (folder / "rock.mid").read_bytes()
    (folder / "bad").mkdir()
    bad = folder / "bad"
    (bad / "a_empty.mid").write_bytes(b"")
    (bad / "b_short.mid").write_bytes(good[:-9])
    (bad / "c_text.mid").write_text("not music at all")
    with (bad / "d_huge.mid").open("wb") as file:
        file.truncate(100 * 2**20)
    # eight rests of 2**28 ticks at 1 tick per quarter: decades
    (bad / "e_endless.mid").write_bytes(
        smf(*[A_LONG_REST + HIT for _ in range(8)], ticks_per_quarter=1)
    )
    (bad / "f_piano.mid").write_bytes(smf(b"\x00" + bytes([0x90, 100, 90])))
    os.mkfifo(bad / "g_pipe.mid")
    # within two hours, as its tempo is 60 million, but of too many quarters
    tempo = b"\x00\xff\x51\x03\x00\x00\x01"
    (bad / "h_fast.mid").write_bytes(smf(tempo, A_LONG_REST + HIT, ticks_per_quarter=1))


def test_bad_files_are_skipped_and_listed_with_their_reasons(midi_folder: Path) -> None:
    spoil(midi_folder)
    corpus = scan(midi_folder)
    assert len(corpus) == 3
    reasons = {Path(name).stem: reason for name, reason in corpus.rejected}
    assert reasons.keys() == {
        "a_empty", "b_short", "c_text", "d_huge", "e_endless", "f_piano", "g_pipe", "h_fast",
    }  # fmt: skip
    for stem, part in {
        "a_empty": "the file is empty",
        "b_short": "cut short",
        "c_text": "not a Standard MIDI File",
        "d_huge": "larger than 16 MiB",
        "e_endless": "claims to last",
        "f_piano": "notes on channel 1",
        "g_pipe": "not a file",
        "h_fast": "claims to last",
    }.items():
        assert part in reasons[stem]
        assert "\n" not in reasons[stem]


def test_an_unreadable_file_is_listed(midi_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    whole = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *rest: (refuse if self.stem == "rock" else whole)(self, *rest)
    )
    assert scan(midi_folder).rejected == (Rejection("rock.mid", "Permission denied"),)


def test_a_corrupt_member_of_an_archive_is_listed(midi_folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "drums.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(midi_folder.glob("*.mid")):
            archive.write(path, path.name)
    packed.write_bytes(packed.read_bytes().replace(b"MThd", b"MTxx", 1))
    corpus = scan(packed)
    assert [entry.name for entry in corpus.entries] == ["waltz.mid"]
    assert corpus.rejected[0].name == "rock.mid"
    assert "CRC" in corpus.rejected[0].reason


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"^no such file or folder: \S+/nowhere; check the path$"):
        scan(tmp_path / "nowhere")


def test_a_pipe_or_device_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(
            CorpusError, match=r"^cannot read \S+: it is a pipe or a device; name a folder"
        ):
            scan(path)


def test_an_index_that_is_no_table(indexed: Path) -> None:
    (indexed / "info.csv").write_text("midi_filename\n" + "x" * 200_000)
    with pytest.raises(CorpusError, match=r"cannot read \S+: field larger .*; check the path"):
        scan(indexed)


def test_a_path_that_cannot_exist(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"cannot read .*: File name too long; check the path"):
        scan(tmp_path / ("x" * 300))


@pytest.mark.parametrize("names", [[], ["readme.txt", "song.wav"]])
def test_a_folder_without_midi(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("no music")
    with pytest.raises(CorpusError, match=r"^no MIDI files \(\.mid, [^\n]*\) in \S+; name a"):
        scan(tmp_path)


def test_a_folder_of_other_instruments(tmp_path: Path) -> None:
    (tmp_path / "piano.mid").write_bytes(smf(b"\x00" + bytes([0x93, 100, 90])))
    with pytest.raises(
        CorpusError, match=r"^none of the 1 MIDI files .*piano\.mid: no drums: .*channel 4; name"
    ):
        scan(tmp_path)
    assert len(scan(tmp_path, channel=4)) == 1


def test_a_damaged_archive(tmp_path: Path) -> None:
    packed = tmp_path / "drums.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("rock.mid", b"x")
    packed.write_bytes(packed.read_bytes().replace(b"PK\x01\x02", b"PK\x00\x00"))
    with pytest.raises(CorpusError, match=r"^cannot read \S+drums\.zip: Bad magic number"):
        scan(packed)


@pytest.fixture(scope="session")
def groove_corpus(groove: Path) -> Corpus:
    return scan(groove)


@pytest.mark.groove
def test_groove(groove_corpus: Corpus) -> None:
    assert len(groove_corpus) == 1150
    assert groove_corpus.rejected == ()
    splits = {
        split: len(groove_corpus.matching(Filter(split=split)))
        for split in ("train", "validation", "test")
    }
    assert splits == {"train": 897, "validation": 124, "test": 129}
    assert len(groove_corpus.matching(Filter(time_signature="4/4"))) == 1138
    assert sum(quantise(one).unmapped for one in groove_corpus.events()) == 0
