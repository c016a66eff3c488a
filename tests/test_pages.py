"""The repository's own pages, as far as they can be judged without running them."""

from __future__ import annotations

from pathlib import Path

from site_src.lint.site import everything

ROOT = Path(__file__).parents[1]


def test_no_page_bibliography_or_snippet_has_a_problem() -> None:
    assert [str(problem) for problem in everything(ROOT)] == []
