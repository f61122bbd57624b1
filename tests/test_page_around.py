"""The page in the world: small screens, an absent server, two tabs, weight, strictness."""

import json
import re
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import (
    KICK,
    LAUNCH,
    Page,
    Visit,
    begin_empty,
    browser,
    cells_of,
    chromium_path,
    expect,
    greeted,
    pad,
    press,
    said,
    server,
    set_range,
    visit,
    wait,
)
from servers import address_of, start_server, stop_server

__all__ = ["browser", "server", "visit"]  # fixtures
pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
WITHOUT_SOUND, WITH_SOUND = 200_000, 1_500_000  # bytes
TRANSFERRED = """() => [
    ...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource"),
].map(({ name, transferSize, encodedBodySize }) => [name, transferSize, encodedBodySize])"""

WIDE = """() => [...document.querySelectorAll("body *")].filter((element) => {
    const { right, left, width } = element.getBoundingClientRect();
    const inside = element.closest(".lanes") || getComputedStyle(element).position === "fixed";
    const skip = element.closest(".skip");
    return width && !inside && !skip && (right > innerWidth + 0.5 || left < -0.5);
}).map((element) => element.outerHTML.slice(0, 80))"""


def test_on_a_phone_nothing_overflows_and_controls_are_large_enough(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(WIDE) == []
    main = page.locator(
        "button.play, button.primary, button.verb, button.round, .edits button, .flip button,"
        " .transport button, .out button, select, input[type=range], .arrow-handle"
    )
    small = main.evaluate_all("""elements => elements
        .map((element) => [element.getBoundingClientRect(), element])
        .filter(([box]) => box.height && Math.min(box.height, box.width) < 39.5)
        .map(([box, { id, className }]) => `${id || className}: ${box.width} x ${box.height}`)""")
    assert small == []
    for name in ("Tap", "Morph"):
        press(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_finger_taps_pads_and_reaches_every_row(visit: Visit) -> None:
    page = begin_empty(visit(**PHONE))
    pad(page, 0, KICK).tap()
    assert set(cells_of(page)) == {(0, KICK)}
    pad(page, 0, KICK).tap()
    assert cells_of(page) == {}
    press(page, "Rows")
    page.get_by_role("button", name="lock kick").tap()
    pad(page, 0, KICK).tap()
    said(page, "locked")
    assert cells_of(page) == {}


def test_the_help_fits_a_phone_and_says_no_attribution_twice(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    press(page, "Help")
    expect(page.get_by_role("heading", name="Who plays")).to_be_visible()
    dialog = page.locator("#help-dialog")
    assert dialog.evaluate("({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth")
    rows = page.locator("section", has=page.get_by_role("heading", name="Who plays"))
    told = rows.locator("dd").all_inner_texts()
    assert told
    assert len(told) == len(set(told))


def test_the_help_opens_at_its_beginning(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    press(page, "Help")
    heading = page.get_by_role("heading", name="How to play it")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    assert page.locator("#help-dialog").evaluate("dialog => dialog.scrollTop") == 0


@pytest.mark.parametrize("width", [640, 800, 900, 1000])
def test_two_bars_fit_a_window_of_middle_width(visit: Visit, width: int) -> None:
    page = greeted(visit(viewport={"width": width, "height": 900}))
    lanes = page.locator(".lanes")
    assert lanes.evaluate("({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth")
    expect(page.locator("drum-grid")).not_to_have_class("more")
    end = page.get_by_role("slider", name="Pattern length in bars").bounding_box()
    assert end["x"] + end["width"] <= width
    press(page, "Rows")
    press(page, "mute kick")


def test_more_of_the_grid_is_hinted_at_and_its_end_can_be_grabbed(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    grid = page.locator("drum-grid")
    expect(grid).to_have_class("more")
    end = page.get_by_role("slider", name="Pattern length in bars")
    arrow = page.get_by_role("slider", name="Seed ends here")
    one, two = arrow.bounding_box(), end.bounding_box()
    assert one["x"] + 36 <= two["x"]
    assert two["x"] + two["width"] <= 360
    end.tap()
    expect(grid).not_to_have_class("more")
    assert page.evaluate("paradiddle.store.doc.steps") == 32
    page.locator(".lanes").evaluate("lanes => { lanes.scrollLeft = 0; }")
    expect(grid).to_have_class("more")
    grown = "parseInt(document.querySelector('.bubble').textContent) >= 3"
    hold_at_the_edge(page, "Pattern length in bars", grown)
    assert page.evaluate("paradiddle.store.doc.steps") >= 3 * 16


def hold_at_the_edge(page: Page, name: str, goal: str) -> None:
    """Drag a handle to the screen's edge, never over it, until something is true."""
    box = page.get_by_role("slider", name=name).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert 0 < x < 360
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 20, y, steps=2)
    page.mouse.move(352, y, steps=4)
    wait(page, goal)
    page.mouse.up()


def test_handles_are_dragged_to_the_end_without_leaving_a_phone(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    hold_at_the_edge(page, "Seed ends here", "paradiddle.store.doc.split === 32")
    arrow = page.get_by_role("slider", name="Seed ends here")
    arrow.press("Home")
    page.locator(".lanes").evaluate("lanes => { lanes.scrollLeft = lanes.scrollWidth; }")
    wait(page, "document.querySelector('.arrow-handle').getBoundingClientRect().left > 80")
    grown = "parseInt(document.querySelector('.bubble').textContent) >= 5"
    hold_at_the_edge(page, "Pattern length in bars", grown)
    assert page.evaluate("paradiddle.store.doc.steps") >= 5 * 16


def test_an_arrow_out_of_sight_waits_at_the_edge_and_a_tap_leads_to_it(visit: Visit) -> None:
    page = greeted(visit(**PHONE))
    arrow = page.get_by_role("slider", name="Seed ends here")
    box = arrow.bounding_box()
    assert box["x"] + box["width"] <= 360
    assert page.evaluate("document.querySelector('.arrow-handle').matches('.away')")
    arrow.tap()
    wait(page, "!document.querySelector('.arrow-handle').matches('.away')")
    assert page.evaluate("paradiddle.store.doc.split") == 16


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


@pytest.fixture
def port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def started(port: int) -> Iterator[list["subprocess.Popen[str]"]]:
    running = [start_server("--port", port)]
    yield running
    for process in running:
        stop_server(process)


def test_the_server_goes_and_comes_back(visit: Visit, port: int, started: list) -> None:
    base = address_of(started[0])
    page = greeted(visit(base=base, tolerated="ERR_|Failed to load"))
    wait(page, "paradiddle.kit.ready")
    wait(page, "navigator.serviceWorker.ready.then(Boolean)")
    stop_server(started.pop())
    before = cells_of(page)
    press(page, "Generate")
    banner = page.locator("#offline")
    expect(banner).to_contain_text("server")
    assert cells_of(page) == before
    pad(page, 1, KICK).click()
    press(page, "Play")
    wait(page, "paradiddle.kit.sounding > 0")
    press(page, "Stop")
    started.append(start_server("--port", port))
    assert address_of(started[0]) == base
    expect(banner).to_be_hidden()
    said(page, "The server is back")
    press(page, "Generate")
    said(page, "candidate 1 of 4")


def test_loaded_once_the_page_opens_and_plays_without_the_server(
    visit: Visit, started: list
) -> None:
    base = address_of(started[0])
    page = greeted(visit(base=base, tolerated="ERR_|Failed to load"))
    kept_for_later(page)
    stop_server(started.pop())
    page.reload()
    expect(page.locator("#offline")).to_contain_text("server")
    wait(page, "paradiddle.kit.ready")
    press(page, "Play")
    wait(page, "paradiddle.kit.sounding > 0")
    press(page, "Stop")


def kept_for_later(page: Page) -> None:
    """Wait until a page has everything it needs to open without the server."""
    wait(page, "paradiddle.kit.ready")
    kept = "caches.open('paradiddle-1').then((cache) => cache.keys()).then((keys) => keys.length)"
    loaded = page.evaluate("performance.getEntriesByType('resource').length")
    wait(page, f"{kept}.then((count) => count > 60 && count >= {loaded} - 8)")


def test_what_is_set_outlives_a_reload_with_and_without_the_server(
    visit: Visit, started: list
) -> None:
    base = address_of(started[0])
    page = greeted(visit(base=base, tolerated="ERR_|Failed to load"))
    page.get_by_role("combobox", name="Style").select_option("rock")
    page.get_by_role("textbox", name="Seed").fill("2026")
    for name, value in SET.items():
        set_range(page, name, value)
    kept_for_later(page)
    for gone in (False, True):
        if gone:
            stop_server(started.pop())
        page.reload()
        wait(page, "Boolean(window.paradiddle)")
        expect(page.get_by_role("combobox", name="Style")).to_have_value("rock")
        expect(page.get_by_role("textbox", name="Seed")).to_have_value("2026")
        expect(page.locator("#dice")).to_have_attribute("aria-pressed", "false")
        for name, value in SET.items():
            slider = page.get_by_role("slider", name=name, exact=True)
            expect(slider).to_have_value(f"{value:g}")
        expect(page.locator("#temperature-value")).to_have_text("1.4")
        expect(page.locator("#offline")).to_be_visible(visible=gone)


@pytest.mark.parametrize(
    "kept",
    [
        "5",
        '"x"',
        "[]",
        '{"wished": {}}',
        '{"wished": 5}',
        '{"wished": null, "share": {}, "hash": 3}',
        '{"wished": {"style": {}, "seed": [1], "dice": "no", "dials": 7}}',
        '{"wished": {"dials": [null, "x", 1e999]}}',
    ],
)
def test_odd_values_kept_for_a_reload_are_ignored(visit: Visit, kept: str) -> None:
    page = greeted(visit(scripts=(f"sessionStorage['paradiddle.tab'] = {json.dumps(kept)}",)))
    expect(page.get_by_role("slider", name="Temperature")).to_have_value("1")
    expect(page.get_by_role("slider", name="Humanize amount")).to_have_value("100")
    expect(page.locator("#dice")).to_have_attribute("aria-pressed", "true")
    press(page, "Generate")
    said(page, "candidate 1 of 4")


SET = {"Temperature": 1.4, "Density": 2.25, "Humanize amount": 35}


def test_another_page_opens_without_the_server_also_after_a_hard_reload(
    visit: Visit, started: list
) -> None:
    base = address_of(started[0])
    page = greeted(visit(base=base))
    kept_for_later(page)
    with page.expect_navigation():
        page.context.new_cdp_session(page).send("Page.reload", {"ignoreCache": True})
    wait(page, "window.paradiddle && !navigator.serviceWorker.controller")
    kept_for_later(page)
    stop_server(started.pop())
    page.close()
    page = visit(base=base, tolerated="ERR_|Failed to load", beside=page, ready=OPEN)
    expect(page.locator("#offline")).to_contain_text("server")
    wait(page, "paradiddle.kit.ready")
    press(page, "Play")
    wait(page, "paradiddle.kit.sounding > 0")
    press(page, "Stop")


OPEN = "Boolean(window.paradiddle)"


def test_the_page_can_be_installed(browser: Any, server: str, tmp_path: Path) -> None:
    # in a profile of its own: what is private cannot install
    kind = browser.browser_type
    context = kind.launch_persistent_context(tmp_path, **LAUNCH, executable_path=chromium_path())
    page = context.new_page()
    page.goto(server)
    asked = context.new_cdp_session(page)
    assert asked.send("Page.getInstallabilityErrors") == {"installabilityErrors": []}
    told = asked.send("Page.getAppManifest")
    assert told["errors"] == []
    manifest = json.loads(told["data"])
    assert told["manifest"]["startUrl"] == told["manifest"]["scope"] == f"{server}/"
    assert told["manifest"]["display"] == "kStandalone"
    assert manifest["theme_color"] == manifest["background_color"]
    for icon in manifest["icons"]:
        answer = page.request.get(f"{server}/{icon['src']}")
        assert answer.headers["content-type"] == icon["type"]
        if icon["type"] == "image/png":
            assert "{}x{}".format(*struct.unpack(">II", answer.body()[16:24])) == icon["sizes"]
    assert {"192x192", "512x512", "any"} <= {icon["sizes"] for icon in manifest["icons"]}
    context.close()


def test_two_tabs_do_not_disturb_each_other(visit: Visit) -> None:
    one = begin_empty(visit())
    two = begin_empty(visit(beside=one))
    pad(one, 0, KICK).click()
    pad(two, 8, KICK).click()
    press(one, "Play")
    assert two.evaluate("paradiddle.clock.running") is False
    press(two, "Generate")
    said(two, "candidate 1 of 4")
    assert set(cells_of(one)) == {(0, KICK)}
    one.reload()
    assert set(cells_of(one)) == {(0, KICK)}
    press(one, "Generate")
    said(one, "candidate 1 of 4")
    names = two.evaluate("JSON.parse(localStorage.getItem('paradiddle.recent')).length")
    assert names == 2


def test_the_page_is_light(visit: Visit) -> None:
    page = greeted(visit())
    wait(page, "paradiddle.kit.ready")
    files = page.evaluate(TRANSFERRED)
    sound = sum(size for name, size, _ in files if re.search(r"/api/kit/.*wav$", name))
    rest = sum(size for name, size, _ in files) - sound
    assert 20_000 < rest <= WITHOUT_SOUND
    assert sound > 100_000
    assert rest + sound <= WITH_SOUND


def test_the_policy_is_strict_and_nothing_breaks_it(visit: Visit) -> None:
    page = greeted(visit())
    policy = page.request.get(page.url).headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" not in policy
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    refused = page.evaluate("""() => new Promise((done) => {
        const told = ({ effectiveDirective }) => done(effectiveDirective);
        document.addEventListener("securitypolicyviolation", told);
        setTimeout(() => done("nothing"), 200);
    })""")
    assert refused == "nothing"
