"""The page: what it weighs, and how soon it can be used in headless Chromium.

Weight is counted raw and as it crosses the wire (compressed, with headers). A load begins with an
empty cache; its time runs from the server's first byte of the page to the moment at which the page
has been built and answers. Needs playwright and Chromium.
"""

import re
import shutil
import statistics
from typing import Any

from benchmarks.served import ROOT, server

WEB = ROOT / "paradiddle" / "web"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
LOADS = 7
BAR_BARE, BAR_SOUND, BAR_MS = 200.0, 1500.0, 1000.0  # KB, KB, ms

# Marks the moment at which the page tells its tests and tinkerers that it is there.
WATCH = """
let app;
Object.defineProperty(window, "paradiddle", {
  get: () => app,
  set: (value) => { app = value; performance.mark("interactive"); },
});
"""
SINCE_ANSWER = """() => {
    const [mark] = performance.getEntriesByName("interactive");
    const [page] = performance.getEntriesByType("navigation");
    return mark ? mark.startTime - page.responseStart : 0;
}"""
SIZES = """() => ["navigation", "resource"]
    .flatMap((type) => performance.getEntriesByType(type))
    .map(({ name, transferSize }) => [name, transferSize])"""


def wait(page: Any, condition: str) -> Any:
    """Ask the page until the answer is one; its policy forbids what the browser's driver offers."""
    for _ in range(1000):
        if answer := page.evaluate(condition):
            return answer
        page.wait_for_timeout(20)
    raise SystemExit(f"the page never came to: {condition}")


def load(browser: Any, address: str) -> tuple[float, float, float]:
    """Milliseconds until the page can be used, and kilobytes received without and with sound."""
    context = browser.new_context(service_workers="block")
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(address)
    elapsed = wait(page, SINCE_ANSWER)
    wait(page, "paradiddle.kit.ready")
    sizes = page.evaluate(SIZES)
    sound = sum(size for name, size in sizes if re.search(r"/api/kit/.*\.wav$", name))
    context.close()
    everything = sum(size for _, size in sizes)
    return elapsed, (everything - sound) / 1e3, everything / 1e3


def main() -> None:
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return print("skipped: playwright is missing")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        return print("skipped: Chromium is missing")
    with server() as running, sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        loads = [load(browser, running.address) for _ in range(LOADS)]
        browser.close()
    times, bare, sound = (sorted(column) for column in zip(*loads, strict=True))
    raw = sum(file.stat().st_size for file in WEB.iterdir() if file.is_file()) / 1e3
    print("the page")
    print(f"  files, raw                {raw:8.1f} KB")
    print(f"  received without sound    {bare[-1]:8.1f} KB  bar {BAR_BARE:g}")
    print(f"  received with sound       {sound[-1]:8.1f} KB  bar {BAR_SOUND:g}")
    spread = f"{times[0]:.0f} to {times[-1]:.0f} in {LOADS} loads"
    print(
        f"  answer to interactive     {statistics.median(times):8.0f} ms  bar {BAR_MS:g}  {spread}"
    )
    return None


if __name__ == "__main__":
    main()
