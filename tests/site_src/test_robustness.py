"""Claims under other seeds, and numbers without a source."""

from __future__ import annotations

import pytest
from conftest import Project

from site_src.lint import numbers
from site_src.page import Page

PAGE = """\
# A page

Heads came {claim:heads} in ten, tails {claim:tails}.

```python exec="1"
import torch

from site_src import claim

heads = int(torch.randint(2, (10,)).sum())
claim("heads", heads, spec="d", holds=heads == FIRST)
claim("tails", 10 - heads, spec="d", holds=heads <= 10)
print("thrown")
```
"""


def test_a_claim_that_hangs_on_the_seed_is_listed(project: Project) -> None:
    import torch

    throws = []
    for seed in range(4):
        torch.manual_seed(seed)
        throws.append(int(torch.randint(2, (10,)).sum()))
    assert len(set(throws)) > 1
    project.page("page", PAGE.replace("FIRST", str(throws[0])))
    done = project.call("run")
    assert done.returncode == 0, done.stderr
    done = project.call("seeds", "--page", "page")
    listed = [line for line in done.stderr.splitlines() if "does not hold" in line]
    assert listed == [
        f"docs/page.md:5: with seed {seed} the claim heads does not hold: it is {heads}"
        for seed, heads in enumerate(throws)
        if heads != throws[0]
    ]
    assert done.returncode == 1
    assert "1 unchanged" in project.call("run").stdout, "the page's result is kept"


def test_claims_that_survive(project: Project) -> None:
    project.page("page", PAGE.replace("heads == FIRST", "True"))
    done = project.call("seeds", "--seed", "1", "2")
    assert done.returncode == 0, done.stderr
    assert "every claim holds with the seeds [1, 2]" in done.stdout


def found(project: Project, text: str) -> list[str]:
    path = project.page("page", text)
    return [str(problem) for problem in numbers.check(Page.read(project.root, path))]


@pytest.mark.parametrize(
    "text",
    [
        "It fell to 0.25 of it.",
        "It fell by 12 %.",
        "It fell by 12% at once.",
        "It is 3 × as large.",
        "It took 20 steps.",
        "It has 110 million of them.",
        "| a | 0.5 |",
        "Before it [@one]. It fell to 0.25.",
    ],
)
def test_a_number_without_a_source(project: Project, text: str) -> None:
    assert len(found(project, f"# Page\n\n{text}\n")) == 1
    assert found(project, f"# Page\n\n{text}\n")[0].startswith("docs/page.md:3: ")


@pytest.mark.parametrize(
    "text",
    [
        "It fell to {claim:fell}.",
        "It fell to 0.25 of it [@one].",
        "Version 2 of two, in 1997, chapter 3.",
        "The code says `0.25` and $x = 0.25$.",
        "See [this](http://a.b/0.25) and part 3.2.1 of gpt-4.5.",
        "```text\n0.25\n```",
    ],
)
def test_a_number_that_needs_none(project: Project, text: str) -> None:
    assert found(project, f"# Page\n\n{text}\n") == []


def test_an_exception_with_its_reason(project: Project) -> None:
    front = "---\nnumbers:\n  - {text: '0.25', reason: chosen}\n---\n"
    assert found(project, front + "# Page\n\nSay 0.25.\n") == []
    assert found(project, front + "# Page\n\nSay nothing.\n") == [
        "docs/page.md:3: numbers: '0.25' is not in the prose"
    ]
