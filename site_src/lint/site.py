"""Every check that needs no execution, over the whole repository."""

from __future__ import annotations

from pathlib import Path

from site_src import glossary
from site_src.citations import read_bibliography
from site_src.lint import pages as page_checks
from site_src.lint import questions, records, snippet
from site_src.page import read_pages
from site_src.problem import Problem


def everything(root: Path) -> list[Problem]:
    """What is wrong with pages, bibliography, snippets and records as they stand."""
    pages = read_pages(root)
    found = page_checks.check(pages, read_bibliography(root))
    for page in pages:
        if page.is_architecture:
            found += questions.check(page)
    found += glossary.check(root)
    found += records.check(root, (name for page in pages for name in page.snippets))
    for path in sorted((root / "snippets").glob("*/*.py")):
        found += snippet.style(path)
    return found
