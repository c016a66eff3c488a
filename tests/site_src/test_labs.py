"""Labs: percent files read as pages, and notebooks that run where there is no site."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from conftest import ROOT, Project, make_project
from small_lab import BIB, END, HEADER, LAB, SMALL, lab

import site_src
from site_src import labs
from site_src.fences import scan
from site_src.lint import labs as lint
from site_src.page import Page
from site_src.rendering import elsewhere

SITE = ROOT / "site"
SHORTEST = "diffusion_from_scratch"
LABS = sorted(path.stem for path in (ROOT / labs.FOLDER).glob("*.py"))
REFUSE = """import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("site_src", "snippets", "tests"):
            raise ImportError(f"{name} is looked for outside of the notebook")
sys.meta_path.insert(0, Refuse())
"""


def code_of(notebook: Path) -> str:
    """All code of a notebook that nbformat finds valid."""
    book: Any = nbformat.read(notebook, as_version=4)
    nbformat.validate(book)
    return "\n\n".join(c["source"] for c in book["cells"] if c["cell_type"] == "code")


def run_elsewhere(notebook: Path, folder: Path) -> str:
    """Run a notebook's code by itself in an empty folder; what it prints."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-I", "-c", REFUSE + code_of(notebook)],
        cwd=folder,
        env={"HOME": str(folder), "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "is not what the text says" not in done.stdout, done.stdout
    return done.stdout


def test_every_line_keeps_its_number() -> None:
    read = labs.read("docs/labs/adding.py", LAB)
    assert read.problems == ()
    page = read.markdown.splitlines()
    for number, line in enumerate(LAB.splitlines()):
        if line.startswith("# %%"):
            continue
        if page[number] != line:
            bare = line.removeprefix("# ") if line != "#" else ""
            closes = line == "" and page[number] == "```"
            assert page[number] == bare or closes, number + 1
    blocks = scan("p", read.markdown).blocks
    assert [block.options.get("source") for block in blocks] == ["above"] * 2 + [None]
    assert [block.silent for block in blocks] == [True, False, False]
    assert [block.html for block in blocks] == [False, False, True]
    assert [LAB.splitlines()[block.line - 1][:4] for block in blocks] == ["# %%"] * 3
    assert blocks[0].code.startswith("import matplotlib"), "code is taken as it is"


@pytest.mark.parametrize("name", ["a lab", *LABS])
def test_jupytext_sees_the_same_cells(name: str) -> None:
    known = ROOT / labs.FOLDER / f"{name}.py"
    text = known.read_text() if known.exists() else LAB
    header, *theirs = jupytext.reads(text, fmt="py:percent").cells
    assert header.cell_type == "raw"
    found = [(cell.cell_type == "code", cell.source.strip("\n")) for cell in theirs]
    assert found == [(cell.code, cell.text) for cell in labs.read("p", text).cells]


def test_code_with_backticks_stays_one_block() -> None:
    text = HEADER + '\n# %%\nprint("""\n```\n````\n""")\n' + END
    (block,) = scan("p", labs.read("p", text).markdown).blocks
    assert block.code.strip() == 'print("""\n```\n````\n""")'


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (LAB.removeprefix("# ---\n"), 1, "a lab begins with its front matter"),
        (LAB.replace("# ---\n\n", "\n"), 8, "the front matter is not closed"),
        (HEADER.removesuffix("# ---\n") + "# %%\n1\n", 1, "is never closed"),
        (LAB.replace("# needs", "needs"), 5, "its lines begin with #"),
        (HEADER + "import torch\n" + END, 9, "stands before the first cell"),
        (HEADER, 8, "a lab has cells"),
        (LAB.replace("# See", "See"), 13, "a line of a Markdown cell begins with #"),
        (LAB.replace("\n\n# %% html", "\n# %% html"), 34, "leave an empty line"),
        (LAB.replace('# %% html="1"', "# %% html"), 35, "or # %% with options"),
        (LAB.replace("# See", '# ```python exec="1"\n# See'), 13, "a cell of its own"),
        (LAB + "\n# %%\n\n", 46, "this cell holds nothing"),
    ],
)
def test_a_broken_lab_is_seen(text: str, line: int, message: str) -> None:
    found = labs.read("docs/labs/adding.py", text).problems
    assert [p.line for p in found if message in p.message] == [line], found


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("import torch\n", "import sklearn\n", 17, "sklearn may be missing elsewhere"),
        ("import claim,", "import demo,", 19, "of site_src, not demo"),
        ("## Adding", "# Adding", 11, "the title stands in the front matter"),
        ("## What to try next", "## The end", 42, "ends with a section"),
        ("# See", "# ```snippet\n# a/b.py\n# ```\n#\n# See", 14, "cannot show a/b.py"),
    ],
)
def test_what_keeps_a_lab_from_running_elsewhere_is_reported(
    old: str, new: str, line: int, message: str, tmp_path: Path
) -> None:
    path = lab(tmp_path, LAB)
    assert [*lint.check(Page.read(tmp_path, path))] == []
    path = lab(tmp_path, LAB.replace(old, new, 1))
    (found,) = lint.check(Page.read(tmp_path, path))
    assert (found.line, found.path) == (line, "docs/labs/adding.py")
    assert message in found.message


