"""Pages show the records of their snippets' checks, and say when these are stale."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Project, words
from toy import BIB, NAME, PAGE, make_toy, save_record

from site_src.citations import read_bibliography
from site_src.lint.pages import check_page
from site_src.measurements import record_file
from site_src.page import Page
from site_src.rendering.verification import small

PATH = f"docs/architectures/{NAME}.md"


@pytest.fixture
def toy(tmp_path: Path) -> Project:
    """A project with a record, not published."""
    project = make_toy(tmp_path / "toy")
    save_record(project.root)
    return project


def shown(project: Project, page: str = f"architectures/{NAME}") -> str:
    """The verification section of a built page."""
    return project.section(page, "verification")


def render_alone(project: Project) -> subprocess.CompletedProcess[str]:
    """Call mkdocs without our checks."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_says_what_was_compared(toy_site: Project) -> None:
    text = words(shown(toy_site))
    assert text.startswith(
        "Checked against torch.nn.RNN 2.13.0: 3 comparisons of all outputs and "
        "gradients, largest relative difference 2e-16 in float64 and 3e-07 in float32. "
        "Against Paper , written for its tests: 1 comparison of all outputs and "
        "gradients, largest relative difference 0 in float64. "
        "3 tests passed, and caught 1 of 1 planted mistakes (2026-01-02, torch 2.13.0, "
        "Python 3.11.7, Linux x, commit 0123456; the record )."
    )
    assert "Out of date" not in text


def test_the_page_lists_the_mistakes(toy_site: Project) -> None:
    text = shown(toy_site)
    assert '<th scope="row">No <code>tanh</code></th>' in text
    assert "<td>It grows &lt;without&gt; end. Met in " in text
    link = '<a href="https://github.com/some/where/issues/1">some/where#1</a>.</td>'
    assert link in text
    assert "<td>equals torch</td>" in text
    assert "toy/elman.py : its tests caught 1 of 1" in words(text)


def test_the_record_itself_is_published(toy_site: Project) -> None:
    page = toy_site.root / "site" / "architectures" / NAME
    link = re.search(r'<a href="([^"]+)" download>the record', shown(toy_site))
    assert link
    record = (page / link[1]).resolve()
    assert record.read_bytes() == (toy_site.root / record_file(NAME)).read_bytes()


def test_one_page_lists_all_records(toy_site: Project) -> None:
    text = (toy_site.root / "site" / "verification" / "index.html").read_text()
    assert (
        "toy/elman torch.nn.RNN 2.13.0 4 2e-16 in float64 3e-07 in float32 1 of 1 "
        "2026-01-02"
    ) in words(text)
    address = re.search(r'href="([^"]+)#(verification-toy-elman)"', text)
    assert address
    page = toy_site.root / "site" / "verification" / address[1] / "index.html"
    assert f'id="{address[2]}"' in page.read_text()


def test_two_renders_are_the_same_bytes(toy: Project) -> None:
    renders = []
    for _ in range(2):
        done = render_alone(toy)
        assert done.returncode == 0, done.stderr
        pages = sorted((toy.root / "site").rglob("*.html"))
        renders.append([(path, path.read_bytes()) for path in pages])
    assert renders[0] == renders[1] != []


def test_a_stale_record_is_marked_and_keeps_the_site_from_being_built(
    toy: Project,
) -> None:
    snippet = toy.root / f"snippets/{NAME}.py"
    snippet.write_text(snippet.read_text().replace("SCALE = 1.0", "SCALE = 2.0"))
    done = toy.call("-q", "build")
    assert done.returncode == 1
    assert (
        f"{record_file(NAME)}:1: stale: snippets/{NAME}.py changed since 2026-01-02; "
        f"run python -m site_src record {NAME}\n"
    ) in done.stderr
    assert not (toy.root / "site").exists()
    done = render_alone(toy)
    assert done.returncode == 0, done.stderr
    assert words(shown(toy)).startswith(
        f"Out of date: snippets/{NAME}.py changed since. "
        f"Run python -m site_src record {NAME} . Checked against"
    )
    every = words((toy.root / "site/verification/index.html").read_text())
    assert f"2026-01-02, out of date: snippets/{NAME}.py changed" in every


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, f"there is no record of {NAME}"),
        ('{"proof": {}}', "no record: snippet: field required"),
    ],
    ids=["missing", "damaged"],
)
def test_nothing_is_rendered_without_a_record(
    text: str | None, why: str, toy: Project
) -> None:
    path = toy.root / record_file(NAME)
    path.unlink() if text is None else path.write_text(text)
    done = render_alone(toy)
    assert done.returncode != 0
    line = PAGE[: PAGE.rindex(NAME)].count("\n") + 1
    for place in (f"{PATH}:{line}", "docs/verification.md:4"):
        told = f"{place}: {why}; run python -m site_src record {NAME}\n"
        assert told in done.stderr


def faults(page: str, tmp_path: Path) -> list[str]:
    path = tmp_path / PATH
    path.parent.mkdir(parents=True)
    path.write_text(page)
    (tmp_path / "docs" / "references.bib").write_text(BIB)
    found = check_page(Page.read(tmp_path, path), read_bibliography(tmp_path))
    return [str(problem).removeprefix(f"{PATH}:") for problem in found]


FENCE = f"```verification\n{NAME}\n```\n"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("", "", []),
        (FENCE, "", [f"10: 0 fences ```verification hold {NAME}, not one"]),
        (FENCE, 2 * FENCE, [f"10: 2 fences ```verification hold {NAME}, not one"]),
        (FENCE, FENCE + FENCE.replace(NAME, "all"), []),
        (
            FENCE,
            FENCE + FENCE.replace(NAME, "toy/jordan"),
            ["49: toy/jordan is no snippet of this page"],
        ),
        (
            "snippets: [toy/elman]",
            "snippets:\n  - toy/elman\n  - toy/jordan",
            ["12: 0 fences ```verification hold toy/jordan, not one"],
        ),
        (
            "snippets: [toy/elman]",
            "snippets: []",
            ["46: toy/elman is no snippet of this page"],
        ),
    ],
    ids=["good", "none", "two", "all", "another's", "second snippet", "no snippet"],
)
def test_a_page_shows_the_checks_of_its_snippets(
    old: str, new: str, found: list[str], tmp_path: Path
) -> None:
    assert faults(PAGE.replace(old, new), tmp_path) == found


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (2.22e-16, "2e-16"), (9.6e-8, "1e-07")]
)
def test_differences_have_one_digit(value: float, text: str) -> None:
    assert small(value) == text
