"""Take the picture of the page for the README.

    python runs/page_picture.py [docs/page.png]

Starts a server of its own, draws one bar by hand, lets the machine carry on, and plays. Needs
Playwright and a Chromium (`--chromium PATH`, by default the one on the PATH).
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from paradiddle.files import atomic_path

SIZE = {"width": 1440, "height": 900}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SEED = 3
PLAYHEAD = 22  # the step on which the picture is taken
# step, voice, velocity, offset of the bar that is drawn by hand
BAR = [
    *[(step, 0, velocity, 0.0) for step, velocity in [(0, 1.0), (7, 0.7), (10, 0.85)]],
    *[(step, 1, velocity, 0.06) for step, velocity in [(4, 0.95), (9, 0.3), (12, 1.0)]],
    *[(step, 2, 0.75 if step % 4 == 0 else 0.45, 0.0) for step in range(0, 14, 2)],
    (14, 3, 0.7, 0.0),
]


def main(target: Path, chromium: str) -> None:
    """Serve, play and take the picture."""
    port = _free_port()
    command = [sys.executable, "-m", "paradiddle", "serve", "--port", str(port)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/api/health")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = browser.new_page(viewport=SIZE, color_scheme="dark")
            page.goto(f"http://127.0.0.1:{port}/")
            _compose(page)
            with atomic_path(target) as temporary:
                temporary.write_bytes(page.screenshot())
            browser.close()
    finally:
        server.terminate()
        server.wait()
    print(f"{target}: {target.stat().st_size / 1000:.0f} KB")


def _compose(page: Page) -> None:
    """Put the bar on the grid, continue it and play."""
    status = page.get_by_role("status")
    expect(status).to_contain_text("Press Play")
    page.get_by_role("button", name="Clear", exact=True).click()
    page.evaluate(
        """async (bar) => {
          const { setHit } = await import("./edits.js");
          const put = (doc, [step, voice, velocity, offset]) =>
            setHit(doc, step, voice, { velocity, offset });
          window.paradiddle.store.edit("draw", (doc) => bar.reduce(put, doc));
        }""",
        BAR,
    )
    page.get_by_role("textbox", name="Seed").fill(str(SEED))
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(status).to_contain_text("candidate")
    page.get_by_role("button", name="Play", exact=True).click()
    page.mouse.move(720, 890)
    page.wait_for_selector(f'.playhead[data-step="{PLAYHEAD}"]')


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, nargs="?", default=Path("docs/page.png"))
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    given = parser.parse_args()
    main(given.target, given.chromium)
