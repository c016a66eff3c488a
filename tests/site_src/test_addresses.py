"""What was published stays in reach: recorded, and redirected when it moves."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT, Project

from site_src import addresses
from site_src.page import read_pages

TITLED = "---\ntitle: A page\n---\n\n# A page\n"


@pytest.fixture
def moving(project: Project) -> Project:
    project.page("new", TITLED)
    return project


def record(project: Project, *lines: str) -> list[str]:
    text = "# A comment\n" + "".join(f"{line}\n" for line in lines)
    (project.root / addresses.PATH).write_text(text)
    return [str(p) for p in addresses.check(project.root, read_pages(project.root))]


def test_every_page_of_this_site_is_recorded() -> None:
    assert addresses.check(ROOT, read_pages(ROOT)) == []
    recorded = (ROOT / addresses.PATH).read_text().splitlines()
    assert len(recorded) > 50
    assert recorded[2:] == sorted(recorded[2:])


def test_what_is_not_recorded_or_gone_is_told_with_its_line(moving: Project) -> None:
    others = [addresses.of(page) or "/" for page in read_pages(moving.root)]
    others.remove("new/")
    (found,) = record(moving, *others)
    assert found.endswith("add a line for the new page: new/")
    (found,) = record(moving, *others, "new/", "old/")
    line = len(others) + 3
    assert found == (
        f"docs/addresses.txt:{line}: old/ was published and is gone; "
        "write old/ -> its new address"
    )
    (found,) = record(moving, *others, "new/", "old/ -> nowhere/")
    assert found.endswith("there is no page nowhere/")
    (found,) = record(moving, *others, "new/ -> new/")
    assert found.endswith("new/ is a page and has not moved")
    assert record(moving, *others, "new/", "deep/old/ -> new/") == []


def test_a_new_page_is_recorded_in_its_place(moving: Project) -> None:
    others = [addresses.of(page) or "/" for page in read_pages(moving.root)]
    record(moving, *others, "z/")
    done = moving.call("new", "family/model")
    assert done.returncode == 0, done.stderr
    lines = (moving.root / addresses.PATH).read_text().splitlines()
    assert lines[0] == "# A comment"
    assert lines[1:] == sorted(lines[1:])
    assert {"architectures/family/model/", "reference/family/model/"} < set(lines)


def test_a_page_that_moved_is_found_at_its_old_address(moving: Project) -> None:
    others = [addresses.of(page) or "/" for page in read_pages(moving.root)]
    assert record(moving, *others, "deep/old/ -> new/", "gone/ -> /") == []
    done = moving.call("build")
    assert done.returncode == 0, done.stderr
    for old, new in (("deep/old", "../../new/"), ("gone", "../")):
        text = (moving.root / "site" / old / "index.html").read_text()
        assert re.search(rf'content="0; url={new}"', text)
        assert f'<a href="{new}">' in text
        assert "Content-Security-Policy" in text
    assert "deep/old" not in (moving.root / "site" / "sitemap.xml").read_text()
