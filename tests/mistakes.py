"""Mistakes that people make, planted in copies of a snippet; its tests must fail."""

from __future__ import annotations

from typing import NamedTuple


class Mistake(NamedTuple):
    """Something that people get wrong, as a change of the snippet's source.

    Args:
        what: What is done wrong, in words.
        replace: Old text, which occurs once in the snippet, and the new text.
        seen: What one would see.
        report: Where someone met it, as "owner/repository#number".
    """

    what: str
    replace: dict[str, str]
    seen: str
    report: str = ""
