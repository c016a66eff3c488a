"""Benchmarks as pages show them: this build's run, and the last one of a GPU."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from site_src.figures.tables import inline, table
from site_src.lint.benchmarks import measuring
from site_src.measure import records, tables
from site_src.measure.runs import Run, identity_of
from site_src.measurements import record_file
from site_src.page import Page
from site_src.proof import record
from site_src.rendering.state import PageState, add_anchors, site

_PLACE = re.compile(
    r'<div class="benchmark" data-snippet="([^"]*)" data-caption="([^"]*)"></div>'
)


_NAME = re.compile(r'(?<=<th scope="row"><code>)[^<]*')
_BREAK = re.compile(r"(?<=[/._])|(?<=[a-z])(?=[A-Z])")
_SPREAD = re.compile(
    r"(?P<value><td[^>]*>[\d.,]+) (?:\((?P<quartiles>[\d.,]+–[\d.,]+)\)"
    r"|(?P<error>± [\d.]+))</td>"
)


@dataclass(frozen=True)
class Shown:
    """A run as the site shows it.

    Args:
        run: The run.
        page: The page that measures it.
        live: Whether this build measured it.
        changed: What changed since; "" when nothing did.
    """

    run: Run
    page: Page
    live: bool
    changed: str = ""

    @property
    def family(self) -> str:
        """The family of the snippet."""
        return self.run.snippet.partition("/")[0]

    @property
    def origin(self) -> str:
        """Where the run is from, and whether it still holds."""
        if self.live:
            return "this build"
        return f"recorded, out of date: {self.changed}" if self.changed else "recorded"


def live_runs(page: Page) -> list[Shown]:
    """The runs of a page's valid result."""
    result = site().result(page)
    return [
        Shown(Run.read(run), page, live=True)
        for block in (result["blocks"] if result else ())
        for entry in block["benchmarks"]
        for run in entry["runs"]
    ]


def recorded_runs(page: Page) -> list[Shown]:
    """The last runs of a GPU for the snippets that a page measures."""
    place = ("recorded", page.path)
    if place not in site().once:
        site().once[place] = _recorded_runs(page)
    found: list[Shown] = site().once[place]
    return found


def _recorded_runs(page: Page) -> list[Shown]:
    root, found = site().root, []
    for block in measuring(page):
        for call in block.calls:
            if not (root / "snippets" / f"{call.snippet}.py").is_file():
                continue  # said where the snippet should be
            path = records.file_of(root, call.snippet, "cuda")
            try:
                runs = records.latest(records.read(path))
            except ValueError as error:
                site().report(record_file(call.snippet), 1, str(error))
                continue
            today = identity_of(root, page.path, call)
            found += [
                Shown(run, page, live=False, changed=run.stale(today)) for run in runs
            ]
    return found


def everything() -> list[Shown]:
    """All runs of the site, page by page."""
    place = ("runs", "")
    if place not in site().once:
        pages = site().pages.values()
        shown = (s for p in pages for s in (*live_runs(p), *recorded_runs(p)))
        site().once[place] = list(shown)
    found: list[Shown] = site().once[place]
    return found


def anchor(snippet: str) -> str:
    """The id of a snippet's benchmark on its page."""
    return f"benchmark-{snippet.replace('/', '-')}"


def fill(block: dict[str, Any], state: PageState, md: Any) -> str:
    """A block's output, with its benchmarks drawn from their samples."""
    entries = iter(block["benchmarks"])

    def drawn(match: re.Match[str]) -> str:
        snippet, caption = html.unescape(match[1]), html.unescape(match[2])
        runs = [Run.read(run) for run in next(entries, {"runs": []})["runs"]]
        add_anchors(md, [anchor(snippet)])
        recorded = [s for s in recorded_runs(state.page) if s.run.snippet == snippet]
        note = "" if recorded else " No GPU record exists for this snippet."
        live = [Shown(run, state.page, live=True) for run in runs]
        body = "".join(_run(shown, caption, note) for shown in [*live, *recorded])
        return f'<section class="benchmark" id="{anchor(snippet)}">{body}</section>'

    return _PLACE.sub(drawn, block["output"])


