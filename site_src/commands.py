"""The command line: what each command takes, and the one way in which all report."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from site_src.execution.schedule import Options, Outcome, run, store_of
from site_src.execution.shards import recorded_times
from site_src.page import Page, read_pages
from site_src.problem import Problem, Problems
from site_src.progress import Progress, summary
from site_src.robustness import fragile_claims


def main(arguments: Sequence[str]) -> int:
    """Run a command.

    Returns:
        The exit code: 0, 1 when something is wrong with the site, 2 for a wrong call.
    """
    options = _parser().parse_args(arguments)
    root = Path(options.root).resolve()
    if not (root / "docs").is_dir():
        print(f"{root} has no docs/; call this from the repository", file=sys.stderr)
        return 2
    try:
        problems: list[Problem] = options.command(root, options)
    except Problems as error:
        problems = error.problems
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    for problem in sorted(set(problems)):
        print(problem, file=sys.stderr)
    if problems:
        count = len(set(problems))
        print(f"{count} problem{'s' if count > 1 else ''}", file=sys.stderr)
    return 1 if problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m site_src", description=__doc__)
    quiet = argparse.ArgumentParser(add_help=False)
    quiet.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=argparse.SUPPRESS,
        help="only problems",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="only problems")
    parser.add_argument(
        "--root", default=Path.cwd(), help="the repository (default: .)"
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    execute = commands.add_parser(
        "run", help="execute the pages that have changed", parents=[quiet]
    )
    _execution(execute)
    _pages(execute)
    execute.add_argument(
        "--shard", default="1/1", metavar="I/N", help="the i-th of n parts"
    )
    execute.add_argument(
        "--times",
        type=Path,
        metavar="FILE",
        help="balance the parts by these, as `times` printed them",
    )
    execute.set_defaults(command=_run)

    times = commands.add_parser(
        "times", help="print the seconds that each page took before", parents=[quiet]
    )
    times.set_defaults(command=_times)

    seeds = commands.add_parser(
        "seeds", help="try the claims under other seeds", parents=[quiet]
    )
    seeds.add_argument("--jobs", type=int, default=0, help="pages at once")
    _isolated(seeds)
    _pages(seeds)
    seeds.add_argument("--seed", type=int, nargs="+", default=[1, 2, 3], metavar="N")
    seeds.set_defaults(command=_seeds)

    check = commands.add_parser(
        "check", help="check the pages without running them", parents=[quiet]
    )
    check.set_defaults(command=_check)

    build = commands.add_parser(
        "build", help="check, execute and build into site/", parents=[quiet]
    )
    _execution(build)
    build.set_defaults(command=_build)

    render = commands.add_parser(
        "render",
        help="build into site/ from what other machines executed; run nothing",
        parents=[quiet],
    )
    render.set_defaults(command=_render)

    record = commands.add_parser(
        "record",
        help="check snippets against their references and keep the result",
        parents=[quiet],
    )
    record.add_argument(
        "slug",
        nargs="*",
        help="a snippet, such as family/slug (default: those without current record)",
    )
    record.add_argument("--force", action="store_true", help="all snippets")
    record.set_defaults(command=_record)

    serve = commands.add_parser(
        "serve", help="build, serve, and follow every edit", parents=[quiet]
    )
    serve.add_argument("--address", default="127.0.0.1:8000", metavar="HOST:PORT")
    serve.set_defaults(command=_serve)
    return parser


def _pages(parser: argparse.ArgumentParser) -> None:
    text = "only this page; may be repeated"
    parser.add_argument("--page", action="append", metavar="SLUG", help=text)


def _execution(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="run also what is fresh")
    parser.add_argument(
        "--jobs", type=int, default=0, help="pages at once (default: cores)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of every page")
    _isolated(parser)


def _isolated(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--isolated",
        action="store_true",
        help="run no page where a control is missing (see README)",
    )


def _run(root: Path, options: argparse.Namespace) -> list[Problem]:
    pages = read_pages(root)
    if options.page:
        pages = _chosen(pages, options.page)
    problems = [fault for page in pages for fault in page.fences.problems]
    part, times = _shard(options.shard), _read_times(options.times)
    return problems + execute(root, pages, options, part, times).problems


def _times(root: Path, options: argparse.Namespace) -> list[Problem]:
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
    pages = read_pages(root)
    if options.page:
        pages = _chosen(pages, options.page)
    choices = Options(jobs=options.jobs, isolated=options.isolated)
    with Progress(quiet=options.quiet) as progress:
        problems = fragile_claims(root, pages, options.seed, choices, progress.hear)
    if not problems and not options.quiet:
        print(f"every claim holds with the seeds {options.seed}")
    return problems


def _check(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.lint.site import everything

    return everything(root)


def _build(root: Path, options: argparse.Namespace) -> list[Problem]:
    from site_src.lint.site import everything

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
    from site_src.proof.record import names_of
    from site_src.proof.renew import renew

    names = names_of(root)
    chosen = []
    for slug in options.slug:
        found = [name for name in names if slug in (name, name.rpartition("/")[2])]
        if not found:
            sys.exit(f"there is no snippet {slug}; snippets: {', '.join(names)}")
        chosen += found
    with Progress(quiet=options.quiet) as progress:
        return renew(root, chosen, force=options.force, hear=progress.hear)


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


def _chosen(pages: Sequence[Page], names: Sequence[str]) -> list[Page]:
    chosen = []
    for name in names:
        found = [page for page in pages if name in (page.slug, page.name, page.path)]
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


if os.name != "posix":  # pragma: no cover
    sys.exit("Blueprints is built on Linux or macOS")
