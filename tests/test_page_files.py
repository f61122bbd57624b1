"""What leaves the page and comes back: MIDI files and sound."""

import base64
import re
import wave
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import mido
import numpy as np
import pytest
from conftest import DrumFile
from pages import (
    CLOSED_HAT,
    KICK,
    SNARE,
    Page,
    Visit,
    begin_empty,
    browser,
    cells_of,
    expect,
    greeted,
    pad,
    pattern_of,
    press,
    said,
    server,
    set_range,
    set_tempo,
    until,
    visit,
)

from paradiddle.midi import read_pattern
from paradiddle.pattern import Pattern

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser


def places_of(pattern: Pattern) -> set[tuple[int, int]]:
    return {(step, voice) for step, voice in np.argwhere(pattern.hits).tolist()}


def test_the_midi_file_holds_what_the_grid_shows(visit: Visit) -> None:
    page = greeted(visit())
    with page.expect_download() as saved:
        press(page, "Download MIDI")
    assert saved.value.suggested_filename == "paradiddle-funk.mid"
    read, cells = read_pattern(saved.value.path()), cells_of(page)
    file = read.pattern
    assert read.collisions == 0
    assert (file.steps, file.qpm) == (32, pytest.approx(101, abs=1e-3))
    assert places_of(file) == set(cells)
    for (step, voice), (velocity, offset, _) in cells.items():
        assert file.velocities[step, voice] == pytest.approx(velocity, abs=1 / 127)
        assert file.offsets[step, voice] == pytest.approx(offset, abs=0.01)


def test_swing_is_in_the_file_and_silent_rows_are_not(visit: Visit) -> None:
    page = begin_empty(visit())
    for step, voice in ((0, KICK), (1, KICK), (4, SNARE)):
        pad(page, step, voice).click()
    set_range(page, "Swing", 75)
    press(page, "mute snare")
    with page.expect_download() as saved:
        press(page, "Download MIDI")
    said(page, "without the 1 hit of silent rows")
    file = mido.MidiFile(saved.value.path())
    ticks, now = [], 0
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        if message.type == "note_on" and message.velocity:
            ticks.append((now, message.note))
    assert ticks == [(0, 36), (1.5 * file.ticks_per_beat / 4, 36)]


def test_a_sound_file_is_saved(visit: Visit) -> None:
    page = greeted(visit())
    with page.expect_download() as saved:
        press(page, "Download WAV")
    with wave.open(str(saved.value.path())) as sound:
        seconds = sound.getnframes() / sound.getframerate()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    assert seconds > 2 * 2 * 4 * 60 / 101
    said(page, "Saved, played twice")
    assert np.abs(samples).max() > 3000


def drag_out(page: Page, button: Page) -> list[dict[str, Any]]:
    """Drag an element off its place with a real pointer; give what the drag carries."""
    browser = page.context.new_cdp_session(page)
    carried: list[dict[str, Any]] = []
    browser.on("Input.dragIntercepted", lambda event: carried.append(event["data"]))
    browser.send("Input.setInterceptDrags", {"enabled": True})
    box = button.bounding_box()

    def pointer(kind: str, away: int, buttons: int) -> None:
        place = {"x": box["x"] + 20 + away, "y": box["y"] + 20 - away}
        how = {"button": "left", "buttons": buttons, "clickCount": 1}
        browser.send("Input.dispatchMouseEvent", {"type": kind, **place, **how})

    pointer("mousePressed", 0, 1)
    for away in range(8, 64, 8):
        pointer("mouseMoved", away, 1)
    pointer("mouseReleased", 64, 0)
    browser.send("Input.setInterceptDrags", {"enabled": False})
    return carried


