"""Questions on their way: what is done meanwhile, which answer counts, what a busy server says."""

import json
import re
from typing import Any

import pytest
from pages import (
    KICK,
    SNARE,
    Page,
    Visit,
    browser,
    cells_of,
    expect,
    greeted,
    pad,
    pattern_of,
    press,
    said,
    server,
    until,
    visit,
    wait,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser


def test_what_is_drawn_while_the_machine_thinks_stays(visit: Visit) -> None:
    page = greeted(visit())
    begun = cells_of(page)
    lit = next(place for place in begun if place[1] == SNARE)
    held: list[Any] = []
    page.route("**/api/generate", lambda route: held.append(route))
    press(page, "Generate")
    until(lambda: held or page.wait_for_timeout(10), "a question")
    pad(page, 31, KICK).click()
    pad(page, *lit).click()
    drawn = cells_of(page)
    assert (31, KICK) in drawn
    assert lit not in drawn
    held[0].continue_()
    for number in (1, 2, 3):
        said(page, f"andidate {number} of 4")
        cells = cells_of(page)
        assert cells[31, KICK] == drawn[31, KICK]
        assert lit not in cells
        assert {place: cell for place, cell in cells.items() if place != (31, KICK)} != begun
        press(page, "Next candidate")
    page.unroute("**/api/generate")


@pytest.mark.parametrize("way", ["Next candidate", "Undo"])
def test_an_answer_is_whole_if_the_grid_was_another_when_it_came(visit: Visit, way: str) -> None:
    page = greeted(visit())
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    held: list[Any] = []
    page.route("**/api/generate", lambda route: held.append(route))
    press(page, "Generate")
    until(lambda: held or page.wait_for_timeout(10), "a question")
    press(page, way)
    with page.expect_response("**/api/generate") as asked:
        held[0].continue_()
    said(page, "Generate: candidate 1 of 4")
    hits = asked.value.json()["patterns"][0]["hits"]
    assert set(cells_of(page)) == {(step, voice) for step, voice, _, _ in hits}
    page.unroute("**/api/generate")


def test_a_busy_machine_is_said_kindly_and_leaves_the_grid_alone(visit: Visit) -> None:
    page = greeted(visit(tolerated="503"))
    before = cells_of(page)
    detail = [{"field": "", "value": None, "message": "the server is busy"}]
    page.route(
        "**/api/generate",
        lambda route: route.fulfill(
            status=503, headers={"Retry-After": "1"}, body=json.dumps({"detail": detail})
        ),
    )
    press(page, "Generate")
    said(page, "busy just now; try again")
    assert cells_of(page) == before
    expect(page.locator("#offline")).to_be_hidden()
    page.unroute("**/api/generate")
    press(page, "Generate")
    said(page, "candidate 1 of 4")


def hold(page: Page, path: str) -> list[Any]:
    """Keep the next question of a kind waiting; its route comes into the list."""
    held: list[Any] = []
    page.route(f"**/api/{path}", lambda route: held.append(route), times=1)
    return held


def answered(page: Page, path: str, held: list[Any]) -> None:
    """Let a held question be answered, and the page have its answer."""
    with page.expect_response(f"**/api/{path}") as response:
        held[0].continue_()
    response.value.finished()
    page.wait_for_timeout(100)


@pytest.mark.parametrize("path", ["tap", "import", "generate"])
def test_of_several_questions_only_the_last_lays_its_answer(visit: Visit, path: str) -> None:
    page = greeted(visit())
    held = hold(page, path)
    if path == "tap":
        press(page, "Tap")
        page.get_by_role("button", name=re.compile("Tap here")).press("j")
        press(page, "Kit")
    elif path == "import":
        file = {"name": "own.mid", "mimeType": "audio/midi", "buffer": own_file(page)}
        page.locator("#file").set_input_files(file)
    else:
        press(page, "Generate")
    until(lambda: held or page.wait_for_timeout(10), "a question")
    press(page, "Fill")
    said(page, "Fill: candidate 1 of 4")
    filled = pattern_of(page)
    answered(page, path, held)
    assert pattern_of(page) == filled
    said(page, "Fill: candidate 1 of 4")
    expect(page.locator("#candidate")).to_have_text("1 of 4")


def own_file(page: Page) -> bytes:
    """What is on the grid as a MIDI file."""
    with page.expect_download() as saved:
        press(page, "Download MIDI")
    return saved.value.path().read_bytes()


# The first pattern's question waits until somebody calls `release`.
LATE_GREETING = """
const { fetch } = window;
let first = true;
window.fetch = async (url, how) => {
    if (first && String(url).endsWith("/generate")) {
        first = false;
        await new Promise((go) => { window.release = go; });
    }
    return fetch(url, how);
};
"""


def test_a_late_first_pattern_does_not_speak_over_another_answer(visit: Visit) -> None:
    page = visit(scripts=(LATE_GREETING,))
    wait(page, "Boolean(window.release)")
    press(page, "Generate")
    said(page, "Generate: candidate 1 of 4")
    played = pattern_of(page)
    with page.expect_response("**/api/generate") as response:
        page.evaluate("release()")
    response.value.finished()
    page.wait_for_timeout(100)
    said(page, "Generate: candidate 1 of 4")
    assert pattern_of(page) == played
    expect(page.get_by_role("combobox", name="Style")).to_have_value("")
