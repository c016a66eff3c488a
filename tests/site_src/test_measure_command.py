"""`measure`: what it needs, what it runs again, and what it makes of bad blocks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarked import BLOCK
from conftest import Project, make_project
from planting import SPECIMEN

from site_src.measure import blocks, records
from site_src.measure.runs import Run, identity_of

NAME = "toy/elman"
OTHER = '```python exec="1"\nraise RuntimeError("not alone")\n```\n'
PAGE = f"# A page\n\n{BLOCK}\n{OTHER}\nIt takes {{claim:ratio}} times as long.\n"
PATH = "docs/page.md"
# What torch itself imports; everything else of site-packages is refused.
BARE = """\
import sys
from importlib.machinery import PathFinder

ALLOWED = {
    *("torch", "torchgen", "functorch", "triton", "numpy", "typing_extensions"),
    *("sympy", "mpmath", "networkx", "jinja2", "markupsafe", "filelock", "fsspec"),
    *("setuptools", "pkg_resources", "_distutils_hack"),
}


class Bare:
    def find_spec(self, name, path=None, target=None):
        found = PathFinder.find_spec(name, path, target)
        place = str(found and (found.origin or found.submodule_search_locations))
        refused = "-packages" in place and name.split(".")[0] not in ALLOWED
        return None if refused else found


sys.meta_path = [Bare() if f is PathFinder else f for f in sys.meta_path]
"""


@pytest.fixture
def toy(tmp_path: Path) -> Project:
    """A project with one snippet and one page that measures it."""
    project = make_project(tmp_path / "toy")
    write_page(project)
    return project


def write_page(project: Project) -> None:
    """Write the snippet, and the page with a block that does not run alone too."""
    (project.root / "snippets/toy").mkdir()
    (project.root / f"snippets/{NAME}.py").write_text(SPECIMEN.read_text())
    project.page("page", PAGE)


def runs_of(project: Project) -> dict[str, object]:
    path = records.file_of(project.root, NAME, "cpu")
    return json.loads(path.read_text())["benchmark"] if path.exists() else {}


def cases_of(project: Project) -> list[dict[str, object]]:
    ((device, runs),) = runs_of(project).items()
    assert device
    return runs["float32"]["cases"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that was measured where nothing but torch can be imported."""
    folder = tmp_path_factory.mktemp("measured")
    project = make_project(folder / "toy")
    write_page(project)
    (folder / "sitecustomize.py").write_text(BARE)
    environ = os.environ | {"PYTHONPATH": str(folder)}
    words = [sys.executable, "-c", "import yaml"]
    refused = subprocess.run(words, env=environ, capture_output=True, text=True)
    assert "No module named 'yaml'" in refused.stderr, "the refusal works"
    done = subprocess.run(
        [sys.executable, "-m", "site_src", "measure", "--device", "cpu"],
        cwd=project.root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "toy/elman, float32: " in done.stderr
    assert "  torch.nn.RNN | " in done.stdout
    return project


def stale(project: Project) -> str:
    """What changed since the project was measured."""
    (run,) = records.latest(records.read(records.file_of(project.root, NAME, "cpu")))
    ((call,),) = (found.calls for found in blocks.in_pages(project.root))
    return run.stale(identity_of(project.root, PATH, call))


def test_it_needs_torch_and_the_standard_library_alone(measured: Project) -> None:
    cases = cases_of(measured)
    assert [(c["name"], c["value"]) for c in cases] == [
        (name, value) for value in (2, 4, 8) for name in (NAME, "torch.nn.RNN")
    ]
    for case in cases:
        assert 5 <= len(case["training"]) == len(case["forward"]) <= 25
        assert all(second > 0 for second in (*case["training"], *case["forward"]))
        assert case["kept"] > 0
    assert not (measured.root / "docs/measurements").exists(), "only a GPU's are kept"


def test_what_is_current_is_not_measured_again(measured: Project) -> None:
    before = cases_of(measured)
    done = measured.call("measure", "--device", "cpu")
    assert done.returncode == 0
    assert done.stderr == "toy/elman: unchanged\n"
    assert "  torch.nn.RNN | " in done.stdout
    assert cases_of(measured) == before
    done = measured.call("measure", "--device", "cpu", "--force")
    assert "toy/elman, float32: " in done.stderr
    assert cases_of(measured) != before


SNIPPET, SWEEP = f"snippets/{NAME}.py", "site_src/measure/sweep.py"


@pytest.mark.parametrize(
    ("name", "old", "new", "changed"),
    [
        (PATH, "# A page", "# The page", ""),
        (PATH, "caption=", "caption='More of' ", ""),
        (PATH, "< 1000", "< 2000", ""),
        (PATH, "return 1", "return 2", ""),
        (SNIPPET, "Build a tiny network", "Build a small network", ""),
        (SWEEP, "# rounds; with fewer", "# rounds, with fewer", ""),
        (PATH, "SIZES = [2, 4, 8]", "SIZES = [2, 4, 6]", f"the benchmark in {PATH}"),
        (PATH, "nn.RNN(5, 3,", "nn.RNN(5, 4,", f"the benchmark in {PATH}"),
        (PATH, '"batch": 2', '"batch": 3', f"the benchmark in {PATH}"),
        (SNIPPET, "torch.tanh(", "torch.sin(", SNIPPET),
        (SWEEP, "LEAST, MOST = 5, 25", "LEAST, MOST = 5, 9", SWEEP),
    ],
)
def test_a_run_is_out_of_date_when_what_it_measured_changed(
    measured: Project, name: str, old: str, new: str, changed: str
) -> None:
    assert stale(measured) == ""
    path = measured.root / name
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))
    try:
        assert stale(measured) == changed
    finally:
        path.write_text(before)


