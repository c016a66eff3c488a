"""A page that is no architecture may own a snippet, and architectures may follow it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import Project, words
from toy import BIB, PAGE, make_toy, save_record
from toy import NAME as OWNED

from site_src import catalogue
from site_src.citations import read_bibliography
from site_src.lint import pages, records
from site_src.page import Page, read_pages

PLAIN = "basics/first"
BLOCK = f"""
## Cost

```python exec="1" html="1"
from site_src import benchmark
from snippets.toy.elman import example

benchmark(
    "{OWNED}",
    vary={{"tokens": [2, 4]}},
    fixed={{"batch": 2}},
    caption="It costs little.",
)
```
"""
TEXT = f"""---
title: The first things
tagline: They come first.
snippets: [{OWNED}]
---

# The first things

```snippet
{OWNED}.py
```

```verification
{OWNED}
```
{BLOCK}
Bee was first [@one].

```python exec="1"
print("| who |\\n|---|\\n| Bee [@one] |")
```
"""


def follower() -> str:
    """An architecture that comes after the plain page and owns nothing."""
    before = f"predecessors: [{{slug: {PLAIN}, problem: It is plain.}}]"
    text = PAGE.replace("predecessors: []", before).replace(f"[{OWNED}]", "[]")
    text = re.sub(r"```(snippet|verification)\n.*?```\n", "", text, flags=re.DOTALL)
    text = text.replace("(#elman", f"(../../{PLAIN}.md#elman")
    return text.replace("A net", "The net after it")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = make_toy(tmp_path_factory.mktemp("plain"))
    (made.root / f"docs/architectures/{OWNED}.md").unlink()
    made.page(PLAIN, TEXT)
    made.page("architectures/family/net", follower())
    made.page("index", "---\ntitle: Home\n---\n\n# Home\n\n```timeline\nall\n```\n")
    save_record(made.root)
    done = made.call("build", "-q")
    assert done.returncode == 0, done.stderr
    return made


def read(project: Project, name: str) -> str:
    return (project.root / "site" / name).read_text()


def test_the_page_shows_the_file_its_checks_and_its_cost(project: Project) -> None:
    html = read(project, f"{PLAIN}/index.html")
    assert 'id="elman.py-L1"' in html
    assert "caught 1 of 1" in words(project.section(PLAIN, "verification"))
    assert "It costs little." in words(html)


def test_a_citation_that_a_block_prints_has_the_number_of_the_text(
    project: Project,
) -> None:
    html = read(project, f"{PLAIN}/index.html")
    assert len(re.findall(r'<a href="#ref-one" title="[^"]*">\[1\]</a>', html)) == 2
    assert "[?]" not in html


def test_the_list_of_checks_leads_to_the_page(project: Project) -> None:
    html = read(project, "verification/index.html")
    assert f'href="../{PLAIN}/#verification-toy-elman"' in html


def test_the_copied_file_says_where_it_is_from(project: Project) -> None:
    copied = read(project, f"snippets/{OWNED}.py")
    assert f"# Copied from http://localhost/{PLAIN}/, MIT" in copied


def test_a_page_that_follows_it_says_so_in_card_list_and_facts(
    project: Project,
) -> None:
    card = project.section("architectures/family/net", "card title-block")
    assert f'href="../../../{PLAIN}/">The first things</a>' in card
    listed = re.search(r'<ol class="lineage".*?</ol>', read(project, "index.html"))
    assert listed
    assert f'href="{PLAIN}/">The first things</a>: It is plain.' in listed[0]
    (one,) = json.loads(read(project, "architectures.json"))["architectures"]
    assert one["predecessors"] == [{"slug": PLAIN, "problem": "It is plain."}]
    assert f"]({PLAIN}/index.md): They come first." in read(project, "llms.txt")
    (net,) = catalogue.in_order(read_pages(project.root))
    assert net.name == "family/net"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (f"[{OWNED}]", "[elman]", "snippets.0: string should match"),
        (f"snippets: [{OWNED}]\n", "", f"{OWNED} is no snippet of this page"),
        (f"```verification\n{OWNED}\n```\n", "", "0 fences ```verification hold"),
        ("snippets:", "snippet:", "unknown key snippet; did you mean snippets?"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    assert old in TEXT
    page = Page(tmp_path, f"docs/{PLAIN}.md", TEXT.replace(old, new))
    found = [*map(str, pages.check_page(page, read_bibliography(tmp_path)))]
    assert any(message in one for one in found), found
    assert all(re.match(rf"docs/{PLAIN}\.md:\d+: ", one) for one in found)


def test_a_stale_record_of_its_snippet_is_found(tmp_path: Path) -> None:
    made = make_toy(tmp_path / "toy")
    (made.root / f"docs/architectures/{OWNED}.md").unlink()
    made.page(PLAIN, TEXT)
    (made.root / "docs/references.bib").write_text(BIB)
    owned = [name for page in read_pages(made.root) for name in page.snippets]
    assert owned == [OWNED]
    assert "no record" in str(next(iter(records.check(made.root, owned))))
    save_record(made.root)
    assert [*records.check(made.root, owned)] == []
