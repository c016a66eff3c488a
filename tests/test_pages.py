"""The repository's own pages, as far as they can be judged without running them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from site_src.lint.site import everything

ROOT = Path(__file__).parents[1]


def test_no_page_bibliography_or_snippet_has_a_problem() -> None:
    assert [str(problem) for problem in everything(ROOT)] == []


def test_no_number_hangs_on_a_library_that_the_tests_alone_install() -> None:
    """Where only the site is set up, a table leaves such a library out."""
    text = (ROOT / "pyproject.toml").read_text()
    extras = tomllib.loads(text)["project"]["optional-dependencies"]
    name = re.compile(r"[\w-]+")
    alone = {name.match(line)[0] for line in extras["test"]}
    number = re.compile(r"""\.(?:ratio|exponent|kept)\(\s*["'](\w+)\.""")
    found = {
        (path.relative_to(ROOT).as_posix(), library)
        for path in (ROOT / "docs").rglob("*.*")
        if path.suffix in (".md", ".py")
        for library in number.findall(path.read_text())
    }
    assert {"torch"} <= {library for _, library in found}
    assert [(path, library) for path, library in found if library in alone] == []
