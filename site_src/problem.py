"""What is wrong, and where: the one form in which every check reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One defect in one file.

    Args:
        path: The file, relative to the repository.
        line: The line in it, counted from 1.
        message: One line that says what is wrong and what would mend it.
        detail: Further lines, such as the page's part of a traceback.
        missing: Nothing is wrong there: something is still to be written.
    """

    path: str
    line: int
    message: str
    detail: str = ""
    missing: bool = False

    def __str__(self) -> str:
        head = f"{self.path}:{self.line}: {self.message}"
        return f"{head}\n{self.detail}" if self.detail else head

    @property
    def turn(self) -> tuple[bool, int, Problem]:
        """When somebody should take it up: wrong things first, then a page's files."""
        step = next((n for n, s in enumerate(_STEPS) if self.path.startswith(s)), 0)
        return self.missing, step if self.missing else 0, self


_STEPS = ("snippets/", "tests/", "docs/")  # in which one writes a page


class Problems(Exception):
    """Raised with everything that was found, never with the first alone."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))
