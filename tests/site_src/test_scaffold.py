"""A new page: its first files run, and what they lack is told in its order."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, Project, make_project

NAME = "toys/small_net"
SNIPPET = f"snippets/{NAME}.py"
TEST = "tests/snippets/toys/test_small_net.py"
PAGE = f"docs/architectures/{NAME}.md"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository whose contributor has just called `new`."""
    project = make_project(tmp_path_factory.mktemp("new") / "project")
    shutil.rmtree(project.root / "snippets")
    (project.root / "snippets").mkdir()
    for path in (ROOT / "tests").glob("*.py"):
        (project.root / "tests").mkdir(exist_ok=True)
        shutil.copy(path, project.root / "tests" / path.name)
    shutil.copy(ROOT / "pyproject.toml", project.root)
    done = project.call("new", NAME, "--title", "Small net")
    assert done.returncode == 0, done.stderr
    told = f"What is still to be written: python -m site_src check {NAME}"
    assert done.stdout.split("\n") == [SNIPPET, TEST, PAGE, told, ""]
    return project


def changed(project: Project, path: str, old: str, new: str) -> str:
    """Replace text in a file; returns the file as it was."""
    file = project.root / path
    before = file.read_text()
    assert before.count(old) == 1
    file.write_text(before.replace(old, new))
    return before


def test_as_a_draft_nothing_is_wrong_with_it(begun: Project) -> None:
    done = begun.call("check", "--draft")
    assert (done.returncode, done.stderr) == (0, "")
    left = re.fullmatch(r"Left out: (\d+) things .* written\n", done.stdout)
    assert left
    told = begun.call("check").stderr.splitlines()
    assert told[-1] == f"{left[1]} problems"


def test_what_is_missing_is_told_at_its_line_in_the_order_of_writing(
    begun: Project,
) -> None:
    *told, _ = begun.call("check").stderr.splitlines()
    places = [line.split(":", 2) for line in told]
    assert list(dict.fromkeys(path for path, _, _ in places)) == [SNIPPET, TEST, PAGE]
    for path, number, message in places:
        line = (begun.root / path).read_text().splitlines()[int(number) - 1]
        if "still to be written" in message:
            assert "TODO" in line
    messages = "\n".join(message for _, _, message in places)
    for part in ("record small_net", "1 questions, not 4 to 6", "paper", "modalities"):
        assert part.replace("small_net", NAME) in messages


def test_what_is_wrong_comes_first_also_in_a_draft(begun: Project) -> None:
    before = changed(begun, PAGE, "level: intermediate", "level: easy")
    try:
        first, *_ = begun.call("check").stderr.splitlines()
        assert first.startswith(f"{PAGE}:7: front matter: level: ")
        draft = begun.call("check", "--draft")
        assert draft.stderr.splitlines() == [first, "1 problem"]
    finally:
        (begun.root / PAGE).write_text(before)


def test_all_that_concerns_one_page_runs(begun: Project) -> None:
    done = begun.call("check", "small_net", "--draft")
    assert done.returncode == 0, done.stderr
    assert re.search(rf"{NAME}: \d\d tests passed, 0 failed", done.stderr)
    assert "1 pages executed (4 blocks)" in done.stdout
    before = changed(begun, SNIPPET, "= inputs + self.narrow", "= self.narrow")
    try:
        broken = begun.call("check", "small_net", "--draft").stderr
    finally:
        (begun.root / SNIPPET).write_text(before)
    assert re.search(rf"^{TEST}:\d+: test_equals_the_formula", broken, re.MULTILINE)


def test_a_page_does_not_run_before_its_faults_are_mended(begun: Project) -> None:
    before = changed(begun, PAGE, "## Training objective", "## Objective")
    try:
        done = begun.call("check", NAME, "--draft")
    finally:
        (begun.root / PAGE).write_text(before)
    assert f"{NAME}: not executed before this is mended" in done.stderr
    assert "is none of the eight sections" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (NAME, f"{SNIPPET} is there already; nothing was written"),
        ("Toys/net", "a page is named family/slug in lower-case, not 'Toys/net'"),
        ("net", "a page is named family/slug in lower-case, not 'net'"),
        ("../toys/net", "a page is named family/slug in lower-case, not '../toys/net'"),
    ],
)
def test_a_name_that_cannot_be_taken_writes_nothing(
    name: str, message: str, begun: Project
) -> None:
    def files() -> dict[Path, str]:
        every = (
            (begun.root / "docs").rglob("*.md"),
            (begun.root / "snippets").rglob("*.py"),
        )
        return {path: path.read_text() for paths in every for path in paths}

    before = files()
    done = begun.call("new", name)
    assert (done.returncode, done.stderr) == (1, f"{message}\n")
    assert files() == before


def test_a_page_that_no_track_leads_to_is_missing_one(begun: Project) -> None:
    begun.page("notes/one", "# One\n")
    begun.page(
        "tracks/one",
        "---\ntitle: T\ntagline: T.\norder: 1\noutcomes: [a, b]\nstops:\n"
        "  - {page: notes/one, why: W.}\n  - {page: notes/two, why: W.}\n---\n",
    )
    begun.page("notes/two", "# Two\n")
    try:
        assert "no track leads to this page" in begun.call("check").stderr
    finally:
        for name in ("notes", "tracks"):
            shutil.rmtree(begun.root / "docs" / name)
