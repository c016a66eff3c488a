"""The fence ```benchmarks: every page's times in one table, and over the sizes."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from mkdocs.utils import get_relative_url

from site_src.figures import crossover
from site_src.figures.crossover import Line
from site_src.figures.tables import framed, inline
from site_src.measure import tables
from site_src.measure.runs import Run
from site_src.rendering import benchmark_files, benchmarks, links
from site_src.rendering.benchmarks import Shown
from site_src.rendering.state import PageState, fence, site, state_of

_COLUMNS = (
    *("implementation", "forward, ms", "forward + backward, ms"),
    *("snippet ÷ this", "exponent", "memory"),
)


_LINES = 6  # of one figure: there are six colours


@fence
def show(_: str, md: Any) -> str:
    """HTML of the fence."""
    state, shown = state_of(md), benchmarks.everything()
    if not shown:
        return "<p>Nothing has been measured yet.</p>"
    lacking = [f"`{name}`" for name in benchmarks.lacking(shown)]
    parts = [*_plots(shown), _table(shown, state), _downloads(state)]
    if lacking:
        parts.append(
            f"<p>{inline(f'No GPU record exists for {_joined(lacking)}.')}</p>"
        )
    return f'<section class="benchmarks">{"".join(parts)}</section>'


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if names[1:] else "") + names[-1]


def _plots(shown: Sequence[Shown]) -> list[str]:
    """Time and memory over each size that was varied, by device and family."""
    groups: dict[tuple[str, str, str], list[Run]] = {}
    for one in shown:
        run = one.run
        if run.precision == "float32" and not one.changed:
            key = (run.environment["device"], run.size, one.family)
            groups.setdefault(key, []).append(run)
    return [
        drawn(device, size, runs[first : first + _LINES])
        for (device, size, _), runs in groups.items()
        for first in range(0, len(runs), _LINES)
        for drawn in (_time, _memory)
    ]


def _time(device: str, size: str, runs: Sequence[Run]) -> str:
    lines = []
    for run in runs:
        growth = run.growth()
        name = f"{run.snippet}, exponent {growth}" if growth else run.snippet
        cases = run.of(run.snippet).items()
        points = tuple((v, 1e3 * c.spread("training").median) for v, c in cases)
        lines.append(Line(name, points))
    caption = f"Forward + backward on {device}, float32: {_settings(runs)}"
    return _drawn(tuple(lines), size, "milliseconds", caption)


def _memory(device: str, size: str, runs: Sequence[Run]) -> str:
    lines, whole = (
        [],
        all(
            case.peak is not None
            for run in runs
            for case in run.of(run.snippet).values()
        ),
    )
    for run in runs:
        cases = run.of(run.snippet).items()
        counts = [(v, c.peak if whole else c.kept) for v, c in cases]
        points = tuple((v, count / 2**20) for v, count in counts if count)
        lines.append(Line(run.snippet, points))
    what = (
        "Most bytes held in training" if whole else "Bytes kept for the backward pass"
    )
    caption = f"{what} on {device}, float32: {_settings(runs)}"
    return _drawn(tuple(lines), size, "MiB", caption)


def _drawn(lines: tuple[Line, ...], size: str, cost: str, caption: str) -> str:
    lines = tuple(line for line in lines if line.points)
    if not lines:
        return ""
    key = (lines, size, cost, caption)
    return site().kept.of("crossover", key, lambda: crossover.figure(*key))


def _settings(runs: Sequence[Run]) -> str:
    """The other sizes, said once for all that share them."""
    groups: dict[str, list[str]] = {}
    for run in runs:
        sizes = ", ".join(f"{name} {value}" for name, value in run.fixed.items())
        groups.setdefault(sizes, []).append(f"`{run.snippet}`")
    return "; ".join(f"{_joined(n)} with {sizes}" for sizes, n in groups.items())


def _table(shown: Sequence[Shown], state: PageState) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
    body = "".join(_group(one, state) for one in shown)
    text = framed(head, "", "Every snippet at its largest size")
    return benchmarks.laid_out(text.replace("<tbody></tbody>", body))


def _group(shown: Shown, state: PageState) -> str:
    """The rows of a run below a row that says what and where it was."""
    run, rows = shown.run, ""
    device = html.escape(run.environment["device"])
    for name, forward, training, ratio, exponent, kept, peak in tables.rows(run):
        memory = f"{peak} held" if peak else f"{kept} kept" if kept else ""
        cells = (forward, training, ratio, exponent, memory)
        row = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        rows += f'<tr><th scope="row">{inline(f"`{name}`")}</th>{row}</tr>'
    said = html.escape(f"{tables.sizes(run)}; {tables.where(run)}; {shown.origin}")
    return (
        f'<tbody data-family="{shown.family}" data-device="{device}">'
        f'<tr><th scope="rowgroup" colspan="{len(_COLUMNS)}">{_link(shown, state)} '
        f"<small>{said}</small></th></tr>{rows}</tbody>"
    )


def _link(shown: Shown, state: PageState) -> str:
    """A snippet's name, leading to its benchmark on the page."""
    name = shown.run.snippet
    address = f"{links.address(shown.page, state.page)}#{benchmarks.anchor(name)}"
    return f'<a href="{address}"><code>{html.escape(name)}</code></a>'


def _downloads(state: PageState) -> str:
    here = site().addresses[state.page.path]
    links = [
        f'<a href="{get_relative_url(name, here)}" download>{name}</a>'
        for name in benchmark_files.FILES
    ]
    return f"<p>All runs with their raw samples: {_joined(links)}.</p>"
