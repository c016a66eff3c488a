"""Long paragraphs: each at its first line; lists, tables and code are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from site_src.lint.paragraphs import check
from site_src.page import Page

LONG = "word " * 60


def problems(text: str) -> list[str]:
    head = "---\ntitle: A\n---\n\n"
    return [str(p) for p in check(Page(Path("/nowhere"), "docs/a.md", head + text))]


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG}\n\n{LONG}\n",
        f"- {LONG}\n- {LONG}\n",
        f"1. {LONG}\n2. {LONG}\n",
        f"| {LONG} |\n|---|\n| {LONG} |\n",
        f"```text\n{LONG}\n{LONG}\n```\n",
        f"{LONG}\n\n```text\nx\n```\n\n{LONG}\n",
    ],
)
def test_what_is_no_long_paragraph(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{LONG}\n{LONG}\n", 5),
        (f"Short.\n\n{LONG}{LONG}\n\nShort.\n", 7),
        (f"- One\n- {LONG}\n  {LONG}\n", 6),
        (f"{LONG}{LONG}", 5),
    ],
)
def test_a_long_one_is_told_at_its_first_line(text: str, line: int) -> None:
    (found,) = problems(text)
    assert found.startswith(f"docs/a.md:{line}: a paragraph of 12")