def test_the_midi_file_is_dragged_out_of_the_page(visit: Visit, tmp_path: Path) -> None:
    page = greeted(visit())
    press(page, "mute snare")
    button = page.get_by_role("button", name="Download MIDI")
    button.hover()
    carried = until(lambda: drag_out(page, button), "a file to drag")
    [item] = carried[0]["items"]
    assert item["mimeType"].lower() == "downloadurl"
    kind, name, address = item["data"].split(":", 2)
    assert (kind, name) == ("audio/midi", "paradiddle-funk.mid")
    said(page, "hits of silent rows")
    heard = {place for place in cells_of(page) if place[1] != SNARE}
    page.close()
    with urlopen(address) as file:  # not by the browser: whoever gets the address has the file
        (tmp_path / "dragged.mid").write_bytes(file.read())
    assert places_of(read_pattern(tmp_path / "dragged.mid").pattern) == heard


def test_a_file_that_has_been_overtaken_by_an_edit_is_not_dragged(visit: Visit) -> None:
    page = greeted(visit(tolerated="ERR_FAILED"))
    button = page.get_by_role("button", name="Download MIDI")
    button.hover()
    until(lambda: drag_out(page, button), "a file to drag")
    page.route("**/api/midi", lambda route: route.abort())
    page.evaluate("document.getElementById('clear').click()")
    assert drag_out(page, button) == []
    page.unroute("**/api/midi")


def test_a_file_that_comes_after_a_newer_one_is_not_kept(visit: Visit) -> None:
    page = greeted(visit())
    held: list[Any] = []
    page.route("**/api/midi", lambda route: held.append(route))
    button = page.get_by_role("button", name="Download MIDI")
    button.hover()
    until(lambda: len(held) == 1 or page.wait_for_timeout(10), "a file asked for")
    page.evaluate("document.getElementById('double').click()")
    until(lambda: len(held) == 2 or page.wait_for_timeout(10), "a newer one")
    for late in (1, 0):
        with page.expect_response("**/api/midi"):
            held[late].continue_()
        page.wait_for_timeout(100)
    until(lambda: drag_out(page, button), "the newer file")
    page.unroute("**/api/midi")


@pytest.fixture
def beat(tmp_path: Path, drum_file: DrumFile) -> Path:
    hits = [(240 * eighth, (36, 42, 38, 42)[eighth % 4], 100) for eighth in range(8)]
    return drum_file(tmp_path / "beat.mid", hits, qpm=96)


