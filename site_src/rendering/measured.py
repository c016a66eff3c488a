"""What each snippet takes and gives, and what was measured of it, as public facts."""

from __future__ import annotations

import ast
import re
from functools import partial
from pathlib import Path
from typing import TypeGuard

from pydantic import BaseModel, ConfigDict

from site_src.lint.source import Definition
from site_src.measure.runs import Run
from site_src.page import Page
from site_src.proof import record
from site_src.rendering import benchmarks, verification
from site_src.rendering.state import Site

_CLASS = re.compile(r"\w+(\.\w+)+")  # a package's own, such as package.module.Class


class Published(BaseModel):
    """A part of what programs read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Parity(Published):
    """What the tests of a snippet found, as its record says.

    Args:
        comparisons: How often it was compared with an independent implementation.
        largest: The largest relative error by floating type, the widest type first.
        mistakes: How many were planted; a record is written when all were caught.
        date: Day in UTC.
        changed: What changed since; empty when nothing did.
    """

    comparisons: int
    largest: dict[str, float]
    mistakes: int
    date: str
    changed: str


class Against(Published):
    """What one would use in production, measured in turn with the snippet.

    Args:
        name: Such as package.module.Class.
        ratio: How many times as long the snippet takes, median of rounds.
    """

    name: str
    ratio: float


class Growth(Published):
    """How the time grows: with the size to this power, and its standard error."""

    size: str
    exponent: float
    error: float


class Speed(Published):
    """What a benchmark found for forward and backward at its largest size.

    Args:
        origin: "this build", or "recorded" with what is out of date.
        device: On which device, in float32.
        sizes: Of the example that was built.
        parameters: Numbers of that example that training sets.
        milliseconds: Median.
        against: Beside what else; null where nothing of another package was measured.
        growth: Null with too few sizes for a fit.
        date: Day in UTC.
    """

    origin: str
    device: str
    sizes: dict[str, int]
    parameters: int
    milliseconds: float
    against: Against | None
    growth: Growth | None
    date: str


class Measured(Published):
    """All of it for one snippet."""

    takes: str
    gives: str
    parity: Parity | None
    speeds: list[Speed]


def of_page(current: Site, page: Page) -> dict[str, Measured]:
    """What was measured of each snippet of a page, this build's times first."""
    place = ("measured", page.path)
    if place not in current.once:
        facts = record.made_of(current.root)
        own = [(name, facts.get(name)) for name in page.snippets]
        made = current.kept.of(
            "measured",
            (page.path, page.blocks, current.identity(page), own),
            lambda: {n: m.model_dump() for n, m in _of_page(current, page).items()},
        )
        current.once[place] = {n: Measured.model_validate(m) for n, m in made.items()}
    found: dict[str, Measured] = current.once[place]
    return found


def _of_page(current: Site, page: Page) -> dict[str, Measured]:
    shown = [*benchmarks.live_runs(page), *benchmarks.recorded_runs(page)]
    found = {}
    for name in page.snippets:
        code = (current.root / "snippets" / f"{name}.py").read_text("utf-8")
        takes, gives = current.kept.of("signature", code, partial(signature, code))
        runs = [s for s in shown if s.run.snippet == name]
        found[name] = Measured(
            takes=takes,
            gives=gives,
            parity=_parity(current.root, name),
            speeds=[_speed(s) for s in runs if s.run.precision == "float32"],
        )
    return found


def signature(code: str) -> tuple[str, str]:
    """What a snippet's network takes and gives, as the docstring of `forward` says."""
    try:
        body = ast.parse(code).body
    except SyntaxError:
        return "", ""  # the lint says so at its line
    named = {node.name: node for node in body if _is_definition(node)}
    example = named.get("example")
    returned = getattr(example, "returns", None)
    own = [n.id for n in ast.walk(returned) if _is_name(n)] if returned else []
    network = next((named[name] for name in own if name in named), None)
    for node in network.body if network else ():
        if isinstance(node, ast.FunctionDef) and node.name == "forward":
            text = ast.get_docstring(node) or ""
            section = re.search(r"^Shape:\n((?: {4}.*\n?)+)", text, re.MULTILINE)
            words = section[1].split() if section else []
            takes, _, gives = " ".join(words).partition(" -> ")
            return takes, gives
    return "", ""


def _is_definition(node: ast.AST) -> TypeGuard[Definition]:
    return isinstance(node, Definition)


def _is_name(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def _parity(root: Path, name: str) -> Parity | None:
    try:
        proof = verification.recorded(name)
    except ValueError:
        return None  # said on the page, at its fence
    if proof is None:
        return None
    return Parity(
        comparisons=len(proof.comparisons),
        largest=verification.largest(proof.comparisons),
        mistakes=len(proof.mistakes),
        date=proof.date,
        changed=proof.stale(root),
    )


def _speed(shown: benchmarks.Shown) -> Speed:
    run = shown.run
    case, growth = run.of(run.snippet)[run.largest], run.growth()
    return Speed(
        origin=shown.origin,
        device=run.environment["device"],
        sizes={**run.fixed, run.size: run.largest},
        parameters=case.parameters,
        milliseconds=_rounded(1e3 * case.spread("training").median),
        against=_against(run),
        growth=Growth(
            size=run.size,
            exponent=_rounded(growth.exponent),
            error=_rounded(growth.error),
        )
        if growth
        else None,
        date=run.date,
    )


def _against(run: Run) -> Against | None:
    """The first competitor that torch brings, else the first of another package."""
    named = [n for n in run.names if n != run.snippet and run.ratio(n)]
    torch = [n for n in named if re.search(r"\btorch\.", n)]
    others = [n for n in named if _CLASS.fullmatch(n)]
    for name in (*torch, *others):
        if ratio := run.ratio(name):
            return Against(name=name, ratio=_rounded(ratio.median))
    return None


def _rounded(value: float) -> float:
    """Three digits that count, as tables show them."""
    return float(f"{value:.3g}")
