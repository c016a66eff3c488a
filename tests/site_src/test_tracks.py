"""Tracks: from front matter to the list of pages, and to each page's foot."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT, Project, words

from site_src import tracks
from site_src.catalogue import navigation
from site_src.page import Page, read_pages

FRONT = """\
---
title: A short way
tagline: For nobody in a hurry.
order: 1
outcomes:
  - walk
  - run
stops:
  - page: foundations/first
    why: It comes first.
  - page: foundations/second
    why: It comes `second`.
---

# A short way

```track
pages
```
"""
FOOT = re.compile(r'<nav class="tracks".*?</nav>', re.DOTALL)


def site(project: Project, front: str = FRONT) -> None:
    project.page("tracks/short", front)
    for name in ("first", "second"):
        title = f"---\ntitle: The {name}\n---\n\n# {name}\n\n"
        prose = "\n\n".join(["word " * 80] * 6)  # 480 words: three minutes
        project.page(f"foundations/{name}", title + prose)
    project.page("index", "# Home\n\n```tracks\nall\n```\n")


def read(project: Project, name: str) -> str:
    return (project.root / "site" / name / "index.html").read_text()


def test_a_track_lists_its_pages_and_they_lead_to_it(project: Project) -> None:
    site(project)
    done = project.call("build")
    assert done.returncode == 0, done.stderr
    own = read(project, "tracks/short")
    listed = re.search(r'<ol class="track">.*?</ol>', own, re.DOTALL)
    assert listed
    assert re.findall(r'data-page="([^"]+)"', listed[0]) == [
        "foundations/first",
        "foundations/second",
    ]
    said = words(listed[0])
    assert "The first 3 min It comes first. The second 3 min It comes second ." in said
    assert "walk" in words(own)
    assert "10 min of reading" in words(own)

    first, second = (FOOT.search(read(project, f"foundations/{n}")) for n in
                     ("first", "second"))  # fmt: skip
    assert first
    assert second
    assert "A short way , 1 of 2: next: The second" in words(first[0])
    assert 'href="../second/"' in first[0]
    assert "2 of 2: before: The first the last page" in words(second[0])
    assert not FOOT.search(own)
    home = read(project, ".")
    assert "A short way 2 pages, 10 min For nobody in a hurry." in words(home)
    assert own.index("Tracks") < own.index("Foundations")


FAULTS = {
    "no such page": (
        "page: foundations/second",
        "page: foundations/third",
        "docs/tracks/short.md:11: stops: there is no page foundations/third",
    ),
    "twice": (
        "page: foundations/second",
        "page: foundations/first",
        "docs/tracks/short.md:11: stops: foundations/first twice",
    ),
    "unknown key": (
        "outcomes:",
        "outcome:",
        "docs/tracks/short.md:5: front matter: unknown key outcome; did you mean",
    ),
    "no reason": (
        "    why: It comes first.\n",
        "",
        "docs/tracks/short.md:9: front matter: stops.0.why is missing",
    ),
    "place": ("order: 1", "order: 0", "docs/tracks/short.md:4: front matter: order"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_line(project: Project, fault: str) -> None:
    old, new, expected = FAULTS[fault]
    assert old in FRONT
    site(project, FRONT.replace(old, new))
    checked = project.call("check")
    assert checked.returncode == 1
    assert expected in checked.stderr


def test_two_tracks_at_one_place_and_a_fence_elsewhere(project: Project) -> None:
    site(project)
    project.page("tracks/other", FRONT)
    checked = project.call("check")
    assert "docs/tracks/short.md:4: order: 1 is that of docs/tracks/other.md" in (
        checked.stderr
    )
    (project.root / "docs" / "tracks" / "other.md").unlink()
    project.page("page", "# Page\n\n```track\npages\n```\n")
    built = project.call("build")
    assert "docs/page.md:3: this page is no track" in built.stderr


def test_every_architecture_and_foundation_is_on_a_track() -> None:
    pages = read_pages(ROOT)
    stops = {stop.path for track in tracks.read(pages) for stop in track.stops}
    due = {p.path for p in pages if p.is_architecture or "foundations/" in p.slug}
    assert due - stops == set()
    assert tracks.check(pages) == []


def test_foundations_stand_in_the_menu_as_the_tracks_lead_through_them() -> None:
    def page(name: str, text: str = "") -> Page:
        return Page(ROOT, f"docs/{name}.md", text)

    front = FRONT.replace("second", "a_second")
    menu = navigation(
        [
            page("foundations/a_second"),
            page("foundations/b_unnamed"),
            page("foundations/first"),
            page("tracks/z", front),
            page("tracks/a", front.replace("order: 1", "order: 2")),
            page("index"),
            page("benchmarks"),
            page("glossary"),
            page("else/where"),
        ]
    )
    assert menu == [
        "index.md",
        {
            "Learn": [
                {"Tracks": ["tracks/z.md", "tracks/a.md"]},
                {
                    "Foundations": [
                        "foundations/first.md",
                        "foundations/a_second.md",
                        "foundations/b_unnamed.md",
                    ]
                },
            ]
        },
        {"Choose": ["benchmarks.md"]},
        {"Reference": ["glossary.md", "else/where.md"]},
    ]
