"""The documentation says what the program does."""

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_help_page_is_that_of_the_program():
    written = (ROOT / "docs" / "help.md").read_text(encoding="utf-8")
    made = runpy.run_path(str(ROOT / "runs" / "help_page.py"))["page"]()
    assert written == made, "run: python runs/help_page.py"


def test_links_and_pictures_of_the_pages_are_there():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_commands_of_the_readme_exist():
    made = runpy.run_path(str(ROOT / "runs" / "help_page.py"))["page"]()
    known = set(re.findall(r"^## `(.+)`$", made, re.MULTILINE))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for line in re.findall(r"^paradiddle .+$", readme, re.MULTILINE):
        words = line.split()
        assert {" ".join(words[:2]), " ".join(words[:3])} & known, line


def test_no_page_has_a_place_that_waits_for_its_text():
    for page in (ROOT / "README.md", ROOT / "LOG.md", *(ROOT / "docs").glob("*.md")):
        assert "@@" not in page.read_text(encoding="utf-8"), page.name
