"""The mistakes people make: each is planted in a snippet, and its tests must fail.

A test file lists them as `MISTAKES`. `verdicts` tries them all in a program of its
own: one process that has imported the test file, and with it torch and the trusted
implementations, forks a child for every mistake. The child puts the changed snippet
in the place of the true one and runs the test file, and nothing else.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import subprocess
import sys
import threading
import types
from collections.abc import Collection, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from inspect import signature
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import torch
from parity import tensors
from recording import LISTENER

from site_src.ablation import replaced
from site_src.proof import record

LIMIT = 120  # seconds for one mistake
FORK = sys.platform == "linux"  # elsewhere children start from nothing, slowly


class Mistake(NamedTuple):
    """Something that people get wrong, as a change of the snippet's source.

    Args:
        what: What is done wrong, in words; the page shows them.
        replace: Old text, which occurs once in the snippet → new text.
        seen: What one would really see. Try it before you write it.
        report: Where someone met it, as "owner/repository#number".
    """

    what: str
    replace: dict[str, str]
    seen: str
    report: str = ""


class Verdict(NamedTuple):
    """What became of a mistake.

    Args:
        what: As in the mistake.
        seen: As in the mistake.
        report: As in the mistake.
        by: The test that failed; empty where the mistake was not caught.
        why: Why it counts as not caught; empty where it was.
    """

    what: str
    seen: str
    report: str
    by: str
    why: str


def caught_before(root: Path, name: str) -> dict[str, str]:
    """By mistake the test that caught it when the snippet's record was made."""
    made = record.read(root, name)
    return {mistake.what: mistake.by for mistake in made.mistakes} if made else {}


def verdicts(
    root: Path, name: str, known: Mapping[str, str] = MappingProxyType({})
) -> list[Verdict]:
    """Plant every mistake of one test file, each in a process of its own.

    Args:
        root: The repository.
        name: The snippet, such as "family/slug".
        known: By mistake a test to try alone first: where it fails, the mistake is
            caught, and the others need not be run. For the first test of the file
            that fails, leave it out.

    Raises:
        RuntimeError: The mistakes could not be tried, or a test that caught one fails
            also as it is.
    """
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environ |= {"OMP_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environ.pop(LISTENER, None)  # what a planted mistake measures is no record
    done = subprocess.run(
        [sys.executable, __file__, str(root), name],
        cwd=root,
        env=environ,
        input=json.dumps(dict(known)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip() or 'no answer'}")
    return [Verdict(*json.loads(line)) for line in done.stdout.splitlines()]


def main(root: Path, name: str, known: Mapping[str, str]) -> None:
    """Print a verdict a line, as the program that `verdicts` starts."""
    sys.path[:0] = [str(root), str(root / "tests")]
    family, slug = name.split("/")
    snippet = root / "snippets" / f"{name}.py"
    test = root / "tests" / "snippets" / family / f"test_{slug}.py"
    spec = spec_from_file_location(f"warm_{slug}", test)
    assert spec is not None and spec.loader is not None  # noqa: PT018
    warm = module_from_spec(spec)
    spec.loader.exec_module(warm)
    expected = _gives(sys.modules[f"snippets.{family}.{slug}"])
    assert not FORK or threading.active_count() == 1, "threads do not survive a fork"
    gc.freeze()  # a child's pytest looks through its own objects alone for garbage
    true, catchers = snippet.read_text(), set[str]()
    for mistake in getattr(warm, "MISTAKES", ()):
        try:
            source = replaced(true, mistake.replace, f"{name}.py")
            asked = (snippet, source, test, expected)
            first = known.get(mistake.what)
            by, why = _ask(*asked, {first}) if first else ("", "")
            if not by:
                by, why = _ask(*asked)
        except ValueError as error:
            by, why = "", str(error)
        catchers |= {by} - {""}
        verdict = Verdict(mistake.what, mistake.seen, mistake.report, by, why)
        print(json.dumps(verdict), flush=True)
    by, why = _ask(snippet, true, test, expected, catchers)
    if catchers and why != SURVIVED:
        sys.exit(f"the tests do not pass as it is: {by or why}")


SURVIVED = "no test failed"


def _ask(
    snippet: Path,
    source: str,
    test: Path,
    expected: list[Any],
    only: Collection[str] = (),
) -> tuple[str, str]:
    """Try one source in a child: (test that caught it, why none did)."""
    context: Any = multiprocessing.get_context("fork" if FORK else "spawn")
    ours, theirs = context.Pipe(duplex=False)
    given = (theirs, snippet, source, test, expected, only)
    child = context.Process(target=_answer, args=given)
    child.start()
    theirs.close()
    try:
        if not ours.poll(LIMIT):
            return "", f"was still running after {LIMIT} s"
        by, why = ours.recv()
        return by, why
    except EOFError:
        child.join()
        return "", f"ended the process with code {child.exitcode}"
    finally:
        child.kill()
        child.join()
        ours.close()


def _answer(
    answer: Connection,
    snippet: Path,
    source: str,
    test: Path,
    expected: list[Any],
    only: Collection[str],
) -> None:
    """Run in the child: put the changed snippet in place and run the tests."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    family, slug = snippet.parent.name, snippet.stem
    name = f"snippets.{family}.{slug}"
    module = types.ModuleType(name)
    module.__file__ = str(snippet)
    sys.modules[name] = module
    try:
        exec(compile(source, f"<{family}/{slug}.py, planted>", "exec"), vars(module))
        found = _gives(module)
    except Exception as error:
        answer.send(("", f"does not run: {type(error).__name__}: {error}"))
        return
    if found != expected:
        answer.send(("", f"gives {found}, not {expected}"))
        return
    if parent := sys.modules.get(f"snippets.{family}"):
        setattr(parent, slug, module)
    watch = Watch(only)
    pytest.main(["-x", "-q", "-p", "no:cacheprovider", str(test)], plugins=[watch])
    answer.send((watch.by, watch.why))


class Watch:
    """A pytest plugin that remembers the first failure.

    Args:
        only: The names of the tests to run; empty for all.
    """

    def __init__(self, only: Collection[str] = ()) -> None:
        self.by, self.why, self.only = "", "no test ran", only

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what is not asked for."""
        if self.only:
            items[:] = [item for item in items if item.name in self.only]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A test file that cannot be imported proves nothing."""
        if report.failed:
            lines = str(report.longrepr).strip().splitlines()
            self.why = f"its tests could not be collected: {lines[-1]}"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Only a test that failed, not its set-up, catches a mistake."""
        test = report.nodeid.rpartition("::")[2]
        if report.failed and report.when == "call":
            self.by, self.why = test, ""
        elif report.failed:
            self.why = f"the {report.when} of {test} failed, not the test"
        elif report.passed and report.when == "call" and not self.by:
            self.why = SURVIVED


def _gives(snippet: types.ModuleType) -> list[Any]:
    """Shapes and types that the example gives, then with each flag the other way."""
    parameters = signature(snippet.example).parameters.items()
    flags = {n: p.default for n, p in parameters if isinstance(p.default, bool)}
    given = []
    for changed in ({}, *({name: not default} for name, default in flags.items())):
        torch.manual_seed(0)
        network, inputs = snippet.example(**changed)
        with torch.no_grad():
            outputs = tensors(network(*inputs))
        given.append([f"{tuple(t.shape)} {t.dtype}" for t in outputs])
    return given


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.load(sys.stdin))
