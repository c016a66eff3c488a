"""`benchmark` in a page: measured once, kept, and shown from the raw samples."""

from __future__ import annotations

import datetime
import html
import importlib
import importlib.metadata
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from site_src.execution import quiet, session
from site_src.execution.units import keep
from site_src.measure import counting, sweep, timing
from site_src.measure.blocks import calls_of
from site_src.measure.devices import PRECISIONS, Precision
from site_src.measure.runs import Run, identity_of
from site_src.measure.sweep import SECONDS, Example, Sweep

Taker = Callable[[Sweep, session.Session], list[Run]]
PLACE = '<div class="benchmark" data-snippet="{}" data-caption="{}"></div>'


class Measured:
    """What a page's block gets of a benchmark, in float32 on the device at hand.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def ratio(self, name: str, kind: str = "training") -> float:
        """How many times as long as a competitor the snippet takes, median of rounds.

        Args:
            name: The competitor.
            kind: "training", which is forward and backward, or "forward".
        """
        spread = self.run.ratio(name, kind)
        if spread is None:
            reason = self.run.left_out.get(name, "there is no such competitor")
            raise ValueError(f"{name} was not measured: {reason}")
        return spread.median

    def exponent(self, name: str = "", kind: str = "training") -> float:
        """How the time of the snippet, or of `name`, grows with the size.

        Raises:
            ValueError: When too few sizes are above what a call costs at any size.
        """
        growth = self.run.growth(name, kind)
        if growth is None:
            raise ValueError(f"too few sizes of {name or self.run.snippet} for a fit")
        return growth.exponent

    def kept(self, name: str = "") -> int:
        """Bytes kept for the backward pass at the largest size."""
        kept = self.run.of(name or self.run.snippet)[self.run.largest].kept
        if kept is None:
            raise ValueError(f"what {name or self.run.snippet} keeps was not counted")
        return kept


def show(
    snippet: str,
    *,
    vary: Mapping[str, Sequence[int]],
    fixed: Mapping[str, int],
    against: Mapping[str, Example],
    on_gpu: Mapping[str, Any],
    caption: str,
) -> Measured:
    """Measure, or take what was measured, and print its place (see `site_src`)."""
    state = session.require()
    state.need_html("benchmark")
    kind = _kind(state)
    if kind == "cuda":
        vary = {k: on_gpu.get(k, v) for k, v in vary.items()}
        fixed = {k: on_gpu.get(k, v) for k, v in fixed.items()}
    module = importlib.import_module(f"snippets.{snippet.replace('/', '.')}")
    runs = take(
        _sweep(snippet, vary, fixed, {snippet: module.example, **against}), state
    )
    entry = {"snippet": snippet, "runs": [run.as_json() for run in runs]}
    state.benchmarks.append(entry)
    print(PLACE.format(html.escape(snippet), html.escape(caption)))
    return Measured(runs[0])


def _sweep(
    snippet: str,
    vary: Mapping[str, Sequence[int]],
    fixed: Mapping[str, int],
    examples: Mapping[str, Example],
) -> Sweep:
    """The sweep, once its sizes are seen to be arguments of the snippet's example."""
    if len(vary) != 1:
        raise ValueError(f"benchmark() varies one size, not {len(vary)}")
    ((size, values),) = vary.items()
    known = inspect.signature(examples[snippet]).parameters
    for name in (size, *fixed):
        if name not in known:
            raise ValueError(
                f"example() of {snippet} has no {name}: {', '.join(known)}"
            )
    if len(values) < 2 or sorted(set(values)) != list(values):
        raise ValueError(f"{size} needs two sizes or more, ascending")
    for name, example in examples.items():
        if example.__name__ == "<lambda>":
            raise ValueError(f"{name}: a competitor is a function with a name")
    return Sweep(snippet, size, tuple(values), dict(fixed), examples)


def kept_by_the_page(sweep_: Sweep, state: session.Session) -> list[Run]:
    """The page's runs, from the store if they are there, with nothing else running."""
    kind = _kind(state)

    def measure() -> list[dict[str, Any]]:
        runs = [
            run_of(sweep_, precision, state, quiet.alone(state))
            for precision in PRECISIONS[kind]
        ]
        return [run.as_json() for run in runs]

    own, *others = sweep_.examples.values()
    arguments = {
        "sizes": [sweep_.size, list(sweep_.values), dict(sweep_.fixed)],
        "competitors": {name: _version(name) for name in sweep_.examples},
        "identity": _identity(sweep_, state),
    }
    modules = [inspect.getmodule(own), sweep, timing, counting]
    name = "benchmark-" + re.sub(r"\W", "-", sweep_.snippet)
    kept = keep(name, others, arguments, measure, modules=[m for m in modules if m])
    return [Run.read(run) for run in kept]


take: Taker = kept_by_the_page


def run_of(
    sweep_: Sweep,
    precision: Precision,
    state: session.Session,
    quietly: AbstractContextManager[None] = nullcontext(),  # noqa: B008
) -> Run:
    """Measure one precision now; `quietly` is entered while samples are taken."""
    kind = _kind(state)
    clock = timing.clock_of(kind)
    found = sweep.take(sweep_, precision, clock, seconds=SECONDS[kind], quietly=quietly)
    commit, dirty = state.job["commit"]
    return Run.read(
        {
            "snippet": sweep_.snippet,
            "precision": precision.name,
            "size": sweep_.size,
            "fixed": dict(sweep_.fixed),
            "identity": _identity(sweep_, state),
            "environment": timing.facts(kind) | _versions(sweep_),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "commit": commit,
            "dirty": dirty,
            **found,
        }
    )


def _identity(sweep_: Sweep, state: session.Session) -> dict[str, str]:
    calls = [c for c in calls_of(state.block["code"]) if c.snippet == sweep_.snippet]
    if len(calls) != 1:
        raise ValueError(f"{len(calls)} calls of benchmark() in this block measure it")
    with state.guard.paused():
        return identity_of(Path(state.root), state.job["path"], calls[0])


def _versions(sweep_: Sweep) -> dict[str, str]:
    """Versions of the competitors' packages, torch's apart."""
    found = {name.partition(".")[0]: _version(name) for name in sweep_.examples}
    return {k: v for k, v in found.items() if v and k != "torch"}


def _version(name: str) -> str:
    """The version of the package that a competitor's name begins with."""
    try:
        return importlib.metadata.version(name.partition(".")[0])
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""


def _kind(state: session.Session) -> str:
    """The device that measures, as torch calls it."""
    return "cpu" if state.job["device"] == "cpu" else "cuda"
