"""Benchmarks on pages: measured alone and once, shown with what a GPU measured."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import re
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from benchmarked import BLOCK
from conftest import Project, words
from staleness import Runs, edit
from toy import NAME, PAGE, make_toy, save_record

from site_src.citations import read_bibliography
from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, run
from site_src.lint.pages import check_page
from site_src.measure import blocks, records
from site_src.measure.runs import Run, identity_of
from site_src.page import Page, read_pages
from site_src.rendering import benchmark_table

PATH = f"docs/architectures/{NAME}.md"
SECTION = "## Practical considerations\n"
CLAIMED = f"{SECTION}\n{BLOCK}\nIt takes {{claim:ratio}} times as long.\n"
DEVICE = "NVIDIA Something"


def measuring(root: Path) -> Project:
    """The toy project, with a block that measures and the page of all benchmarks."""
    project = make_toy(root)
    save_record(project.root)
    project.page(f"architectures/{NAME}", PAGE.replace(SECTION, CLAIMED))
    project.page("benchmarks", "# Benchmarks\n\n```benchmarks\nall\n```\n")
    return project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project, published without any GPU's record; no test changes it for good."""
    project = measuring(tmp_path_factory.mktemp("benchmarks") / "toy")
    done = project.call("-q", "build")
    assert done.returncode == 0, done.stderr
    return project


def shown(project: Project, page: str = f"architectures/{NAME}") -> str:
    """The benchmarks of a built page."""
    return project.section(page, "benchmarks?")


def record_of_a_gpu(project: Project) -> Run:
    """Write what a GPU would have measured of the page as it is."""
    page = Page.read(project.root, project.root / PATH)
    ((call,),) = (found.calls for found in blocks.in_blocks(PATH, page.blocks))
    path = next((project.root / ".build/store/pages").rglob("*.json"))
    found = [b["benchmarks"] for b in json.loads(path.read_text())["blocks"]]
    live = Run.read(found[0][0]["runs"][0])
    facts = {"kind": "cuda", "device": DEVICE, "driver": "1.2", "torch": "2.11.0"}
    recorded = replace(
        live,
        environment=facts | {"cuda": "13.0", "python": "3.12.1", "threads": "1"},
        date="2026-01-02",
        commit="0123456789",
        dirty=False,
        identity=identity_of(project.root, PATH, call),
        left_out={"other.Net": "other is not installed"},
        cases=[replace(case, peak=2**20 * case.value) for case in live.cases],
    )
    for precision in ("float32", "bfloat16"):
        file = records.file_of(project.root, NAME, "cuda")
        records.add(file, replace(recorded, precision=precision))
    return recorded


def test_without_a_record_of_a_gpu_the_page_says_so(built: Project) -> None:
    text = words(shown(built))
    assert "A toy, at batch 2, tokens 8. Measured by this build: float32 on " in text
    assert text.count("No GPU record exists for this snippet.") == 1
    assert text.count("torch.nn.RNN") == 1 + 3, "once, and at each size"
    everything = words(shown(built, "benchmarks"))
    assert f"No GPU record exists for {NAME} ." in everything
    assert "recorded" not in everything


def test_a_number_on_the_page_is_that_of_the_raw_samples(built: Project) -> None:
    raw = json.loads((built.root / "site/benchmarks.json").read_text())
    (run,) = raw
    case = next(c for c in run["cases"] if (c["name"], c["value"]) == (NAME, 8))
    times = sorted(case["training"])
    assert len(times) == 25
    median, low, high = (1e3 * times[n] for n in (12, 6, 18))
    shown_as = NAME.replace("/", "/<wbr>")  # where a line may end
    row = re.search(rf"<tr><th[^>]*><code>{shown_as}</code>.*?</tr>", shown(built))
    assert row
    assert f"{median:.2f} {low:.2f}–{high:.2f}" in words(row[0])
    rows = list(csv.DictReader(io.StringIO(
        (built.root / "site/benchmarks.csv").read_text())))  # fmt: skip
    assert len(rows) == 6
    (same,) = (r for r in rows if (r["implementation"], r["value"]) == (NAME, "8"))
    assert float(same["training_s"]) == pytest.approx(median / 1e3, rel=1e-3)
    assert same["origin"] == "this build"


