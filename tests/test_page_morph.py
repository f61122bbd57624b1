"""Morph: a way from one pattern to another, and whose its hits are."""

from typing import Any

import pytest
from pages import (
    KICK,
    Visit,
    another,
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
    set_range,
    until,
    visit,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser


def test_morph_lays_a_way_from_a_to_b(visit: Visit) -> None:
    page = greeted(visit())
    a = cells_of(page)
    press(page, "Morph")
    press(page, "Store A")
    said(page, "store B")
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    b = cells_of(page)
    press(page, "Store B")
    said(page, "Slide between A and B")
    seen = []
    for station in (4, 8, 0):
        set_range(page, "Between A and B", station)
        seen.append(cells_of(page))
    half, at_b, at_a = seen
    bare = [{place: cell[:2] for place, cell in one.items()} for one in (a, b, at_a, at_b)]
    assert bare[0] == bare[2]
    assert bare[1] == bare[3]
    assert half not in (at_a, at_b)


def test_morph_of_unlike_lengths_names_the_way_out(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Morph")
    press(page, "Store A")
    press(page, "Double")
    press(page, "Store B")
    said(page, "A has 2 and B 4 bars: Halve or Double one")
    press(page, "Halve")
    press(page, "Store B")
    said(page, "Slide between A and B")


def test_an_older_way_does_not_replace_a_newer_one(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Morph")
    press(page, "Store A")
    held: list[Any] = []
    page.route("**/api/morph", lambda route: held.append(route), times=1)
    another(page)
    press(page, "Store B")
    until(lambda: held or page.wait_for_timeout(10), "a question")
    another(page)
    newer = cells_of(page)
    press(page, "Store B")
    said(page, "Slide between A and B")
    with page.expect_response("**/api/morph") as response:
        held[0].continue_()
    response.value.finished()
    page.wait_for_timeout(100)
    for station in (0, 8):
        set_range(page, "Between A and B", station)
    assert cells_of(page) == newer


def test_hits_of_an_end_stay_whose_they_are(visit: Visit) -> None:
    page = begin_empty(visit())
    for step in (0, 4, 8):
        pad(page, step, KICK).click()
    a = cells_of(page)
    press(page, "Morph")
    press(page, "Store A")
    another(page)
    b = cells_of(page)
    press(page, "Store B")
    said(page, "Slide between A and B")
    for station, cells in ((0, a), (8, b), (4, None), (0, a)):
        set_range(page, "Between A and B", station)
        assert cells in (None, cells_of(page))
    assert {by for _, _, by in cells_of(page).values()} == {"you"}


def test_undo_and_redo_move_the_slider_along(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Morph")
    press(page, "Store A")
    another(page)
    press(page, "Store B")
    said(page, "Slide between A and B")
    slider = page.get_by_role("slider", name="Between A and B")
    set_range(page, "Between A and B", 4)
    set_range(page, "Between A and B", 0)
    for verb, value in (("Undo", "4"), ("Undo", "8"), ("Redo", "4"), ("Redo", "0")):
        press(page, verb)
        expect(slider).to_have_value(value)
    expect(slider).to_have_attribute("aria-valuetext", "A")


def test_with_every_row_locked_the_slider_says_so(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Morph")
    press(page, "Store A")
    another(page)
    press(page, "Store B")
    said(page, "Slide between A and B")
    lock_all(page)
    before = pattern_of(page)
    set_range(page, "Between A and B", 0)
    said(page, "Every row is locked")
    assert pattern_of(page) == before
