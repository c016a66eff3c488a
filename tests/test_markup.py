"""Pages that bring HTML that may not be: each is refused at its line."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import make_project

from site_src.rendering.markup import around, faults

CORPUS = sorted((Path(__file__).parent / "hostile" / "markup").glob("*.md"))
BUILT = [path for path in CORPUS if path.stem != "title"]
HARMLESS = [
    "<p>text <a href='../x/#y'>link</a> <a href=https://example.org>away</a></p>",
    "<p>a < b &lt;script&gt; <!-- a note --></p>",
    '<table><tr><td style="text-align: right;">1</td></tr></table>',
    '<svg viewBox="0 0 1 1"><a href="#x"><rect fill="url(#g)"></rect></a></svg>',
    '<figure><arch-demo kind="a-b" model="demos/x-1.onnx" settings="{&quot;a&quot;:1}">'
    "<p>words</p></arch-demo></figure>",
    '<input type="radio" name="__tabbed_1" id="__tabbed_1_1"><label for="x">y</label>',
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One build with all of them."""
    project = make_project(tmp_path_factory.mktemp("markup") / "project")
    for path in BUILT:
        project.page(path.stem, re.sub("<!--.*-->", "", path.read_text()))
    for name in ("page.html", "drawing.svg", "program.js"):
        (project.root / "docs" / name).write_text("<script>window.hit = 1</script>")
    done = project.call("build")
    assert not (project.root / "site").exists()
    return done


@pytest.mark.parametrize("path", BUILT, ids=lambda path: path.stem)
def test_markup_is_refused_at_its_line(
    path: Path, built: subprocess.CompletedProcess[str]
) -> None:
    text = path.read_text()
    expected = re.search(r"<!-- expect: (.*) -->", text)
    assert expected
    lines = text.rstrip().splitlines()
    line = next((n for n, x in enumerate(lines, 1) if x[:3] == "```"), len(lines))
    assert f"docs/{path.name}:{line}: {expected[1]}\n" in built.stderr


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "program.js"])
def test_a_file_that_a_browser_would_run_is_refused(
    name: str, built: subprocess.CompletedProcess[str]
) -> None:
    assert f"docs/{name}:1: docs/ holds no .{name.split('.')[1]} files" in built.stderr


def test_a_title_holds_no_html(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    shutil.copy(CORPUS[0].with_name("title.md"), project.root / "docs")
    done = project.call("check")
    assert "docs/title.md:2: front matter: title: holds HTML" in done.stderr


def test_what_the_theme_did_not_put_there_is_seen(tmp_path: Path) -> None:
    """The last look, at what is built: here the theme itself lets a page's text out."""
    project = make_project(tmp_path / "project")
    project.page("page", "# Title\n")
    main = project.root / "site_src" / "theme" / "main.html"
    escape = "{% block htmltitle %}<title>{{ page.title }}</title>"
    planted = "<script>1</script><iframe></iframe>{% endblock %}"
    main.write_text(main.read_text() + escape + planted)
    done = project.call("build")
    assert "mkdocs.yml:1: built page/index.html holds <iframe>" in done.stderr


@pytest.mark.parametrize("content", HARMLESS)
def test_what_pages_need_is_allowed(content: str) -> None:
    assert list(faults(content)) == []


def test_a_handler_around_the_article_is_seen() -> None:
    assert around("<header><b onclick='x'></b></header><article></article>")
    assert around("<header></header><article><b>x</b></article>") == []
