"""Diagrams: what layouts can say, what is filled in, what is drawn, what is refused."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as etree
from pathlib import Path

import pytest
from drawings import LOOP, RESIDUAL, Drawing, changed
from large_drawings import DRAWINGS, U_SHAPED

from site_src.diagrams import labels, place, reading, route
from site_src.diagrams.faults import Faults, Part

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"


def text_of(element: etree.Element) -> str:
    return "".join(element.itertext())


def made(drawing: Drawing, folder: Path) -> etree.Element:
    """The finished figure, parsed."""
    figure, faults = drawing.make(folder)
    assert faults == []
    return etree.fromstring(
        figure.replace(" data-search-exclude", "").replace(" hidden>", ">")
    )


def items(figure: etree.Element) -> list[str]:
    """The diagram in words."""
    return [text_of(item) for item in figure.iter("li")]


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_whole_and_safe(name: str, tmp_path: Path) -> None:
    drawing = DRAWINGS[name]
    text, faults = drawing.make(tmp_path)
    assert faults == []
    assert not re.search(r"\sstyle=", text)
    assert "<script" not in text
    figure = made(drawing, tmp_path)
    links = [*figure.iter(f"{SVG}a")]
    boxes = [row for row in drawing.boxes.splitlines() if row.strip()]
    assert len(links) == len(items(figure)) == len(boxes)
    ids = [item.attrib["id"] for item in figure.iter("li")]
    assert [link.attrib["aria-describedby"] for link in links] == ids
    assert all(link.find(f"{SVG}title") is not None for link in links)


@pytest.mark.parametrize("name", DRAWINGS)
def test_two_drawings_of_one_layout_are_equal(name: str, tmp_path: Path) -> None:
    drawing = DRAWINGS[name]
    example = drawing.example(tmp_path)
    again = dataclasses.replace(drawing)
    first, second = drawing.make(tmp_path)[0], again.make(tmp_path)[0]
    assert re.sub(r"toy\d", "toy", first) == re.sub(r"toy\d", "toy", second)
    assert example is not None


@pytest.mark.parametrize("name", DRAWINGS)
def test_nothing_lies_on_anything_else(name: str, tmp_path: Path) -> None:
    """Nodes apart from each other and from lines; every line straight and upright."""
    drawing = DRAWINGS[name]
    faults = Faults()
    parts = (drawing.grid, drawing.boxes, drawing.arrows, drawing.groups)
    layout = reading.read(*map(Part, parts), faults)
    plan = place.arrange(layout, {}, {})
    routes = route.route(layout, plan, faults)
    assert not faults
    nodes = list(plan.nodes.items())
    for number, (one, rect) in enumerate(nodes):
        for other, second in nodes[number + 1 :]:
            assert not rect.grown(5).meets(second.grown(5)), (one, other)
    for wire in routes.wires:
        assert all(one[0] == two[0] or one[1] == two[1] for one, two in wire.segments())
    for group, frame in zip(layout.groups, plan.frames, strict=True):
        for other, rect in nodes:
            inside = other in group.members
            assert rect.grown(4).meets(frame) == inside, (group.name, other)


def test_the_order_is_the_datas(tmp_path: Path) -> None:
    names = [item.split(" (")[0] for item in items(made(LOOP, tmp_path))]
    assert [name.split(",")[0] for name in names] == [
        "inputs",
        "W xt",
        "U ht−1",
        "tanh",
        "ht",
        "outputs",
    ]
    words = items(made(LOOP, tmp_path))
    assert words[1].endswith("Reads the token. Goes to tanh (4).")
    assert words[4].endswith("The state. Goes to outputs (6).")


def test_shapes_are_traced_and_told_in_letters(tmp_path: Path) -> None:
    words = items(made(LOOP, tmp_path))
    assert "inputs, lines" not in words[0]
    assert "(B, T, D) = (2, 7, 5)" in words[0]
    assert "(B, H) = (2, 4)" in words[1]
    assert "(B, T, H) = (2, 7, 4)" in words[5]
    wide = items(made(U_SHAPED, tmp_path))
    coarse = next(item for item in wide if "coarse" in item or "self.down.1" in item)
    assert "(B, 10, 8) = (2, 10, 8); 160 parameters" in coarse


def test_a_size_that_two_letters_have_is_told_in_numbers(tmp_path: Path) -> None:
    drawing = changed(LOOP, code=("hidden_width=4", "hidden_width=7"))
    words = items(made(drawing, tmp_path))
    assert "(B, 7) = (2, 7)" in words[1]
    assert "(B, H) = (2, 7)" in words[4], "its comment says which"


def test_a_value_that_one_mode_leaves_out_is_taken_from_another(tmp_path: Path) -> None:
    drawing = changed(
        LOOP,
        code=(
            "        return outputs\n\n\ndef example(*, ",
            "        outputs = None if self.training else outputs\n"
            "        return outputs\n\n\ndef example(*, ",
        ),
    )
    assert "(B, T, H) = (2, 7, 4)" in items(made(drawing, tmp_path))[5]


def test_the_second_assignment_can_be_meant(tmp_path: Path) -> None:
    edit = ("| outputs             | outputs ", "| outputs | hidden#2 ")
    drawing = changed(LOOP, boxes=edit)
    lines = LOOP.code.splitlines()
    second = next(n for n, row in enumerate(lines, 1) if "hidden = self.cell" in row)
    links = [a.attrib[HREF] for a in made(drawing, tmp_path).iter(f"{SVG}a")]
    assert links[5].endswith(f".py-L{second}")


def test_a_call_is_found_before_a_mention(tmp_path: Path) -> None:
    drawing = changed(
        LOOP,
        code=(
            "        hidden = torch.tanh(",
            "        width = self.from_input.out_features\n"
            "        assert width\n"
            "        hidden = torch.tanh(",
        ),
    )
    link = [a.attrib[HREF] for a in made(drawing, tmp_path).iter(f"{SVG}a")][1]
    start = drawing.code.splitlines().index("        hidden = torch.tanh(") + 1
    assert link.endswith(f".py-L{start}-L{start + 2}")


def test_parameters_are_counted_per_block_and_in_all(tmp_path: Path) -> None:
    figure = made(RESIDUAL, tmp_path)
    words = items(figure)
    second = 4 * 4 * 9 + 4
    assert f"{second} parameters in one of 5, {5 * second} in all" in words[4]
    stem, head = 3 * 4 * 9 + 4, 4 * 11 + 11
    first = second + 8
    total = stem + head + 5 * (first + second)
    assert f"{total:,} parameters in all" in text_of(figure)


def test_a_node_leads_to_its_statement(tmp_path: Path) -> None:
    links = [a.attrib[HREF] for a in made(LOOP, tmp_path).iter(f"{SVG}a")]
    lines = LOOP.code.splitlines()
    start = lines.index("        hidden = torch.tanh(") + 1
    assert links[1].endswith(f".py-L{start}-L{start + 2}")
    outputs = next(n for n, line in enumerate(lines, 1) if "outputs = torch" in line)
    assert links[5].endswith(f".py-L{outputs}")


def test_weights_are_seen(tmp_path: Path) -> None:
    kinds = [a.attrib["class"] for a in made(LOOP, tmp_path).iter(f"{SVG}a")]
    assert ["weights" in kind for kind in kinds] == [False, True, True] + [False] * 3


def test_a_matrix_is_drawn_by_its_values(tmp_path: Path) -> None:
    drawing = changed(
        LOOP,
        code=(
            "        outputs = torch.stack(shown, dim=1)  # (B, T, H)",
            "        seen = torch.ones(T, T).tril()  # (T, T)\n"
            "        outputs = torch.stack(shown, dim=1)  # (B, T, H)",
        ),
        boxes=("outputs             | outputs ", "{seen}              | seen "),
    )
    cells = [
        float(cell.attrib["fill-opacity"])
        for cell in made(drawing, tmp_path).iter(f"{SVG}rect")
        if cell.attrib["class"] == "cell"
    ]
    wanted = [1.0 * (column <= row) for row in range(7) for column in range(7)]
    assert cells == wanted


def test_where_lines_cross_one_hops(tmp_path: Path) -> None:
    drawing = changed(
        LOOP,
        grid=("        .     U    .     .   .\n", "        .     U    .     .   low\n"),
        boxes=(
            "        U   |",
            "        low | low | outputs | 0 | Low.\n        U   |",
        ),
        arrows=("        U -| net", "        y |- low\n        U -| net"),
        groups=("W net U y .a .b", "W net U y .a .b"),
    )
    crossed = changed(
        drawing,
        grid=("x     W    net   y   out", "x     W    net   y   out"),
        arrows=("y |- low", "U -> low"),
    )
    figure, faults = crossed.make(tmp_path)
    assert faults == []
    assert len(re.findall(r'<path d="[^"]*A6 6 ', figure)) == 1
    assert "A6 6 " not in LOOP.make(tmp_path)[0]


def test_labels_are_measured_wide_enough() -> None:
    assert labels.width("mm", 10) == pytest.approx(2 * 9.741, abs=0.01)
    assert labels.width("x_t", 10) < labels.width("xt", 10)
    assert labels.plain("*c_{t−1}* and x^2") == "ct−1 and x2"
    assert labels.as_html("*c_{t−1}*") == "<i>c</i><sub><i>t−1</i></sub>"
    assert labels.as_svg("a < b") == "a &lt; b"
    assert labels.as_svg("(B, T, 4*D)") == "(B, T, 4D)"
