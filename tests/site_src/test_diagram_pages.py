"""Diagrams on pages: published, and linked to lines of the code that the page shows."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT, Project

PAGE = '''\
# Block

```python exec="1" html="1"
from site_src import diagram
from snippets.attention.gpt import example

diagram(
    example,
    of="Block",
    title="A block",
    caption="All in two boxes.",
    grid="""
        inputs  look  think  outputs
    """,
    boxes="""
        inputs  | inputs       | inputs  | 0 | What is read.
        look    | [attention]  | mixed, self.query_key_value, \
self.attention_norm | 1 | Looks.
        think   | [the others] | self.attention_projection, self.feed_forward_norm, \
self.expansion, self.feed_forward_projection | 2 | Thinks.
        outputs | outputs      | outputs | 0 | What goes on.
    """,
    arrows="""
        inputs -> look -> think -> outputs
    """,
)
```
'''
WHOLE = """
```snippet
attention/gpt.py
```
"""


@pytest.fixture
def published(project: Project) -> Project:
    """A project with a page that holds a diagram and the file it is drawn from."""
    (project.root / "docs" / "references.bib").write_text("")
    project.page("block", PAGE + WHOLE)
    return project


def test_every_part_leads_to_lines_of_the_page(published: Project) -> None:
    ran = published.call("build")
    assert ran.returncode == 0, ran.stderr
    page = (published.root / "site" / "block" / "index.html").read_text()
    ids = re.findall(r'\sid="([^"]+)"', page)
    links = re.findall(r' xlink:href="#([^"]+)"', page)
    described = re.findall(r' aria-describedby="([^"]+)"', page)
    assert len(links) == len(set(described)) == 4
    assert {*links, *described} <= set(ids)
    assert len(ids) == len(set(ids))

    source = (ROOT / "snippets/attention/gpt.py").read_text().splitlines()
    first, last = map(int, re.findall(r"-L(\d+)", links[1]))
    lines = source[first - 1 : last]
    assert lines[0].strip().startswith("mixed = ")
    assert lines[-1].strip().startswith(")")
    start = page.index(f'<span class="lines" id="{links[1]}">')
    until = page.index(f'id="gpt.py-L{last + 1}"')
    lit = re.sub(r"<[^>]*>", "", page[start : page.rindex("</span>", 0, until)])
    assert lit.rstrip("\n") == "\n".join(lines)


def test_a_diagram_needs_its_code_on_the_page(published: Project) -> None:
    published.page("block", PAGE)
    ran = published.call("build")
    assert ran.returncode == 1
    told = [line for line in ran.stderr.splitlines() if line.startswith("docs/")]
    assert len(told) == 1, ran.stderr
    assert told[0].startswith("docs/block.md:3: a block links to #gpt.py-L")
    assert told[0].endswith("show the file whole in a fence ```snippet")


def test_two_faults_are_told_at_their_two_lines(published: Project) -> None:
    wrong = PAGE.replace("self.attention_norm |", "self.attention_nom |")
    published.page("block", wrong.replace("| outputs | 0", "| output | 0") + WHOLE)
    ran = published.call("run")
    told = [line for line in ran.stderr.splitlines() if line.startswith("docs/")]
    lines = (published.root / "docs/block.md").read_text().splitlines()
    first = next(n for n, line in enumerate(lines, 1) if "attention_nom" in line)
    last = next(n for n, line in enumerate(lines, 1) if "| output |" in line)
    assert [line.split(": ")[0] for line in told] == [
        f"docs/block.md:{first}",
        f"docs/block.md:{last}",
    ], told
