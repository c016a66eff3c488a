"""Faults, planted in copies of the specimen, so that a check is seen to fail."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from site_src.problem import Problem

SPECIMEN = Path(__file__).with_name("specimen.py")
NAME = "snippets/toy/elman.py"
OTHER = '''"""Another."""


def twice(size: int) -> int:
    """Double.

    Args:
        size: a size.
    """
    return 2 * size
'''


class Fault(NamedTuple):
    """A violation, planted by replacing text.

    Args:
        old: What stands in the specimen, once; nothing is replaced without.
        new: What stands there instead.
        at: Words on the first line that has to be reported.
        says: Words of the message.
        also: Problems that follow from it on other lines.
    """

    old: str = ""
    new: str = ""
    at: str = ""
    says: str = ""
    also: int = 0


def plant(folder: Path, fault: Fault) -> Path:
    """Write a copy of the specimen with a fault, and another snippet beside it."""
    text = SPECIMEN.read_text()
    if fault.old:
        assert text.count(fault.old) == 1, f"{text.count(fault.old)} x {fault.old!r}"
        text = text.replace(fault.old, fault.new)
    path = folder / NAME
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.with_name("other.py").write_text(OTHER)
    return path


def assert_reported(problems: list[Problem], path: Path, fault: Fault) -> None:
    """The fault is reported at its line, in its words, and little else is."""
    lines = enumerate(path.read_text().splitlines(), start=1)
    line = next(number for number, text in lines if fault.at in text)
    shown = [str(problem) for problem in problems]
    assert len(problems) == 1 + fault.also, shown
    found = [problem for problem in problems if fault.says in problem.message]
    assert [(p.path, p.line) for p in found[:1]] == [(NAME, line)], (line, shown)