def test_the_stand_ins_are_called_as_the_page_api_is() -> None:
    for name in lint.API:
        ours, theirs = getattr(elsewhere, name), getattr(site_src, name)
        assert inspect.signature(ours) == inspect.signature(theirs), name


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a lab and a page, built; whoever changes it takes a copy."""
    project = make_project(tmp_path_factory.mktemp("labs") / "project")
    (project.root / "docs" / "references.bib").write_text(BIB)
    project.page("other/small", SMALL)
    lab(project.root, LAB)
    done = project.call("build")
    assert done.returncode == 0, done.stderr
    return project


def test_a_lab_is_a_page_and_a_notebook(built: Project, tmp_path: Path) -> None:
    site = built.root / "site"
    page = (site / "labs" / "adding" / "index.html").read_text()
    assert "<h1>A small lab</h1>" in page
    assert 'href="../adding.ipynb" download' in page
    assert 'href="../../other/small/">Small</a>' in page, "what it builds on"
    assert 'href="../../other/small/#top">the page</a>' in page
    assert '<a class="claim" href="#block-2"' in page
    assert "the sum is 5 LSTM RNN" in page
    assert "<p><div" not in page, "blocks stand by themselves"
    assert not (site / "labs" / "adding.py").exists()
    other = (site / "other" / "small" / "index.html").read_text()
    assert 'href="../../labs/adding/#block-2"' in other, "its claims serve other pages"
    assert 'href="../../labs/adding/#adding"' in other
    assert "# A small lab" in (site / "labs" / "adding" / "index.md").read_text()

    notebook = site / "labs" / "adding.ipynb"
    text = notebook.read_text()
    assert not re.search(r"\{claim:|\[@", text)
    assert "(http://localhost/other/small/#top)" in text
    assert "([Bee, 1999](https://doi.org/10.1000/1))" in text
    printed = run_elsewhere(notebook, tmp_path / "empty")
    assert "the sum is 5 LSTM RNN" in printed
    assert "sum: 5" in printed
    value = re.search(r"drawn +([.\d]+)", printed)
    assert value
    assert value[1] in page, "an experiment starts from the site's seed"
    assert not [*(tmp_path / "empty").glob("[!.]*")], "it leaves nothing behind"


def test_a_notebook_that_needs_the_site_is_seen(built: Project, tmp_path: Path) -> None:
    book = nbformat.read(built.root / "site" / "labs" / "adding.ipynb", as_version=4)
    book["cells"].append(nbformat.v4.new_code_cell("import snippets.recurrent.gru"))
    nbformat.write(book, tmp_path / "wanting.ipynb")
    with pytest.raises(AssertionError, match="looked for outside of the notebook"):
        run_elsewhere(tmp_path / "wanting.ipynb", tmp_path / "empty")


FAULTS = {
    "run": [
        ("one + two", "one / 0", 26, "ZeroDivision"),
        ('print("the', 'print(("the', 32, "SyntaxError"),
        ("== 5)", "== 6)", 33, "does not hold: it is 5"),
    ],
    "check": [
        ("minutes: 5", "minutes: soon", 7, "minutes"),
        ("[@one]", "[@two]", 13, "unknown citation [@two]"),
        ("# Add {", "# Add 3.5 or {", 44, "'3.5' has neither claim nor"),
        ("# needs", "needs", 5, "its lines begin with #"),
    ],
    "build": [
        ("{claim:sum", "{claim:some", 44, "unknown claim some"),
        ("small.md#top", "tall.md", 13, "dead link ../other/tall.md"),
    ],
}


@pytest.mark.parametrize("command", FAULTS)
def test_what_goes_wrong_in_a_lab_is_reported_at_its_line(
    command: str, built: Project, tmp_path: Path
) -> None:
    """A lab for each fault, and one call for all of them."""
    project = Project(tmp_path / "project")
    shutil.copytree(built.root, project.root, symlinks=True)
    for number, (old, new, _, _) in enumerate(FAULTS[command]):
        assert old in LAB
        lab(project.root, LAB.replace(old, new), f"fault_{number}")
    done = project.call(command)
    assert done.returncode == 1, done.stdout
    lines = done.stderr.splitlines()
    for number, (_, _, line, message) in enumerate(FAULTS[command]):
        place = f"docs/labs/fault_{number}.py:"
        (found,) = [x for x in lines if x.startswith(place) and message in x]
        assert found.startswith(f"{place}{line}: "), found
    assert not [x for x in lines if x.startswith("docs/labs/adding.py")], "the good one"


def test_a_lab_of_another_ending_is_refused(project: Project) -> None:
    lab(project.root, LAB).rename(project.root / "docs" / "labs" / "adding.pyw")
    assert "docs/ holds no .pyw files" in project.call("build").stderr


@pytest.mark.parametrize("name", LABS)
def test_the_notebook_of_a_lab_runs_elsewhere(name: str, tmp_path: Path) -> None:
    """The shortest always; all of them where LABS=all says so, a minute each."""
    notebook = SITE / "labs" / f"{name}.ipynb"
    assert notebook.exists(), "there is no built site; run make site"
    compile(code_of(notebook), name, "exec")
    if name != SHORTEST and os.environ.get("LABS") != "all":
        pytest.skip("set LABS=all to run every notebook")
    assert run_elsewhere(notebook, tmp_path / "empty").strip()
