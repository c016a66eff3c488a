"""The command line: what each command does, and the one way in which all report."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from site_src.arguments import parser
from site_src.problem import Problem, Problems
from site_src.progress import Progress, summary

if TYPE_CHECKING:
    from site_src.execution.schedule import Outcome
    from site_src.page import Page

# Each command imports what it needs: a bare machine can measure, but not render.
_OURS = {"site_src", "snippets", "tests"}
_NOT_INSTALLED = (
    "{0} is not installed for {1}; call `make setup`, "
    "then `.venv/bin/python -m site_src ...`"
)


def main(arguments: Sequence[str]) -> int:
    """Run a command.

    Returns:
        The exit code: 0, 1 when something is wrong with the site, 2 for a wrong call.
    """
    options = parser().parse_args(arguments)
    root = Path(options.root).resolve()
    if not (root / "docs").is_dir():
        print(f"{root} has no docs/; call this from the repository", file=sys.stderr)
        return 2
    try:
        problems = _COMMANDS[options.command](root, options)
    except Problems as error:
        problems = error.problems
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] in _OURS:
            raise
        print(_NOT_INSTALLED.format(error.name, sys.executable), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    for problem in sorted(set(problems), key=_turn):
        print(problem, file=sys.stderr)
    if problems:
        count = len(set(problems))
        print(f"{count} problem{'s' if count > 1 else ''}", file=sys.stderr)
    return 1 if problems else 0


def _turn(problem: Problem) -> tuple[object, ...]:
    """What is wrong, then what is missing; snippet and test, then page, then record."""
    return problem.missing, problem.path.startswith("docs/"), problem.turn


def _run(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.page import read_pages

    pages = read_pages(root)
    if options.page:
        pages = _chosen(pages, options.page)
    problems = [fault for page in pages for fault in page.fences.problems]
    part, times = _shard(options.shard), _read_times(options.times)
    return problems + execute(root, pages, options, part, times).problems


def _times(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.execution.schedule import store_of
    from site_src.execution.shards import recorded_times
    from site_src.page import read_pages

    print(json.dumps(recorded_times(store_of(root), read_pages(root)), indent=1))
    return []


def _read_times(path: Path | None) -> dict[str, float]:
    if path is None:
        return {}
    try:
        times = json.loads(path.read_text())
        return {str(page): float(seconds) for page, seconds in times.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        sys.exit(f"--times takes a file with seconds by page: {path}: {error}")


def _seeds(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.execution.schedule import Options
    from site_src.page import read_pages
    from site_src.robustness import fragile_claims

    pages = read_pages(root)
    if options.page:
        pages = _chosen(pages, options.page)
    choices = Options(jobs=options.jobs, isolated=options.isolated)
    with Progress(quiet=options.quiet) as progress:
        problems = fragile_claims(root, pages, options.seed, choices, progress.hear)
    if not problems and not options.quiet:
        print(f"every claim holds with the seeds {options.seed}")
    return problems


def _new(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.scaffold import files

    try:
        written = files.write(root, options.slug, options.title)
    except ValueError as error:
        sys.exit(str(error))
    if not options.quiet:
        print("\n".join(path.relative_to(root).as_posix() for path in written))
        print(f"What is still to be written: python -m site_src check {options.slug}")
    return []


def _check(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.lint.site import everything

    problems = _concerning(root, options) if options.page else everything(root)
    if options.draft:
        left = len({problem for problem in problems if problem.missing})
        problems = [problem for problem in problems if not problem.missing]
        if left and not options.quiet:
            print(f"Left out: {left} things that are still to be written")
    return problems


def _concerning(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.page import read_pages
    from site_src.scaffold.check import concerning

    def run(page: Page) -> list[Problem]:
        return execute(root, [page], options).problems

    def say(line: str) -> None:
        if not options.quiet:
            print(line, file=sys.stderr, flush=True)

    pages = _chosen(read_pages(root), options.page)
    force = options.force
    return [
        fault
        for page in pages
        for fault in concerning(root, page, run, say, force=force)
    ]


def _build(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.lint.site import everything
    from site_src.page import read_pages

    problems = everything(root)
    broken = {problem.path for problem in problems}
    pages = [page for page in read_pages(root) if page.path not in broken]
    problems += execute(root, pages, options).problems
    return _published(root, problems, quiet=options.quiet)


def _render(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.lint.site import everything

    return _published(root, everything(root), quiet=options.quiet)


def _published(root: Path, problems: list[Problem], *, quiet: bool) -> list[Problem]:
    """Publish if there are no problems; returns those that there are then."""
    from site_src.publish import publish

    if not problems:
        problems = publish(root)
    if problems:
        kept = " site/ is as it was." if (root / "site").exists() else ""
        print(f"Nothing was published.{kept}", file=sys.stderr)
    elif not quiet:
        print("Built site/")
    return problems


def _record(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.proof.renew import renew

    chosen = _snippets(root, options.slug)
    with Progress(quiet=options.quiet) as progress:
        return renew(root, chosen, force=options.force, hear=progress.hear)


def _measure(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.measure.command import Choice, here, measure, report

    try:
        device, name = here(options.device)
    except ValueError as error:
        sys.exit(str(error))
    chosen = _snippets(root, options.slug)
    choice = Choice(device, name, options.budget, options.force, chosen)

    def say(line: str) -> None:
        if not options.quiet:
            print(line, file=sys.stderr, flush=True)

    runs, problems = measure(root, choice, say)
    if not options.quiet:
        print("\n".join(report(runs)))
    return problems


def _serve(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.serve import serve

    serve(root, options.address)
    return []


def execute(
    root: Path,
    pages: Sequence[Page],
    options: argparse.Namespace,
    shard: tuple[int, int] = (1, 1),
    times: Mapping[str, float] = MappingProxyType({}),
) -> Outcome:
    """Execute pages with a progress bar and a summary."""
    from site_src.execution.schedule import Options, run

    choices = Options(
        jobs=options.jobs,
        force=options.force,
        shard=shard,
        times=times,
        isolated=options.isolated,
        seed=options.seed,
    )
    with Progress(quiet=options.quiet) as progress:
        outcome = run(root, pages, choices, progress.hear)
    if not options.quiet:
        print(summary(outcome))
    return outcome


def _snippets(root: Path, slugs: Sequence[str]) -> list[str]:
    from site_src.measurements import names_of

    names, chosen = names_of(root), []
    for slug in slugs:
        found = [name for name in names if slug in (name, name.rpartition("/")[2])]
        if not found:
            sys.exit(f"there is no snippet {slug}; snippets: {', '.join(names)}")
        chosen += found
    return chosen


def _chosen(pages: Sequence[Page], names: Sequence[str]) -> list[Page]:
    chosen = []
    for name in names:
        found = [
            page
            for page in pages
            if name in (page.slug, page.name, page.path, page.name.rpartition("/")[2])
        ]
        if not found:
            known = ", ".join(page.name for page in pages if page.blocks)
            sys.exit(f"there is no page {name}; pages with code: {known}")
        chosen += found
    return chosen


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        sys.exit(f"--shard takes i/n with 1 <= i <= n, such as 2/8, not {text!r}")
    return int(match[1]), int(match[2])


_COMMANDS: dict[str, Callable[[Path, argparse.Namespace], list[Problem]]] = {
    "run": _run,
    "times": _times,
    "seeds": _seeds,
    "new": _new,
    "check": _check,
    "build": _build,
    "render": _render,
    "record": _record,
    "measure": _measure,
    "serve": _serve,
}

if os.name != "posix":  # pragma: no cover
    sys.exit("Blueprints is built on Linux or macOS")
