"""A run on several machines: balanced, complete, and the same as on one."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Project, make_project

from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, run, store_of
from site_src.execution.shards import recorded_times, shard_of
from site_src.page import Page, read_pages

SHARDS = 4
CODE = """\
import torch
from site_src import claim, experiment

@experiment
def draws(number):
    return torch.rand(number).tolist()

claim("first", draws({number})[0], holds=True)
print({number}, "{{:.3f}}".format(sum(draws({number}))))
"""
TIMES = [31.0, 2.0, 2.0, 17.0, 9.0, 9.0, 4.0, 28.0, 1.0, 40.0, 6.0]


def write_pages(project: Project) -> None:
    """Nine pages, each with an experiment; one is named like a part of another."""
    for number, name in enumerate("abcdefgh", 2):
        code = CODE.format(number=number)
        project.page(name, f'# {name}\n\n```python exec="1"\n{code}```\n')
    project.page("a/b", '# Below\n\n```python exec="1"\nprint("below")\n```\n')


def contents(store: Path) -> dict[str, Any]:
    """Every file of a store, apart from the values that are measured."""
    found = {}
    for path in sorted(store.rglob("*.json")):
        result = json.loads(path.read_text())
        assert ("provenance" in result) == path.is_relative_to(store / "pages")
        result.pop("provenance", None)
        found[path.relative_to(store).as_posix()] = result
    return found


def test_four_shards_give_the_store_of_one_run(
    project: Project, tmp_path: Path, server: Server
) -> None:
    write_pages(project)
    outcome = run(project.root, read_pages(project.root), server=server)
    assert len(outcome.executed) == 9
    whole = contents(store_of(project.root).folder)
    assert len(whole) == 9 + 8
    executed: list[str] = []
    for part in range(1, SHARDS + 1):
        machine = make_project(tmp_path / f"machine{part}")
        write_pages(machine)
        options = Options(shard=(part, SHARDS))
        outcome = run(machine.root, read_pages(machine.root), options, server=server)
        assert outcome.problems == []
        assert len(outcome.executed) >= 2
        executed += outcome.executed
        shutil.copytree(
            store_of(machine.root).folder, tmp_path / "merged", dirs_exist_ok=True
        )
    assert len(executed) == len(set(executed)) == 9
    assert contents(tmp_path / "merged") == whole


def pages_with(project: Project, times: list[float]) -> list[Page]:
    """Pages whose results in the store say that they took so long, the last none."""
    for number in range(len(times) + 1):
        project.page(f"p{number:02}", '# P\n\n```python exec="1"\nprint(1)\n```\n')
    store = store_of(project.root)
    for number, wall in enumerate(times):
        for age, seconds in enumerate((wall, wall / 10)):
            result = {"inputs": {"age": age}, "provenance": {"wall": seconds}}
            store.save("pages", f"p{number:02}", result)
    return [page for page in read_pages(project.root) if page.blocks]


@pytest.mark.parametrize("count", [1, 2, 4, 20])
def test_shards_are_complete_disjoint_and_balanced(
    project: Project, count: int
) -> None:
    pages = pages_with(project, TIMES)
    times = recorded_times(store_of(project.root), pages)
    assert times == {f"p{n:02}": wall for n, wall in enumerate(TIMES)}
    parts = [shard_of(pages, (part, count), times) for part in range(1, count + 1)]
    slugs = [page.slug for part in parts for page in part]
    assert sorted(slugs) == sorted(page.slug for page in pages)
    median = 9.0
    loads = [sum(times.get(p.slug, median) for p in part) for part in parts]
    ideal = max(sum(loads) / count, max(TIMES))
    assert max(loads) <= ideal * 4 / 3
    every = [sum(times.get(p.slug, median) for p in pages[n::4]) for n in range(4)]
    assert count != 4 or max(loads) < max(every), "no better than every fourth page"


def test_the_commands_print_times_and_take_them(project: Project) -> None:
    pages_with(project, [45.0, 10.0, 10.0, 10.0])
    printed = project.call("times")
    assert json.loads(printed.stdout) == {
        "p00": 45.0,
        **dict.fromkeys(("p01", "p02", "p03"), 10.0),
    }
    (project.root / "times.json").write_text(printed.stdout)
    for part, expected in (("1/2", ["p00"]), ("2/2", ["p01", "p02", "p03", "p04"])):
        done = project.call("run", "--shard", part, "--times", "times.json")
        assert done.returncode == 0, done.stderr
        names = sorted(set(re.findall(r"^(p\d\d):", done.stderr, re.MULTILINE)))
        assert names == expected
    (project.root / "times.json").write_text("[]")
    done = project.call("run", "--times", "times.json")
    assert done.returncode == 1
    assert "--times takes a file with seconds by page: times.json" in done.stderr


def test_shards_do_not_depend_on_the_order_of_pages(project: Project) -> None:
    pages = pages_with(project, TIMES)
    times = recorded_times(store_of(project.root), pages)
    for part in range(1, 5):
        one = shard_of(pages, (part, 4), times)
        other = shard_of(reversed(pages), (part, 4), dict(reversed(times.items())))
        assert one == list(reversed(other))


@pytest.mark.parametrize(
    ("times", "order"),
    [
        ({}, ["long", "middle", "short"]),
        ({"long": 1.0, "middle": 3.0, "short": 2.0}, ["middle", "short", "long"]),
        ({"short": 9.0}, ["long", "middle", "short"]),
        ({"short": 9.0, "long": 1.0}, ["short", "middle", "long"]),
    ],
    ids=["never run", "known", "the short one known", "the middle one not known"],
)
def test_pages_that_take_long_begin_first(
    project: Project, server: Server, times: dict[str, float], order: list[str]
) -> None:
    for name, lines in (("middle", 4), ("short", 1), ("long", 9)):
        project.page(name, '```python exec="1"\n' + "print(1)\n" * lines + "```\n")
    begun = []

    def hear(event: dict[str, Any]) -> None:
        if event["event"] == "start":
            begun.append(event["page"])

    options = Options(jobs=1, times=times)
    run(project.root, read_pages(project.root), options, hear, server)
    assert begun == order
