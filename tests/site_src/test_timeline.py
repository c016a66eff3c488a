"""The timeline: computed places in which nothing lies on anything, and its list."""

from __future__ import annotations

import html
import itertools
import random
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from conftest import ROOT, Project, words

from site_src.diagrams import labels
from site_src.diagrams.place import Rect
from site_src.page import read_pages
from site_src.timeline import draw, graph, lanes, plan
from site_src.timeline.graph import Edge, Graph, Node
from site_src.timeline.plan import BADGE, Line, Plan

WORDS = "deep wide sparse gated residual recurrent network memory machine of experts"


def made_up(seed: int, count: int = 40, families: int = 8) -> Graph:
    """Architectures with one to four predecessors, some of the same year."""
    draws = random.Random(seed)
    years = sorted(draws.randint(1990, 2024) for _ in range(count))
    nodes: list[Node] = []
    pairs: list[tuple[str, str]] = []
    for number, year in enumerate(years):
        family = f"family_{draws.randrange(families)}"
        title = " ".join(draws.choices(WORDS.split(), k=draws.randint(1, 7)))
        node = Node(f"{family}/net_{number}", title.capitalize(), year)
        # A few are named by many, as happens.
        older = [*nodes, *nodes[:3] * 4]
        chosen = draws.sample(older, min(len(older), draws.randint(1, 4)))
        pairs += [(one, node.name) for one in dict.fromkeys(n.name for n in chosen)]
        nodes.append(node)
    edges = [Edge(n, *pair, "It was slow.") for n, pair in enumerate(pairs, 1)]
    return Graph(nodes, edges)


def pieces(line: Line) -> list[Rect]:
    """The straight pieces of a line, as rectangles without area."""
    return [
        Rect(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
        for a, b in itertools.pairwise(line.points)
    ]


def badge(line: Line) -> Rect:
    x, y = line.badge
    return Rect(x, y, x, y).grown(BADGE)


def collisions(drawn: Plan) -> Iterator[str]:
    """Everything in a plan that lies on something else."""
    boxes = {box.node.name: box for box in drawn.boxes}
    for one, two in itertools.combinations(drawn.boxes, 2):
        if one.rect.grown(4).meets(two.rect):
            yield f"box {one.node.name} on {two.node.name}"
    for one, two in itertools.combinations(drawn.lines, 2):
        if badge(one).grown(1).meets(badge(two).grown(1)):
            yield f"badge {one.edge.number} on {two.edge.number}"
        if one.edge.start == two.edge.start:
            continue
        for a, b in itertools.product(pieces(one), pieces(two)):
            shared = min(a.right, b.right) - max(a.left, b.left)
            down = min(a.bottom, b.bottom) - max(a.top, b.top)
            if (shared > 0 and down >= 0) or (shared >= 0 and down > 0):
                yield f"line {one.edge.number} along {two.edge.number}"
    for line in drawn.lines:
        for piece in pieces(line):
            for x, y in ((piece.left, piece.top), (piece.right, piece.bottom)):
                if not (0 <= x <= drawn.width and 0 <= y <= drawn.height):
                    yield f"line {line.edge.number} leaves the drawing"
            if piece.left != piece.right and piece.top != piece.bottom:
                yield f"line {line.edge.number} is askew"
        for name, box in boxes.items():
            if badge(line).meets(box.rect):
                yield f"badge {line.edge.number} on box {name}"
            ends = (line.edge.start, line.edge.end)
            if name not in ends and any(
                p.grown(3).meets(box.rect) for p in pieces(line)
            ):
                yield f"line {line.edge.number} through {name}"
        for other in drawn.lines:
            if other is not line and any(
                p.grown(1).meets(badge(line)) for p in pieces(other)
            ):
                yield f"line {other.edge.number} through badge {line.edge.number}"
    for year, y in drawn.years:
        wide = labels.width(str(year), labels.SIZE)
        text = Rect(plan.YEARS - 14 - wide, y - 10, plan.YEARS - 14, y + 10)
        if any(p.meets(text) for line in drawn.lines for p in pieces(line)):
            yield f"a line through {year}"
    for box in drawn.boxes:
        about = f"{box.node.year} · {box.node.family}"
        widest = max(labels.width(t, labels.SMALL) for t in (*box.lines, about))
        if widest > box.rect.right - box.rect.left - 8:
            yield f"the text of {box.node.name} leaves its box"
        if labels.LINE * (len(box.lines) + 1) > box.rect.bottom - box.rect.top:
            yield f"the lines of {box.node.name} leave its box"


@pytest.mark.parametrize("seed", range(12))
def test_forty_architectures_do_not_lie_on_each_other(seed: int) -> None:
    drawn = plan.arrange(made_up(seed))
    assert len(drawn.boxes) == 40
    assert list(collisions(drawn)) == []


@pytest.mark.parametrize(("count", "families"), [(1, 1), (2, 1), (10, 4), (90, 12)])
def test_few_and_many_do_not_either(count: int, families: int) -> None:
    assert list(collisions(plan.arrange(made_up(3, count, families)))) == []


def test_the_architectures_of_this_site_do_not_either() -> None:
    found = graph.of_pages(read_pages(ROOT))
    assert len(found.nodes) == len([p for p in read_pages(ROOT) if p.is_architecture])
    assert list(collisions(plan.arrange(found))) == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TRACK", 0, "line"),
        ("PORT", 8, "badge"),
        ("LANDING", 12, "badge"),
        ("PAD_ACROSS", -30, "text"),
        ("SPACE", 0, "line"),
    ],
)
def test_what_lies_on_something_is_seen(
    monkeypatch: pytest.MonkeyPatch, name: str, value: float, message: str
) -> None:
    monkeypatch.setattr(plan, name, value)
    broken = plan.arrange(made_up(0))
    assert any(message in found for found in collisions(broken))


