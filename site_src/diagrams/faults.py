"""What is wrong with a layout, line by line, until all of it can be told at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """One of the texts of a layout, such as its grid.

    Args:
        text: As the page wrote it.
        line: The page's line on which the text begins.
    """

    text: str
    line: int = 1

    def rows(self) -> Iterator[tuple[int, str]]:
        """Yield the rows that are not blank, with their lines on the page."""
        for number, row in enumerate(self.text.split("\n"), self.line):
            if row.strip():
                yield number, row.strip()


@dataclass
class Faults:
    """Everything found so far.

    Args:
        found: Line on the page and message.
    """

    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, message: str) -> None:
        """Note a fault."""
        self.found.append((line, message))

    def __bool__(self) -> bool:
        return bool(self.found)


def one_of(names: Iterable[str], wrong: str) -> str:
    """Say which names there are, or the one that was probably meant."""
    known = sorted(set(names))
    near = difflib.get_close_matches(wrong, known, 1, 0.75)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
