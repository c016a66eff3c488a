"""The record of a snippet's checks: what it holds, and whether it still holds."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from site_src.kept import content
from site_src.measurements import names_of, read_part, record_file, write_part
from site_src.proof.identity import identity, measured_by

PART = "proof"  # benchmarks stand beside it in the same file


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Comparison(_Part):
    """One comparison with an independent implementation.

    Args:
        test: The test that made it.
        reference: Full name of the class that was compared with.
        dtype: Floating type of the whole comparison.
        tolerance: The largest relative error that would have passed.
        errors: Largest difference by largest number, by output or gradient.
    """

    test: str
    reference: str
    dtype: str
    tolerance: float
    errors: dict[str, float]

    @property
    def largest(self) -> float:
        """Its largest relative error."""
        return max(self.errors.values(), default=0.0)


class Caught(_Part):
    """A mistake that was planted and caught.

    Args:
        what: What was done wrong.
        seen: What a user would see of it.
        report: Where someone met it, as "owner/repository#number"; may be empty.
        by: The first test that failed.
    """

    what: str
    seen: str
    report: str
    by: str


class Reference(_Part):
    """A class that the snippet's header names, and the version that was there.

    Args:
        name: Such as "package.module.Class".
        version: Of the package.
    """

    name: str
    version: str

    def made(self, comparison: Comparison) -> bool:
        """Whether a comparison was with this class, wherever its module lies."""
        ours, theirs = self.name.split("."), comparison.reference.split(".")
        return (ours[0], ours[-1]) == (theirs[0], theirs[-1])


class Proof(_Part):
    """What was measured, of what, with what, where and when.

    Args:
        snippet: Its name, such as "family/slug".
        identity: Of its code.
        measured_by: Path → identity of the code that measured.
        checked_against: The header's entry, in its words.
        references: The classes that this entry names.
        tests: How many tests passed.
        comparisons: All comparisons.
        mistakes: All planted mistakes.
        environment: torch, Python and platform; shown, not compared.
        date: Day in UTC.
        commit: The commit that was checked out; empty outside of git.
        dirty: Whether a measured or measuring file differed from it.
    """

    snippet: str
    identity: str
    measured_by: dict[str, str]
    checked_against: str
    references: list[Reference]
    tests: int
    comparisons: list[Comparison]
    mistakes: list[Caught]
    environment: dict[str, str]
    date: str
    commit: str
    dirty: bool

    def stale(self, root: Path) -> str:
        """What changed since, such as "tests/parity.py changed"; "" if nothing did."""
        snippet = f"snippets/{self.snippet}.py"
        if identity((root / snippet).read_text(encoding="utf-8")) != self.identity:
            return f"{snippet} changed"
        today = measured_by(root, self.snippet)
        for path in sorted(today.keys() | self.measured_by.keys()):
            if today.get(path) != self.measured_by.get(path):
                return f"{path} changed"
        return ""


def read(root: Path, name: str) -> Proof | None:
    """A snippet's record, or None where it has none.

    Raises:
        ValueError: The file is no record; the message is one line.
    """
    try:
        data = read_part(root / record_file(name), PART)
        if data is None:
            return None
        proof = Proof.model_validate(data)
        if proof.snippet != name:
            raise ValueError(f"it is the record of {proof.snippet}")
        return proof
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"no record: {where}: {first['msg'].lower()}") from None
    except ValueError as error:
        raise ValueError(f"no record: {error}") from None


def made_of(root: Path) -> dict[str, str]:
    """By snippet one hash of its file, its record and what makes that stale."""
    tests = [content(path) for path in sorted((root / "tests").rglob("*.py"))]
    found = {}
    for name in names_of(root):
        files = (root / f"snippets/{name}.py", root / record_file(name))
        whole = repr((name, tests, *map(content, files)))
        found[name] = hashlib.sha256(whole.encode()).hexdigest()
    return found


def write(root: Path, proof: Proof) -> None:
    """Write a record, leaving other parts of its file as they are."""
    write_part(root / record_file(proof.snippet), PART, proof.model_dump())


def renewal(name: str) -> str:
    """The command that renews a record."""
    return f"python -m site_src record {name}"


def references_in(header: str) -> list[str]:
    """The dotted names of classes in a header's entry "Checked against"."""
    return re.findall(r"[A-Za-z_][\w.]*\.[A-Z]\w*", header)