def test_time_runs_down_and_families_have_lanes() -> None:
    found = made_up(5)
    drawn = plan.arrange(found)
    at = {box.node.name: box for box in drawn.boxes}
    for one, two in itertools.combinations(drawn.boxes, 2):
        if one.node.year < two.node.year:
            assert one.rect.bottom < two.rect.top
    for edge in found.edges:
        assert at[edge.start].rect.bottom < at[edge.end].rect.top
    for box in drawn.boxes:
        lane = drawn.lanes[box.node.family]
        assert lane.left < box.rect.left < box.rect.right < lane.right
    for line in drawn.lines:
        assert line.points[0][1] == at[line.edge.start].rect.bottom
        assert line.points[-1][1] == at[line.edge.end].rect.top


def test_a_circle_is_drawn_too() -> None:
    """Front matter may be wrong: each names the other, or the older the newer."""
    nodes = [Node("a/x", "X", 2000), Node("b/y", "Y", 1990), Node("a/z", "Z", 1990)]
    pairs = [("a/x", "b/y"), ("b/y", "a/x"), ("b/y", "a/z"), ("a/z", "b/y")]
    edges = [Edge(n, *pair, "So.") for n, pair in enumerate(pairs, 1)]
    assert list(collisions(plan.arrange(Graph(nodes, edges)))) == []


def test_lanes_that_have_to_do_with_each_other_are_neighbours() -> None:
    names = ["a/1", "b/1", "c/1", "d/1"]
    nodes = [Node(name, name, 2000 + n) for n, name in enumerate(names)]
    edges = [Edge(1, "a/1", "d/1", "x"), Edge(2, "d/1", "b/1", "x")]
    order = lanes.places(Graph(nodes, edges)).families
    assert abs(order.index("a") - order.index("d")) == 1
    assert abs(order.index("d") - order.index("b")) == 1


def test_a_drawing_is_a_link_for_each_node_and_edge() -> None:
    found = made_up(1)
    text = draw.draw(
        plan.arrange(found), "A <title>", lambda name: f"../{name}/", lambda n: f"e-{n}"
    )
    assert 'aria-label="A &lt;title&gt;"' in text
    nodes = re.findall(r'<a class="node[^>]*xlink:href="([^"]+)"', text)
    assert sorted(nodes) == sorted(f"../{node.name}/" for node in found.nodes)
    edges = re.findall(
        r'<a class="edge[^>]*tabindex="0" xlink:href="#e-(\d+)" aria-label="([^"]+)"',
        text,
    )
    assert sorted(int(n) for n, _ in edges) == [edge.number for edge in found.edges]
    assert all(html.unescape(said).endswith("It was slow.") for _, said in edges)
    assert "style=" not in text


def test_a_page_that_is_added_is_in_the_drawing_and_in_the_list(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUEPRINTS_PENDING", "1")  # the sections may be missing
    project.page("timeline", "# Time\n\n```timeline\nall\n```\n")
    (project.root / "docs/references.bib").write_bytes(
        (ROOT / "docs/references.bib").read_bytes()
    )
    source = ROOT / "docs" / "architectures" / "recurrent" / "lstm.md"
    front = source.read_text().partition("\n---\n")[0]
    project.page("architectures/early/one", front + "\n---\n\nText.\n")
    follows = "predecessors:\n  - slug: early/one\n    problem: It <waits>.\n"
    follows += "  - slug: early/mlp\n    problem: It `forgets`."
    text = re.sub(
        r"predecessors:(\n {2}.*)+", follows.replace("<waits>", "waits"), front
    )
    text = re.sub("title: .*", "title: The next & last", text)
    project.page("architectures/later_ones/two", text + "\n---\n\nText.\n")
    build = [sys.executable, "-m", "mkdocs", "build", "-q"]
    subprocess.run(build, cwd=project.root, capture_output=True, check=True)
    section = project.section("timeline", "timeline")
    drawing, _, listed = section.partition("</svg>")
    assert drawing.count('class="node ') == 2
    assert drawing.count('class="edge ') == 1
    assert 'xlink:href="../architectures/later_ones/two/"' in drawing
    said = "1. Long short-term memory (LSTM) → The next &amp; last: It waits."
    assert f'aria-label="{said}"' in drawing
    assert ">later ones</text>" in drawing
    rows = [words(row) for row in listed.split("<li>")[1:]]
    assert rows[0].startswith("Long short-term memory (LSTM) 1997, early ")
    assert rows[1].startswith("The next & last 1997, later ones Long Short-Term Memory")
    assert "1 After Long short-term memory (LSTM) : It waits." in rows[1]
    assert rows[1].endswith("After MLP: It forgets .")
    for anchor in re.findall(r'href="#([^"]+)"', section):
        assert f'id="{anchor}"' in section
