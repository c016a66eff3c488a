"""The page API: the few functions that a page's blocks may call.

Loading this imports nothing; each function brings in what it needs. All of them work
only inside an executed page (`python -m site_src run`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

    from matplotlib.figure import Figure
    from torch import nn

    from site_src.measure.page import Measured
    from site_src.measure.sweep import Example

__all__ = [
    "ablated",
    "benchmark",
    "claim",
    "demo",
    "diagram",
    "diff",
    "experiment",
    "figure",
    "shapes",
    "table",
]


def experiment(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep a function's result under a key of its own, so that it runs only if needed.

    Args:
        function: A function of the page. Its arguments and its result are JSON data
            without NaN. It starts from the page's seed at every call.
    """
    from site_src.execution.units import Unit

    return Unit(function)


def figure(drawing: Figure, *, alt: str, caption: str) -> None:
    """Print a Matplotlib figure as finished SVG that follows light and dark.

    Args:
        drawing: The figure; it is closed.
        alt: What is seen, for a reader who does not see it.
        caption: The one thing that the figure says. `code` is allowed.
    """
    from site_src.figures import svg

    svg.show(drawing, alt=alt, caption=caption)


def table(
    rows: Sequence[Sequence[object]], *, header: Sequence[str], caption: str
) -> None:
    """Print a table.

    Args:
        rows: Cells by row; backticks become code. Format floats yourself.
        header: Column names, units included.
        caption: The one thing that the table says.
    """
    from site_src.figures import tables

    tables.show(rows, header=header, caption=caption)


def shapes(example: Callable[..., Any]) -> None:
    """Print what goes into a snippet and what comes out, by running its `example()`.

    Args:
        example: The snippet's `example`, which returns (module, inputs).
    """
    from site_src.figures import tables

    tables.show_shapes(example)


def demo(
    kind: str,
    build: Callable[[], nn.Module],
    train: Callable[[nn.Module], Any],
    *,
    alt: str,
    caption: str,
    **settings: Any,
) -> Any:
    """Train a small model and print it as a figure that runs in the browser.

    Training, export and check are kept under a key of their own, like an experiment.

    Args:
        kind: What the demo does, a module in site_src/demos.
        build: Returns the model, which holds a module of a snippet.
        train: Trains it, within 20 seconds of one core; it returns JSON data.
        alt: What is seen before it runs, for a reader who does not see it.
        caption: What to look for. `code` is allowed.
        settings: What the kind asks for. "next-token" takes `vocabulary`, the
            characters in order; `start`, the first text; `context`, how many tokens
            are read at once, for a model without a state; and `inner`, labels and
            names of values in the snippet, such as {"forget": "Net.forward.forget"}.
            "fill-gap" takes the same for a model with a window, and `gap`, the one of
            the characters that stands for a hidden token.

    Returns:
        What `train` returned.
    """
    from site_src.demos.show import show

    texts = {"alt": alt, "caption": caption}
    return show(kind, build, train, **texts, settings=settings)


def claim(
    name: str, value: float | str, *, holds: bool, spec: str = ".3g", unit: str = ""
) -> None:
    """Declare a measured value; the page's prose shows it as `{claim:name}`.

    Args:
        name: Lower-case words joined by hyphens, once a page.
        value: The number, or a finished text.
        holds: Whether what the prose asserts of it is true; False fails the build.
        spec: How a number is written, as in `format(value, spec)`.
        unit: What follows the number; a space is put before it unless it is %.
    """
    from site_src import claims

    claims.declare(name, value, holds=bool(holds), spec=spec, unit=unit)


def benchmark(
    snippet: str,
    *,
    vary: Mapping[str, Sequence[int]],
    fixed: Mapping[str, int],
    caption: str,
    against: Mapping[str, Example] | None = None,
    on_gpu: Mapping[str, int | Sequence[int]] | None = None,
) -> Measured:
    """Measure a snippet's time and memory beside others; print the table.

    It is a statement of a block that can run alone: with its own imports, with what
    it needs defined in it, with nothing of the page API but this and `claim`. Claims
    on what is measured stand in the same block, as bands.

    Args:
        snippet: Its name, such as "family/slug".
        vary: One argument of its `example()`, with sizes that take seconds on the
            processor.
        fixed: Other arguments of `example()`.
        caption: The one thing that the table says.
        against: By name what builds a competitor: a function that takes the same sizes
            by name and returns (module, inputs). One whose package is not installed
            is left out, and the table says so.
        on_gpu: Sizes that replace those of the same name where there is a GPU.

    Returns:
        `ratio(name)`, `exponent()` and `kept()`, of forward and backward at the
        largest size unless told otherwise.
    """
    from site_src.measure import page

    return page.show(
        snippet,
        vary=vary,
        fixed=fixed,
        against=against or {},
        on_gpu=on_gpu or {},
        caption=caption,
    )


def ablated(snippet: str, replace: Mapping[str, str]) -> ModuleType:
    """Load a copy of a snippet with parts of its source replaced.

    Args:
        snippet: The file below snippets/, such as "family/slug.py".
        replace: Old text → new text; each old text occurs exactly once.
    """
    from site_src import ablation

    return ablation.load(snippet, replace)


def diff(snippet: str, replace: Mapping[str, str]) -> None:
    """Print the replacements that `ablated` would make, as a diff with line numbers."""
    from site_src import ablation

    ablation.show_diff(snippet, replace)


def diagram(
    example: Callable[..., Any],
    *,
    title: str,
    caption: str,
    grid: str,
    boxes: str,
    arrows: str,
    groups: str = "",
    of: str | None = None,
) -> None:
    """Print a diagram of a snippet, each part of it tied to the code that runs.

    Args:
        example: The snippet's `example`; it is run, and fills in shapes and parameters.
        title: What the drawing is, for a reader who does not see it.
        caption: The one thing that it says. `code` is allowed.
        grid: Where the parts stand: rows of names; `.` is an empty cell, `.name` a
            bend or fork of lines; a name in several cells spans them.
        boxes: What they are, a row each:
            `name | label | what it is in the code | tone | why it is there`.
        arrows: What leads where: `a -> b -> c`, `=>` heavy, `~>` to the next time step,
            `-|` and `|-` round a corner; then `: label` and `| tone`.
        groups: Frames: `name | × count | submodule | its parts`.
        of: The class that is drawn; that of the example's module unless given.
    """
    from site_src.diagrams import show

    texts = {"grid": grid, "boxes": boxes, "arrows": arrows, "groups": groups}
    show.show(example, texts, of=of, title=title, caption=caption)
