import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import DrumFile
from rich.console import Console

from paradiddle.corpus import scan
from paradiddle.errors import InvalidValueError, MissingExtraError, OutputError
from paradiddle.events import Events, quantise
from paradiddle.portrait import ITEMS, portrait
from paradiddle.report import NO_VOICE, Report, report
from paradiddle.report_plot import plot
from paradiddle.report_text import binned, gaps, show, tempi

INDEX = """\
drummer,style,beat_type,split,midi_filename
anna,rock/heavy,beat,train,rock.mid
ben,folk,fill,test,waltz.mid
"""


@pytest.fixture
def counted(midi_folder: Path) -> Report:
    (midi_folder / "info.csv").write_text(INDEX)
    (midi_folder / "broken.mid").write_bytes(b"MThd")
    return report(scan(midi_folder))


def test_counts_files(counted: Report) -> None:
    assert counted.files == 3
    assert counted.formats == {0: 2, 1: 1}
    assert counted.ticks_per_quarter == {96: 1, 480: 2}
    assert counted.tracks == {1: 2, 2: 1}
    assert counted.qpm == {90: 1, 96.5: 1, 120: 1}
    assert counted.time_signatures == {"4/4": 2, "3/4": 1}
    assert counted.channel_rules == {
        "channel 10": 2,
        "channel 1: every note lies in the percussion range": 1,
    }
    assert [name for name, _ in counted.rejected] == ["broken.mid"]


def test_counts_hits(counted: Report) -> None:
    assert counted.hits == 15
    assert counted.pitches == {36: 4, 38: 4, 40: 2, 42: 4, 51: 1}
    assert {voice: hits for voice, hits in counted.voices.items() if hits} == {
        "kick": 4,
        "snare": 6,
        "closed hi-hat": 4,
        "ride": 1,
    }
    assert list(counted.ticks.items()) == [
        (0, 2), (3, 1), (4, 1), (235, 1), (239, 1), (240, 7), (480, 2),
    ]  # fmt: skip
    assert counted.velocities == {30: 1, 40: 1, 60: 2, 80: 1, 90: 1, 100: 8, 127: 1}


def test_counts_what_the_index_says(counted: Report) -> None:
    assert counted.styles == {"folk": 1, "rock": 1}
    assert counted.splits == {"test": 1, "train": 1}
    assert counted.beat_types == {"beat": 1, "fill": 1}
    assert counted.drummers == {"anna": 1, "ben": 1}


def test_hours_run_up_to_the_last_hit(counted: Report) -> None:
    # 7 eighths at 120, 2 quarters at 90, 481 of 480 ticks at 96.5
    seconds = 7 * 0.25 + 2 * 60 / 90 + 481 / 480 * 60 / 96.5
    assert counted.hours * 3600 == pytest.approx(seconds, rel=1e-4)


def test_collisions_are_those_that_quantising_loses(midi_folder: Path, drum_file: DrumFile) -> None:
    drag = [(420, 38, 50), (450, 38, 60), (480, 40, 99), (480, 96, 99), (539, 38, 9), (540, 38, 9)]
    drum_file(midi_folder / "drag.mid", drag)
    corpus = scan(midi_folder)
    assert report(corpus).collisions == sum(quantise(one).collisions for one in corpus.events())
    assert report(corpus).collisions == 4


def test_pitches_of_no_voice_are_counted_apart(tmp_path: Path, drum_file: DrumFile) -> None:
    drum_file(tmp_path / "a.mid", [(0, 36, 99), (9, 96, 99)])
    assert report(scan(tmp_path)).voices[NO_VOICE] == 1


def test_changes_of_tempo_and_metre_are_noticed(tmp_path: Path) -> None:
    track = (
        b"\x00\xff\x51\x03\x07\xa1\x20" b"\x00\xff\x58\x04\x04\x02\x18\x08"
        b"\x00\x99\x24\x64"
        b"\x40\xff\x51\x03\x07\x00\x00" b"\x00\xff\x58\x04\x03\x02\x18\x08"
        b"\x00\xff\x2f\x00"
    )  # fmt: skip
    head = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60"
    (tmp_path / "a.mid").write_bytes(head + b"MTrk" + len(track).to_bytes(4) + track)
    found = report(scan(tmp_path))
    assert (found.tempo_changes, found.time_signature_changes) == (1, 1)


def test_turns_into_json(counted: Report) -> None:
    document = json.loads(json.dumps(counted.to_dict()))
    assert document["files"] == 3
    assert document["ticks"]["unique"] == 7
    assert (document["ticks"]["min"], document["ticks"]["max"]) == (0, 480)
    assert document["ticks"]["hits"]["240"] == 7
    assert document["pitches"][0] == {
        "pitch": 36,
        "name": "bass drum 1",
        "voice": "kick",
        "hits": 4,
    }
    (rejected,) = document["rejected"]
    assert rejected["name"] == "broken.mid"
    assert rejected["reason"]


