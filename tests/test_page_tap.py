"""Tap: a rhythm on one key, played by the whole kit."""

import re

import pytest
from pages import (
    KICK,
    Visit,
    browser,
    cells_of,
    expect,
    greeted,
    lock_all,
    pattern_of,
    press,
    said,
    server,
    set_tempo,
    visit,
    wait,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser


def test_a_tapped_rhythm_comes_back_on_a_whole_kit(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Tap")
    press(page, "Kit")
    said(page, "Tap a rhythm first")
    for gap in (240, 120, 120, 240, 240, 240, 120, 120, 240):
        page.get_by_role("button", name=re.compile("Tap here")).press("j")
        page.wait_for_timeout(gap)
    assert page.locator(".lamps i.on").count() >= 6
    press(page, "Kit")
    said(page, "Your rhythm, on a kit")
    assert len({voice for _, voice in cells_of(page)}) >= 3


def test_a_tapped_rhythm_keeps_the_length_and_the_locked_rows(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Double")
    press(page, "lock kick")
    kicks = pattern_of(page)["cells"][KICK::9]
    press(page, "Tap")
    for _ in range(5):
        page.get_by_role("button", name=re.compile("Tap here")).press("j")
        page.wait_for_timeout(240)
    press(page, "Kit")
    said(page, "Your rhythm, on a kit")
    doc = pattern_of(page)
    assert doc["steps"] == 64
    assert doc["cells"][KICK::9] == kicks
    rest = [[bool(cell) for cell in doc["cells"][voice::9]] for voice in range(1, 9)]
    assert all(row[:32] == row[32:] for row in rest)
    assert any(map(any, rest))


# Sound is heard one step of the slowest tempo after it is made.
LATE_SOUND = """
AudioContext.prototype.getOutputTimestamp = () => ({});
Object.defineProperty(AudioContext.prototype, "outputLatency", { get: () => 0.75 });
"""


def test_a_tap_lies_where_the_playhead_is_seen(visit: Visit) -> None:
    page = greeted(visit(scripts=(LATE_SOUND,)))
    set_tempo(page, 20)
    press(page, "Tap")
    press(page, "Play")
    wait(page, "document.querySelector('.playhead').dataset.step === '2'")
    page.get_by_role("button", name=re.compile("Tap here")).press("j")
    lit = "[...document.querySelectorAll('.lamps i')].findIndex((lamp) => lamp.matches('.on'))"
    assert page.evaluate(lit) == 2
    press(page, "Stop")


@pytest.mark.parametrize("keys", ["Control+j", "Alt+j", "Meta+j"])
def test_a_shortcut_of_the_browser_is_no_tap(visit: Visit, keys: str) -> None:
    page = greeted(visit())
    press(page, "Tap")
    page.evaluate(
        """([key, modifier]) => document.body.dispatchEvent(
        new KeyboardEvent("keydown", { key, [`${modifier}Key`]: true, bubbles: true }))""",
        ["j", keys.partition("+")[0].lower().replace("control", "ctrl")],
    )
    expect(page.locator(".lamps i.on")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator(".lamps i.on")).to_have_count(1)


def test_with_every_row_locked_nothing_is_asked(visit: Visit) -> None:
    page = greeted(visit())
    lock_all(page)
    before = pattern_of(page)
    press(page, "Tap")
    page.keyboard.press("j")
    press(page, "Kit")
    said(page, "Every row is locked")
    assert pattern_of(page) == before
