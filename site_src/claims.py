"""Measured values that the prose of a page names."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def declare(
    name: str, value: float | str, *, holds: bool, spec: str, unit: str
) -> None:
    """Record a claim of the running block (see `site_src.claim`)."""
    from site_src.execution import session

    if not NAME.fullmatch(name):
        raise ValueError(f"a claim is named in lower-case words, not {name!r}")
    shown = written(value, spec, unit)
    state = session.require()
    if not holds and not state.job["tolerant"]:
        raise AssertionError(f"the claim {name!r} does not hold: it is {shown}")
    state.claim(name, {"text": shown, "holds": holds})


def written(value: float | str, spec: str, unit: str) -> str:
    """The value as the reader sees it.

    >>> written(0.000071, ".1e", "")
    '7.1 × 10⁻⁵'
    >>> written(0.42, ".0%", "")
    '42\u202f%'
    """
    text = value if isinstance(value, str) else format(value, spec)
    if not isinstance(value, str) and re.search(r"nan|inf", text):
        raise ValueError(f"a claim cannot be {text}")
    text = with_power(text)
    if text.endswith("%"):
        text = text[:-1] + "\N{NARROW NO-BREAK SPACE}%"
    if not isinstance(value, str) and text.startswith("-"):
        text = "−" + text[1:]
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


def with_power(text: str) -> str:
    """A number such as 8e-11 as it is written by hand; any other text as it is.

    >>> with_power("8e-11"), with_power("1.5e-01"), with_power("1e+01"), with_power("a")
    ('8 × 10⁻¹¹', '0.15', '10', 'a')
    """
    match = re.fullmatch(r"(-?\d+(?:\.(\d+))?)e([+-]\d+)", text)
    if not match:
        return text
    power = int(match[3])
    if abs(power) <= 2:
        return f"{float(text):.{max(0, len(match[2] or '') - power)}f}"
    digits = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return f"{match[1]} × 10{str(power).translate(digits)}"
