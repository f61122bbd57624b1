"""The page in a real Chromium, served by a real server, for tests that press its buttons."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from servers import running_server

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is missing; pip install playwright"
)
expect = sync_api.expect
Page = Any  # playwright's, where it is installed
Visit = Callable[..., Page]

KICK, SNARE, CLOSED_HAT = 0, 1, 2
WEB_MIDI = Path(__file__).parent / "web" / "node_modules" / "web-midi-test" / "wmt.js"

_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
LAUNCH = {
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
}
_PATIENCE = 60.0  # s; the machine may be busy with much else
expect.set_options(timeout=1e3 * _PATIENCE)
_READY = "Boolean(window.paradiddle) && document.querySelectorAll('#style option').length > 1"


def chromium_path() -> str:
    """Path of a Chromium; skips the test where there is none."""
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    return path or pytest.skip("Chromium is missing on PATH", allow_module_level=True)


@dataclass
class Watch:
    """What must not happen on any page: errors, and requests to another origin."""

    origin: str
    tolerated: str | None = None  # a pattern of messages that this test provokes
    wrong: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", self._request)

    def _console(self, message: Any) -> None:
        text = message.text
        if message.type in ("error", "warning") and not self._expected(text):
            self.wrong.append(text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.origin, "blob:" + self.origin)):
            self.wrong.append(f"asked another origin: {request.url}")

    def _expected(self, text: str) -> bool:
        return self.tolerated is not None and re.search(self.tolerated, text) is not None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_server() as address:
        yield address


# Not kept for longer than a file: while it runs, its event loop counts as the thread's own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = chromium_path()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, **LAUNCH)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, server: str) -> Iterator[Visit]:
    """Give a function that opens the page as somebody who was never there, and waits for it."""
    watches: list[Watch] = []
    contexts = []

    def open_page(
        at: str = "/",
        *,
        base: str = server,
        tolerated: str | None = None,
        scripts: tuple[str, ...] = (),
        beside: Page = None,
        ready: str = _READY,
        **context: Any,
    ) -> Page:
        if beside is None:
            context.setdefault("viewport", {"width": 1280, "height": 900})
            contexts.append(browser.new_context(**context))
            for script in scripts:
                contexts[-1].add_init_script(script)
        page = (beside.context if beside else contexts[-1]).new_page()
        page.set_default_timeout(1e3 * _PATIENCE)
        watches.append(Watch(base, tolerated))
        watches[-1].follow(page)
        page.goto(base + at)
        wait(page, ready)
        return page

    yield open_page
    for context in contexts:
        context.close()
    wrong = [line for watch in watches for line in watch.wrong]
    assert not wrong, wrong


def wait(page: Page, condition: str, argument: object = None) -> Any:
    """Wait until an expression of the page is true; what Playwright offers needs `eval`."""
    return until(lambda: page.evaluate(condition, argument), condition)


def until(ask: Callable[[], Any], what: str = "") -> Any:
    """Ask until the answer is one, and return it."""
    end = time.monotonic() + _PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.02)
    return answer


def said(page: Page, words: str | re.Pattern[str]) -> None:
    """Wait for words on the status line."""
    expect(page.get_by_role("status")).to_contain_text(words)


def greeted(page: Page) -> Page:
    """Wait until the machine's first pattern has replaced the plain beat, which is straight.

    The words that greet it may be gone by then: a slow server is told of, too.
    """
    wait(page, "paradiddle.store.doc.cells.some((cell) => cell?.offset)")
    return page


def press(page: Page, name: str) -> None:
    """Click a button by its accessible name."""
    page.get_by_role("button", name=name, exact=True).click()


def pad(page: Page, step: int, voice: int) -> Any:
    return page.locator(f'button[data-step="{step}"][data-voice="{voice}"]')


def pattern_of(page: Page) -> dict[str, Any]:
    """The document as the page holds it."""
    return page.evaluate("paradiddle.store.doc")


def another(page: Page) -> None:
    """Have other hits played, and wait until they are there."""
    before = cells_of(page)
    press(page, "Generate")
    until(lambda: cells_of(page) != before, "another pattern")


def lock_all(page: Page) -> None:
    """Lock every row."""
    for row in page.locator(".head .lock").all():
        row.click()


Cells = dict[tuple[int, int], tuple[float, float, str]]


def cells_of(page: Page) -> Cells:
    """Velocity, offset and player of every hit, by step and voice."""
    cells = pattern_of(page)["cells"]
    return {
        divmod(index, 9): (cell["velocity"], cell["offset"], cell["by"])
        for index, cell in enumerate(cells)
        if cell
    }


def begin_empty(page: Page) -> Page:
    """Clear the grid once the first pattern is there."""
    greeted(page)
    press(page, "Clear")
    assert cells_of(page) == {}
    return page


def drag(page: Page, start: Any, *ways: tuple[float, float]) -> None:
    """Press in the middle of an element, move by these ways, and let go."""
    box = start.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for right, down in ways:
        page.mouse.move(x + right, y + down, steps=6)
    page.mouse.up()


def set_range(page: Page, name: str, value: float) -> None:
    """Move a slider as a hand does: some input, then a change."""
    page.get_by_role("slider", name=name, exact=True).evaluate(
        """(range, value) => {
            range.value = value;
            range.dispatchEvent(new Event("input", { bubbles: true }));
            range.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        value,
    )


def set_tempo(page: Page, qpm: float) -> None:
    """Type a tempo."""
    page.get_by_role("spinbutton", name="Tempo in bpm").fill(str(qpm))
    page.keyboard.press("Enter")
    assert pattern_of(page)["qpm"] == qpm