BEAT = {(step, (KICK, CLOSED_HAT, SNARE, CLOSED_HAT)[step // 2 % 4]) for step in range(0, 16, 2)}


def test_a_midi_file_is_imported_by_the_button(visit: Visit, beat: Path) -> None:
    page = greeted(visit())
    with page.expect_file_chooser() as chooser:
        press(page, "Import")
    chooser.value.set_files(beat)
    said(page, "Read beat.mid")
    assert set(cells_of(page)) == BEAT
    assert pattern_of(page)["qpm"] == pytest.approx(96, abs=1e-3)
    assert {by for _, _, by in cells_of(page).values()} == {"you"}
    press(page, "Undo")
    assert set(cells_of(page)) != BEAT


def test_an_import_leaves_swing_mutes_and_solos_behind(visit: Visit, beat: Path) -> None:
    page = greeted(visit())
    set_range(page, "Swing", 66)
    for name in ("mute crash", "solo kick"):
        press(page, name)
    drop(page, "beat.mid", beat.read_bytes())
    said(page, "Read beat.mid")
    doc = pattern_of(page)
    assert doc["swing"] == 0.5
    assert not any(doc["muted"] + doc["soloed"] + doc["locked"])
    assert set(cells_of(page)) == BEAT


def test_an_import_is_laid_around_locked_rows(visit: Visit, beat: Path) -> None:
    page = greeted(visit())
    before = cells_of(page)
    press(page, "lock snare")
    drop(page, "beat.mid", beat.read_bytes())
    said(page, "Locked rows stay as they were")
    doc = pattern_of(page)
    kept = {place: cell for place, cell in before.items() if place[1] == SNARE}
    kept = {place: cell for place, cell in kept.items() if place[0] < doc["steps"]}
    after = cells_of(page)
    assert kept.items() <= after.items()
    rest = {place for place in after if place[1] != SNARE}
    assert rest == {place for place in BEAT if place[1] != SNARE}
    assert doc["locked"][SNARE] is True


def imported(page: Page, name: str, data: bytes) -> None:
    drop(page, name, data)
    said(page, f"Read {name}")


def test_a_file_of_the_page_comes_back_as_it_was_swing_included(visit: Visit) -> None:
    page = greeted(visit())
    set_range(page, "Swing", 66)
    set_tempo(page, 97.35)
    before, doc = cells_of(page), pattern_of(page)
    with page.expect_download() as saved:
        press(page, "Download MIDI")
    press(page, "Clear")
    set_range(page, "Swing", 50)
    set_tempo(page, 120)
    imported(page, "own.mid", saved.value.path().read_bytes())
    after, read = cells_of(page), pattern_of(page)
    assert (read["qpm"], read["steps"]) == (doc["qpm"], doc["steps"])
    assert read["swing"] == pytest.approx(0.66, abs=1e-6)
    expect(page.get_by_role("slider", name="Swing")).to_have_attribute("aria-valuetext", "66 %")
    assert set(after) == set(before)
    for place, (velocity, offset, _) in before.items():
        assert after[place][0] == pytest.approx(velocity, abs=1 / 127)
        assert after[place][1] == pytest.approx(offset, abs=0.5 / 120 + 1e-6), place


def test_an_import_says_what_the_grid_could_not_hold(
    visit: Visit, tmp_path: Path, drum_file: DrumFile
) -> None:
    hits = [(tick, 36, 100) for tick in (0, 10, 20, 480)]
    path = drum_file(tmp_path / "flam.mid", hits, qpm=400)
    page = greeted(visit())
    imported(page, "flam.mid", path.read_bytes())
    told = page.get_by_role("status").inner_text()
    assert re.search(r"\b2 (hits|notes)\b", told), told
    assert "Drums: " in told
    assert "Its tempo is 400 bpm, here it plays at 300" in told
    assert (set(cells_of(page)), pattern_of(page)["qpm"]) == ({(0, KICK), (4, KICK)}, 300)


def test_the_pieces_of_a_long_file_are_candidates(
    visit: Visit, tmp_path: Path, drum_file: DrumFile
) -> None:
    hits = [(1920 * bar, 36 if bar < 8 else 38, 100) for bar in range(18)]
    path = drum_file(tmp_path / "long.mid", hits, qpm=96)
    page = greeted(visit())
    drop(page, "long.mid", path.read_bytes())
    said(page, "Read long.mid: piece 1 of 3, flip through them as candidates. ")
    said(page, "18 bars, cut into 3 pieces.")
    assert pattern_of(page)["steps"] == 128
    assert {voice for _, voice in cells_of(page)} == {KICK}
    press(page, "Next candidate")
    said(page, "Candidate 2 of 3")
    assert {voice for _, voice in cells_of(page)} == {SNARE}
    press(page, "Next candidate")
    assert pattern_of(page)["steps"] == 32


DROP = """([name, data]) => {
    const dataTransfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    dataTransfer.items.add(new File([bytes], name));
    const event = (type) => new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event("dragover"));
    const offered = !document.getElementById("drop").hidden;
    document.body.dispatchEvent(event("drop"));
    return offered && document.getElementById("drop").hidden;
}"""


def drop(page: Page, name: str, data: bytes) -> None:
    assert page.evaluate(DROP, [name, base64.b64encode(data).decode()])


def test_a_midi_file_is_dropped_on_the_page(visit: Visit, beat: Path) -> None:
    page = greeted(visit())
    drop(page, "beat.mid", beat.read_bytes())
    said(page, "Read beat.mid")
    assert set(cells_of(page)) == BEAT


def test_what_is_no_midi_file_or_too_large_is_refused_in_one_line(visit: Visit) -> None:
    page = greeted(visit(tolerated="status of 4"))
    before = pattern_of(page)
    drop(page, "holiday.jpg", b"\xff\xd8\xff not music")
    expect(page.get_by_role("status")).to_have_class("status bad")
    drop(page, "long.mid", bytes(300 * 1024))
    said(page, "long.mid has 300 KB")
    assert pattern_of(page) == before
