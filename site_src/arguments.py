"""The commands that build, check and measure the site."""

from __future__ import annotations

import argparse
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """All commands; the one that was chosen is the name in `command`."""
    whole = argparse.ArgumentParser(prog="python -m site_src", description=__doc__)
    quiet = argparse.ArgumentParser(add_help=False)
    quiet.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=argparse.SUPPRESS,
        help="only problems",
    )
    whole.add_argument("-q", "--quiet", action="store_true", help="only problems")
    whole.add_argument("--root", default=Path.cwd(), help="the repository (default: .)")
    commands = whole.add_subparsers(required=True, metavar="command")

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
    execute.set_defaults(command="run")

    times = commands.add_parser(
        "times", help="print the seconds that each page took before", parents=[quiet]
    )
    times.set_defaults(command="times")

    seeds = commands.add_parser(
        "seeds", help="try the claims under other seeds", parents=[quiet]
    )
    seeds.add_argument("--jobs", type=int, default=0, help="pages at once")
    _isolated(seeds)
    _pages(seeds)
    seeds.add_argument("--seed", type=int, nargs="+", default=[1, 2, 3], metavar="N")
    seeds.set_defaults(command="seeds")

    new = commands.add_parser(
        "new", help="write the first files of a page", parents=[quiet]
    )
    new.add_argument("slug", help="of the page and its snippet: family/slug")
    new.add_argument("--title", default="", help="in words (default: the slug's)")
    new.set_defaults(command="new")

    check = commands.add_parser(
        "check",
        help="check all pages without running them, or all that concerns some",
        parents=[quiet],
    )
    check.add_argument(
        "page", nargs="*", metavar="SLUG", help="a page: its tests and blocks run, too"
    )
    check.add_argument(
        "--draft", action="store_true", help="leave out what is still to be written"
    )
    _execution(check)
    check.set_defaults(command="check")

    build = commands.add_parser(
        "build", help="check, execute and build into site/", parents=[quiet]
    )
    _execution(build)
    build.set_defaults(command="build")

    render = commands.add_parser(
        "render",
        help="build into site/ from what other machines executed; run nothing",
        parents=[quiet],
    )
    render.set_defaults(command="render")

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
    record.set_defaults(command="record")

    benchmark = commands.add_parser(
        "measure",
        help="time snippets on this machine; needs torch alone",
        parents=[quiet],
    )
    benchmark.add_argument(
        "slug", nargs="*", help="a snippet, such as family/slug (default: all)"
    )
    benchmark.add_argument(
        "--device", choices=["cpu", "cuda"], default="", help="default: CUDA if there"
    )
    benchmark.add_argument(
        "--budget",
        type=float,
        default=300,
        metavar="SECONDS",
        help="stop after this time; a second call goes on (default: 300)",
    )
    benchmark.add_argument(
        "--force", action="store_true", help="measure also what is current"
    )
    benchmark.set_defaults(command="measure")

    serve = commands.add_parser(
        "serve", help="build, serve, and follow every edit", parents=[quiet]
    )
    serve.add_argument("--address", default="127.0.0.1:8000", metavar="HOST:PORT")
    serve.set_defaults(command="serve")
    return whole


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
