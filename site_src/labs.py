"""Labs: notebooks in the percent format, read as pages line by line.

A lab is a Python file below docs/labs/: a header of front matter in comments, then
cells that begin with `# %% [markdown]` or `# %%`. Read as a page, every line keeps
its number, so what goes wrong on the page is reported at its line of the file.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from site_src.problem import Problem

FOLDER = "docs/labs"

_MARKER = re.compile(r"^# %%(?P<rest>.*)$")
_MARKDOWN = re.compile(r"^\s+\[(?:markdown|md)\]\s*$")
_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,}).*\bexec\b")
_PLAIN = re.compile(r"(?:\s+\w+=(?:\"[^\"]*\"|'[^']*'))*\s*")
_RULE = "# ---"


@dataclass(frozen=True)
class Cell:
    """A cell of a lab.

    Args:
        line: The line of its marker, from 1; what it holds starts on the next.
        code: Whether it is code; otherwise Markdown.
        options: What its marker says of a code cell, such as `html="1"`.
        lines: What it holds; Markdown without its comment signs.
    """

    line: int
    code: bool
    options: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """What it holds, without empty lines around it."""
        return "\n".join(self.lines).strip("\n")


@dataclass(frozen=True)
class Lab:
    """A lab's file, taken apart.

    Args:
        header: The lines of its front matter with both rules, without comment signs.
        cells: Its cells in their order.
        problems: What keeps it from being read as a lab.
    """

    header: tuple[str, ...]
    cells: tuple[Cell, ...]
    problems: tuple[Problem, ...]

    @property
    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full name of all that its cells import, where they can be read."""
        for cell in self.cells:
            try:
                tree = ast.parse("\n".join(cell.lines) if cell.code else "")
            except SyntaxError:
                continue  # the run says so, at its line
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    for alias in node.names:
                        yield cell.line + node.lineno, alias.name
                elif isinstance(node, ast.ImportFrom):
                    for alias in node.names:
                        yield cell.line + node.lineno, f"{node.module}.{alias.name}"

    @property
    def markdown(self) -> str:
        """The lab as a page: each line stands where it stands in the file."""
        lines = list(self.header)
        for cell in self.cells:
            lines += [""] * (cell.line - 1 - len(lines))
            lines += _fenced(cell) if cell.code else ["", *cell.lines]
        return "\n".join(lines) + "\n"


def read(path: str, text: str) -> Lab:
    """Take a lab apart.

    Args:
        path: The file as it is to be reported.
        text: Its content.
    """
    lines = text.splitlines()
    problems: list[Problem] = []
    header = _header(path, lines, problems)
    starts = [n for n, line in enumerate(lines) if _MARKER.match(line)]
    first = starts[0] if starts else len(lines)
    for number in range(len(header), first):
        if lines[number].strip():
            message = "this stands before the first cell, which begins with # %%"
            problems.append(Problem(path, number + 1, message))
            break
    if not starts:
        problems.append(Problem(path, max(1, len(lines)), "a lab has cells: # %%"))
    cells = [
        _cell(path, start, lines[start:end], problems)
        for start, end in itertools.pairwise([*starts, len(lines)])
    ]
    for cell, following in itertools.pairwise(cells):
        if cell.code and cell.lines and cell.lines[-1].strip():
            message = "leave an empty line between the code and the next cell"
            problems.append(Problem(path, following.line, message))
    return Lab(tuple(header), tuple(cells), tuple(problems))


def _header(path: str, lines: list[str], problems: list[Problem]) -> list[str]:
    if not lines or lines[0].rstrip() != _RULE:
        message = f"a lab begins with its front matter in comments, between {_RULE}"
        problems.append(Problem(path, 1, message))
        return []
    found = ["---"]
    for number, line in enumerate(lines[1:], 2):
        if line.rstrip() == _RULE:
            return [*found, "---"]
        if line.rstrip() != "#" and not line.startswith("# "):
            message = "the front matter is not closed; its lines begin with #"
            problems.append(Problem(path, number, message))
            return []
        if _MARKER.match(line):
            break
        found.append(line[2:])
    problems.append(Problem(path, 1, "the front matter is never closed"))
    return []


def _cell(path: str, start: int, lines: list[str], problems: list[Problem]) -> Cell:
    match = _MARKER.match(lines[0])
    assert match is not None
    rest, inner = match["rest"], lines[1:]
    if not _MARKDOWN.match(rest):
        if not _PLAIN.fullmatch(rest):
            message = f"a cell is {_RULE[:1]} %% [markdown], or # %% with options"
            problems.append(Problem(path, start + 1, message))
            rest = ""
        if not any(line.strip() for line in inner):
            problems.append(Problem(path, start + 1, "this cell holds nothing"))
        return Cell(start + 1, True, rest.strip(), tuple(inner))
    bare = []
    for number, line in enumerate(inner, start + 2):
        if line.strip() and line.rstrip() != "#" and not line.startswith("# "):
            message = "a line of a Markdown cell begins with #; code has its own # %%"
            problems.append(Problem(path, number, message))
        bare.append("" if not line.strip() else line[2:])
        if _FENCE.match(bare[-1]):
            message = "code that runs has a cell of its own: # %%"
            problems.append(Problem(path, number, message))
            bare[-1] = ""
    return Cell(start + 1, False, "", tuple(bare))


def _fenced(cell: Cell) -> list[str]:
    """A code cell as an executed fence; its marker and last line hold the ticks.

    Code is shown unless it prints HTML, as what draws does; print is shown as text.
    """
    longest = max((len(t) for t in re.findall("`+", cell.text)), default=0)
    ticks = "`" * max(3, longest + 1)
    options = ['exec="1"', cell.options]
    if not re.search(r"\b(?:html|source)=", cell.options):
        options.insert(1, 'source="above"')
    if not re.search(r"\b(?:html|output|result)=", cell.options):
        options.append('result="text"')
    opening = f"{ticks}python {' '.join(filter(None, options))}"
    inner = list(cell.lines)
    if inner and not inner[-1].strip():
        inner.pop()
    return [opening, *inner, ticks]
