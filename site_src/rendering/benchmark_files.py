"""All measured times as files to download."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence

from site_src.rendering.benchmarks import Shown

_FACTS = ("kind", "device", "driver", "torch", "cuda", "python", "threads")
_COLUMNS = (
    *("snippet", "implementation", "origin", "precision", "size", "value", "fixed"),
    *("parameters", "operations", "kept_bytes", "peak_bytes", "rounds"),
    *("forward_s", "forward_q1_s", "forward_q3_s"),
    *("training_s", "training_q1_s", "training_q3_s"),
    *("failed", *_FACTS, "date", "commit", "dirty"),
)


def as_json(shown: Sequence[Shown]) -> str:
    """All runs with their raw samples."""
    rows = [{"page": s.page.name, "origin": s.origin, **s.run.as_json()} for s in shown]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def as_csv(shown: Sequence[Shown]) -> str:
    """A row for each competitor at each size, with medians and quartiles."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in shown:
        run = one.run
        facts = {name: run.environment.get(name, "") for name in _FACTS}
        for case in run.cases:
            row = {
                "snippet": run.snippet,
                "implementation": case.name,
                "origin": one.origin,
                "precision": run.precision,
                "size": run.size,
                "value": case.value,
                "fixed": " ".join(f"{k}={v}" for k, v in run.fixed.items()),
                "parameters": case.parameters,
                "operations": case.operations,
                "kept_bytes": case.kept,
                "peak_bytes": case.peak,
                "rounds": len(case.training),
                "failed": case.failed,
                "date": run.date,
                "commit": run.commit,
                "dirty": run.dirty,
                **facts,
            }
            for kind in ("forward", "training") if case.training else ():
                spread = case.spread(kind)
                row |= {
                    f"{kind}_s": f"{spread.median:.4g}",
                    f"{kind}_q1_s": f"{spread.low:.4g}",
                    f"{kind}_q3_s": f"{spread.high:.4g}",
                }
            writer.writerow(row)
    return text.getvalue()


FILES: dict[str, Callable[[Sequence[Shown]], str]] = {
    "benchmarks.json": as_json,
    "benchmarks.csv": as_csv,
}
