"""Experiments have keys of their own: what runs them again, and what does not."""

from __future__ import annotations

import textwrap

import pytest
from conftest import Project
from staleness import Runs, edit, write_page

from site_src.execution.page_server import Server
from site_src.execution.schedule import result_of
from site_src.page import Page


@pytest.fixture
def page(project: Project) -> Project:
    """A project with the page."""
    write_page(project)
    return project


def printed(project: Project) -> str:
    """What the first block of the page printed."""
    path = project.root / "docs" / "page.md"
    result = result_of(Page.read(project.root, path))[0]
    assert result
    return str(result["blocks"][0]["output"]).strip()


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


def test_a_sweep_is_kept_whole(project: Project, server: Server) -> None:
    text = """\
    ```python exec="1"
    from site_src import experiment

    @experiment
    def square(number):
        return number * number

    print([square(number) for number in range(20)])
    ```
    """
    project.page("page", textwrap.dedent(text))
    runs = Runs(project, server)
    assert runs.again()
    assert runs.units == ["square"] * 20
    edit(project, "docs/page.md", "print([", "print('now', [")
    assert runs.again()
    assert runs.units == []


def test_a_kept_result_is_in_the_order_in_which_it_was_made(
    project: Project, server: Server
) -> None:
    text = """\
    ```python exec="1"
    from site_src import experiment

    @experiment
    def ranked():
        return {"second": 2, "first": {"z": 1, "a": 2}}

    print(ranked())
    ```
    """
    project.page("page", textwrap.dedent(text))
    runs = Runs(project, server)
    assert runs.again()
    made = {"second": 2, "first": {"z": 1, "a": 2}}
    assert printed(project) == str(made)
    edit(project, "docs/page.md", "print(ranked())", "print('kept', ranked())")
    assert runs.again()
    assert runs.units == []
    assert printed(project) == f"kept {made}"


def test_an_experiment_does_not_hang_on_how_figures_are_drawn(
    page: Project, server: Server
) -> None:
    text = """\
    ```python exec="1" html="1"
    from site_src import ablated, experiment, table

    @experiment
    def slow():
        return len(vars(ablated("family/one.py", {"ONE = 1": "ONE = 2"})))

    table([["one", slow()]], header=["what", "number"], caption="One")
    ```
    """
    (page.root / "snippets" / "family").mkdir()
    (page.root / "snippets" / "family" / "one.py").write_text("ONE = 1\n")
    page.page("page", textwrap.dedent(text))
    runs = Runs(page, server)
    assert runs.again()
    edit(page, "site_src/figures/tables.py", '"""Tables', '"""All tables')
    assert runs.again()
    assert runs.units == []
    edit(page, "site_src/ablation.py", '"""Replace parts', '"""Replace some parts')
    assert runs.again()
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
