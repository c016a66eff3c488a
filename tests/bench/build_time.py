"""How long builds take: ours, notebooks through mkdocs-jupyter, plain markdown-exec.

`make bench-build` prints one table, measured in one run on ten small pages with the
same blocks. Rounds are interleaved, figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from site_src.execution.processes import descendants, resident

ROOT = Path(__file__).parents[2]
BLOCKS = (
    "import math\n\nimport torch\n\nscale = {page} + 1\nprint(scale)",
    "values = torch.arange(6.0).reshape(2, 3) * scale\nprint(values.sum().item())",
    "print(f'{{math.sqrt(values.sum().item()):.3f}}')",
)
COMMON = "site_name: Bench\ntheme: {name: material, font: false}\n"
# What is known of the others: mkdocs-jupyter keeps a notebook's result while its own
# bytes are the same, whatever it imports; markdown-exec keeps nothing.
RUN = {
    ("mkdocs-jupyter", "cold"): "{}",
    ("mkdocs-jupyter", "warm"): "not told",
    ("markdown-exec", "cold"): "{}",
    ("markdown-exec", "warm"): "{}",
}


@dataclass
class Measured:
    """One build."""

    seconds: float
    processor: float
    memory: float
    blocks: str


def measure(command: list[str], folder: Path) -> Measured:
    """Run a command; memory is that of all its processes together, sampled."""
    before = os.times()
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )
    peak = 0
    while process.poll() is None:
        pids = [process.pid, *descendants(process.pid)]
        peak = max(peak, resident(pids))
        time.sleep(0.05)
    seconds = time.monotonic() - began
    after = os.times()
    assert process.stdout
    output = process.stdout.read()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed in {folder}:\n{output[-3000:]}")
    cpu = sum(after[2:4]) - sum(before[2:4])
    ran = re.search(r"\((\d+) blocks\)", output)
    return Measured(seconds, cpu, peak / 2**20, ran[1] if ran else "")


def codes(page: int) -> list[str]:
    """The blocks of a page."""
    return [block.format(page=page) for block in BLOCKS]


def markdown(page: int, options: str) -> str:
    """A page of prose with its blocks."""
    parts = [f"# Page {page}\n\nSome prose that stands before the blocks.\n"]
    parts += [f"```python {options}\n{code}\n```\n" for code in codes(page)]
    return "\n".join(parts)


def make_ours(folder: Path, pages: int) -> None:
    """A copy of this repository's machinery with the pages."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("site_src", "snippets"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    for name in ("mkdocs.yml", "package.json"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    (folder / "docs").mkdir()
    for page in range(pages):
        (folder / "docs" / f"page_{page}.md").write_text(markdown(page, 'exec="1"'))
    (folder / "docs" / "index.md").write_text("# Home\n")


def make_plain(folder: Path, pages: int) -> None:
    """The same pages executed inside mkdocs by markdown-exec."""
    (folder / "docs").mkdir(parents=True)
    for page in range(pages):
        text = markdown(page, f'exec="1" session="page{page}"')
        (folder / "docs" / f"page_{page}.md").write_text(text)
    (folder / "docs" / "index.md").write_text("# Home\n")
    plugins = "plugins: [search, markdown-exec]\n"
    fences = "markdown_extensions: [pymdownx.superfences]\n"
    (folder / "mkdocs.yml").write_text(COMMON + plugins + fences)


def make_notebooks(folder: Path, pages: int) -> None:
    """The same pages as notebooks, executed by mkdocs-jupyter."""
    (folder / "docs").mkdir(parents=True)
    for page in range(pages):
        book = nbformat.v4.new_notebook()
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        title = f"# Page {page}\n\nSome prose that stands before the blocks."
        book.cells = [nbformat.v4.new_markdown_cell(title)]
        book.cells += [nbformat.v4.new_code_cell(code) for code in codes(page)]
        nbformat.write(book, folder / "docs" / f"page_{page}.ipynb")
    (folder / "docs" / "index.md").write_text("# Home\n")
    options = "{execute: true, allow_errors: false, include: ['*.ipynb']}"
    plugins = f"plugins: [search, mkdocs-jupyter: {options}]\n"
    (folder / "mkdocs.yml").write_text(COMMON + plugins)


def edit(path: Path, old: str, new: str) -> None:
    """Change a page."""
    text = path.read_text()
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1))


def ours(folder: Path, pages: int) -> dict[str, Measured]:
    """Every step of ours, in the order in which they build on each other."""
    make_ours(folder, pages)
    command = [sys.executable, "-m", "site_src", "build"]
    page = folder / "docs" / "page_0.md"
    steps = {"cold": measure(command, folder)}
    steps["warm"] = measure(command, folder)
    edit(page, "Some prose", "Other prose")
    steps["prose edit"] = measure(command, folder)
    edit(page, "reshape(2, 3)", "reshape(3, 2)")
    steps["code edit"] = measure(command, folder)
    return steps


def other(
    make: Callable[[Path, int], None],
) -> Callable[[Path, int], dict[str, Measured]]:
    """The steps of a build that keeps nothing: each is a whole one."""

    def run(folder: Path, pages: int) -> dict[str, Measured]:
        make(folder, pages)
        command = [sys.executable, "-m", "mkdocs", "build"]
        return {step: measure(command, folder) for step in ("cold", "warm")}

    return run


BUILDS = {
    "Blueprints": ours,
    "mkdocs-jupyter": other(make_notebooks),
    "markdown-exec": other(make_plain),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found: dict[tuple[str, str], list[Measured]] = {}
    for number in range(options.rounds):
        for name, build in BUILDS.items():
            print(f"round {number + 1}/{options.rounds}: {name}", file=sys.stderr)
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder) / "site"
                place.mkdir()
                shutil.rmtree(place)
                for step, result in build(place, options.pages).items():
                    found.setdefault((name, step), []).append(result)
    report(found, options.pages)


def report(found: dict[tuple[str, str], list[Measured]], pages: int) -> None:
    """Print the table."""
    total = pages * len(BLOCKS)
    print(f"\n{pages} pages, {total} blocks, {os.cpu_count()} processors, medians\n")
    print("| build | step | seconds | processor s | memory MiB | blocks run |")
    print("|---|---|---:|---:|---:|---:|")
    for (name, step), results in found.items():
        middle = {
            key: statistics.median(getattr(result, key) for result in results)
            for key in ("seconds", "processor", "memory")
        }
        blocks = results[0].blocks or RUN[name, step].format(total)
        print(
            f"| {name} | {step} | {middle['seconds']:.2f} | {middle['processor']:.2f} "
            f"| {middle['memory']:.0f} | {blocks} |"
        )
    cold = {n: [r.seconds for r in rs] for (n, s), rs in found.items() if s == "cold"}
    for name in list(BUILDS)[1:]:
        ratios = [a / b for a, b in zip(cold[name], cold["Blueprints"], strict=True)]
        print(f"\ncold, {name} / Blueprints: {statistics.median(ratios):.1f}", end="")
        print(f" ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
