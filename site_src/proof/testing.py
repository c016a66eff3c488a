"""Tests run in a program of their own, their failures as problems."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as etree
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from site_src.problem import Problem

# A line of a failure's message that says itself where something is wrong.
_PLACE = re.compile(
    r"(?:AssertionError: )?(?P<path>(?:docs|snippets|tests)/[\w./-]+\.\w+)"
    r":(?:(?P<line>\d+):)? (?P<what>.+)"
)


@dataclass(frozen=True)
class Ran:
    """What became of the tests.

    Args:
        passed: How many passed.
        failed: Those that did not, each at its line, or where its message says.
        ended: How the program ended where that was no usual end; else empty.
    """

    passed: int
    failed: Sequence[Problem]
    ended: str = ""


def run(
    root: Path,
    tests: Sequence[str],
    *,
    limit: float,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Ran:
    """Run tests with one thread and no network of Hugging Face's.

    Args:
        root: The repository.
        tests: As pytest takes them, the file that is to blame first.
        limit: Seconds for all of them.
        environ: Further variables.
    """
    if importlib.util.find_spec("pytest") is None:
        return Ran(0, [], "pytest is not installed; run make hooks")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    always = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    with tempfile.TemporaryDirectory(prefix="tests-") as folder:
        report = Path(folder) / "report.xml"
        command += [f"--junitxml={report}", "-o", "junit_family=xunit1", *tests]
        try:
            done = subprocess.run(
                command,
                cwd=root,
                env={**os.environ, **always, **environ},
                capture_output=True,
                text=True,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Ran(0, [], f"its tests were still running after {limit:g} s")
        ended = f"pytest ended with code {done.returncode}"
        if not report.exists():
            said = (
                done.stderr.strip() or done.stdout.strip() or "nothing"
            ).splitlines()
            return Ran(0, [], f"{ended}: {said[-1]}")
        cases = [*etree.parse(report).iter("testcase")]
    failed = [*_failed(tests[0], cases)]
    passed = sum(len(case) == 0 for case in cases)
    return Ran(passed, failed, "" if failed or not done.returncode else ended)


def _failed(blamed: str, cases: Sequence[etree.Element]) -> Iterator[Problem]:
    for case in cases:
        for fault in case:
            if fault.tag not in ("failure", "error"):
                continue
            said = (fault.get("message") or "").splitlines() or ["failed"]
            if fault.text and said[0].startswith("collection"):
                said = [fault.text.strip().splitlines()[-1]]
            places = [place for line in said if (place := _PLACE.fullmatch(line))]
            for place in places:
                number = int(place["line"] or 1)
                yield Problem(place["path"], number, place["what"])
            if places:
                continue
            path = case.get("file") or blamed
            line = int(case.get("line") or 0) + 1
            yield Problem(path, line, f"{case.get('name')}: {said[0].strip()}")
