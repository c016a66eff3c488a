"""Everything that concerns one page, in the order in which one would mend it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from site_src.lint import drafts
from site_src.lint.site import everything
from site_src.measurements import record_file
from site_src.page import Page
from site_src.problem import Problem
from site_src.proof import record, testing
from site_src.proof.identity import test_file

Run = Callable[[Page], list[Problem]]
Say = Callable[[str], None]
LIMIT = 600  # seconds for the tests of one page
_CONTRACT = "tests/test_every_snippet.py"
_READ = "keeps_the_style"  # a clause that is checked where the files are read
_HOUSE = "tests/test_layout.py"  # what may stand and be imported where
_RULES = "test_the_rule_holds"
# What every page adds to.
_SHARED = ("docs/references.bib", "docs/glossary.md", "docs/tracks/")


def concerning(
    root: Path, page: Page, run: Run, say: Say, *, force: bool = False
) -> list[Problem]:
    """Read a page's files, run its snippets' tests, and execute it.

    A snippet's own tests are not run where its record is current: they passed when it
    was made, and nothing that they test has changed. The contract is always tried.

    Args:
        root: The repository.
        page: The page.
        run: Executes it, and tells what went wrong.
        say: Is told what was done and how long it took, a line each.
        force: Run all tests.

    Returns:
        What is wrong with its files or missing in them.
    """
    began = time.monotonic()
    files = {*drafts.files(page), *map(record_file, page.snippets)}
    every = everything(root)
    found = [p for p in every if p.path in files or p.path.startswith(_SHARED)]
    found += _formatted(root, [name for name in files if name.endswith((".py", ".md"))])
    say(f"{page.name}: {len(files)} files read in {time.monotonic() - began:.1f} s")
    found += _tested(root, page, files, say, force=force)
    if any(fault.path == page.path and not fault.missing for fault in found):
        say(f"{page.name}: not executed before this is mended")
    else:
        found += run(page)
    wrong = sum(not fault.missing for fault in set(found))
    left = len(set(found)) - wrong
    wall = time.monotonic() - began
    say(f"{page.name}: {wrong} wrong, {left} missing, told in {wall:.1f} s")
    return found


def _tested(
    root: Path, page: Page, files: Collection[str], say: Say, *, force: bool
) -> list[Problem]:
    """The snippets' own tests, the contract of all snippets, the rules of the house."""
    own = []
    found = []
    for name in page.snippets:
        path = test_file(name)
        if not (root / path).is_file():
            text = f"there is no {path}"
            found.append(Problem(f"snippets/{name}.py", 1, text, missing=True))
        elif not force and (known := _known(root, name)):
            say(f"{name}: {known}")
        else:
            own.append(path)
    began = time.monotonic()
    chosen = [_RULES, *page.snippets, *(Path(path).stem for path in own)]
    words = f"({' or '.join(chosen)}) and not {_READ}"
    tests = [*own, _CONTRACT, _HOUSE, "-k", words]
    ran = testing.run(root, tests, limit=LIMIT)
    wall = time.monotonic() - began
    concerned = {*files, *own, _CONTRACT}  # the house has other pages, too
    blamed = _blamed(ran.failed, page.snippets)
    failed = [fault for fault in blamed if fault.path in concerned]
    names = ", ".join((*own, "the contract", "the rules of the house"))
    count = f"{ran.passed} tests passed, {len(failed)} failed in {wall:.1f} s"
    say(f"{page.name}: {count} ({names})")
    ended = [Problem(tests[0], 1, ran.ended)] if ran.ended else []
    return [*found, *failed, *ended]


def _known(root: Path, name: str) -> str:
    """What a record says of a snippet's own tests; empty where they have to run."""
    try:
        proof = record.read(root, name)
    except ValueError:
        return ""  # said elsewhere
    if proof is None or proof.stale(root):
        return ""
    installed = importlib.metadata.version("torch").partition("+")[0]
    if proof.environment.get("torch", "").partition("+")[0] != installed:
        return ""
    return f"{proof.tests} tests passed on {proof.date}, and nothing changed since"


def _blamed(failed: Iterable[Problem], names: Sequence[str]) -> Iterator[Problem]:
    """Failures; where the contract is broken, at the snippet that breaks it."""
    for fault in failed:
        test, _, said = fault.message.partition(": ")
        said = said.removeprefix("AssertionError: ")
        name = next((name for name in names if name in test), "")
        if fault.path == _CONTRACT and name:
            clause = test.partition("[")[2].replace(name, "").strip("[]-")
            text = f"the contract of all snippets: {clause or test}: {said}"
            yield replace(fault, path=f"snippets/{name}.py", line=1, message=text)
        else:
            yield fault


def _formatted(root: Path, names: Sequence[str]) -> list[Problem]:
    """What ruff says, where it is installed."""
    there = sorted(name for name in names if (root / name).is_file())
    if importlib.util.find_spec("ruff") is None:
        return []
    found = []
    for call in ("check", "format"):
        words = [sys.executable, "-m", "ruff", call, "--quiet"]
        words += ["--check"] if call == "format" else ["--output-format=concise"]
        done = subprocess.run(
            [*words, *there], cwd=root, capture_output=True, text=True, check=False
        )
        for line in (done.stdout + done.stderr).splitlines():
            path, _, rest = line.removeprefix("Would reformat: ").partition(":")
            if path in there:
                number = rest.partition(":")[0]
                said = rest.partition(": ")[2]
                if call == "format":
                    said = f"is not formatted; run python -m ruff format {path}"
                found.append(Problem(path, int(number or 1), said))
    return found
