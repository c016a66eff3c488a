"""Tables that blocks print: plain rows, and the shapes of a snippet's example."""

from __future__ import annotations

import html
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from site_src.claims import with_power

_NUMBER = re.compile(r"[−-]?[\d.,\s×⁻⁰¹²³⁴⁵⁶⁷⁸⁹±%]+\S{0,4}")


def inline(text: str) -> str:
    """Escape a caption or cell; backticks become code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def show(
    rows: Sequence[Sequence[object]], *, header: Sequence[str], caption: str
) -> None:
    """Print rows as an HTML table (see `site_src.table`)."""
    from site_src.execution import session

    session.require().need_html("table")
    print(table(rows, header=header, caption=caption))


def table(
    rows: Sequence[Sequence[object]], *, header: Sequence[str], caption: str
) -> str:
    """Rows as an HTML table; columns of numbers stand to the right.

    Raises:
        ValueError: When there is no row, or one has not as many cells as the header.
    """
    # `zip` can be gone through but once.
    cells = [tuple(with_power(str(cell)) for cell in row) for row in rows]
    if not cells:
        raise ValueError(f"a table without rows: {caption}")
    for number, row in enumerate(cells, 1):
        if len(row) != len(header):
            raise ValueError(
                f"row {number} has {len(row)} cells, the header has {len(header)}"
            )
    numeric = [
        all(_NUMBER.fullmatch(row[column].strip()) for row in cells)
        for column in range(len(header))
    ]
    head = "".join(
        f'<th scope="col"{_aligned(right)}>{inline(name)}</th>'
        for name, right in zip(header, numeric, strict=True)
    )
    body = "".join(f"<tr>{_cells(row, numeric)}</tr>" for row in cells)
    return framed(head, body, caption)


def framed(head: str, body: str, caption: str) -> str:
    """A table around the cells of its head row and the rows of its body."""
    return (
        '<div class="computed-table" tabindex="0" role="region" data-search-exclude '
        f'aria-label="{html.escape(caption, quote=True)}">'
        f'<table class="values"><caption><span>{inline(caption)}</span></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(row: Sequence[str], numeric: Sequence[bool]) -> str:
    first, *rest = (inline(cell) for cell in row)
    cells = "".join(
        f"<td{_aligned(right)}>{cell}</td>"
        for cell, right in zip(rest, numeric[1:], strict=True)
    )
    return f'<th scope="row">{first}</th>{cells}'


def _aligned(right: bool) -> str:
    return ' class="number"' if right else ""


def show_shapes(example: Callable[..., Any]) -> None:
    """Run an example and print its inputs and outputs (see `site_src.shapes`)."""
    import torch

    module, inputs = example()
    names = [*inspect.signature(module.forward).parameters]
    with torch.no_grad():
        outputs = module(*inputs)
    rows: list[tuple[str, ...]] = []
    for name, value in zip(names, inputs, strict=False):
        rows += _rows("in", name, value)
    rows += _rows("out", "output", outputs)
    source = inspect.getmodule(example)
    where = source.__name__.removeprefix("snippets.") if source else "the snippet"
    show(
        rows,
        header=["way", "name", "shape", "dtype"],
        caption=f"What `example()` of {where.replace('.', '/')}.py takes and returns",
    )


def _rows(way: str, name: str, value: Any) -> Iterator[tuple[str, ...]]:
    if hasattr(value, "shape"):
        shape = str(tuple(value.shape))
        yield way, f"`{name}`", f"`{shape}`", str(value.dtype).removeprefix("torch.")
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _rows(way, f"{name}.{key}", part)
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _rows(way, f"{name}[{number}]", part)
