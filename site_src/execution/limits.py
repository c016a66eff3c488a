"""What a page may use up: defaults, caps, and the front matter that changes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Limits:
    """Limits of one page.

    Args:
        block: Seconds for one block.
        page: Seconds for all blocks of the page.
        memory: Resident GiB of the page and every process it starts.
        output: KiB that one block may print.
        processes: Processes alive at once, the page included.
    """

    block: float = 60
    page: float = 180
    memory: float = 4
    output: int = 256
    processes: int = 16

    def as_dict(self) -> dict[str, float]:
        """The limits as JSON data."""
        return asdict(self)


CAPS = Limits(block=300, page=600, memory=12, output=4096, processes=64)


def read_limits(declared: Any) -> tuple[Limits, str]:
    """Limits from a page's front matter.

    Args:
        declared: The value of `limits`, or None.

    Returns:
        The limits, and what is wrong with the declaration (empty when nothing is).
    """
    if declared is None:
        return Limits(), ""
    if not isinstance(declared, dict):
        return Limits(), "limits must be a mapping such as {block: 90}"
    known = {field.name for field in fields(Limits)}
    for name, value in declared.items():
        if name not in known:
            return (
                Limits(),
                f"limits: unknown {name}; known: {', '.join(sorted(known))}",
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            return Limits(), f"limits: {name} must be a positive number, not {value!r}"
        if value > getattr(CAPS, name):
            return (
                Limits(),
                f"limits: {name} may be at most {getattr(CAPS, name)}, not {value}",
            )
    return Limits(**declared), ""
