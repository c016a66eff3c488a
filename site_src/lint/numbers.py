"""Numbers in prose that nobody measured and nobody is cited for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from site_src.page import Page
from site_src.problem import Problem

_UNITS = (
    "ms|s|seconds?|minutes?|hours?|days?|[KMG]i?B|[MGT]?FLOPs?|tokens?|steps?|"
    "parameters?|weights?|letters?|characters?|bits?|nats?|layers?|heads?|times|"
    "million|billion|points?|epochs?|words?|pixels?"
)
_NUMBER = re.compile(
    rf"(?<![\w./@#-])(?:\d[\d,]*\.\d+(?!\.?\d)|\d[\d,.]*\s?%|\d[\d,.]*\s?×|×\s?\d[\d,.]*"
    rf"|\d[\d,.]*\s(?:{_UNITS})\b)"
)
_APART = re.compile(
    r"`[^`]*`|\$\$.*?\$\$|\$[^$\s](?:[^$]*[^$\s])?\$|\{claim:[^}]*\}|\]\([^)]*\)|<[^>]*>"
)
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+")


def check(page: Page) -> Iterator[Problem]:
    """Decimals, percentages, multiples and numbers with units, without a source.

    A citation covers the sentence it stands in. What is neither measured nor cited,
    such as a number chosen for an example, is listed in the front matter with the
    reason: `numbers: [{text: 32 letters, reason: the length we train on}]`.
    """
    allowed = _allowed(page)
    used: set[str] = set()
    for number, line in page.prose:
        for sentence in _SENTENCE.split(line):
            if "[@" in sentence:
                continue
            for match in _NUMBER.finditer(_APART.sub(" ", sentence)):
                if match[0] in allowed:
                    used.add(match[0])
                else:
                    yield Problem(page.path, number, _MESSAGE.format(match[0]))
    for text in allowed.keys() - used:
        where = page.line_of(f"numbers.{list(allowed).index(text)}")
        yield Problem(page.path, where, f"numbers: {text!r} is not in the prose")


_MESSAGE = (
    "the number {0!r} has neither claim nor citation; measure it, cite it, or list it "
    "in the front matter under numbers with the reason"
)


def _allowed(page: Page) -> dict[str, str]:
    entries = page.meta.get("numbers")
    if not isinstance(entries, list):
        return {}
    return {
        str(entry["text"]): str(entry.get("reason", ""))
        for entry in entries
        if isinstance(entry, dict) and "text" in entry
    }
