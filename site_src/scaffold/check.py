"""Everything that concerns one page, in the order in which one would mend it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from site_src.lint import drafts
from site_src.lint.site import everything
from site_src.measurements import record_file
from site_src.page import Page
from site_src.problem import Problem
from site_src.proof import testing
from site_src.proof.identity import test_file

Run = Callable[[Page], list[Problem]]
Say = Callable[[str], None]
LIMIT = 600  # seconds for the tests of one page
_CONTRACT = "tests/test_every_snippet.py"


def concerning(root: Path, page: Page, run: Run, say: Say) -> list[Problem]:
    """Read a page's files, run its snippets' tests, and execute it.

    Args:
        root: The repository.
        page: The page.
        run: Executes it, and tells what went wrong.
        say: Is told what was done, a line each.

    Returns:
        What is wrong with its files or missing in them.
    """
    files = {*drafts.files(page), *map(record_file, page.snippets)}
    found = [problem for problem in everything(root) if problem.path in files]
    found += _formatted(root, [name for name in files if name.endswith((".py", ".md"))])
    say(f"{page.name}: {len(files)} files read")
    for name in page.snippets:
        if (root / test_file(name)).is_file():
            found += _tested(root, name, say)
        else:
            text = f"there is no {test_file(name)}"
            found.append(Problem(f"snippets/{name}.py", 1, text, missing=True))
    if any(fault.path == page.path and not fault.missing for fault in found):
        say(f"{page.name}: not executed before this is mended")
    else:
        found += run(page)
    return found


def _tested(root: Path, name: str, say: Say) -> list[Problem]:
    """The snippet's own tests, and the contract that all snippets keep."""
    began, own = time.monotonic(), test_file(name)
    ran = testing.run(root, [own, _CONTRACT, "-k", _words(name)], limit=LIMIT)
    wall = time.monotonic() - began
    say(f"{name}: {ran.passed} tests passed, {len(ran.failed)} failed in {wall:.1f} s")
    ended = [Problem(own, 1, ran.ended)] if ran.ended else []
    return [*ran.failed, *ended]


def _words(name: str) -> str:
    """Picks the snippet's own test file, and of the contract's tests its own."""
    _, slug = name.split("/")
    return f"test_{slug}.py or {name}"


def _formatted(root: Path, names: Sequence[str]) -> list[Problem]:
    """What ruff says, where it is installed."""
    there = sorted(name for name in names if (root / name).is_file())
    if importlib.util.find_spec("ruff") is None:
        return []
    found = []
    for call, text in (("check", ""), ("format", "is not formatted; run ruff format")):
        words = [sys.executable, "-m", "ruff", call, "--quiet"]
        words += ["--check"] if call == "format" else ["--output-format=concise"]
        done = subprocess.run(
            [*words, *there], cwd=root, capture_output=True, text=True, check=False
        )
        for line in (done.stdout + done.stderr).splitlines():
            path, _, rest = line.removeprefix("Would reformat: ").partition(":")
            if path in there:
                number = rest.partition(":")[0]
                said = text or rest.partition(": ")[2]
                found.append(Problem(path, int(number or 1), said))
    return found
