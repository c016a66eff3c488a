"""The records of snippets' checks: there, readable, and of today's code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from site_src.measurements import record_file
from site_src.problem import Problem
from site_src.proof import record


def check(root: Path, names: Iterable[str]) -> list[Problem]:
    """What is missing or stale, each with the command that renews it.

    Args:
        root: The repository.
        names: Snippets, such as "family/slug".
    """
    found = []
    for name in names:
        snippet = f"snippets/{name}.py"
        if not (root / snippet).is_file():
            continue  # its page names a snippet that is not there: said elsewhere
        path, missing = record_file(name), False
        try:
            proof = record.read(root, name)
            if proof is None:
                missing, why = True, "there is no record of its checks"
            else:
                change = proof.stale(root)
                why = f"stale: {change} since {proof.date}" if change else ""
        except ValueError as error:
            why = str(error)
        if why:
            text = f"{why}; run {record.renewal(name)}"
            found.append(Problem(path, 1, text, missing=missing))
    return found
