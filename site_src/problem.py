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
    """

    path: str
    line: int
    message: str
    detail: str = ""

    def __str__(self) -> str:
        head = f"{self.path}:{self.line}: {self.message}"
        return f"{head}\n{self.detail}" if self.detail else head


class Problems(Exception):
    """Raised with everything that was found, never with the first alone."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))