def test_one_page_shows_all_with_a_link_and_two_plots(built: Project) -> None:
    text = shown(built, "benchmarks")
    assert text.count("<svg") == 2
    assert "style=" not in text
    address = re.search(r'href="([^"]+)#(benchmark-toy-elman)"', text)
    assert address
    page = built.root / "site" / "benchmarks" / address[1] / "index.html"
    assert f'id="{address[2]}"' in page.read_text()
    for name in re.findall(r'<a href="([^"]+)" download', text):
        assert (built.root / "site" / "benchmarks" / name).resolve().is_file()


def test_the_record_of_a_gpu_stands_beside_and_is_marked_when_it_is_stale(
    built: Project, tmp_path: Path
) -> None:
    shutil.copytree(built.root, tmp_path / "toy", symlinks=True)
    copy = Project(tmp_path / "toy")
    record_of_a_gpu(copy)
    done = copy.call("-q", "build")
    assert done.returncode == 0, done.stderr
    text = words(shown(copy))
    where = f"float32 on {DEVICE}, driver 1.2, torch 2.11.0, CUDA 13.0, 2026-01-02,"
    assert f"The last recorded GPU run: {where} commit 0123456" in text
    assert "bfloat16 on NVIDIA" in text
    assert "other.Net is left out: other is not installed." in text
    assert "8.00 MiB" in text
    assert "Out of date" not in text
    assert "No GPU record" not in text
    everything = shown(copy, "benchmarks")
    assert f'data-device="{DEVICE}"' in everything
    assert everything.count("<svg") == 4
    # The sizes stand in the block that measures: what was recorded is of another.
    edit(copy, PATH, '"batch": 2', '"batch": 3')
    done = copy.call("-q", "build")
    assert done.returncode == 0, done.stderr
    text = words(shown(copy))
    note = f"Out of date: the benchmark in {PATH} changed since this was recorded."
    assert text.count(note) == 2
    assert "at batch 2, tokens 8. The last recorded GPU run" in text
    everything = shown(copy, "benchmarks")
    assert everything.count("<svg") == 2, "what is out of date is not drawn"
    assert words(everything).count("recorded, out of date") == 2
    path = records.file_of(copy.root, NAME, "cuda")
    record = json.loads(path.read_text()) | {"benchmark": {"x": {"float32": 1}}}
    path.write_text(json.dumps(record))
    done = copy.call("-q", "build")
    assert done.returncode == 1
    name = path.relative_to(copy.root).as_posix()
    assert f"{name}:1: no record of benchmarks: " in done.stderr
    assert done.stderr.endswith("\n1 problem\n")


def test_prose_and_claims_do_not_measure_again(tmp_path: Path, server: Server) -> None:
    project = measuring(tmp_path / "toy")
    (project.root / "docs/index.md").unlink()
    runs = Runs(project, server)

    def again() -> list[str]:
        runs.units = []
        pages = [p for p in read_pages(project.root) if p.path == PATH]
        outcome = run(project.root, pages, Options(), runs._hear, server)
        assert outcome.problems == []
        return runs.units

    assert again() == ["benchmark-toy-elman"]
    for old, new in (
        ("It takes {claim", "There it takes {claim"),
        ("< 1000", "< 999"),
        ('caption="A toy"', 'caption="The toy"'),
    ):
        edit(project, PATH, old, new)
        assert again() == [], new
    edit(project, PATH, '"batch": 2', '"batch": 3')
    assert again() == ["benchmark-toy-elman"]
    edit(project, f"snippets/{NAME}.py", "torch.tanh(", "torch.sin(")
    assert again() == ["benchmark-toy-elman"]