def _run(shown: Shown, caption: str, note: str) -> str:
    """A run's table at the largest size, and all of it folded away, with a note."""
    run = shown.run
    origin = "Measured by this build" if shown.live else "The last recorded GPU run"
    said = f"{origin}: {tables.where(run)}"
    text = f"{caption}, at {tables.sizes(run)}. {said}"
    parts = [_table(tables.SUMMARY, tables.rows(run), text)]
    if shown.changed:
        late = f"Out of date: `{shown.changed}` changed since this was recorded."
        parts.insert(0, f'<div class="admonition warning"><p>{inline(late)}</p></div>')
    parts += [f"<p>{inline(f'`{n}` is left out: {why}.')}</p>" for n, why in left(run)]
    size = run.size.replace("_", " ")
    header = [size if name == "size" else name for name in tables.EVERY]
    all_sizes = _table(header, tables.every(run), f"{caption}, all sizes. {said}")
    parts.append(
        '<details class="made-by" data-search-exclude><summary>All sizes, and how this '
        f"was measured</summary><p>{_how(run)}{note}</p>{all_sizes}</details>"
    )
    return "".join(parts)


def left(run: Run) -> Sequence[tuple[str, str]]:
    """The competitors that were not measured, with the reason."""
    return sorted(run.left_out.items())


def _how(run: Run) -> str:
    case = run.of(run.snippet)[run.largest]
    rounds = len(case.training)
    text = (
        f"Median and quartiles of {rounds} rounds in which all take turns. Forward: "
        "without gradients. Forward + backward: with the gradients of all parameters. "
        "Kept: the bytes that automatic differentiation holds between the "
        "two, weights and inputs apart. "
    )
    if case.peak is not None:
        text += "Peak: the most bytes of tensors beyond weights and inputs. "
    if run.environment["kind"] == "cuda":
        text += "Products of float32 are not rounded to TF32 unless the table says so. "
    if case.operations:
        count = tables.operations(case.operations)
        text += f"The matrix products of a forward pass of the snippet are {count}; "
        text += f"it has {case.parameters:,} parameters. "
    return inline(
        text + f"The exponent is that of {run.size} in forward + backward, with its "
        "standard error, fitted to the first quartiles of the largest sizes, from "
        "which on the time keeps growing."
    )


def laid_out(text: str) -> str:
    """HTML of a table with spreads below their values, and names that may break."""

    def below(found: re.Match[str]) -> str:
        spread = found["quartiles"] or found["error"]
        return f"{found['value']} <small>{spread}</small></td>"

    text = _NAME.sub(lambda name: _BREAK.sub("<wbr>", name[0]), text)
    return _SPREAD.sub(below, text)


def _table(header: Sequence[str], rows: list[list[str]], caption: str) -> str:
    rows = [[f"`{row[0]}`", *row[1:]] for row in rows]
    header, rows = _without_empty(["implementation", *header[1:]], rows)
    return laid_out(table(rows, header=header, caption=caption))


def _without_empty(
    header: Sequence[str], rows: list[list[str]]
) -> tuple[list[str], list[list[str]]]:
    """Drop the columns that no row fills."""
    filled = [n for n in range(len(header)) if any(row[n] for row in rows)]
    return [header[n] for n in filled], [[row[n] for n in filled] for row in rows]


def add_files(files: Any, config: Any) -> None:
    """Publish all runs as benchmarks.json and benchmarks.csv."""
    from mkdocs.structure.files import File, InclusionLevel

    from site_src.rendering import benchmark_files

    current = site()
    pages = [(p.path, p.blocks, current.identity(p)) for p in current.pages.values()]
    key = (pages, record.made_of(current.root))

    def written() -> dict[str, str]:
        shown = everything()
        return {name: write(shown) for name, write in benchmark_files.FILES.items()}

    for name, content in current.kept.of("benchmarks", key, written).items():
        file = File.generated(
            config, name, content=content, inclusion=InclusionLevel.INCLUDED
        )
        files.append(file)


def lacking(shown: Sequence[Shown]) -> Iterator[str]:
    """The snippets that no GPU has measured."""
    recorded = {s.run.snippet for s in shown if s.run.environment["kind"] == "cuda"}
    measured = dict.fromkeys(s.run.snippet for s in shown)
    yield from (name for name in measured if name not in recorded)
