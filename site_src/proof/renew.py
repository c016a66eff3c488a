"""`record`: run a snippet's own tests, plant its mistakes, and keep what came out."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from site_src import provenance
from site_src.execution.fingerprint import distributions_of
from site_src.lint import records
from site_src.lint.source import Source
from site_src.lint.source import read as read_source
from site_src.measurements import names_of
from site_src.problem import Problem
from site_src.proof import record, testing
from site_src.proof.identity import identity, measured_by, test_file
from site_src.proof.record import Caught, Comparison, Proof, Reference

Listener = Callable[[dict[str, Any]], None]
LIMIT = 1800  # seconds for one snippet
_PLANTING = "tests/test_mistakes.py::test_every_mistake_is_caught"


def renew(
    root: Path, names: Sequence[str], *, force: bool, hear: Listener
) -> list[Problem]:
    """Measure snippets anew and write their records.

    Args:
        root: The repository.
        names: Snippets, such as "family/slug"; without any, those whose record is
            missing or stale.
        force: Without names, all of them.
        hear: Told of every step, as the schedule of pages does.

    Returns:
        Every test that failed and every mistake that was not caught; the snippet's
        record is then left as it is.
    """
    every = names_of(root)
    due = list(names) or [n for n in every if force or records.check(root, [n])]
    for name in due:
        reason = "; ".join(fault.message for fault in records.check(root, [name]))
        reason = reason.partition("; run ")[0] or "the record is current"
        hear({"event": "plan", "page": name, "blocks": 1, "reason": reason})
    found = []
    for name in due:
        hear({"event": "start", "page": name})
        began = time.monotonic()
        problems = _renew_one(root, name)
        wall = time.monotonic() - began
        hear({"event": "done", "page": name, "problems": problems, "wall": wall})
        found += problems
    return found


def _renew_one(root: Path, name: str) -> list[Problem]:
    source = read_source(root / "snippets" / f"{name}.py")
    if not isinstance(source, Source):
        return [source]
    if not (root / test_file(name)).exists():
        return [Problem(f"snippets/{name}.py", 1, f"there is no {test_file(name)}")]
    code = "\n".join(source.lines)
    tools = measured_by(root, name)
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        notes, passed, problems = _run(root, name, Path(folder))
    if problems:
        return problems
    header = source.entry("Checked against")
    commit, dirty = provenance.commit(root, [f"snippets/{name}.py", *tools])
    proof = Proof(
        snippet=name,
        identity=identity(code),
        measured_by=tools,
        checked_against=header,
        references=[_reference(full) for full in record.references_in(header)],
        tests=passed,
        comparisons=[_comparison(n) for n in notes if n["kind"] == "comparison"],
        mistakes=[
            Caught(**{key: n[key] for key in Caught.model_fields})
            for n in notes
            if n["kind"] == "mistake"
        ],
        environment={
            "torch": importlib.metadata.version("torch"),
            "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.machine()}",
        },
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        commit=commit,
        dirty=dirty,
    )
    record.write(root, proof)
    return []


def _run(
    root: Path, name: str, folder: Path
) -> tuple[list[dict[str, Any]], int, list[Problem]]:
    """Run the tests: what they noted, how many passed, and what is wrong."""
    lines = folder / "notes.jsonl"
    lines.touch()
    own = test_file(name)
    tests = [own, f"{_PLANTING}[{name}]"]
    environ = {"BLUEPRINTS_RECORD": str(lines)}
    ran = testing.run(root, tests, limit=LIMIT, environ=environ)
    notes = [json.loads(line) for line in lines.read_text().splitlines()]
    problems = [fault for fault in ran.failed if fault.path == own]
    problems = problems or [*_missed(root, name, notes)] or [*ran.failed]
    if ran.ended and not problems:
        problems = [Problem(own, 1, ran.ended)]
    return notes, ran.passed - 1, problems  # one of them plants the mistakes


def _missed(
    root: Path, name: str, notes: Sequence[dict[str, Any]]
) -> Iterator[Problem]:
    """The mistakes that no test caught, at the line of their words."""
    lines = [
        (path, number, text)
        for path in measured_by(root, name)
        for number, text in enumerate((root / path).read_text().splitlines(), 1)
    ]
    for entry in notes:
        if entry["kind"] == "mistake" and not entry["by"]:
            start, message = entry["what"][:40], f"not caught: {entry['what']}"
            found = (place for place in lines if start in place[2])
            path, line, _ = next(found, (test_file(name), 1, ""))
            yield Problem(path, line, f"{message} ({entry['why']})")


def _comparison(entry: dict[str, Any]) -> Comparison:
    """A noted comparison; of the errors, three digits say enough."""
    errors = {name: float(f"{error:.3g}") for name, error in entry["errors"].items()}
    taken = {key: entry[key] for key in ("test", "reference", "dtype", "tolerance")}
    return Comparison(**taken, errors=errors)


def _reference(name: str) -> Reference:
    """A class by its full name, with the version of the package that brings it."""
    package = name.partition(".")[0]
    brought = distributions_of().get(package, [])
    version = importlib.metadata.version(brought[0]) if brought else "not installed"
    return Reference(name=name, version=version)
