"""The scan of a page agrees with what Markdown runs, and refuses what is ambiguous."""

from __future__ import annotations

import textwrap

import pytest

from site_src.fences import scan


def blocks(text: str) -> list[tuple[int, str]]:
    found = scan("docs/x.md", textwrap.dedent(text))
    assert found.problems == ()
    return [(block.line, block.code.strip()) for block in found.blocks]


def faults(text: str) -> list[tuple[int, str]]:
    found = scan("docs/x.md", textwrap.dedent(text))
    return [(problem.line, problem.message) for problem in found.problems]


def test_plain_fences_are_not_executed() -> None:
    assert blocks('```python\n1\n```\n\n```python exec="no"\n2\n```\n') == []


def test_an_executed_fence_has_its_line() -> None:
    assert blocks('# A\n\n```python exec="1"\nprint(1)\n```\n') == [(3, "print(1)")]


def test_front_matter_is_not_scanned() -> None:
    assert blocks('---\nx: |\n  ```python exec="1"\n---\n') == []


def test_a_longer_fence_shows_a_shorter_one() -> None:
    assert blocks('````markdown\n```python exec="1"\n1\n```\n````\n') == []


def test_tildes_and_backticks_do_not_close_each_other() -> None:
    text = '~~~python exec="1"\nprint("""\n```\n""")\n~~~\n'
    assert blocks(text) == [(1, 'print("""\n```\n""")')]


def test_a_fence_in_an_admonition_is_dedented() -> None:
    text = '!!! note\n\n    ```python exec="1"\n    if 1:\n        x = 1\n    ```\n'
    assert blocks(text) == [(3, "if 1:\n    x = 1")]


def test_a_fence_in_a_list() -> None:
    assert blocks('- item\n\n    ```python exec="1"\n    1\n    ```\n') == [(3, "1")]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("```python exec\n1\n```\n", 1, 'exec stands alone; write exec="1"'),
        ("```python exec=1\n1\n```\n", 1, 'exec=1 is not quoted; write exec="1"'),
        ('a\n\n```python exec="1"\n1\n', 3, "this fence is never closed"),
        ('```exec="1"\n1\n```\n', 1, "write the language before exec"),
        ('```bash exec="1"\n1\n```\n', 1, "exec works for python, not for bash"),
        ('```python exec="1" htlm="1"\n1\n```\n', 1, "unknown option htlm"),
        (
            '<!--\n```python exec="1"\n1\n```\n-->\n',
            2,
            "an executed block inside an HTML comment would still run",
        ),
        (
            'text\n\n    ```python exec="1"\n    1\n    ```\n',
            3,
            "an executed block in indented code",
        ),
    ],
)
def test_what_is_ambiguous_is_refused(text: str, line: int, message: str) -> None:
    found = faults(text)
    assert len(found) == 1
    assert found[0][0] == line
    assert found[0][1].startswith(message)


def test_the_hash_knows_code_from_prose() -> None:
    one = scan("x", 'Prose.\n\n```python exec="1"\n1\n```\n').blocks[0]
    two = scan("x", 'Other prose.\n\nMore.\n\n```python exec="1"\n1\n```\n').blocks[0]
    three = scan("x", 'Prose.\n\n```python exec="1"\n2\n```\n').blocks[0]
    assert one.hash == two.hash != three.hash
