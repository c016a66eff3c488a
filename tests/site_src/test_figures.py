"""Figures, tables and measured values, as they are written into a page."""

from __future__ import annotations

import re
import textwrap
import xml.etree.ElementTree as etree

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from conftest import Project

from site_src.claims import written
from site_src.execution.page_server import Server
from site_src.execution.schedule import result_of, run
from site_src.figures import style, svg
from site_src.page import Page, read_pages


def drawn() -> str:
    """A figure with lines, text, a legend and an image, finished."""
    import io

    with mpl.rc_context():
        style.apply()
        drawing, axes = plt.subplots()
        for number in range(6):
            axes.plot([0, 1], [number, number + 1], label=f"line {number}")
        axes.fill_between([0, 1], [0, 1], [1, 2], alpha=0.2)
        axes.text(0.5, 0.5, "half", fontweight="bold")
        axes.imshow([[1.0, 2.0], [3.0, 4.0]], extent=(0, 1, 6, 7), aspect="auto")
        axes.legend(ncols=3, fontsize=6)
        raw = io.StringIO()
        drawing.savefig(raw, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(drawing)
    return svg.finish(raw.getvalue(), 'Six <lines> "rising"')


def test_a_finished_figure_is_one_themed_element() -> None:
    text = drawn()
    root = etree.fromstring(text)
    assert root.tag.endswith("svg")
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == 'Six <lines> "rising"'
    assert "style=" not in text
    assert "<style" not in text
    assert "<metadata" not in text
    for number in range(1, 7):
        assert f"var(--fig-{number})" in text
    assert "currentColor" in text
    assert "#0a0b" not in text
    assert not re.search(r">\s+<", text)


def test_its_ids_are_used_and_its_own() -> None:
    text = drawn()
    ids = set(re.findall(r' id="([^"]+)"', text))
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
    assert ids == {name for pair in used for name in pair if name}
    prefixes = {name.split("-")[0] for name in ids}
    assert len(prefixes) == 1


def test_it_is_shorter_but_draws_the_same() -> None:
    raw = (
        '<svg viewBox="0 0 10 10"><g id="a"><g id="b"><path id="c" d="M 1.26 2 L -0.01 '
        '3.333333 Q 1 2 3 4 z " style="stroke-width: 0.8"/></g></g> <g '
        'transform="translate(1.23456 2)"><use xlink:href="#c" x="7.7499" '
        'y="1e-05"/><text transform="rotate(-0 1 2)" x="3.14159">0.00123</text>'
        "</g></svg>"
    )
    text = svg.finish(raw, "x")
    body = text[text.index(">") + 1 : text.index("</svg>")]
    name = re.search(r'id="([^"]+)"', body)[1]
    assert body == (
        f'<path id="{name}" d="M1.3 2L0 3.3Q1 2 3 4z" stroke-width="0.8"/>'
        f'<g transform="translate(1.23 2)"><use xlink:href="#{name}" x="7.7" '
        'y="1e-05"/><text x="3.1">0.00123</text></g>'
    )


def test_two_drawings_are_the_same_bytes() -> None:
    assert drawn() == drawn()


@pytest.mark.parametrize(
    ("value", "spec", "unit", "shown"),
    [
        (0.000071, ".1e", "", "7.1 × 10⁻⁵"),
        (0.071, ".1e", "", "0.071"),
        (-14.0, ".0e", "", "−10"),
        (0.15, ".3e", "", "0.1500"),
        (0.42, ".0%", "", "42\N{NARROW NO-BREAK SPACE}%"),
        (-1.5, ".1f", "nats", "−1.5\N{NO-BREAK SPACE}nats"),
        (12345, ",", "", "12,345"),
        ("about ten", ".3g", "", "about ten"),
    ],
)
def test_a_value_as_the_reader_sees_it(
    value: float | str, spec: str, unit: str, shown: str
) -> None:
    assert written(value, spec, unit) == shown


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_is_none(value: float) -> None:
    with pytest.raises(ValueError, match="a claim cannot be"):
        written(value, ".2f", "")


def printed(project: Project, server: Server, code: str) -> str:
    """What a block prints, or the message of what went wrong."""
    project.page("page", f'```python exec="1" html="1"\n{textwrap.dedent(code)}\n```\n')
    outcome = run(project.root, read_pages(project.root), server=server)
    if outcome.problems:
        return outcome.problems[0].message
    result, _ = result_of(Page.read(project.root, project.root / "docs" / "page.md"))
    assert result is not None
    return str(result["blocks"][0]["output"])


def test_a_table_escapes_and_aligns(project: Project, server: Server) -> None:
    code = """
    from site_src import table
    rows = [["a < b", "1.5e-07"], ["`x`", "20 %"]]
    table(rows, header=["what", "share"], caption="C")
    """
    text = printed(project, server, code)
    assert '<th scope="row">a &lt; b</th><td class="number">1.5 × 10⁻⁷</td>' in text
    assert '<th scope="row"><code>x</code></th>' in text
    assert "<caption><span>C</span></caption>" in text


def test_a_row_that_does_not_fit_its_header(project: Project, server: Server) -> None:
    code = """
    from site_src import table
    table([["a", 1], ["b"]], header=["what", "share"], caption="C")
    """
    text = printed(project, server, code)
    assert text == "block 1: ValueError: row 2 has 1 cells, the header has 2"


def test_rows_that_can_be_gone_through_but_once_and_none(
    project: Project, server: Server
) -> None:
    code = """
    from site_src import table
    table(zip("ab", [1, 2]), header=["what", "share"], caption="C")
    """
    text = printed(project, server, code)
    assert text.count("<tr>") == 3
    empty = code.replace('zip("ab", [1, 2])', "[]")
    text = printed(project, server, empty)
    assert text == "block 1: ValueError: a table without rows: C"


def test_shapes_come_from_running_the_example(project: Project, server: Server) -> None:
    code = """
    import torch
    from site_src import shapes

    class Net(torch.nn.Module):
        def forward(self, inputs, mask):
            return inputs @ torch.ones(3, 5), (mask, {"kept": mask.sum(1)})

    def example():
        return Net(), (torch.ones(2, 3), torch.ones(2, 4, dtype=torch.int64))

    shapes(example)
    """
    text = printed(project, server, code)
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", text)
    plain = [re.sub(r"<[^>]+>", " ", row).split() for row in rows]
    assert plain == [
        ["in", "inputs", "(2,", "3)", "float32"],
        ["in", "mask", "(2,", "4)", "int64"],
        ["out", "output[0]", "(2,", "5)", "float32"],
        ["out", "output[1][0]", "(2,", "4)", "int64"],
        ["out", "output[1][1].kept", "(2,)", "int64"],
    ]


def test_a_diff_shows_what_an_ablation_changes(
    project: Project, server: Server
) -> None:
    (project.root / "snippets" / "family").mkdir()
    (project.root / "snippets" / "family" / "one.py").write_text("A = 1\nB = A < 2\n")
    code = """
    from site_src import ablated, diff
    change = {"A < 2": "A > 2"}
    assert ablated("family/one.py", change).B is False
    diff("family/one.py", change)
    """
    text = printed(project, server, code)
    assert '<span class="diff-del">-B = A &lt; 2</span>' in text
    assert '<span class="diff-ins">+B = A &gt; 2</span>' in text
    assert 'tabindex="0"' in text
