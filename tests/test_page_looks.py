"""How the page looks: what fits, what stands out from its ground."""

import pytest
from pages import (
    SNARE,
    Visit,
    begin_empty,
    browser,
    expect,
    greeted,
    pad,
    press,
    server,
    visit,
)

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [640, 800, 900, 1000])
def test_two_bars_fit_a_window_of_middle_width(visit: Visit, width: int) -> None:
    page = greeted(visit(viewport={"width": width, "height": 900}))
    lanes = page.locator(".lanes")
    assert lanes.evaluate("({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth")
    expect(page.locator("drum-grid")).not_to_have_class("more")
    end = page.get_by_role("slider", name="Pattern length in bars").bounding_box()
    assert end["x"] + end["width"] <= width
    if width <= 700:
        press(page, "Mute, solo")
    press(page, "mute kick")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cores_stand_out_from_their_pads(visit: Visit, scheme: str) -> None:
    page = greeted(visit(color_scheme=scheme, reduced_motion="reduce"))
    for step in range(0, 32, 4):
        pad(page, step, 8).click()
    page.mouse.move(0, 0)
    cores = page.evaluate(CORES)
    assert {by for by, _, _ in cores} == {"you", "machine"}
    assert [core for core in cores if core[1] >= 0.4 and core[2] < 3] == []


CORES = """() => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const light = (colour) => {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
            .map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
            .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
    };
    return [...document.querySelectorAll(".measure [data-by]")].map((pad) => {
        const [one, two] = [getComputedStyle(pad, "::before"), getComputedStyle(pad)]
            .map(({ backgroundColor }) => light(backgroundColor));
        const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
        return [pad.dataset.by, Number(pad.style.getPropertyValue("--v")), ratio];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_empty_pads_and_fields_can_be_told(visit: Visit, scheme: str) -> None:
    page = begin_empty(visit(color_scheme=scheme, reduced_motion="reduce"))
    page.mouse.move(0, 0)
    marks = page.evaluate(MARKS)
    assert len(marks) == 32 * 9 + 3
    assert [mark for mark in marks if mark[1] < 3] == []


# The dots of pads and the lines under fields, against what is behind them.
MARKS = """() => {
    const channels = (text) => (text.match(/[\\d.]+/g) ?? []).slice(0, 3).map(Number);
    const light = ([r, g, b]) => [r, g, b]
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
    const told = (name, ...colours) => {
        const [low, high] = colours.map((colour) => light(channels(colour))).sort((a, b) => a - b);
        return [name, (high + 0.05) / (low + 0.05)];
    };
    const pads = [...document.querySelectorAll(".measure button")].map((pad) => {
        const { backgroundColor, backgroundImage } = getComputedStyle(pad);
        return told(pad.className, backgroundColor, backgroundImage.match(/rgb\\([^)]*\\)/)[0]);
    });
    const ground = getComputedStyle(document.documentElement).backgroundColor;
    const fields = [...document.querySelectorAll("main :is(select, input), .tempo input")]
        .filter((field) => field.checkVisibility() && field.type !== "range")
        .map((field) => told(field.id, ground, getComputedStyle(field).borderBottomColor));
    return [...pads, ...fields];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_playhead_passes_below_the_cores(visit: Visit, scheme: str) -> None:
    page = greeted(visit(color_scheme=scheme))
    page.evaluate("document.querySelector('drum-grid').playhead.show(4)")
    over = pad(page, 4, SNARE).evaluate("""(pad) => {
        const { left, top, width, height } = pad.getBoundingClientRect();
        const column = document.querySelector(".playhead");
        column.style.pointerEvents = "auto";
        const stack = document.elementsFromPoint(left + width / 2, top + height / 2);
        return [stack.indexOf(pad), stack.indexOf(column)];
    }""")
    assert over[0] == 0 < over[1]
    assert page.locator(".measure .crossed").count() == 9
    page.evaluate("document.querySelector('drum-grid').playhead.hide()")
    assert page.locator(".measure .crossed").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(visit: Visit, scheme: str) -> None:
    page = greeted(visit(color_scheme=scheme))
    weak = page.evaluate(CONTRAST)
    assert weak == []


# Text on plain grounds only: contrast of at least 4.5, or 3 where it is large (WCAG 2.2, AA).
CONTRAST = """() => {
    const channels = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const light = ([r, g, b]) => [r, g, b]
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = channels(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const own = ({ childNodes }) =>
        [...childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    return [...document.querySelectorAll("body *")]
        .filter((element) => own(element) && element.checkVisibility() && !element.disabled)
        .map((element) => {
            const { color, fontSize } = getComputedStyle(element);
            const [one, two] = [light(channels(color)), light(ground(element))];
            const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
            return [element.textContent.trim().slice(0, 30), ratio, parseFloat(fontSize)];
        })
        .filter(([, ratio, size]) => ratio < (size >= 24 ? 3 : 4.5));
}"""
