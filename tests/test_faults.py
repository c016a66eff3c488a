"""A corpus of bad pages: each is reported at its line, or does no harm elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from conftest import Project, make_project

from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, Outcome, run, store_of
from site_src.page import Page, read_pages

FAULTS = sorted((Path(__file__).parent / "faults").glob("*.md"))
REPORTED = [p for p in FAULTS if "<!-- expect:" in p.read_text()]
HARMLESS = [p for p in FAULTS if "<!-- harmless -->" in p.read_text()]


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory, server: Server
) -> tuple[Project, Outcome]:
    """All bad pages in one run, beside a good one."""
    project = make_project(tmp_path_factory.mktemp("faults") / "project")
    for path in FAULTS:
        shutil.copy(path, project.root / "docs" / path.name)
    project.page("good", '# Good\n\n```python exec="1"\nprint(6 * 7)\n```\n')
    outcome = run(project.root, read_pages(project.root), Options(), server=server)
    return project, outcome


def test_the_corpus_says_what_it_expects() -> None:
    assert len(REPORTED) + len(HARMLESS) == len(FAULTS) > 30


@pytest.mark.parametrize("path", REPORTED, ids=lambda path: path.stem)
def test_a_fault_is_reported_at_its_line(
    path: Path, ran: tuple[Project, Outcome]
) -> None:
    text = path.read_text()
    expected = re.search(r"<!-- expect: (.*) -->", text)
    assert expected
    lines = text.splitlines()
    line = next(
        n for n, row in enumerate(lines, 1) if "fault" in row and row[0] not in "#-<"
    )
    mine = [p for p in ran[1].problems if p.path == f"docs/{path.name}"]
    assert len(mine) == 1, mine
    assert mine[0].message.startswith(expected[1])
    assert mine[0].line == line
    assert "site_src/execution" not in mine[0].detail
    assert path.stem not in ran[1].executed


@pytest.mark.parametrize("path", HARMLESS, ids=lambda path: path.stem)
def test_a_harmless_page_runs(path: Path, ran: tuple[Project, Outcome]) -> None:
    assert path.stem in ran[1].executed


def test_the_good_page_is_as_if_alone(ran: tuple[Project, Outcome]) -> None:
    project, outcome = ran
    assert "good" in outcome.executed
    stored = next((project.root / ".build/store/pages/good").glob("*.json"))
    blocks = json.loads(stored.read_text())["blocks"]
    assert [block["output"] for block in blocks] == ["42\n"]


def test_output_below_python_is_kept_out(ran: tuple[Project, Outcome]) -> None:
    page = Page.read(
        ran[0].root, ran[0].root / "docs" / "harmless_flood_below_python.md"
    )
    folder = store_of(ran[0].root).folder / "pages" / page.slug
    result = json.loads(next(folder.glob("*.json")).read_text())
    assert result["blocks"][0]["output"] == "only this is the output\n"


def test_nothing_is_left_behind(ran: tuple[Project, Outcome]) -> None:
    root = ran[0].root
    assert not (root / "site_src" / "planted.txt").exists()
    assert (root / "site_src" / "__init__.py").exists()
    assert list((root / ".build" / "work").iterdir()) == []
    time.sleep(0.2)
    assert _processes_in(root) == []


def _processes_in(root: Path) -> list[str]:
    """Processes whose working directory lay in the project."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if str(link.readlink()).startswith(str(root)):
                found.append(link.parent.name)
        except OSError:
            continue
    return found
