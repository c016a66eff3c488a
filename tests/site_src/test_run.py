"""The execute stage as it is called: shards, force, pages, limits, provenance."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Project

from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, result_of, run, store_of
from site_src.page import Page, read_pages

PAGE = '# {0}\n\n```python exec="1"\nprint("{0}")\n```\n'


@pytest.fixture
def pages(project: Project) -> Project:
    """Five pages that print their names."""
    for name in "abcde":
        project.page(name, PAGE.format(name))
    return project


def test_shards_are_disjoint_and_merge_by_copying(
    pages: Project, server: Server
) -> None:
    root, merged = pages.root, pages.root.parent / "merged"
    names = []
    for part in (1, 2, 3):
        outcome = run(root, read_pages(root), Options(shard=(part, 3)), server=server)
        names += outcome.executed
        shutil.copytree(root / ".build" / "store", merged, dirs_exist_ok=True)
        shutil.rmtree(root / ".build")
    assert sorted(names) == list("abcde")
    shutil.copytree(merged, root / ".build" / "store")
    outcome = run(root, read_pages(root), server=server)
    assert sorted(outcome.fresh) == list("abcde")
    assert outcome.executed == []


def test_the_command_takes_shard_page_and_force(pages: Project) -> None:
    done = pages.call("run", "--page", "b", "--page", "docs/d.md")
    assert done.returncode == 0
    assert "2 pages executed (2 blocks)" in done.stdout
    done = pages.call("run", "--shard", "2/5")
    assert "0 pages executed (0 blocks), 1 unchanged" in done.stdout
    done = pages.call("run", "--page", "b", "--force")
    assert "1 pages executed (1 blocks), 0 unchanged" in done.stdout
    assert "b: forced" in done.stderr
    done = pages.call("run", "--page", "nosuch")
    assert done.returncode == 1
    assert "there is no page nosuch; pages with code: a, b, c, d, e" in done.stderr
    done = pages.call("run", "--shard", "0/3")
    assert done.returncode == 1
    assert "--shard takes i/n with 1 <= i <= n" in done.stderr


def test_pages_run_where_nothing_may_be_imported_before_a_fork(pages: Project) -> None:
    outcome = run(pages.root, read_pages(pages.root)[:2], Options(fork=False))
    assert outcome.problems == []
    assert sorted(outcome.executed) == ["a", "b"]


def test_a_result_carries_its_provenance(pages: Project, server: Server) -> None:
    run(pages.root, read_pages(pages.root), server=server)
    page = Page.read(pages.root, pages.root / "docs" / "a.md")
    result, _ = result_of(page)
    assert result is not None
    facts = result["provenance"]
    assert facts["device"] == "cpu" or facts["cuda"]
    assert facts["torch"] == result["inputs"]["distributions"]["torch"].split("+")[0]
    assert facts["seed"] == 0
    assert facts["threads"] == 1
    assert facts["wall"] > 0
    assert facts["peak_memory"] > 1 << 20
    assert facts["date"].startswith("20")


def test_a_damaged_result_is_made_again(pages: Project, server: Server) -> None:
    run(pages.root, read_pages(pages.root), server=server)
    folder = store_of(pages.root).folder / "pages" / "a"
    stored = next(folder.glob("*.json"))
    stored.write_text(stored.read_text()[:50])
    outcome = run(pages.root, read_pages(pages.root), server=server)
    assert outcome.executed == ["a"]


def test_a_result_under_another_name_does_not_count(
    pages: Project, server: Server
) -> None:
    run(pages.root, read_pages(pages.root), server=server)
    stored = next((store_of(pages.root).folder / "pages" / "a").glob("*.json"))
    result = json.loads(stored.read_text())
    result["inputs"]["blocks"] = ["0" * 64]
    stored.write_text(json.dumps(result))
    outcome = run(pages.root, read_pages(pages.root), server=server)
    assert outcome.executed == ["a"]


def test_front_matter_changes_a_limit(project: Project, server: Server) -> None:
    code = '```python exec="1"\nimport time\n\ntime.sleep(1.2)\nprint(1)\n```\n'
    project.page("short", "---\nlimits: {block: 1}\n---\n" + code)
    project.page("long", "---\nlimits: {block: 5}\n---\n" + code)
    outcome = run(project.root, read_pages(project.root), server=server)
    assert [p.path for p in outcome.problems] == ["docs/short.md"]
    assert outcome.executed == ["long"]


def test_pages_run_side_by_side(project: Project, server: Server) -> None:
    code = '```python exec="1"\nimport time\n\ntime.sleep(1.5)\nprint(1)\n```\n'
    for name in ("one", "two", "three"):
        project.page(name, code)
    heard: list[str] = []
    outcome = run(
        project.root,
        read_pages(project.root),
        Options(jobs=3),
        listen=lambda event: heard.append(event["event"]),
        server=server,
    )
    assert len(outcome.executed) == 3
    both = [event for event in heard if event in ("start", "done")]
    assert both == ["start"] * 3 + ["done"] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_the_network_is_gone_below_python_too(project: Project, server: Server) -> None:
    code = (
        "from pathlib import Path\n\n"
        'rows = Path("/proc/net/dev").read_text().splitlines()[2:]\n'
        'print(sorted(row.split(":")[0].strip() for row in rows))'
    )
    project.page("net", f'```python exec="1"\n{code}\n```\n')
    outcome = run(project.root, read_pages(project.root), server=server)
    assert outcome.problems == []
    result, _ = result_of(Page.read(project.root, project.root / "docs" / "net.md"))
    assert result is not None
    if "network" in (outcome.controls or []):
        assert result["blocks"][0]["output"] == "['lo']\n"


def test_an_experiment_starts_from_the_seed_wherever_it_stands(
    project: Project, server: Server
) -> None:
    code = """\
import torch
from site_src import experiment

@experiment
def draw():
    return torch.rand(1).item()

before = torch.get_rng_state()
first = draw()
assert torch.equal(before, torch.get_rng_state()), "the page's own draws go on"
torch.rand(5)
print(first == draw())
"""
    project.page("draws", f'```python exec="1"\n{code}```\n')
    outcome = run(project.root, read_pages(project.root), server=server)
    assert outcome.problems == []
    result, _ = result_of(Page.read(project.root, project.root / "docs" / "draws.md"))
    assert result is not None
    assert result["blocks"][0]["output"] == "True\n"


def test_the_environment_of_a_page_is_small(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "of mine")
    code = (
        "import os\n\n"
        "print('A_SECRET' in os.environ, os.environ['HOME'] == os.getcwd())"
    )
    project.page("environ", f'```python exec="1"\n{code}\n```\n')
    outcome = run(project.root, read_pages(project.root))
    assert outcome.problems == []
    page = Page.read(project.root, project.root / "docs" / "environ.md")
    result, _ = result_of(page)
    assert result is not None
    assert result["blocks"][0]["output"] == "False True\n"


def test_the_execute_stage_needs_no_mkdocs_and_no_markdown(pages: Project) -> None:
    blocker = (
        "import sys\n"
        "class No:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('mkdocs', 'markdown', 'pydantic', 'rich',"
        " 'pybtex', 'pymdownx', 'markdown_exec'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, No())\n"
        "from site_src.commands import main\n"
        "sys.exit(main(['run']))\n"
    )
    Path(pages.root / "bare.py").write_text(blocker)
    done = subprocess.run(
        [sys.executable, "bare.py"],
        cwd=pages.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "5 pages executed" in done.stdout
