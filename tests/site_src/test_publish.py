"""The render stage: what is published, what is refused, and that it is repeatable."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Project, make_project

GOOD = """\
# Good

A value of {claim:half}, a formula $x^2$ and a source [@one].

```python exec="1"
from site_src import claim

claim("half", 0.5, holds=True)
print("**bold** and `code`")
```

```python exec="1" html="1"
import matplotlib.pyplot as plt

from site_src import figure, table

drawing, axes = plt.subplots()
axes.plot([1, 2, 3])
figure(drawing, alt="A rising line", caption="It rises")
table([["a", 1]], header=["name", "value"], caption="One `row`")
```

```snippet
recurrent/lstm.py
```
"""
BIB = """\
@article{one,
  author = {Bee, Anna and Cee, Dan},
  title = {On Ones},
  journal = {Journal of Ones},
  year = {1999},
  doi = {10.1000/1}
}
"""
BAD = """\
# Bad

A [dead link](nowhere.md), a [dead anchor](good.md#nothing).

An [own dead anchor](#not-here).

Unknown: {claim:never-made}, and of another page {claim:good#never-made}.

Broken: $\\frac{1$ and

$$
\\undefinedcommand
$$

```snippet
recurrent/nothing.py
```

```snippet
recurrent/lstm.py LSTM.nothing
```

```python exec="1"
from site_src import claim

claim("unused", 1, holds=True)
print("nothing wrong here")
```
"""


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("sitemap")
    }


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that was published; no test changes it."""
    project = make_project(tmp_path_factory.mktemp("once") / "project")
    (project.root / "docs" / "references.bib").write_text(BIB)
    project.page("good", GOOD)
    done = project.call("build")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def built(once: Project, tmp_path: Path) -> Project:
    """A copy of it, moved elsewhere: results do not know where they lie."""
    shutil.copytree(once.root, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy")


def test_a_page_shows_what_its_blocks_printed(built: Project) -> None:
    html = (built.root / "site" / "good" / "index.html").read_text()
    assert (
        '<a class="claim" href="#block-1" title="computed on this page">0.5</a>' in html
    )
    assert 'id="block-1"' in html
    assert "<strong>bold</strong>" in html
    assert 'class="katex"' in html
    assert "\\(" not in html
    assert '<a href="#ref-one" title="Bee and Cee, 1999">[1]</a>' in html
    assert 'id="ref-one"' in html
    assert "https://doi.org/10.1000/1" in html
    assert 'id="lstm.py-L1"' in html
    assert "{claim:" not in html
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), sorted({i for i in ids if ids.count(i) > 1})


def test_a_figure_follows_the_scheme_without_inline_style(built: Project) -> None:
    html = (built.root / "site" / "good" / "index.html").read_text()
    figure = re.search(
        r"<svg[^>]*aria-label=\"A rising line\".*?</svg>", html, re.DOTALL
    )
    assert figure
    assert "style=" not in figure[0]
    assert "var(--fig-1)" in figure[0]
    assert "currentColor" in figure[0]
    assert "#0a0b" not in figure[0], "a sentinel colour is left"


def test_the_snippet_is_published_whole(built: Project) -> None:
    name = "snippets/recurrent/lstm.py"
    published = (built.root / "site" / name).read_text()
    assert published.startswith((built.root / name).read_text())


def test_two_renders_of_one_store_are_the_same_bytes(built: Project) -> None:
    before = digests(built.root / "site")
    done = built.call("build")
    assert done.returncode == 0
    assert "0 pages executed" in done.stdout
    assert digests(built.root / "site") == before


def test_two_cold_executions_differ_only_in_what_is_measured(built: Project) -> None:
    def stored() -> str:
        path = next((built.root / ".build" / "store" / "pages" / "good").glob("*"))
        result = json.loads(path.read_text())
        assert result.pop("provenance").keys() == {
            *("commit", "dirty", "device", "torch", "cuda", "threads", "seed"),
            *("date", "wall", "peak_memory", "isolation"),
        }
        return json.dumps(result)

    before = stored()
    done = built.call("run", "--force")
    assert done.returncode == 0
    assert "1 pages executed" in done.stdout
    assert stored() == before


@pytest.mark.parametrize("quiet", [[], ["-q"]], ids=["loud", "quiet"])
def test_everything_wrong_is_reported_at_once_and_nothing_published(
    built: Project, quiet: list[str]
) -> None:
    before = digests(built.root / "site")
    built.page("bad", BAD)
    done = built.call(*quiet, "build")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = BAD.splitlines()

    def at(text: str) -> int:
        return next(n for n, line in enumerate(lines, 1) if text in line)

    for line, message in [
        (at("nowhere.md"), "dead link nowhere.md"),
        (at("good.md#nothing"), "dead link good.md#nothing"),
        (at("#not-here"), "dead link #not-here"),
        (at("{claim:never-made}"), "unknown claim never-made"),
        (at("{claim:good#"), "unknown claim good#never-made"),
        (at("frac"), "formula: "),
        (at("undefinedcommand"), "formula: "),
        (at("nothing.py"), "there is no snippet recurrent/nothing.py"),
        (at("LSTM.nothing"), "recurrent/lstm.py has no LSTM.nothing"),
        (at("exec="), "no page uses the claim unused"),
    ]:
        assert f"docs/bad.md:{line}: {message}" in done.stderr
    assert "docs/good.md" not in done.stderr
    assert done.stderr.count("docs/bad.md:") == 10
    assert digests(built.root / "site") == before


def test_a_page_that_fails_keeps_the_last_good_site(built: Project) -> None:
    before = digests(built.root / "site")
    for name in ("one", "two"):
        built.page(name, '# Fails\n\n```python exec="1"\n1 / 0\n```\n')
    done = built.call("-q", "build")
    assert done.returncode == 1
    for name in ("one", "two"):
        assert f"docs/{name}.md:4: block 1: ZeroDivisionError" in done.stderr
    assert digests(built.root / "site") == before
    assert not (built.root / "site" / "one").exists()


def test_mkdocs_alone_runs_nothing_and_fails_without_a_result(built: Project) -> None:
    built.page("new", '# New\n\n```python exec="1"\nopen("x", "w")\n```\n')
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q", "-d", "elsewhere"],
        cwd=built.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "docs/new.md:3: no result; run python -m site_src run" in done.stderr
    assert not (built.root / "x").exists()


def test_a_claim_of_another_page_links_to_its_block(built: Project) -> None:
    built.page("other", "# Other\n\nThere it was {claim:good#half}.\n")
    done = built.call("build")
    assert done.returncode == 0, done.stderr
    html = (built.root / "site" / "other" / "index.html").read_text()
    assert '<a class="claim" href="../good/#block-1" title="computed on docs' in html


def test_rendering_brings_in_nothing_that_executes() -> None:
    """Seconds of every build, and a promise: this stage runs no page."""
    code = (
        "import pkgutil, sys, importlib, site_src.rendering as room\n"
        "for found in pkgutil.iter_modules(room.__path__):\n"
        "    if found.name != 'elsewhere':  # it is copied into notebooks\n"
        "        importlib.import_module(f'site_src.rendering.{found.name}')\n"
        "heavy = ('torch', 'matplotlib', 'onnx')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr
