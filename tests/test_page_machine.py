"""What the machine plays on the page: generate, continue, fill, humanize, tap, morph."""

import pytest
from pages import (
    CLOSED_HAT,
    KICK,
    SNARE,
    Visit,
    begin_empty,
    browser,
    cells_of,
    drag,
    expect,
    greeted,
    pad,
    pattern_of,
    press,
    said,
    server,
    visit,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser


def test_a_first_visit_finds_a_groove_of_the_machine_on_the_grid(visit: Visit) -> None:
    page = greeted(visit())
    said(page, "Press Play")
    doc, cells = pattern_of(page), cells_of(page)
    assert (doc["steps"], doc["split"]) == (32, 16)
    assert {by for _, _, by in cells.values()} == {"machine"}
    assert {(0, KICK), (4, SNARE), (12, SNARE), (20, SNARE), (28, SNARE)} <= set(cells)
    assert sum(voice == CLOSED_HAT for _, voice in cells) >= 12
    assert len({velocity for velocity, _, _ in cells.values()}) > 8
    expect(page.get_by_role("combobox", name="Style")).to_have_value("funk")
    expect(page.get_by_role("textbox", name="Seed")).to_have_value("204")
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    expect(page.get_by_role("group", name="Candidates")).to_be_hidden()
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    page.get_by_role("textbox", name="Seed").fill("204")
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    assert cells_of(page) == cells


def test_every_pad_has_a_name_and_the_grid_is_one_tab_stop(visit: Visit) -> None:
    page = begin_empty(visit())
    assert page.locator("drum-grid button[data-step]").count() == 32 * 9
    assert page.locator('drum-grid button[data-step][tabindex="0"]').count() == 1
    snare = page.get_by_role("button", name="snare, bar 1, step 5, empty", exact=True)
    snare.click()
    lit = page.get_by_role("button", name="snare, bar 1, step 5, velocity 80 %", exact=True)
    expect(lit).to_have_attribute("aria-pressed", "true")


def test_generate_gives_four_candidates_and_one_edit(visit: Visit) -> None:
    page = greeted(visit())
    before = cells_of(page)
    page.get_by_role("combobox", name="Style").select_option("rock")
    tempo = pattern_of(page)["qpm"]
    said(page, f"rock, at its usual {tempo:g} bpm")
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    first = cells_of(page)
    assert first != before
    assert pattern_of(page)["qpm"] == tempo
    press(page, "Next candidate")
    said(page, "Candidate 2 of 4")
    assert cells_of(page) != first
    press(page, "Previous candidate")
    assert cells_of(page) == first
    press(page, "Undo")
    assert cells_of(page) == before


def test_the_counter_tells_when_the_grid_is_none_of_the_candidates(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    count = page.locator("#candidate")
    press(page, "Next candidate")
    expect(count).to_have_text("2 of 4")
    pad(page, 5, KICK).click()
    expect(count).to_have_text("2 of 4")
    press(page, "Undo")
    press(page, "Undo")
    expect(count).to_have_text("– of 4")
    press(page, "Redo")
    expect(count).to_have_text("2 of 4")
    press(page, "Rotate right")
    expect(count).to_have_text("– of 4")
    page.get_by_role("button", name="Next candidate").press("Enter")
    expect(count).to_have_text("3 of 4")


def test_of_the_highest_seed_every_candidate_has_its_own(visit: Visit) -> None:
    page = greeted(visit())
    seed = page.get_by_role("textbox", name="Seed")
    seed.fill(str(2**53 - 1))
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    seen = {seed.input_value()}
    for number in (2, 3, 4):
        press(page, "Next candidate")
        said(page, f"Candidate {number} of 4")
        seen.add(seed.input_value())
    assert len(seen) == 4
    assert max(map(int, seen)) < 2**53


def test_flipping_leaves_locked_rows_and_what_was_drawn_since(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    first = cells_of(page)
    press(page, "lock kick")
    press(page, "lock snare")
    drawn = next(place for place in ((step, 5) for step in range(32)) if place not in first)
    pad(page, *drawn).click()
    kept = {place: cell for place, cell in cells_of(page).items() if place[1] in (KICK, SNARE)}
    seen = []
    for number in (2, 3, 4, 1):
        press(page, "Next candidate")
        said(page, f"Candidate {number} of 4")
        cells = cells_of(page)
        assert {place: cell for place, cell in cells.items() if place[1] in (KICK, SNARE)} == kept
        assert cells[drawn][2] == "you"
        seen.append({place: cell for place, cell in cells.items() if place != drawn})
    assert seen[-1] == first
    assert all(cells != first for cells in seen[:-1])


def test_flipping_after_another_edit_says_that_undo_brings_it_back(visit: Visit) -> None:
    page = greeted(visit())
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    press(page, "lock kick")
    press(page, "One bar more")
    longer = pattern_of(page)
    press(page, "Next candidate")
    said(page, "Undo brings back")
    assert pattern_of(page)["steps"] == 48
    kicks = [doc["cells"][KICK::9] for doc in (longer, pattern_of(page))]
    assert kicks[0] == kicks[1]
    press(page, "Undo")
    assert pattern_of(page) == longer


def test_the_same_seed_plays_the_same_pattern(visit: Visit) -> None:
    page = greeted(visit())
    page.get_by_role("textbox", name="Seed").fill("2026")
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    first = cells_of(page)
    press(page, "Undo")
    assert cells_of(page) != first
    expect(page.get_by_role("textbox", name="Seed")).to_have_value("2026")
    press(page, "Generate")
    said(page, "candidate 1 of 4")
    assert cells_of(page) == first


def test_the_arrow_is_dragged_and_what_lies_left_of_it_stays_bit_for_bit(visit: Visit) -> None:
    page = greeted(visit())
    arrow = page.get_by_role("slider", name="Seed ends here")
    width = pad(page, 1, KICK).bounding_box()["x"] - pad(page, 0, KICK).bounding_box()["x"]
    drag(page, arrow, (-4 * width, 0))
    assert pattern_of(page)["split"] == 12
    expect(arrow).to_have_attribute("aria-valuenow", "12")
    before = cells_of(page)
    press(page, "Continue")
    said(page, "Continue: candidate 1 of 4")
    after = cells_of(page)
    seed = {place: cell for place, cell in before.items() if place[0] < 12}
    assert {place: cell for place, cell in after.items() if place[0] < 12} == seed
    assert {place: cell for place, cell in after.items() if place[0] >= 12} != {
        place: cell for place, cell in before.items() if place[0] >= 12
    }


# Keeps a drag from going on by itself at the edge, where a test that is held up lets it rest.
NO_CREEP = """
const { setInterval } = window;
window.setInterval = (call, ms, ...rest) => (ms === 16 ? 0 : setInterval(call, ms, ...rest));
"""


def test_the_end_is_dragged_and_the_machine_continues_into_the_new_bars(visit: Visit) -> None:
    page = greeted(visit(scripts=(NO_CREEP,)))
    end = page.get_by_role("slider", name="Pattern length in bars")
    drag(page, end, (60, 0), (112, 0))
    assert pattern_of(page)["steps"] == 64
    before = cells_of(page)
    press(page, "Continue")
    said(page, "Continue: candidate 1 of 4")
    after = cells_of(page)
    seed = {place: cell for place, cell in before.items() if place[0] < 16}
    assert {place: cell for place, cell in after.items() if place[0] < 16} == seed
    assert {step // 16 for step, _ in after} == {0, 1, 2, 3}


ON_TOP = """element => {
    const box = element.getBoundingClientRect();
    const place = element.parentElement.closest(".lanes").getBoundingClientRect();
    const inside = box.left >= place.left && box.right <= place.right;
    const found = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return inside && element.contains(found);
}"""


@pytest.mark.parametrize("touch", [False, True])
def test_with_the_arrow_at_the_end_both_handles_can_be_grabbed(visit: Visit, touch: bool) -> None:
    page = greeted(visit(scripts=(NO_CREEP,), has_touch=touch, is_mobile=touch))
    arrow = page.get_by_role("slider", name="Seed ends here")
    end = page.get_by_role("slider", name="Pattern length in bars")
    arrow.press("End")
    assert pattern_of(page)["split"] == 32
    assert arrow.evaluate(ON_TOP)
    assert end.evaluate(ON_TOP)
    drag(page, end, (60, 0))
    assert pattern_of(page)["steps"] == 48
    drag(page, arrow, (-400, 0))
    assert pattern_of(page)["split"] < 32
    arrow.press("End")
    arrow.press("Alt+ArrowLeft")
    page.locator(".lanes").evaluate("lanes => { lanes.scrollLeft = lanes.scrollWidth; }")
    assert arrow.evaluate(ON_TOP)
    assert end.evaluate(ON_TOP)


def test_locked_rows_stay_bit_for_bit_when_the_rest_is_filled(visit: Visit) -> None:
    page = greeted(visit())
    before = cells_of(page)
    for name in ("kick", "snare"):
        press(page, f"lock {name}")
    press(page, "Fill")
    said(page, "Fill: candidate 1 of 4")
    after = cells_of(page)
    kept = {place: cell for place, cell in before.items() if place[1] in (KICK, SNARE)}
    assert {place: cell for place, cell in after.items() if place[1] in (KICK, SNARE)} == kept
    assert after != before
    press(page, "Generate")
    said(page, "Generate: candidate 1 of 4")
    assert kept.items() <= cells_of(page).items()
    pad(page, 0, KICK).click()
    said(page, "locked")
    assert kept.items() <= cells_of(page).items()


def test_only_what_is_selected_is_filled(visit: Visit) -> None:
    page = greeted(visit())
    before = cells_of(page)
    press(page, "Select bar 2")
    press(page, "Fill")
    said(page, "Fill: candidate 1 of 4")
    after = cells_of(page)
    assert after != before
    first = {place: cell for place, cell in before.items() if place[0] < 16}
    assert {place: cell for place, cell in after.items() if place[0] < 16} == first


def test_humanize_gives_a_drawn_pattern_dynamics_and_timing(visit: Visit) -> None:
    page = begin_empty(visit())
    for step in range(0, 32, 2):
        pad(page, step, CLOSED_HAT).click()
    for step in (4, 12, 20, 28):
        pad(page, step, SNARE).click()
    drawn = cells_of(page)
    assert len({cell[:2] for cell in drawn.values()}) == 1
    press(page, "Humanize")
    said(page, "Humanize: candidate 1 of 4")
    human = cells_of(page)
    assert set(human) == set(drawn)
    assert {by for _, _, by in human.values()} == {"you"}
    assert len({velocity for velocity, _, _ in human.values()}) > 8
    assert len({offset for _, offset, _ in human.values()}) > 8
    press(page, "Next candidate")
    said(page, "Candidate 2 of 4")
    assert cells_of(page) != human
    press(page, "Undo")
    press(page, "Humanize")
    said(page, "Humanize: candidate 1 of 4")
    assert cells_of(page) == human  # the steady touch is always the same
