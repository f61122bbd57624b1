"""The page in the world: small screens, an absent server, two tabs, weight, strictness."""

import json
import re
import signal
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

WITHOUT_SOUND, WITH_SOUND = 200_000, 1_500_000  # bytes
TRANSFERRED = """() => [
    ...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource"),
].map(({ name, transferSize, encodedBodySize }) => [name, transferSize, encodedBodySize])"""


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


def test_a_server_that_hangs_is_told_of_and_its_answer_is_still_taken(
    visit: Visit, started: list
) -> None:
    page = greeted(visit(base=address_of(started[0])))
    wait(page, "paradiddle.kit.ready")
    before = cells_of(page)
    started[0].send_signal(signal.SIGSTOP)
    try:
        press(page, "Generate")
        expect(page.locator("#offline")).to_contain_text("not answering")
        assert cells_of(page) == before
    finally:
        started[0].send_signal(signal.SIGCONT)
    expect(page.locator("#offline")).to_be_hidden()
    said(page, "Generate: candidate 1 of 4")


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
    kept = "JSON.parse(localStorage.getItem('paradiddle.recent') ?? '[]').length"
    wait(one, f"{kept} === 1")
    press(one, "Generate")
    said(one, "candidate 1 of 4")
    wait(two, f"{kept} === 2")


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
