"""Inline styles become classes, inline scripts hashes, and no page holds a script."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest
from conftest import Project

from site_src.rendering import policy

PAGE = """<!doctype html><html><head><meta charset="utf-8"></head><body>
<script>run({depth})</script><script src="x.js"></script>
<script type="application/json">{{}}</script>
<p title="a > b" style="top: 1em; color:red;">x</p>
<span class="one two" style="top:1em;color:red">y</span>
<math displaystyle="true"><i data-style="kept">z</i></math>
</body></html>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "deep").mkdir()
    for depth, name in enumerate(["index.html", "deep/index.html"]):
        (tmp_path / name).write_text(PAGE.format(depth=depth))
    return tmp_path


def test_a_style_becomes_one_class_for_equal_styles(folder: Path) -> None:
    policy.harden(folder, meta=True)
    text = (folder / "index.html").read_text()
    css = (folder / policy.STYLES).read_text()
    ((name, rule),) = re.findall(r"\.(s\w+)\{(.*)\}", css)
    assert rule == "top:1em!important;color:red!important"
    assert f'<p class="{name}" title="a > b">' in text
    assert f'<span class="one two {name}">' in text
    assert '<math displaystyle="true"><i data-style="kept">' in text


def test_a_page_allows_its_own_scripts_and_no_others(folder: Path) -> None:
    policy.harden(folder, meta=True)
    for depth, name in enumerate(["index.html", "deep/index.html"]):
        text = (folder / name).read_text()
        (listed,) = re.findall(r"'sha256-([^']+)'", text)
        digest = hashlib.sha256(f"run({depth})".encode()).digest()
        assert listed == base64.b64encode(digest).decode()
        assert text.index("Content-Security-Policy") < text.index("<script")


def test_a_script_that_is_not_on_the_list_is_told_once(folder: Path) -> None:
    (folder / "third.html").write_text(PAGE.format(depth=0))
    (first, second) = policy.strangers(folder, policy.harden(folder, meta=True))
    assert first.startswith("deep/index.html holds the script 'run(1)', which is not")
    assert second.startswith("index.html holds the script 'run(0)'")


def test_a_script_of_the_list_may_differ_in_where_the_site_lies(
    folder: Path, monkeypatch
) -> None:
    script = 'x=new URL("{}",location)'
    known = hashlib.sha256(b"x=").hexdigest()
    monkeypatch.setattr(policy, "SCRIPTS", frozenset([known]))
    for place in (".", "../..", "/deep/"):
        body = f"<script>{script.format(place)}</script>"
        (folder / "index.html").write_text(body)
        (folder / "deep" / "index.html").write_text(body)
        pages = policy.harden(folder, meta=True)
        assert policy.strangers(folder, pages) == []


def test_a_script_in_the_theme_that_nobody_listed_fails_the_build(
    project: Project,
) -> None:
    main = project.root / "site_src" / "theme" / "main.html"
    main.write_text(
        main.read_text() + "{% block libs %}<script>1</script>{% endblock %}"
    )
    done = project.call("build")
    assert done.returncode == 1
    assert "holds the script '1', which is not on the list" in done.stderr
    assert not (project.root / "site").exists()


def test_a_server_that_injects_scripts_gets_no_policy(folder: Path) -> None:
    policy.harden(folder, meta=False)
    text = (folder / "index.html").read_text()
    assert "Content-Security-Policy" not in text
    assert " style=" not in text


def test_a_page_with_a_script_is_refused_at_its_line(project: Project) -> None:
    project.page("bad", "# Bad\n\nFine: `<script>`.\n\n<script>alert(1)</script>\n")
    done = project.call("build")
    assert done.returncode == 1
    assert "docs/bad.md:5: a page may not hold <script>" in done.stderr
    assert not (project.root / "site").exists()