def shown(counted: Report, width: int = 120) -> str:
    console = Console(width=width, file=io.StringIO())
    with console.capture() as capture:
        show(counted, console)
    return capture.get()


def test_the_text_fits_80_columns_and_names_everything(counted: Report) -> None:
    text = shown(counted)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    for part in (
        "3 files used · 1 rejected",
        "15 hits",
        "96 (1), 480 (2)",
        "4/4 (2), 3/4 (1)",
        "7 values, 0 to 480",
        "train (1)",
        "96.5",
        "closed hi-hat",
        "51 ride cymbal 1",
        "folk",
        "broken.mid",
    ):
        assert part in text


def test_a_name_cannot_send_the_terminal_commands(midi_folder: Path) -> None:
    (midi_folder / "\x1b[2J[red]x\udcff.mid").write_bytes(b"")
    (midi_folder / "info.csv").write_text("style,midi_filename\n\x1b[3J[b]folk,waltz.mid\n")
    text = shown(report(scan(midi_folder)))
    assert "?[2J[red]x?.mid" in text
    assert "?[3J[b]folk" in text


def test_bins() -> None:
    assert binned({1: 5, 127: 2}, 64) == {"0-63": 5, "64-127": 2}
    assert tempi(dict.fromkeys(range(60, 160, 2), 1)) == {
        f"{low}-{low + 9}": 5 for low in range(60, 160, 10)
    }
    assert tempi(dict.fromkeys(range(60, 280, 2), 1)) == {
        f"{low}-{low + 19}": 10 for low in range(60, 280, 20)
    }
    assert 0 < len(tempi(dict.fromkeys(range(1, 60_000_000, 3_000_000), 1))) <= 15
    assert gaps({0: 1, 12: 2, 13: 3, 98: 6, 134: 7, 700: 4, 9999: 5}) == {
        "0-12, together": 3,
        "13-37, flam": 3,
        "38-67, 32nd": 0,
        "68-97, 16th triplet": 0,
        "98-134, 16th": 13,
        "135-194, 8th triplet": 0,
        "195-274, 8th": 0,
        "275-414, dotted 8th": 0,
        "415-699, quarter": 0,
        "700 and more": 9,
    }


def test_text_and_portrait_call_a_gap_the_same() -> None:
    for ticks in range(0, 1000, 7):
        (label,) = (label for label, hits in gaps({ticks: 1}).items() if hits)
        shares = portrait([Events([36, 36], [0, ticks])]).gaps
        assert ITEMS["gaps"][shares.index(1)] in label.replace("700 and more", "longer")


@pytest.mark.parametrize("width", [30, 40, 79, 80, 200])
def test_numbers_are_whole_at_any_width(counted: Report, width: int) -> None:
    long = replace(
        counted,
        styles={"a style with a long name": 12_345_678, "rock": 1},
        voices={"closed hi-hat": 9_876_543},
    )
    text = shown(long, width)
    assert "…" not in text
    assert "12,345,678" in text
    assert "9,876,543" in text
    assert "51 ride" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= min(width, 80)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_blocks_gets_signs_it_has(counted: Report, encoding: str) -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding) as file:  # strict: raises on any other sign
        show(counted, Console(file=file, width=80))
        file.flush()
        text = raw.getvalue().decode(encoding)
    assert "?" not in text
    assert "3 files used, 1 rejected" in text
    assert "snare                 #######         6" in text


def test_plots_a_page(counted: Report, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plot(counted, tmp_path / "a.PNG")
    assert (tmp_path / "a.PNG").read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.glob(".paradiddle*"))


def test_plots_without_an_index(midi_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (midi_folder.parent / "$x").symlink_to(midi_folder)
    plot(report(scan(tmp_path / "$x")), tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_text()
    assert "no index names any" in drawn
    assert "$x: 3 files" in drawn


def test_a_plot_of_another_kind(counted: Report, tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match=r"\.png, \.pdf, \.svg, got 'a\.bmp'; try report"):
        plot(counted, tmp_path / "a.bmp")


def test_a_plot_nowhere(counted: Report, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(OutputError, match=r"folder \S+/no does not exist; create it first"):
        plot(counted, tmp_path / "no" / "a.png")


def test_a_plot_without_the_extra(
    counted: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"^--plot needs .*'paradiddle\[plot\]'"):
        plot(counted, tmp_path / "a.png")


@pytest.mark.groove
def test_groove(groove: Path) -> None:
    counted = report(scan(groove))
    assert (counted.files, counted.hits, counted.collisions) == (1150, 446_312, 30_865)
    assert counted.ticks_per_quarter == {480: 1150}
    assert counted.time_signatures["4/4"] == 1138
    assert (len(counted.styles), counted.styles["rock"]) == (18, 341)
    assert counted.beat_types == {"fill": 647, "beat": 503}
    assert len(counted.pitches) == 22
    assert counted.hours == pytest.approx(13.51, abs=0.01)
