"""What makes a page run again, and what does not: ten kinds of change."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable

import pytest
from conftest import Project
from staleness import Runs, edit, write_page

from site_src.execution import fingerprint, schedule
from site_src.execution.page_server import Server
from site_src.execution.schedule import Options
from site_src.page import read_pages


@pytest.fixture
def page(project: Project) -> Project:
    """A project with the page."""
    write_page(project)
    return project


@pytest.fixture
def runs(page: Project, server: Server) -> Runs:
    """The page, executed once."""
    runs = Runs(page, server)
    assert runs.again()
    assert runs.units == ["slow"]
    return runs


def test_nothing_runs_when_nothing_changed(runs: Runs) -> None:
    assert not runs.again()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Some prose.", "Other prose, of\n\nmore lines."),
        ("# A page", "---\ntagline: Front matter\n---\n# A page"),
        ('exec="1"\nbase', 'exec="1" source="above"\nbase'),
    ],
    ids=["prose", "front matter", "how it is shown"],
)
def test_prose_does_not_run(runs: Runs, old: str, new: str) -> None:
    edit(runs.project, "docs/page.md", old, new)
    assert not runs.again()


def test_what_pip_wrote_of_our_installation_is_no_data(
    page: Project, server: Server
) -> None:
    """It changes with every word of the README, and some libraries read it."""
    told = page.root / "blueprints.egg-info" / "PKG-INFO"
    told.parent.mkdir()
    told.write_text("Version: 1\n")
    edit(
        page,
        "docs/page.md",
        "base = 40",
        f"base = 40 + 0 * len(open({str(told)!r}).read())",
    )
    runs = Runs(page, server)
    assert runs.again()
    told.write_text("Version: 2\n")
    assert not runs.again()


@pytest.mark.parametrize(
    ("name", "old", "new", "units", "reason"),
    [
        (
            "docs/page.md",
            "print(base + slow(1))",
            "print(slow(1))",
            [],
            "blocks changed",
        ),
        ("docs/page.md", "base = 40", "base = 41", [], "blocks changed"),
        (
            "docs/page.md",
            "number * factor",
            "number + factor",
            ["slow"],
            "blocks changed",
        ),
        ("docs/page.md", "factor = 2", "factor = 3", ["slow"], "blocks changed"),
        ("docs/page.md", "slow(1)", "slow(2)", ["slow"], "blocks changed"),
        ("docs/page.md", "A class of", "Some class of", [], "blocks changed"),
        ("docs/page.md", "# the experiment", "# a comment", [], "blocks changed"),
        (
            "planted/outer.py",
            "+ offset",
            "- offset",
            ["slow"],
            "planted/outer.py changed",
        ),
        (
            "planted/inner.py",
            "ONE = 1",
            "ONE = 2",
            ["slow"],
            "planted/inner.py changed",
        ),
        ("docs/numbers.csv", "1,2,3", "1,2,3,4", [], "docs/numbers.csv changed"),
        (
            "site_src/figures/tables.py",
            '"""Tables',
            '"""All tables',
            None,
            "",
        ),
    ],
    ids=[
        "block",
        "earlier block",
        "experiment",
        "constant it uses",
        "argument",
        "docstring in it",
        "comment in it",
        "imported module",
        "transitively imported module",
        "data file",
        "module that the page does not use",
    ],
)
def test_what_a_page_uses_runs_it(
    runs: Runs, name: str, old: str, new: str, units: list[str] | None, reason: str
) -> None:
    edit(runs.project, name, old, new)
    assert runs.again() == (units is not None)
    assert runs.units == (units or [])
    assert not units or runs.reasons == [reason]


def test_a_distribution_runs_it(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version
    newer: Callable[[str], str] = lambda n: "99" if n == "PyYAML" else real(n)  # noqa: E731
    monkeypatch.setattr(importlib.metadata, "version", newer)
    assert runs.again()
    assert runs.reasons == [f"PyYAML {real('PyYAML')} became 99"]


def test_a_distribution_it_does_not_import_is_nothing_to_it(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.metadata.version
    newer: Callable[[str], str] = lambda n: "99" if n == "mkdocs" else real(n)  # noqa: E731
    monkeypatch.setattr(importlib.metadata, "version", newer)
    assert not runs.again()


def test_the_device_runs_it(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "device_name", lambda: "another device")
    assert runs.again()
    assert runs.reasons == ["device changed"]
    assert runs.units == ["slow"]


def test_the_seed_runs_it(runs: Runs) -> None:
    assert runs.again(Options(seed=1))
    assert runs.reasons == ["seed changed"]
    assert not runs.again(), "the result of the first seed is still there"


def test_the_number_of_threads_is_in_the_key(runs: Runs) -> None:
    page = read_pages(runs.project.root)[1]
    wanted = schedule.wanted_of(page)
    assert schedule.store_of(runs.project.root).find("pages", "page", wanted)[0]
    wanted["threads"] = 2
    kept, reason = schedule.store_of(runs.project.root).find("pages", "page", wanted)
    assert kept is None
    assert reason == "threads changed"


def test_the_runner_runs_it(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "runner_version", lambda: "another runner")
    assert runs.again()
    assert runs.reasons == ["runner changed"]


def test_the_python_version_runs_it(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint.platform, "python_version", lambda: "9.9")
    assert runs.again()
    assert runs.reasons == ["python changed"]
