"""A new page: its first files run, and what they lack is told in its order."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from conftest import ROOT, Project, make_project

from site_src.page import read_pages
from site_src.proof import record, testing
from site_src.proof.identity import identity, measured_by
from site_src.scaffold.check import concerning

NAME = "toys/small_net"
SNIPPET = f"snippets/{NAME}.py"
TEST = "tests/snippets/toys/test_small_net.py"
PAGE = f"docs/architectures/{NAME}.md"
RECORD = f"docs/measurements/{NAME}.json"


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
    order = [SNIPPET, TEST, PAGE, RECORD]
    assert list(dict.fromkeys(path for path, _, _ in places)) == order
    for path, number, message in places[:-1]:
        line = (begun.root / path).read_text().splitlines()[int(number) - 1]
        if "still to be written: " in message:
            assert "TODO" in line
            said = message.partition("still to be written: ")[2]
            assert re.match(r"[\w“]", said), message
            assert said in line, message
    messages = "\n".join(message for _, _, message in places)
    for part in ("record small_net", "1 questions, not 4 to 6", "the paper's key"):
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


def test_each_fault_is_told_where_it_is(begun: Project) -> None:
    """One of the contract, one of a comment, one of the house."""
    faults = [
        (SNIPPET, "{(B, T, D)}", "{B, T}"),
        (SNIPPET, "# (B, T, F)", "# (B, T, D)"),
        (
            PAGE,
            "import claim, diagram, shapes",
            "import claim, diagram, shapes, claims",
        ),
    ]
    before = [changed(begun, *fault) for fault in faults]
    try:
        told = begun.call("check", "small_net", "--draft").stderr
    finally:
        for (path, _, _), text in reversed([*zip(faults, before, strict=True)]):
            (begun.root / path).write_text(text)
    for place in (
        rf"{SNIPPET}:1: the contract of all snippets: refuses_wrong_sizes: .* lacks",
        rf"{SNIPPET}:\d\d: dimension 2 of .* is 16, the comment says 8",
        rf"{PAGE}:\d\d: site_src.claims is not in the page API",
    ):
        assert re.search(rf"^{place}", told, re.MULTILINE), told


def test_what_a_record_covers_is_not_run_twice(
    begun: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def run(_: Path, tests: Sequence[str], *, limit: float) -> testing.Ran:
        asked[:] = tests
        return testing.Ran(1, [])

    monkeypatch.setattr(testing, "run", run)
    page = next(p for p in read_pages(begun.root) if p.path == PAGE)
    kept = record.Proof(
        snippet=NAME,
        identity=identity((begun.root / SNIPPET).read_text()),
        measured_by=measured_by(begun.root, NAME),
        checked_against="",
        references=[],
        tests=7,
        comparisons=[],
        mistakes=[],
        environment={"torch": torch.__version__},
        date="2026-01-02",
        commit="",
        dirty=False,
    )
    covered = f"{NAME}: 7 tests passed on 2026-01-02, and nothing changed since"
    try:
        for changes, force, known in (
            ({}, False, True),
            ({}, True, False),
            ({"environment": {"torch": "1.0.0"}}, False, False),
            ({"identity": "another"}, False, False),
        ):
            record.write(begun.root, kept.model_copy(update=changes))
            said: list[str] = []
            concerning(begun.root, page, lambda _: [], said.append, force=force)
            assert (TEST not in asked, covered in said) == (known, known), changes
            assert "tests/test_every_snippet.py" in asked
    finally:
        (begun.root / RECORD).unlink()


def test_a_source_that_is_not_whole_is_told_with_the_page(
    begun: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "run", lambda *_, **__: testing.Ran(1, []))
    page = next(p for p in read_pages(begun.root) if p.path == PAGE)
    bibliography = begun.root / "docs" / "references.bib"
    bibliography.write_text("@misc{one2026,\n  title = {One},\n  year = {2026},\n}\n")
    try:
        found = concerning(begun.root, page, lambda _: [], lambda _: None)
    finally:
        bibliography.unlink()
    told = [str(problem) for problem in found if not problem.missing]
    assert "docs/references.bib:1: one2026 has no doi, eprint or url" in told
    assert any("one2026 is cited by no page" in line for line in told)


def test_a_python_without_our_packages_says_what_to_call(begun: Project) -> None:
    for words in (["new", "toys/other"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-S", "-m", "site_src", *words],
            cwd=begun.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        said = r"\w+ is not installed for \S+; call `make setup`, then `\.venv/.*`\n"
        assert re.fullmatch(said, done.stderr)


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


def test_tests_without_pytest_say_what_to_call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(testing.importlib.util, "find_spec", lambda _: None)
    ran = testing.run(tmp_path, ["tests/test_one.py"], limit=1)
    assert (ran.passed, ran.ended) == (0, "pytest is not installed; run make hooks")
