"""The rows: their switches, and what a lock keeps and says."""

import re
from collections.abc import Callable

import pytest
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
    lock_all,
    pad,
    pattern_of,
    press,
    said,
    server,
    visit,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser

HANDS: dict[str, Callable[[Page], None]] = {
    "click": lambda page: pad(page, 1, KICK).click(),
    "right-click": lambda page: pad(page, 0, KICK).click(button="right"),
    "Enter": lambda page: pad(page, 1, KICK).press("Enter"),
    "Delete": lambda page: pad(page, 0, KICK).press("Delete"),
    "louder": lambda page: pad(page, 0, KICK).press("-"),
    "later": lambda page: pad(page, 0, KICK).press("Alt+ArrowRight"),
    "Clear": lambda page: press(page, "Clear"),
    "Shift right": lambda page: press(page, "Shift right"),
    "Rotate left": lambda page: press(page, "Rotate left"),
    "Cut": lambda page: page.keyboard.press("Control+x"),
}


def test_whatever_a_hand_does_to_locked_rows_is_refused_in_words(visit: Visit) -> None:
    page = begin_empty(visit())
    pad(page, 0, KICK).click()
    lock_all(page)
    before = pattern_of(page)
    last = page.evaluate("paradiddle.store.labels.undo")
    for name, hand in HANDS.items():
        page.evaluate("document.getElementById('status').textContent = ''")
        hand(page)
        said(page, "This is locked; unlock the row")
        assert pattern_of(page) == before, name
    assert page.evaluate("paradiddle.store.labels.undo") == last


def test_dragging_the_timing_of_a_locked_hit_shows_none(visit: Visit) -> None:
    page = begin_empty(visit())
    pad(page, 4, SNARE).click()
    press(page, "lock snare")
    page.keyboard.down("Alt")
    box = pad(page, 4, SNARE).bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 10, steps=4)
    expect(page.locator(".tip")).to_be_hidden()
    said(page, "This is locked")
    page.mouse.up()
    page.keyboard.up("Alt")


def test_what_changes_around_locked_rows_says_that_they_stayed(visit: Visit) -> None:
    page = begin_empty(visit())
    for place in ((0, KICK), (4, SNARE)):
        pad(page, *place).click()
    press(page, "lock kick")
    press(page, "Clear")
    said(page, "Locked rows stay as they are")
    assert set(cells_of(page)) == {(0, KICK)}


@pytest.mark.parametrize("verb", ["Humanize", "Fill", "Generate", "Continue"])
def test_the_machine_says_that_nothing_is_open_to_it(visit: Visit, verb: str) -> None:
    page = greeted(visit())
    lock_all(page)
    page.get_by_role("slider", name="Seed ends here").press("End")
    before = pattern_of(page)
    last = page.evaluate("paradiddle.store.labels.undo")
    press(page, verb)
    said(page, re.compile("locked.*unlock one"))
    assert pattern_of(page) == before
    assert page.evaluate("paradiddle.store.labels.undo") == last


def test_a_bar_of_the_drummer_says_what_it_could_not_replace(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Drummer")
    said(page, "A thousand new notes")
    press(page, "lock kick")
    kicks = pattern_of(page)["cells"][KICK::9]
    press(page, "To the grid")
    said(page, "is now bar 1, but for the locked rows")
    assert pattern_of(page)["cells"][KICK::9] == kicks
    lock_all_but_kick(page)
    before = pattern_of(page)
    press(page, "To the grid")
    said(page, "This is locked")
    assert pattern_of(page) == before
    press(page, "Drummer")


def lock_all_but_kick(page: Page) -> None:
    for row in page.locator('.head .lock[aria-pressed="false"]').all()[::-1]:
        row.click()


def test_timing_and_locks_are_in_the_names_of_pads_and_said_as_they_change(visit: Visit) -> None:
    page = begin_empty(visit())
    pad(page, 4, SNARE).click()
    pad(page, 4, SNARE).press("Alt+ArrowRight")
    pad(page, 4, SNARE).press("Alt+ArrowRight")
    said(page, "Velocity 80 %, 10 % late.")
    name = "snare, bar 1, step 5, velocity 80 %"
    late = page.get_by_role("button", name=f"{name}, 10 % late", exact=True)
    expect(late).to_be_visible()
    for _ in range(2):
        late.press("Alt+ArrowLeft") if late.count() else page.keyboard.press("Alt+ArrowLeft")
    said(page, "Velocity 80 %, on the grid.")
    pad(page, 5, SNARE).press("+")
    said(page, "No hit is here")
    press(page, "lock snare")
    expect(page.get_by_role("button", name=f"{name}, locked", exact=True)).to_be_visible()
    press(page, "One bar more")
    new = "snare, bar 3, step 1, empty, locked"
    expect(page.get_by_role("button", name=new, exact=True)).to_be_attached()
    press(page, "lock snare")
    expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()


def test_the_keys_of_a_row_work_where_a_row_has_the_focus_and_say_so(visit: Visit) -> None:
    page = greeted(visit())
    pad(page, 0, SNARE).focus()
    page.keyboard.press("m")
    said(page, "snare: mute on.")
    page.get_by_role("button", name="audition closed hi-hat").press("l")
    said(page, "closed hi-hat: lock on.")
    doc = pattern_of(page)
    assert [doc["muted"][SNARE], doc["locked"][CLOSED_HAT]] == [True, True]
    page.get_by_role("button", name="Generate", exact=True).focus()
    for key in "msl":
        page.keyboard.press(key)
    assert pattern_of(page) == doc


@pytest.mark.parametrize("width", [701, 800, 900, 1000, 1440])
def test_with_a_mouse_all_switches_of_a_row_are_there(visit: Visit, width: int) -> None:
    page = greeted(visit(viewport={"width": width, "height": 800}))
    for verb in ("mute", "solo", "lock"):
        box = page.get_by_role("button", name=f"{verb} kick").bounding_box()
        assert min(box["width"], box["height"]) >= 24
    expect(page.get_by_role("button", name="Mute, solo")).to_be_hidden()
    name = page.get_by_role("button", name="audition closed hi-hat")
    assert name.evaluate("({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth")
