"""The self-check at a page's end: each fault of its form at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from site_src.lint.questions import check
from site_src.page import Page

HEAD = "## Related architectures\n\n- One.\n\n### Check yourself\n"
ASKED = [
    f'\n??? question "Why {number}?"\n\n    Because {number}, see [it](#block-1).\n'
    for number in range(7)
]
DO = '\n??? question "What does it say?"\n\n    Ask the [demo](#demo): {claim:it}.\n'
CHANGE = DO.replace("#demo", "#a_net.py-L42")


def problems(text: str) -> list[str]:
    page = Page(Path("/nowhere"), "docs/architectures/a/net.md", text)
    return [str(p).replace("docs/architectures/a/", "") for p in check(page)]


@pytest.mark.parametrize("last", [DO, CHANGE])
@pytest.mark.parametrize("count", [3, 5])
def test_a_good_one(last: str, count: int) -> None:
    assert problems(HEAD + "".join(ASKED[:count]) + last) == []


@pytest.mark.parametrize("count", [2, 6])
def test_too_few_and_too_many(count: int) -> None:
    text = HEAD + "".join(ASKED[:count]) + DO
    assert problems(text) == [f"net.md:5: {count + 1} questions, not 4 to 6"]


def test_nothing_to_do() -> None:
    (found,) = problems(HEAD + "".join(ASKED[:4]))
    assert found.startswith("net.md:5: no question sends the reader to the [demo]")


@pytest.mark.parametrize("title", ["{claim:x}?", "[This](#a)?", "Is $x$?"])
def test_a_title_that_is_not_plain(title: str) -> None:
    text = HEAD + "".join(ASKED[:4]).replace("Why 0?", title) + DO
    (found,) = problems(text)
    assert found.startswith("net.md:7: a question is plain words")


@pytest.mark.parametrize("answer", ["", "Because 3, see [it](#block-1).\n"])
def test_no_answer(answer: str) -> None:
    whole = "    Because 3, see [it](#block-1).\n"
    text = HEAD + "".join(ASKED[:4]).replace(whole, answer) + DO
    (found,) = problems(text)
    assert found.startswith("net.md:19: a question without an answer")


def test_an_answer_of_the_demo_is_computed() -> None:
    text = HEAD + "".join(ASKED[:4]) + DO.replace("{claim:it}", "it says no")
    (found,) = problems(text)
    assert found.startswith("net.md:23: an answer says what the demo shows")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("## Related architectures\n\n- One.\n", 3),
        (HEAD.replace("###", "####") + "".join(ASKED[:4]) + DO, 5),
        (HEAD + "".join(ASKED[:4]) + DO + "\n### More\n", 5),
        (HEAD + "".join(ASKED[:4]) + DO + HEAD, 5),
    ],
)
def test_the_section_is_one_and_the_last(text: str, line: int) -> None:
    (found,) = problems(text)
    assert found.startswith(f"net.md:{line}: the page ends with one section")
