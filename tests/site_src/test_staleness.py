"""What makes a page run again, and what does not: ten kinds of change."""

from __future__ import annotations

import importlib.metadata
import textwrap
from collections.abc import Callable

import pytest
from conftest import Project

from site_src.execution import fingerprint, schedule
from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, run
from site_src.page import read_pages

PAGE = """\
# A page

Some prose.

```python exec="1"
base = 40  # the first block
print(base)
```

```python exec="1"
import yaml
from planted.outer import total
import pathlib, site_src
from site_src import experiment

factor = 2

class Scaled:
    '''A class of the page.'''
    def of(self, number):
        return number * factor

@experiment
def slow(offset):
    base = object()  # not the page's variable of that name
    return Scaled().of(total(offset))  # the experiment

print(base + slow(1))  # a plot, say
root = pathlib.Path(site_src.__file__).parents[1]
print(len((root / "docs/numbers.csv").read_text()))
```
"""


@pytest.fixture
def page(project: Project) -> Project:
    """A page with an import that imports, and a data file."""
    package = project.root / "planted"
    package.mkdir()
    (package / "outer.py").write_text(
        "from planted import inner\n\n"
        "def total(offset):\n    return inner.ONE + offset\n"
    )
    (package / "inner.py").write_text("ONE = 1\n")
    (project.root / "docs" / "numbers.csv").write_text("1,2,3\n")
    project.page("page", PAGE)
    return project


class Runs:
    """Runs the page and tells what that took."""

    def __init__(self, project: Project, server: Server) -> None:
        self.project, self.server = project, server
        self.units: list[str] = []
        self.reasons: list[str] = []

    def again(self, options: Options = Options()) -> bool:  # noqa: B008
        """Whether the page was executed; `units` holds the experiments that ran."""
        self.units, self.reasons = [], []
        pages = read_pages(self.project.root)
        outcome = run(self.project.root, pages, options, self._hear, self.server)
        assert outcome.problems == []
        assert outcome.executed or outcome.fresh == ["page"]
        return outcome.executed == ["page"]

    def _hear(self, event: dict[str, object]) -> None:
        if event.get("unit"):
            self.units.append(str(event["unit"]))
        if event["event"] == "plan":
            self.reasons.append(str(event["reason"]))


@pytest.fixture
def runs(page: Project, server: Server) -> Runs:
    """The page, executed once."""
    runs = Runs(page, server)
    assert runs.again()
    assert runs.units == ["slow"]
    return runs


def edit(project: Project, name: str, old: str, new: str) -> None:
    path = project.root / name
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


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


def test_a_module_imported_only_inside_an_experiment_still_counts(
    page: Project, server: Server
) -> None:
    text = """\
    ```python exec="1"
    from site_src import experiment

    @experiment
    def slow():
        from planted.outer import total
        return total(1)

    print(slow())
    ```
    """
    page.page("page", textwrap.dedent(text))
    runs = Runs(page, server)
    assert runs.again()
    edit(page, "docs/page.md", "print(slow())", "print(slow(), 1)")
    assert runs.again()
    assert runs.units == [], "the experiment itself is fresh"
    edit(page, "planted/inner.py", "ONE = 1", "ONE = 2")
    assert runs.again(), "also when the last run took the experiment from the store"
    assert runs.units == ["slow"]


def test_an_ablated_snippet_counts(project: Project, server: Server) -> None:
    text = """\
    ```python exec="1"
    from site_src import ablated, experiment

    @experiment
    def gone():
        return len(vars(ablated("family/one.py", {"ONE = 1": "ONE = 2"})))

    print(gone())
    ```
    """
    (project.root / "snippets" / "family").mkdir()
    snippet = project.root / "snippets" / "family" / "one.py"
    snippet.write_text("ONE = 1\n")
    project.page("page", textwrap.dedent(text))
    runs = Runs(project, server)
    assert runs.again()
    assert not runs.again()
    snippet.write_text("ONE = 1\nTWO = 2\n")
    assert runs.again()
    assert runs.units == ["gone"]
