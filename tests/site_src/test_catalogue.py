"""The order of the architectures, in the menu and on the map of the home page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, Project, words

from site_src.catalogue import in_order, navigation
from site_src.page import Page, read_pages


def page(name: str, year: object, *before: object) -> Page:
    meta = {"title": name, "year": year, "predecessors": list(before)}
    text = f"---\n{yaml.safe_dump(meta)}---\n"
    return Page(Path("/nowhere"), f"docs/architectures/{name}.md", text)


def after(name: str) -> dict[str, str]:
    return {"slug": name, "problem": "It left one."}


def names(pages: list[Page]) -> list[str]:
    return [page.name for page in in_order(pages)]


def test_an_architecture_comes_after_its_predecessors_and_the_older_first() -> None:
    pages = [
        page("b/late", 1990, after("a/first"), after("z/without_page")),
        page("a/other", 1995),
        page("a/first", 2000),
        page("b/last", 1980, after("b/late")),
    ]
    expected = ["a/other", "a/first", "b/late", "b/last"]
    assert names(pages) == expected
    assert names(pages[::-1]) == expected


def test_a_circle_and_bad_front_matter_lose_no_page() -> None:
    circle = [page("a/x", 2001, after("a/y")), page("a/y", 2000, after("a/x"))]
    assert names(circle) == ["a/y", "a/x"]
    bad = [page("a/x", "soon", "a/y"), page("a/y", 2000)]
    assert sorted(names(bad)) == ["a/x", "a/y"]
    assert names(bad)[0] == "a/y"


def test_the_menu_holds_every_page_once() -> None:
    pages = read_pages(ROOT)
    found = re.findall(r"[\w/]+\.md", str(navigation(pages)))
    assert sorted(found) == sorted(p.uri for p in pages)
    assert found[0] == "index.md"


def test_a_page_that_is_added_is_seen_in_the_menu_and_on_the_map(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUEPRINTS_PENDING", "1")  # the sections may be missing
    for name in ("index", "notation"):
        project.page(name, "# Home\n\n```families\nall\n```\n" * (name == "index"))
    source = ROOT / "docs" / "architectures" / "recurrent" / "lstm.md"
    front = source.read_text().partition("\n---\n")[0]
    project.page("architectures/later/one", front + "\n---\n\nText.\n")
    follows = "predecessors:\n  - slug: later/one\n    problem: It waits."
    text = re.sub(r"predecessors:(\n {2}.*)+", follows, front)
    assert text != front
    text = re.sub("title: .*", "title: The next", text).replace("1997", "1950", 1)
    project.page("architectures/early/two", text + "\n---\n\nText.\n")
    build = [sys.executable, "-m", "mkdocs", "build", "-q"]
    subprocess.run(build, cwd=project.root, capture_output=True, check=True)
    home = (project.root / "site" / "index.html").read_text()
    listed = re.search(r'<div class="families">.*?</div></div>', home, re.DOTALL)
    assert listed
    said = words(listed[0])
    assert said == "Later Long short-term memory (LSTM) 1997 Early The next 1950"
    assert 'href="architectures/early/two/"' in listed[0]
    later = project.root / "site" / "architectures" / "later" / "one" / "index.html"
    menu = later.read_text().index("Later"), later.read_text().index("Early")
    assert menu[0] < menu[1]
