"""What outlives the page: links, recent patterns, reloads."""

import re

import pytest
from pages import (
    CLOSED_HAT,
    KICK,
    SNARE,
    Visit,
    another,
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
    visit,
    wait,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser


def test_a_link_opens_to_exactly_the_same_music_somewhere_else(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    set_range(page, "Swing", 61)
    for name in ("mute crash", "solo kick", "lock snare"):
        press(page, name)
    pad(page, 3, CLOSED_HAT).click()
    page.get_by_role("slider", name="Seed ends here").press("ArrowLeft")
    press(page, "Share")
    link = page.evaluate("location.href")
    assert "#p=" in link
    elsewhere = visit(link.removeprefix(page.evaluate("location.origin")))
    first, second = pattern_of(page), pattern_of(elsewhere)
    assert second == first
    assert (second["swing"], second["soloed"][KICK], second["split"]) == (0.61, True, 12)
    assert any(cell and cell["offset"] for cell in second["cells"])
    assert len(link) < 4096


def test_sharing_copies_the_link_or_shows_it(visit: Visit) -> None:
    page = greeted(visit(permissions=["clipboard-read", "clipboard-write"]))
    press(page, "Share")
    said(page, "Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.evaluate("location.href")
    page.evaluate("navigator.clipboard.writeText = null; 0")
    press(page, "Share")
    shown = page.get_by_role("dialog", name="Share").get_by_label("Link")
    expect(shown).to_have_value(page.evaluate("location.href"))


def test_a_damaged_link_says_so_and_the_page_works(visit: Visit) -> None:
    page = visit("/#p=AAAA")
    expect(page.get_by_role("status")).to_contain_text("link")
    expect(page.get_by_role("status")).to_have_class("status bad")
    press(page, "Generate")
    said(page, "candidate 1 of 4")


def test_recent_patterns_are_kept_in_the_browser(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    kept = cells_of(page)
    press(page, "Clear")
    page.reload()
    press(page, "Recent")
    rows = page.get_by_role("dialog", name="Recent").get_by_role("listitem")
    rows.first.get_by_role("button").first.click()
    said(page, "Opened funk, 2 bars")
    assert cells_of(page) == kept
    press(page, "Recent")
    rows.first.get_by_role("button").nth(1).click()
    expect(rows.first).to_contain_text("Nothing yet")


def test_a_reload_keeps_what_the_tab_showed(visit: Visit) -> None:
    page = begin_empty(visit())
    pad(page, 5, SNARE).click()
    before = pattern_of(page)
    page.reload()
    expect(pad(page, 5, SNARE)).to_have_attribute("aria-pressed", "true")
    assert pattern_of(page) == before


KEPT = "JSON.parse(localStorage.getItem('paradiddle.recent') ?? '[]').length"


def test_of_recent_patterns_two_tabs_lose_none(visit: Visit) -> None:
    one = greeted(visit())
    two = greeted(visit(beside=one))
    for count, page in enumerate((one, two, two), start=1):
        another(page)
        for tab in (one, two):  # what one has stored reaches the other a moment later
            wait(tab, f"{KEPT} === {count}")
    press(one, "Recent")
    rows = one.locator("#recent-list li")
    expect(rows).to_have_count(3)
    rows.first.get_by_role("button", name=re.compile("^Remove")).click()
    expect(rows).to_have_count(2)
    press(one, "Close")
    wait(two, f"{KEPT} === 2")
    press(two, "Recent")
    expect(two.locator("#recent-list li")).to_have_count(2)
