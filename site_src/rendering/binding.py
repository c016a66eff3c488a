"""What stays on one line: a number with its unit, a formula with its punctuation."""

from __future__ import annotations

import re

NO_BREAK = "\N{WORD JOINER}"  # of no width
_SPACE = "\N{NO-BREAK SPACE}"
_UNIT = r"%|[kMGT]i?B\b|(?:ms|µs|s|px|bits?)\b"
_OTHER = re.compile(  # tags, and elements whose text is to stay as it is
    r"(<(?P<name>pre|code|svg|math|arch-demo)\b.*?</(?P=name)>|<[^>]*>)", re.DOTALL
)
_NUMBER = re.compile(rf"(?<=\d) (?={_UNIT})|^ (?=%)|(?<=\d) (?=× ?10)|(?<=\d ×) (?=10)")


def with_units(text: str) -> str:
    """HTML whose numbers do not part from what they count."""
    parts = _OTHER.split(text)
    # The pattern has two groups: text, element, its name, text, ...
    parts[::3] = [_NUMBER.sub(_SPACE, part) for part in parts[::3]]
    del parts[2::3]
    return "".join(parts)


def beside(text: str, start: int, end: int) -> tuple[str, str]:
    """What keeps a formula at a place in a text together with what it touches."""
    before = NO_BREAK if text[start - 1 : start] in ("(", "“") else ""
    return before, NO_BREAK if text[end : end + 1] in tuple(",.;:)?!”’") else ""
