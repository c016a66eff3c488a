"""What a sweep found, in raw samples, and what is read from them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from site_src.measure import growth
from site_src.measure.blocks import Call
from site_src.measure.growth import Growth
from site_src.proof.identity import identity

_MEASURING = tuple(
    f"site_src/measure/{name}.py" for name in ("counting", "devices", "sweep", "timing")
)


@dataclass(frozen=True)
class Spread:
    """The middle half of some samples.

    Args:
        low: The first quartile.
        median: The second.
        high: The third.
    """

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, samples: list[float]) -> Spread:
        """Quartiles that are samples or lie between neighbours."""
        if len(samples) == 1:
            return cls(samples[0], samples[0], samples[0])
        return cls(*statistics.quantiles(samples, n=4, method="inclusive"))


@dataclass(frozen=True)
class Case:
    """One competitor at one size.

    Args:
        name: The snippet's, or the competitor's.
        value: The size that is varied.
        parameters: How many numbers training sets.
        operations: Floating-point operations of a forward pass; None if not counted.
        kept: Bytes that it keeps for the backward pass.
        peak: Bytes that training holds at once; None where that is not measured.
        forward: Seconds of a forward pass, one for each round.
        training: Seconds of forward and backward.
        failed: Why there are no samples.
    """

    name: str
    value: int
    parameters: int
    operations: int | None = None
    kept: int | None = None
    peak: int | None = None
    forward: list[float] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    failed: str = ""

    def spread(self, kind: str) -> Spread:
        """The quartiles of "forward" or "training"."""
        return Spread.of(getattr(self, kind))


@dataclass(frozen=True)
class Run:
    """A sweep in one precision, on one device.

    Args:
        snippet: Its name, such as "family/slug".
        precision: Such as "float32".
        size: The argument that was varied.
        fixed: The other arguments.
        identity: Of all that decides what was measured, by file.
        environment: Device, driver and versions.
        date: Day in UTC.
        commit: The commit that was checked out; empty outside of git.
        dirty: Whether files differed from it.
        left_out: By name why a competitor was not measured.
        cases: Every competitor at every size.
    """

    snippet: str
    precision: str
    size: str
    fixed: dict[str, int]
    identity: dict[str, str]
    environment: dict[str, str]
    date: str
    commit: str
    dirty: bool
    left_out: dict[str, str]
    cases: list[Case]

    @classmethod
    def read(cls, data: Any) -> Run:
        """A run from JSON data.

        Raises:
            ValueError: It is none; the message is one line.
        """
        try:
            return cls(**data | {"cases": [Case(**case) for case in data["cases"]]})
        except (TypeError, KeyError) as error:
            raise ValueError(f"no run of a benchmark: {error}") from None

    def as_json(self) -> dict[str, Any]:
        """The run as JSON data, without what its cases do not have."""
        cases = [
            {k: v for k, v in asdict(case).items() if v not in (None, "", [])}
            for case in self.cases
        ]
        return asdict(self) | {"cases": cases}

    @property
    def names(self) -> list[str]:
        """Who was measured, the snippet first."""
        return list(dict.fromkeys(case.name for case in self.cases))

    @property
    def largest(self) -> int:
        """The largest size at which the snippet was measured."""
        return max(self.of(self.snippet))

    def of(self, name: str) -> dict[int, Case]:
        """The cases of one competitor that have samples, by size, ascending."""
        found = {c.value: c for c in self.cases if c.name == name and c.training}
        return dict(sorted(found.items()))

    def growth(self, name: str = "", kind: str = "training") -> Growth | None:
        """How a competitor's time grows; the snippet's without a name.

        The first quartiles are fitted: what else a machine does only ever adds time.
        """
        cases = self.of(name or self.snippet)
        times = [case.spread(kind).low for case in cases.values()]
        return growth.fit(list(cases), times) if cases else None

    def ratio(self, name: str, kind: str = "training", value: int = 0) -> Spread | None:
        """How many times as long as a competitor the snippet takes, round by round.

        Args:
            name: The competitor.
            kind: "training" or "forward".
            value: At which size; at the largest without it.

        Returns:
            None where one of the two was not measured.
        """
        ours = self.of(self.snippet).get(value or self.largest)
        theirs = self.of(name).get(value or self.largest)
        if ours is None or theirs is None:
            return None
        pairs = zip(getattr(ours, kind), getattr(theirs, kind), strict=True)
        return Spread.of([a / b for a, b in pairs])

    def stale(self, today: Mapping[str, str]) -> str:
        """What changed since, such as "snippets/family/slug.py"; "" if nothing did."""
        for name in sorted(today.keys() | self.identity.keys()):
            if today.get(name) != self.identity.get(name):
                return name
        return ""


def identity_of(root: Path, path: str, call: Call) -> dict[str, str]:
    """What decides what a call of `benchmark` measures: by file its identity.

    Args:
        root: The repository.
        path: The page that holds the call.
        call: The call.
    """
    files = [f"snippets/{call.snippet}.py", *_MEASURING]
    found = {name: identity((root / name).read_text("utf-8")) for name in files}
    return found | {f"the benchmark in {path}": call.identity}