def test_a_benchmark_waits_until_it_is_alone_and_the_wait_does_not_count(
    tmp_path: Path, server: Server
) -> None:
    project = measuring(tmp_path / "toy")
    page = (project.root / PATH).read_text()
    project.page(
        f"architectures/{NAME}", page.replace("year:", "limits: {block: 6}\nyear:")
    )
    lock = project.root / ".build" / "quiet.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.touch()
    told: list[tuple[float, str]] = []
    with lock.open() as other:
        fcntl.flock(other, fcntl.LOCK_SH)  # as another page that runs

        def hear(event: dict[str, object]) -> None:
            told.append((time.monotonic(), str(event["event"])))
            if event.get("unit"):
                began = time.monotonic()
                timer = threading.Timer(8, fcntl.flock, (other, fcntl.LOCK_UN))
                timer.start()
                told.append((began, "waits"))

        pages = [p for p in read_pages(project.root) if p.path == PATH]
        outcome = run(project.root, pages, Options(), hear, server)
    assert outcome.problems == []
    (waits,) = (when for when, what in told if what == "waits")
    assert told[-1][0] - waits >= 8


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("SIZES = [2, 4, 8]\n", "", "must run alone, but SIZES is not defined in it"),
        ("benchmark, claim", "benchmark, claim, table", "may not use table()"),
        (
            '    "toy/elman",',
            '    "toy/other",',
            "toy/other is no snippet of this page",
        ),
        ('claim("ratio"', 'benchmark("toy/elman")\nclaim("ratio"', "measured twice on"),
    ],
)
def test_a_bad_block_is_said_at_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    project = measuring(tmp_path / "toy")
    path = project.root / PATH
    path.write_text(path.read_text().replace(old, new))
    found = check_page(Page.read(project.root, path), read_bibliography(project.root))
    (problem,) = (p for p in found if message in p.message)
    line = path.read_text().splitlines()[problem.line - 1]
    assert re.search(r"SIZES|import benchmark|benchmark\(", line), line


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'fixed={"batch": 2}',
            'fixed={"rows": 2}',
            "example() of toy/elman has no rows",
        ),
        (
            '{"tokens": SIZES}',
            '{"tokens": [4, 2]}',
            "needs two sizes or more, ascending",
        ),
        ("holds=0 < cost", "holds=9000 < cost", "the claim 'ratio' does not hold"),
        ('cost.ratio("torch.nn.RNN"), h', 'cost.ratio("x"), h', "x was not measured"),
    ],
)
def test_a_benchmark_that_fails_is_said_at_its_line(
    tmp_path: Path, server: Server, old: str, new: str, message: str
) -> None:
    project = measuring(tmp_path / "toy")
    edit(project, PATH, old, new)
    pages = [p for p in read_pages(project.root) if p.path == PATH]
    (problem,) = run(project.root, pages, Options(), server=server).problems
    assert message in problem.message
    line = (project.root / PATH).read_text().splitlines()[problem.line - 1]
    assert re.search(r"benchmark\(|claim\(", line), line


def test_a_figure_has_six_lines_and_the_next_figure_has_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def shown(name: str, family: str) -> Any:
        environment = {"device": "cpu"}
        run = SimpleNamespace(
            environment=environment, size="tokens", precision="float32", snippet=name
        )
        return SimpleNamespace(run=run, family=family, changed=False)

    def draw(device: str, size: str, runs: Any) -> str:
        return " ".join(run.snippet for run in runs)

    monkeypatch.setattr(benchmark_table, "_time", draw)
    monkeypatch.setattr(benchmark_table, "_memory", lambda *_: "")
    every = [shown(letter, "a") for letter in "abcdefg"] + [shown("h", "b")]
    found = benchmark_table._plots(every)
    assert found == ["a b c d e f", "", "g", "", "h", ""]