def test_the_budget_ends_it_and_what_was_measured_stays(toy: Project) -> None:
    done = toy.call("measure", "--device", "cpu", "--budget", "0")
    assert done.returncode == 1
    assert "docs/page.md:20: not all measured in 0 s" in done.stderr
    assert runs_of(toy) == {}


def test_a_process_that_hangs_is_ended(
    toy: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from site_src.measure import command

    page = toy.root / PATH
    page.write_text(page.read_text().replace(
        "    return nn.RNN", "    import time; time.sleep(600)\n    return nn.RNN"
    ))  # fmt: skip
    monkeypatch.setattr(command, "_GRACE", 0)
    choice = command.Choice("cpu", "a processor", budget=5)
    began = time.monotonic()
    runs, problems = command.measure(toy.root, choice, lambda line: None)
    assert time.monotonic() - began < 60
    assert runs == []
    assert [str(p) for p in problems] == ["docs/page.md:21: not all measured in 5 s"]


def test_a_run_is_kept_when_a_later_one_fails(toy: Project) -> None:
    other = SPECIMEN.read_text().replace("-> tuple[Elman, tuple[Tensor]]:", ":")
    (toy.root / "snippets/toy/other.py").write_text(other)
    page = toy.root / PATH
    text = page.read_text().replace(
        "claim(", 'benchmark("toy/other", vary={"tokens": [2, 4]}, fixed={"size": 1},'
        ' caption="x")\nclaim(', 1,
    )  # fmt: skip
    page.write_text(text)
    done = toy.call("measure", "--device", "cpu")
    assert done.returncode == 1
    line = text.splitlines().index(
        next(row for row in text.splitlines() if "toy/other" in row)
    )
    message = "ValueError: example() of toy/other has no size: batch, tokens,"
    assert f"docs/page.md:{line + 1}: {message}" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(cases_of(toy)) == 6


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("SIZES = [2, 4, 8]\n", "", "this block must run alone, but SIZES is not"),
        ("benchmark, claim", "benchmark, claim, table", "may not use table()"),
        ('    "toy/elman",', "    NAME,", "begins with the snippet, such as"),
        ("cost = benchmark(", "cost = id(benchmark(", "must be a statement of"),
    ],
)
def test_a_block_that_cannot_run_alone_is_said_at_its_line(
    toy: Project, old: str, new: str, message: str
) -> None:
    text = PAGE.replace(old, new)
    if "id(" in new:
        text = text.replace('caption="A toy",\n)', 'caption="A toy",\n))')
    toy.page("page", text)
    done = toy.call("measure", "--device", "cpu")
    assert done.returncode == 1
    (found,) = [row for row in done.stderr.splitlines() if message in row]
    number = int(found.split(":")[1])
    assert 4 <= number <= 27
    assert runs_of(toy) == {}


def test_an_unknown_snippet_and_a_damaged_record_are_said(toy: Project) -> None:
    done = toy.call("measure", "nosuch", "--device", "cpu")
    assert done.returncode == 1
    assert "there is no snippet nosuch; snippets: " in done.stderr
    path = records.file_of(toy.root, NAME, "cpu")
    path.parent.mkdir(parents=True)
    path.write_text('{"benchmark": {"A processor": {"float32": {}}}}')
    done = toy.call("measure", "--device", "cpu")
    assert done.returncode == 1
    text = ".build/benchmarks/toy/elman.json:1: no record of benchmarks: "
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_other_parts_of_a_record_stay(measured: Project, tmp_path: Path) -> None:
    (run,) = records.latest(records.read(records.file_of(measured.root, NAME, "cpu")))
    path = tmp_path / "record.json"
    path.write_text('{"proof": {"snippet": "toy/elman"}}')
    records.add(path, run)
    records.add(path, replace(run, precision="bfloat16", date="2026-01-01"))
    data = json.loads(path.read_text())
    assert data["proof"] == {"snippet": "toy/elman"}
    ((device, runs),) = data["benchmark"].items()
    assert device == run.environment["device"]
    assert list(runs) == ["float32", "bfloat16"]
    assert Run.read(runs["float32"]) == run


def test_without_a_gpu_cuda_is_refused(toy: Project) -> None:
    from site_src.execution.fingerprint import device_name

    if device_name() != "cpu":
        pytest.fail("this test is for a machine without CUDA")
    done = toy.call("measure", "--device", "cuda")
    assert done.returncode == 1
    assert done.stderr == "there is no CUDA device here\n"
