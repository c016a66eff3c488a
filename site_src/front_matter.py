"""The front matter of pages as typed records, every error with its line."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from site_src.choices import Baseline, Choice
from site_src.execution.limits import read_limits
from site_src.page import Page
from site_src.problem import Problem

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+/[a-z0-9_]+$")]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Predecessor(_Record):
    """An architecture that came before, and what it left unsolved."""

    slug: Slug
    problem: Text


class Relation(_Record):
    """An architecture that a reader may want next, and why."""

    slug: Slug
    reason: Text


class Complexity(_Record):
    """Cost in the length of the sequence, or in pixels.

    Args:
        time: To train on one example.
        memory: To train on one example.
        generating: What is held while it generates; null where it does not.
        path: The most steps between two places of the input.
        parallel: Whether all places of an example are trained at once.
    """

    time: Text
    memory: Text
    generating: Text | None
    path: Text
    parallel: bool


class Number(_Record):
    """A number in the prose that is neither measured nor cited, and why."""

    text: Text
    reason: Text


class ArchitectureRecord(_Record):
    """What a page says of its architecture in its front matter.

    Args:
        title: The architecture's name in words.
        tagline: One sentence: what it does and why it exists.
        also_known_as: Other names.
        year: Of the paper.
        paper: Its key in references.bib.
        level: For whom.
        modalities: What it works on, such as text.
        tasks: What it is used for.
        snippets: The files it owns, such as family/slug.
        predecessors: What came before.
        related: Where to go next.
        objective: What its training minimises, in a few words.
        complexity: Cost formulas.
        key_ideas: Three to five sentences.
        choices: Reasons for and against it, for the chooser.
        numbers: Numbers in the prose that need neither claim nor citation.
        limits: See `site_src.execution.limits`.
    """

    title: Text
    tagline: Text
    also_known_as: list[Text]
    year: Annotated[int, Field(ge=1940, le=2100)]
    paper: Text
    level: Literal["introductory", "intermediate", "advanced"]
    modalities: Annotated[list[Text], Field(min_length=1)]
    tasks: Annotated[list[Text], Field(min_length=1)]
    snippets: list[Slug]
    predecessors: list[Predecessor]
    related: list[Relation]
    objective: Text
    complexity: Complexity
    key_ideas: Annotated[list[Text], Field(min_length=3, max_length=5)]
    choices: Annotated[list[Choice], Field(min_length=1)]
    numbers: list[Number] = []
    limits: Any = None


class Stop(_Record):
    """One page of a track.

    Args:
        page: Its name, such as family/slug or foundations/slug.
        why: What the reader gets there, in one sentence.
    """

    page: Slug
    why: Text


class TrackRecord(_Record):
    """The front matter of a track through the pages.

    Args:
        title: Its name.
        tagline: For whom it is, in one sentence.
        order: Its place among the tracks.
        outcomes: What the reader will be able to do.
        stops: The pages, in their order.
    """

    title: Text
    tagline: Text
    order: Annotated[int, Field(ge=1)]
    outcomes: Annotated[list[Text], Field(min_length=2, max_length=6)]
    stops: Annotated[list[Stop], Field(min_length=2)]
    numbers: list[Number] = []


class LabRecord(_Record):
    """What a lab says of itself.

    Args:
        title: What is made in it.
        tagline: One sentence.
        outcomes: What its reader can do after it.
        needs: What its reader has to bring.
        builds_on: Pages that explain what it makes, such as family/slug.
        minutes: How long it takes to read and to try.
        numbers: As of an architecture.
        limits: See `site_src.execution.limits`.
    """

    title: Text
    tagline: Text
    outcomes: Annotated[list[Text], Field(min_length=2, max_length=5)]
    needs: Annotated[list[Text], Field(min_length=1)]
    builds_on: list[Slug]
    minutes: Annotated[int, Field(ge=5, le=240)]
    numbers: list[Number] = []
    limits: Any = None


class PlainRecord(_Record):
    """The front matter of any other page; it may own snippets, or tell of baselines."""

    title: Text | None = None
    tagline: Text | None = None
    snippets: list[Slug] = []
    baselines: list[Baseline] = []
    numbers: list[Number] = []
    hide: list[Literal["navigation", "toc", "footer"]] = []
    search: dict[Literal["exclude"], bool] = {}
    limits: Any = None


def check(page: Page) -> list[Problem]:
    """What is wrong with a page's front matter."""
    return list(_problems(page))


@functools.lru_cache(maxsize=1024)
def _problems(page: Page) -> list[Problem]:
    if page.front_matter_problems:
        return page.front_matter_problems
    if page.faults:
        return []  # what stands where in the file is not known
    if page.is_architecture and not page.meta:
        return [Problem(page.path, 1, "an architecture page starts with front matter")]
    found = []
    message = read_limits(page.meta.get("limits"))[1]
    if message:
        found.append(Problem(page.path, page.line_of("limits"), message))
    for name, value in _texts(page.meta):
        if re.search(r"<[a-zA-Z/!?]", value):
            message = f"front matter: {name}: holds HTML; write plain text"
            found.append(Problem(page.path, page.line_of(name), message))
    model = _model(page)
    try:
        model.model_validate(page.meta)
    except ValidationError as error:
        for fault in error.errors():
            where = ".".join(map(str, fault["loc"]))
            text = _explain(where, fault["type"], fault["msg"], model)
            found.append(Problem(page.path, page.line_of(where), text))
    return found


def _model(page: Page) -> type[_Record]:
    if page.is_lab:
        return LabRecord
    if page.is_architecture:
        return ArchitectureRecord
    return TrackRecord if page.slug.startswith("tracks/") else PlainRecord


def _texts(data: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a page's front matter, with the names that lead to it."""
    if isinstance(data, str):
        yield where, data
    elif isinstance(data, dict | list):
        pairs = data.items() if isinstance(data, dict) else enumerate(data)
        for name, part in pairs:
            yield from _texts(part, f"{where}.{name}".lstrip("."))


@functools.lru_cache(maxsize=1024)
def record(page: Page) -> ArchitectureRecord:
    """The typed front matter of an architecture page that `check` found good."""
    return ArchitectureRecord.model_validate(page.meta)


def baselines(page: Page) -> list[Baseline]:
    """The baselines that a page with good front matter tells of."""
    return [Baseline.model_validate(each) for each in page.meta.get("baselines") or ()]


def track(page: Page) -> TrackRecord:
    """The typed front matter of a track that `check` found good."""
    return TrackRecord.model_validate(page.meta)


def _explain(where: str, kind: str, message: str, model: type[BaseModel]) -> str:
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(where, model.model_fields, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"front matter: unknown key {where}{hint}"
    if kind == "missing":
        return f"front matter: {where} is missing"
    return f"front matter: {where}: {message[0].lower()}{message[1:]}"
