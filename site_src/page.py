"""A page as the site sees it: path, front matter, headings, executed blocks."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from site_src import labs
from site_src.execution.limits import Limits, read_limits
from site_src.fences import Block, Fences, scan
from site_src.problem import Problem, Problems

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*(\{[^}]*\})?\s*$")
_Fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Heading:
    """A heading of a page."""

    level: int
    text: str
    line: int


@dataclass(frozen=True)
class Page:
    """One Markdown file below docs/, or one lab, read as Markdown.

    Args:
        root: The repository.
        path: The file, relative to the repository.
        text: Its content.
        faults: What kept a lab from being read.
    """

    root: Path
    path: str
    text: str
    faults: tuple[Problem, ...] = ()

    @classmethod
    def read(cls, root: Path, path: Path) -> Page:
        """Read a page from disk."""
        name = path.relative_to(root).as_posix()
        raw = path.read_bytes()
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise Problems([Problem(name, line, "this line is not UTF-8")]) from None
        return _page(root, name, text)

    @property
    def slug(self) -> str:
        """The path below docs/ without its ending: "architectures/family/slug"."""
        return self.path.removeprefix("docs/").rpartition(".")[0]

    @property
    def uri(self) -> str:
        """The Markdown file below docs/ that MkDocs takes it for."""
        return f"{self.slug}.md"

    @property
    def is_lab(self) -> bool:
        """Whether it is a notebook."""
        return self.path.startswith(f"{labs.FOLDER}/") and self.path.endswith(".py")

    @property
    def is_architecture(self) -> bool:
        """Whether the page follows the eight sections."""
        return self.slug.startswith("architectures/")

    @property
    def name(self) -> str:
        """The short name by which other pages call it: "family/slug"."""
        return self.slug.removeprefix("architectures/")

    @functools.cached_property
    def fences(self) -> Fences:
        """Its fenced blocks."""
        found = scan(self.path, self.text)
        problems = (*self.faults, *found.problems)
        return dataclasses.replace(found, problems=problems)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks that are executed."""
        return self.fences.blocks

    @functools.cached_property
    def headings(self) -> tuple[Heading, ...]:
        """Its headings outside of fences and front matter."""
        found = []
        for number, line in enumerate(self.text.splitlines(), 1):
            if number in self.fences.fenced or number <= self._front_matter_end:
                continue
            match = _HEADING.match(line)
            if match:
                found.append(Heading(len(match[1]), match[2], number))
        return tuple(found)

    @property
    def prose(self) -> Iterator[tuple[int, str]]:
        """Lines with their numbers, without front matter, fences and comments."""
        for number, line in enumerate(self.text.splitlines(), 1):
            if number > self._front_matter_end and number not in self.fences.fenced:
                yield number, line

    @property
    def head(self) -> str:
        """The front matter as it is written."""
        return "\n".join(self.text.splitlines()[: self._front_matter_end])

    @functools.cached_property
    def _front_matter_end(self) -> int:
        lines = self.text.splitlines()
        if not lines or lines[0].rstrip() != "---":
            return 0
        for number, line in enumerate(lines[1:], 2):
            if line.rstrip() in ("---", "..."):
                return number
        return 0

    @functools.cached_property
    def _front_matter(self) -> tuple[dict[str, Any], dict[str, int], list[Problem]]:
        end = self._front_matter_end
        if end == 0:
            faults = []
            if self.text.startswith("---"):
                faults = [Problem(self.path, 1, "the front matter is never closed")]
            return {}, {}, faults
        text = "\n" + "\n".join(self.text.splitlines()[1 : end - 1]) + "\n"
        try:
            try:
                data, lines = _read_yaml(text, _Fast)
            except yaml.MarkedYAMLError:  # the slow one says it in better words
                data, lines = _read_yaml(text, yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            message = f"front matter is not YAML: {error.problem}"
            return {}, {}, [Problem(self.path, line, message)]
        if data is None:
            return {}, {}, []
        if not isinstance(data, dict):
            fault = Problem(self.path, 2, "the front matter must be a mapping")
            return {}, {}, [fault]
        return data, lines, []

    @property
    def meta(self) -> dict[str, Any]:
        """The front matter as YAML read it."""
        return self._front_matter[0]

    @property
    def title(self) -> str:
        """Its title in words, or its name where there is none."""
        return str(self.meta.get("title", self.name))

    @functools.cached_property
    def snippets(self) -> list[str]:
        """The snippets that the page owns, such as "family/slug"."""
        named = self.meta.get("snippets")
        return [str(name) for name in named] if isinstance(named, list) else []

    @property
    def front_matter_problems(self) -> list[Problem]:
        """What keeps the front matter from being read at all."""
        return self._front_matter[2]

    def line_of(self, key: str) -> int:
        """The line of a front matter entry such as "predecessors.0.slug"."""
        lines = self._front_matter[1]
        while key and key not in lines:
            key = key.rpartition(".")[0]
        return lines.get(key, 1)

    @functools.cached_property
    def limits(self) -> Limits:
        """What the page may use up."""
        return read_limits(self.meta.get("limits"))[0]


def _read_yaml(text: str, make: Any) -> tuple[Any, dict[str, int]]:
    """What a text says, and the line of each of its entries."""
    lines: dict[str, int] = {}
    loader = make(text)
    try:
        tree = loader.get_single_node()
        _note_lines(tree, "", lines)
        return None if tree is None else loader.construct_document(tree), lines
    finally:
        loader.dispose()


def _note_lines(node: yaml.Node | None, prefix: str, lines: dict[str, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{prefix}{key.value}"
            lines[name] = key.start_mark.line + 1
            _note_lines(value, name + ".", lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[f"{prefix}{number}"] = value.start_mark.line + 1
            _note_lines(value, f"{prefix}{number}.", lines)


@functools.lru_cache(maxsize=1024)
def _page(root: Path, name: str, text: str) -> Page:
    """The page of a text; whoever reads the same again gets what is known of it."""
    if not name.endswith(".py"):
        return Page(root, name, text)
    lab = labs.read(name, text)
    return Page(root, name, lab.markdown, lab.problems)


def read_pages(root: Path) -> list[Page]:
    """All pages below docs/, labs among them, in the order of their paths."""
    paths = [*(root / "docs").rglob("*.md"), *(root / labs.FOLDER).glob("*.py")]
    return [Page.read(root, path) for path in sorted(paths)]
