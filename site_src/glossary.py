"""The terms of docs/glossary.md, and where a text uses one for the first time."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from site_src.problem import Problem

PATH = "docs/glossary.md"
_ALSO = re.compile(r"\*Also: ([^*]+)\.\*\s*")
_SENTENCES = 3


@dataclass(frozen=True)
class Term:
    """An entry of the glossary.

    Args:
        name: As it stands in the glossary.
        also: Other names of the same thing.
        text: Its definition, one to three plain sentences.
        line: Where it stands.
    """

    name: str
    also: tuple[str, ...]
    text: str
    line: int

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return "term-" + re.sub(r"\W+", "-", self.name.lower()).strip("-")


@dataclass(frozen=True)
class Glossary:
    """All terms, in the order of the page."""

    terms: tuple[Term, ...]

    @classmethod
    def read(cls, root: Path) -> Glossary:
        """Read docs/glossary.md; without one there are no terms."""
        path = root / PATH
        return cls(tuple(_entries(path.read_text("utf-8")) if path.exists() else ()))

    @functools.cached_property
    def by_anchor(self) -> dict[str, Term]:
        """Id → term."""
        return {term.anchor: term for term in self.terms}

    @functools.cached_property
    def _names(self) -> dict[str, Term]:
        return {n.lower(): t for t in self.terms for n in (t.name, *t.also)}

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        names = sorted(
            (name for term in self.terms for name in (term.name, *term.also)),
            key=lambda name: (-len(name), name),
        )
        any_name = "|".join(map(_as_written, names))
        return re.compile(rf"(?<![\w-])(?:{any_name})(?:e?s)?(?![\w-])")

    def uses(self, text: str) -> Iterator[tuple[int, int, Term]]:
        """Where a text names terms: start, end, term; the longest name wins."""
        if not self.terms:
            return
        for match in self._pattern.finditer(text):
            word = match[0].lower()
            for name in (word, word.removesuffix("s"), word.removesuffix("es")):
                if name in self._names:
                    yield match.start(), match.end(), self._names[name]
                    break


def check(root: Path) -> list[Problem]:
    """What is wrong with the glossary: order, doubles, length."""
    glossary = Glossary.read(root)
    found, seen = [], dict[str, str]()
    for before, term in zip((None, *glossary.terms), glossary.terms, strict=False):
        if before and before.name.lower() > term.name.lower():
            text = f"{term.name} stands after {before.name}; order them by the alphabet"
            found.append(Problem(PATH, term.line, text))
        for name in (term.name, *term.also):
            if name.lower() in seen:
                text = f"{name} is explained twice, also under {seen[name.lower()]}"
                found.append(Problem(PATH, term.line, text))
            seen[name.lower()] = term.name
        count = len(re.findall(r"[.!?](?=\s|$)", term.text))
        if not 1 <= count <= _SENTENCES:
            text = f"{term.name} has {count} sentences; one to {_SENTENCES} are right"
            found.append(Problem(PATH, term.line, text))
    return found


def _entries(text: str) -> Iterator[Term]:
    lines = text.splitlines()
    for number, line in enumerate(lines[1:], 2):
        if not line.startswith(":   "):
            continue
        parts = [line[4:].strip()]
        for more in lines[number:]:
            if not more.startswith("    "):
                break
            parts.append(more.strip())
        said = " ".join(parts)
        also = _ALSO.match(said)
        names = tuple(also[1].split(", ")) if also else ()
        definition = said[also.end() :] if also else said
        yield Term(lines[number - 2].strip(), names, definition, number - 1)


def _as_written(name: str) -> str:
    """A pattern: words of small letters in any case, abbreviations only as they are."""
    if re.search(r"[A-Z].*[A-Z]|\d", name):
        return re.escape(name)
    return rf"(?i:{re.escape(name)})"
