"""Runs on disk: those of a GPU in the snippet's record, others in .build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from site_src.measure.runs import Run
from site_src.measurements import read_part, record_file, write_part

PART = "benchmark"  # device → precision → run; proofs stand beside it

Runs = dict[str, dict[str, Run]]


def file_of(root: Path, snippet: str, kind: str) -> Path:
    """Where the runs of a kind of device are kept; only a GPU's are committed."""
    if kind == "cuda":
        return root / record_file(snippet)
    return root / ".build" / "benchmarks" / f"{snippet}.json"


def read(path: Path) -> Runs:
    """All recorded runs, by device and precision.

    Raises:
        ValueError: The file is no record; the message is one line.
    """
    try:
        part = read_part(path, PART) or {}
        return {
            device: {name: Run.read(run) for name, run in runs.items()}
            for device, runs in part.items()
        }
    except (ValueError, AttributeError) as error:
        raise ValueError(f"no record of benchmarks: {error}") from None


def add(path: Path, run: Run) -> None:
    """Put a run in its place, leaving everything else as it is."""
    part: dict[str, Any] = read_part(path, PART) or {}
    part.setdefault(run.environment["device"], {})[run.precision] = run.as_json()
    write_part(path, PART, part)


def latest(runs: Runs) -> list[Run]:
    """The runs of the device that was measured last."""
    newest = max(
        runs.values(),
        key=lambda by_precision: max(
            (r.date for r in by_precision.values()), default=""
        ),
        default={},
    )
    return list(newest.values())
