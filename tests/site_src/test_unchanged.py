"""After any edit, to render what it changes leaves what a whole build leaves."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Project
from toy import NAME, make_toy, save_record

from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, run
from site_src.page import read_pages
from site_src.problem import Problem
from site_src.publish import publish
from site_src.rendering import state
from site_src.serve import render

FIRST = """\
---
title: First
tagline: It halves.
---

A value of {claim:half}.

## A part

```python exec="1"
from site_src import claim

claim("half", 0.5, holds=True)
print("one")
```
"""
SECOND = "See [the part](first.md#a-part): {claim:foundations/first#half} [@one].\n"
TRACK = """\
---
title: All of it
tagline: For everybody.
order: 1
outcomes: [read, write]
stops:
  - {page: foundations/first, why: It is first.}
  - {page: toy/elman, why: It nets.}
---

```track
```
"""
FILES = {
    "index": "# Home\n\n```families\n```\n\n```tracks\n```\n",
    "foundations/first": FIRST,
    "foundations/second": f"# Second\n\n{SECOND}",
    "glossary": "# Glossary\n\nNet\n:   What nets.\n\nPart\n:   A share.\n",
    "tracks/all": TRACK,
    "compare": "# Compare\n\n```compare\ntable\n```\n",
    "choose": "# Choose\n\n```choose\nall\n```\n",
    "timeline": "# Timeline\n\n```timeline\nall\n```\n",
    "benchmarks": "# Benchmarks\n\n```benchmarks\nall\n```\n",
}
ELMAN = f"docs/architectures/{NAME}.md"
SNIPPET = f"snippets/{NAME}.py"
RECORD = f"docs/measurements/{NAME}.json"
STYLES = "site_src/theme/assets/blueprints.css"
FIRST_MD = "docs/foundations/first.md"
WIDE = {"benchmarks.md", "choose.md", "compare.md"}
OF_FIRST = {"foundations/first.md"}
OF_BLOCK = {"foundations/second.md", *OF_FIRST, *WIDE}
# Whatever names the snippet's page: the track does.
OF_SNIPPET = {f"architectures/{NAME}.md", "tracks/all.md", "verification.md", *WIDE}
# What is edited, how, and which pages have to be rendered for it: all where it is None.
EDITS: tuple[tuple[str, str, str, set[str] | None], ...] = (
    (FIRST_MD, "A value", "The net's value", OF_FIRST),
    (FIRST_MD, '"one"', '"two"', OF_BLOCK),
    (FIRST_MD, "0.5", "0.25", OF_BLOCK),
    (FIRST_MD, "## A part", "## A part\n\n## More", {*OF_FIRST, *WIDE}),
    (SNIPPET, "One step.", "A single step.", OF_SNIPPET),
    (RECORD, "2026-01-02", "2026-02-03", OF_SNIPPET),
    ("tests/snippets/toy/test_elman.py", "    pass", "    return", OF_SNIPPET),
    (STYLES, "/*", "/* edited", set()),
    (ELMAN, "It nets.", "It nets well.", None),
    (ELMAN, "related: []\n", "related: []\n# a line\n", None),
    ("docs/glossary.md", "What nets.", "All that nets.", None),
    ("docs/references.bib", "title={T}", "title={U}", None),
    ("docs/index.md", "# Home", "# At home", None),
    ("docs/foundations/third.md", "", "# Third\n\nA net.\n", None),
    ("docs/foundations/third.md", "# Third\n\nA net.\n", "", None),
)
EARLIER = shutil.ignore_patterns("site", "kept.json", "rendered", "served")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a page of each kind."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    project = make_toy(tmp_path / "toy")
    save_record(project.root)
    for name, text in FILES.items():
        project.page(name, text)
    return project


def edit(path: Path, old: str, new: str) -> None:
    """Change a file; it comes with its first words and goes with its last."""
    text = path.read_text() if path.exists() else ""
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1))
    if not path.read_text():
        path.unlink()


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a site."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def published(root: Path, _: Path) -> dict[str, bytes]:
    assert publish(root) == []
    return contents(root / "site")


def served(root: Path, folder: Path) -> dict[str, bytes]:
    render(root, str(folder), "http://127.0.0.1:8000/")
    return contents(folder)


def rendered() -> set[str]:
    """The pages that the last build has rendered, docstrings apart."""
    assert state.current
    return {name for name in state.current.states if not name.startswith("reference/")}


@pytest.mark.parametrize("built", [published, served])
def test_an_edit_shows_as_in_a_whole_build(
    built: Callable[[Path, Path], dict[str, bytes]],
    toy: Project,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if built is served:
        monkeypatch.setenv("BLUEPRINTS_PENDING", "1")
    root, folder = toy.root, tmp_path / "served"
    run(root, read_pages(root), Options(), server=server)
    before = built(root, folder)
    assert rendered() == {*(f"{n}.md" for n in FILES), *OF_SNIPPET}
    assert built(root, folder) == before
    assert rendered() == set(), "nothing was edited"
    for number, (name, old, new, expected) in enumerate(EDITS):
        edit(root / name, old, new)
        run(root, read_pages(root), Options(), server=server)
        after = built(root, folder)
        pages = rendered()
        every = {page.uri for page in read_pages(root)}
        assert pages == (every if expected is None else expected), (name, new)
        assert after != before, (name, new)
        if expected is not None or not new:
            whole = tmp_path / f"whole-{number}"
            shutil.copytree(root, whole, symlinks=True, ignore=EARLIER)
            fresh = built(whole, tmp_path / f"served-{number}")
            assert after.keys() == fresh.keys(), (name, new)
            differ = [path for path, text in fresh.items() if after[path] != text]
            assert differ == [], (name, new)
            shutil.rmtree(whole)
        before = after


def test_a_dead_link_is_told_though_its_page_is_not_rendered(
    toy: Project, server: Server
) -> None:
    run(toy.root, read_pages(toy.root), Options(), server=server)
    assert publish(toy.root) == []
    path = toy.root / FIRST_MD
    edit(path, "## A part", "## Another part")
    message = "dead link first.md#a-part: the doc 'foundations/first.md' does not"
    for _ in range(2):
        (problem,) = publish(toy.root)
        assert (problem.path, problem.line) == ("docs/foundations/second.md", 3)
        assert problem.message.startswith(message)
        assert "foundations/second.md" not in rendered()
    edit(path, "## Another part", "## A part")
    assert publish(toy.root) == []


def test_what_is_wrong_is_told_again(toy: Project) -> None:
    toy.page("foundations/first", "# First\n\nA [link](nowhere.md), {claim:never}.\n")
    toy.page("foundations/second", "# Second\n\nNo source [@none].\n")
    first: list[Problem] = publish(toy.root)
    assert len(first) == 3, first
    assert publish(toy.root) == first
    toy.page("notation", "# Notation\n")
    assert publish(toy.root) == first


def test_a_damaged_page_is_rendered_again(toy: Project, server: Server) -> None:
    run(toy.root, read_pages(toy.root), Options(), server=server)
    assert publish(toy.root) == []
    before = contents(toy.root / "site")
    kept = toy.root / ".build" / "rendered"
    assert kept.is_dir()
    for number, path in enumerate(sorted(kept.iterdir())):
        path.write_text(("", "[]", "{}", path.read_text()[:-9])[number % 4])
    done = toy.call("render")
    assert done.returncode == 0, done.stderr
    assert contents(toy.root / "site") == before
