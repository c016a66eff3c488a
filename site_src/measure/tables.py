"""Runs as the words and numbers of tables, for a terminal and for pages."""

from __future__ import annotations

from collections.abc import Sequence

from site_src.measure.runs import Case, Run, Spread

SUMMARY = (
    *("", "forward, ms", "forward + backward, ms", "snippet ÷ this"),
    *("exponent", "kept", "peak"),
)
EVERY = ("", "size", "forward, ms", "forward + backward, ms", "kept")


def where(run: Run) -> str:
    """What a run has to be read with: device, versions, day and commit."""
    facts = run.environment
    told = [facts["device"]]
    if "driver" in facts:
        told.append(f"driver {facts['driver']}")
    told.append(f"torch {facts['torch']}")
    if "cuda" in facts:
        told.append(f"CUDA {facts['cuda']}")
    if facts["kind"] == "cpu":
        many = "" if facts["threads"] == "1" else "s"
        told.append(f"{facts['threads']} thread{many}")
    told.append(run.date)
    if run.commit:
        changes = " with changes" if run.dirty else ""
        told.append(f"commit {run.commit[:7]}{changes}")
    return f"{run.precision} on {', '.join(told)}"


def sizes(run: Run) -> str:
    """The sizes of the largest example, such as "batch 4, tokens 256"."""
    named = {**run.fixed, run.size: run.largest}
    return ", ".join(f"{name} {value}" for name, value in named.items())


def rows(run: Run) -> list[list[str]]:
    """A row for each competitor at the largest size, as `SUMMARY` heads it."""
    found = []
    for name in run.names:
        case = run.of(name).get(run.largest)
        if case is None:
            failed = next((c.failed for c in run.cases if c.name == name), "")
            found.append([name, failed or "not measured", *[""] * (len(SUMMARY) - 2)])
            continue
        growth = run.growth(name)
        found.append(
            [
                name,
                milliseconds(case.spread("forward")),
                milliseconds(case.spread("training")),
                "" if name == run.snippet else times(run.ratio(name)),
                str(growth) if growth else "too few sizes",
                size(case.kept),
                size(case.peak),
            ]
        )
    return found


def every(run: Run) -> list[list[str]]:
    """A row for each competitor at each size, as `EVERY` heads it."""
    return [[case.name, f"{case.value:,}", *_measured(case)] for case in run.cases]


def _measured(case: Case) -> Sequence[str]:
    if not case.training:
        return [case.failed, "", ""]
    forward, training = case.spread("forward"), case.spread("training")
    return [milliseconds(forward), milliseconds(training), size(case.kept)]


def milliseconds(spread: Spread) -> str:
    """A median with its quartiles, such as "12.3 (12.1–12.9)"."""
    median, low, high = (
        significant(1e3 * seconds)
        for seconds in (spread.median, spread.low, spread.high)
    )
    return f"{median} ({low}–{high})"


def times(spread: Spread | None) -> str:
    """A ratio with its quartiles, such as "6.72 (6.50–7.02)"."""
    if spread is None:
        return ""
    median, low, high = map(significant, (spread.median, spread.low, spread.high))
    return f"{median} ({low}–{high})"


def size(count: int | None) -> str:
    """Bytes in a unit that leaves few digits."""
    if count is None:
        return ""
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{significant(value)} {unit}"


def operations(count: int | None) -> str:
    """Floating-point operations, such as "201 MFLOP"."""
    if count is None:
        return ""
    value, unit = count / 1e6, "MFLOP"
    for unit in ("MFLOP", "GFLOP", "TFLOP"):
        if value < 1000 or unit == "TFLOP":
            break
        value /= 1000
    return f"{significant(value)} {unit}"


def significant(value: float) -> str:
    """A number with three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
