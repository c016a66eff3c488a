"""What the site gives to programs: facts, schema, Markdown, snippets, bibliography."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import jsonschema
import nbformat
import pytest
from conftest import Project
from toy import NAME

from site_src.page import Page
from site_src.proof.identity import identity
from site_src.rendering import twin

PAGE = f"architectures/{NAME}"


def read(project: Project, name: str) -> str:
    return (project.root / "site" / name).read_text()


def test_the_facts_fit_their_schema_and_the_front_matter(toy_site: Project) -> None:
    facts = json.loads(read(toy_site, "architectures.json"))
    schema = json.loads(read(toy_site, "architectures.schema.json"))
    jsonschema.validate(facts, schema)
    (one,) = facts["architectures"]
    page = Page.read(toy_site.root, toy_site.root / "docs" / f"{PAGE}.md")
    for name in ("title", "year", "tagline", "predecessors", "complexity"):
        assert one[name] == page.meta[name]
    assert one["name"] == NAME
    assert one["paper"]["key"] == page.meta["paper"]
    code = (toy_site.root / "site" / "snippets" / f"{NAME}.py").read_bytes()
    assert one["snippets"][0]["sha256"] == hashlib.sha256(code).hexdigest()
    for address in (one["page"], one["markdown"], one["snippets"][0]["address"]):
        assert (toy_site.root / "site" / address).exists()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**facts, "more": 1}, schema)


def test_the_list_for_language_models_leads_to_files(toy_site: Project) -> None:
    text = read(toy_site, "llms.txt")
    assert text.startswith("# Blueprints\n\n> A reference")
    addresses = re.findall(r"\]\(([^)]+)\)", text)
    assert f"{PAGE}/index.md" in addresses
    assert "index.md" in addresses
    for address in addresses:
        assert (toy_site.root / "site" / address).is_file(), address


def test_the_archive_holds_every_snippet_with_sums_and_is_the_same_again(
    toy_site: Project, tmp_path: Path
) -> None:
    raw = (toy_site.root / "site" / "snippets.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        names = packed.namelist()
        sums = packed.read("blueprints/SHA256SUMS").decode().splitlines()
        for line in sums:
            digest, name = line.split("  ")
            content = packed.read(f"blueprints/{name}")
            assert hashlib.sha256(content).hexdigest() == digest
            assert content == (toy_site.root / name).read_bytes()
    assert len(sums) == len(list((toy_site.root / "snippets").glob("*/*.py")))
    assert f"blueprints/snippets/{NAME}.py" in names
    again = Project(shutil.copytree(toy_site.root, tmp_path / "again", symlinks=True))
    (again.root / "site" / "snippets.zip").unlink()
    done = again.call("render", "-q")
    assert done.returncode == 0, done.stderr
    assert (again.root / "site" / "snippets.zip").read_bytes() == raw


def test_a_copy_is_the_file_and_says_where_it_is_from(toy_site: Project) -> None:
    code = (toy_site.root / "snippets" / f"{NAME}.py").read_text()
    copied = read(toy_site, f"snippets/{NAME}.py")
    assert copied.startswith(code)
    credit = copied.removeprefix(code)
    home = f"http://localhost/{PAGE}/"
    assert credit == f"\n# Copied from {home}, MIT, identity {identity(copied)[:16]}\n"
    shown = re.findall(
        r'<figure class="snippet whole".*?</code>',
        read(toy_site, PAGE + "/index.html"),
        re.DOTALL,
    )
    assert html.unescape(re.sub(r"<[^>]+>", "", shown[0])).strip() == copied.strip()


def test_a_notebook_is_valid_and_runs(toy_site: Project) -> None:
    book = nbformat.reads(read(toy_site, f"snippets/{NAME}.ipynb"), as_version=4)
    nbformat.validate(book)
    names: dict[str, object] = {"__name__": "__main__"}
    for cell in book.cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, "cell", "exec"), names)
    assert {"example", "module", "inputs"} <= names.keys()


def test_every_page_has_a_twin_and_leads_to_it(toy_site: Project) -> None:
    text = read(toy_site, f"{PAGE}/index.md")
    assert text.startswith("# ")
    assert "## Related architectures" in text
    assert "{claim:" not in text
    assert not re.search(r"</?(p|div|span|table|svg|figure|a)\b", text)
    assert '<a href="index.md">' in read(toy_site, f"{PAGE}/index.html")


def test_a_twin_keeps_what_is_said() -> None:
    content = (
        '<h2 id="a">Why<a class="headerlink" href="#a">¶</a></h2>'
        '<p>A <a class="term" href="../g/#t" title="T">token</a> of '
        '<a class="claim" href="#block-1">3.1</a> bits '
        '<span class="cite"><a href="#ref-x" title="X">[1]</a></span>, '
        '<span class="arithmatex">\\(a_{t} < b\\)</span>'.replace(" < ", " &lt; ")
        + ', <a href="../x/">there</a>.</p><div class="arithmatex">\\[\nx^2\n\\]</div>'
        '<figure><svg role="img" aria-label="It falls."><path d="M0"/></svg>'
        "<figcaption>Falling.</figcaption></figure>"
        '<details class="made-by"><summary>Code</summary>hidden</details>'
        "<pre><span></span><code><span>a</span> = <span>1</span> &lt; 2\n</code></pre>"
    )
    page = Page(Path("/nowhere"), "docs/x.md", "# X\n")
    assert twin.markdown(page, content).split("\n\n") == [
        "## Why",
        "A token of 3.1 bits [1], $a_{t} < b$, [there](../x/).",
        "$$x^2$$",
        "Figure: It falls.",
        "Falling.",
        "```python\na = 1 < 2\n```\n",
    ]


def test_a_twin_repeats_what_spans_rows() -> None:
    content = (
        '<table><thead><tr><th rowspan="2">name</th><th colspan="2">said</th></tr>'
        "<tr><th>year</th><th>file</th></tr></thead><tbody>"
        '<tr><th rowspan="2">net</th><td rowspan="2">1990</td><td>a.py</td></tr>'
        "<tr><td>b.py</td></tr></tbody></table>"
    )
    path = "docs/architectures/f/x.md"
    text = twin.markdown(Page(Path("/nowhere"), path, "---\ntitle: T\n---\n"), content)
    assert text.splitlines()[-4:] == [
        "| name | year | file |",
        "| --- | --- | --- |",
        "| net | 1990 | a.py |",
        "| net | 1990 | b.py |",
    ]
