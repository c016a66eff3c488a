"""What the chooser asks, and the reasons that pages give for and against themselves."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from site_src.problem import Problem

if TYPE_CHECKING:
    from site_src.page import Page

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

CLAIM = re.compile(r"\{claim:([\w/#-]+)\}")
_NUMBER = re.compile(r"(?<![\w-])\d")  # not within a name
_APART = re.compile(r"`[^`]*`")


@dataclass(frozen=True)
class Question:
    """One thing that the chooser asks.

    Args:
        key: How front matter and addresses call it.
        words: How a reader is asked.
        answers: Key of an answer → the answer in words.
        of_all: Whether every page has to say something to each answer, because
            silence would pass for fitness.
    """

    key: str
    words: str
    answers: Mapping[str, str]
    of_all: bool = False


QUESTIONS = (
    Question(
        "data",
        "What does one example consist of?",
        {
            "table": "A row of a table: age, price, colour",
            "text": "Text",
            "image": "An image",
            "signal": "Measurements over time: sound, sensors, prices",
        },
        of_all=True,
    ),
    Question(
        "task",
        "What shall come out?",
        {
            "class": "A class for all of it: spam or not, which digit",
            "number": "A number for all of it: a price, a temperature",
            "generate": "New examples: text that goes on, a new image",
            "rewrite": "Another sequence: a translation, a summary, a transcript",
            "search": "What is most like it: search, grouping",
            "fill": "What is missing in it: a gap in the middle",
        },
        of_all=True,
    ),
    Question(
        "length",
        "How long or large is one example?",
        {
            "short": "Short: up to 100 words or steps, 32 × 32 pixels",
            "middle": "Middle: up to 2,000 words or steps, 256 × 256 pixels",
            "long": "Long: a book, a minute of raw sound, a large photograph",
        },
    ),
    Question(
        "examples",
        "How much do you have to learn from?",
        {
            "hundreds": "Hundreds of examples, or less",
            "thousands": "Thousands of examples",
            "millions": "Millions of examples, or a large heap of raw text",
            "published": "Few of my own, and a published model of such data",
        },
    ),
    Question(
        "answer",
        "When must the answer come?",
        {
            "stream": "At every step, while the input still comes in",
            "once": "In a moment, when the whole input is there",
        },
    ),
    Question(
        "memory",
        "Where shall it run?",
        {
            "small": "In a browser, on a phone, on a small computer",
            "gpu": "On one GPU or more",
        },
    ),
    Question(
        "stage",
        "What do you want to do?",
        {
            "train": "Train a model from nothing",
            "tune": "Train a published model on (fine-tuning)",
            "serve": "Run it for many people",
        },
    ),
)
BY_KEY = {question.key: question for question in QUESTIONS}
VERDICTS = {"for": "for", "against": "against", "cannot": "rules it out"}


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Choice(_Said):
    """A reason for or against an architecture.

    Args:
        asks: The key of a question.
        answers: Keys of those answers to it that the reason speaks to.
        verdict: Whether it is a reason for it, one against it, or rules it out.
        because: The reason in one sentence; its numbers are claims.
        shows: The heading of the section that shows it, `family/slug#` before it
            where that is on another page.
    """

    asks: Text
    answers: Annotated[list[Text], Field(min_length=1)]
    verdict: Literal["for", "against", "cannot"]
    because: Text
    shows: Text


class Baseline(_Said):
    """A model that is no architecture of this site, and often the honest answer.

    Args:
        name: A slug, by which addresses and reasons call it.
        title: Its name in words.
        tagline: One sentence: what it does.
        shows: The section about it, as of a choice.
        choices: Its reasons.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]
    title: Text
    tagline: Text
    shows: Text
    choices: Annotated[list[Choice], Field(min_length=1)]


def check(pages: Sequence[Page], every: Sequence[Page]) -> Iterator[Problem]:
    """Reasons on questions that nobody asks, without a source, twice, or not given.

    Args:
        pages: Those whose front matter is good.
        every: All pages, which a reason may point to.
    """
    known = {page.name: page for page in every}
    for page in pages:
        if page.is_architecture:
            yield from _choices(page, "", page.meta["choices"], known)
        for number, baseline in enumerate(page.meta.get("baselines") or ()):
            where = f"baselines.{number}."
            yield from _choices(page, where, baseline["choices"], known)
            text = f"baseline {baseline['name']}: shows: "
            for message in _shows(page, baseline["shows"], known):
                line = page.line_of(f"{where}shows")
                yield Problem(page.path, line, text + message)


def _choices(
    page: Page, where: str, said: Sequence[Mapping[str, Any]], known: Mapping[str, Page]
) -> Iterator[Problem]:
    """The faults of one list of reasons; `where` leads to it."""
    given: set[tuple[str, str]] = set()
    for number, choice in enumerate(said):

        def at(key: str, text: str, place: int = number) -> Problem:
            line = page.line_of(f"{where}choices.{place}.{key}")
            return Problem(page.path, line, f"choices: {key}: {text}")

        question = BY_KEY.get(choice["asks"])
        if question is None:
            yield at("asks", _unknown("question", choice["asks"], BY_KEY))
        for answer in choice["answers"] if question else ():
            pair = (choice["asks"], answer)
            if question and answer not in question.answers:
                what = f"answer to {question.key}"
                yield at("answers", _unknown(what, answer, question.answers))
            elif pair in given:
                yield at("answers", f"{answer} has a reason already")
            given.add(pair)
        for message in _shows(page, choice["shows"], known):
            yield at("shows", message)
        yield from _sentence(choice["because"], at)
    for question in QUESTIONS if said else ():
        for answer in question.answers if question.of_all else ():
            if (question.key, answer) not in given:
                text = f"choices: nothing is said to {question.key}: {answer}"
                yield Problem(page.path, page.line_of(f"{where}choices"), text)


def _sentence(because: str, at: Callable[[str, str], Problem]) -> Iterator[Problem]:
    bare = _APART.sub("", CLAIM.sub("", because))
    if match := _NUMBER.search(bare):
        text = f"the number at {bare[match.start() :][:20]!r} comes from no claim"
        yield at("because", text)
    if not because.endswith(".") or re.search(r"[.!?]\s+[A-Z]", because):
        yield at("because", "is one sentence that ends with a full stop")


def _shows(page: Page, shows: str, known: Mapping[str, Page]) -> Iterator[str]:
    """What is wrong with the name of a section."""
    other, title = place(page, shows)
    there = known.get(other)
    if there is None:
        yield _unknown("page", other, known)
    else:
        titles = [heading.text for heading in there.headings if heading.level > 1]
        if title not in titles:
            yield _unknown("section", title, titles)


def place(page: Page, shows: str) -> tuple[str, str]:
    """The page that a section is on, and the section's heading."""
    other, separator, title = shows.rpartition("#")
    return (other if separator else page.name), title


def _unknown(what: str, name: str, known: Mapping[str, object] | Sequence[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"there is no {what} {name!r}{hint}"
