"""Diagrams: what layouts can say, what is filled in, what is drawn, what is refused."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as etree
from pathlib import Path

import pytest
from drawings import LOOP, RESIDUAL, Drawing
from large_drawings import DRAWINGS, TOWERS, U_SHAPED

from site_src.diagrams import labels, place, reading, route
from site_src.diagrams.faults import Faults, Part

SVG = "{http://www.w3.org/2000/svg}"


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
    links = [a.attrib["href"] for a in made(LOOP, tmp_path).iter(f"{SVG}a")]
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


def changed(drawing: Drawing, **edits: tuple[str, str]) -> Drawing:
    """The drawing with parts of its texts replaced, each of which is there once."""
    texts = {}
    for name, (old, new) in edits.items():
        text = getattr(drawing, name)
        assert text.count(old) == 1, (name, old, text.count(old))
        texts[name] = text.replace(old, new)
    return dataclasses.replace(drawing, **texts)


FAULTS: dict[str, tuple[dict[str, tuple[str, str]], int, str]] = {
    "a name in the arrows": (
        {"arrows": ("net -> y :", "nets -> y :")},
        4,
        "nets has no place: did you mean net?",
    ),
    "a box without a place": (
        {"grid": ("   y   out", "   .   out")},
        6,
        "y has no place: there are",
    ),
    "a place without a box": (
        {"grid": (".     U    .     .   .\n", ".     U    .     .   z\n")},
        3,
        "z stands in the grid, but no box says what it is",
    ),
    "a box twice": (
        {"boxes": ("        y   |", "        net |")},
        6,
        "the box net stands twice",
    ),
    "a row too short": (
        {"grid": ("x     W    net   y   out", "x     W    net   y")},
        3,
        "this row has 5 cells, the first has 4",
    ),
    "no rectangle": (
        {"grid": (".     U    .     .   .\n", ".     U    x     .   .\n")},
        3,
        "the cells of x make no rectangle",
    ),
    "an unfinished box": (
        {"boxes": (" | 0 | What is read.", " | 0")},
        2,
        "a box is: name | label | what it is in the code | tone | why",
    ),
    "a strange tone": (
        {"boxes": ("| 1 | Reads the token.", "| 7 | Reads the token.")},
        3,
        "the tone of W is 7, not 0 to 6",
    ),
    "a submodule that is not there": (
        {"boxes": ("self.from_input ", "self.from_inputs ")},
        3,
        "Cell has no self.from_inputs: did you mean from_input?",
    ),
    "a variable that is not there": (
        {"boxes": ("| outputs          |", "| output           |")},
        7,
        "Net.forward has no output: did you mean outputs?",
    ),
    "a variable of another class": (
        {"boxes": ("| hidden           | 2 | The", "| shown            | 2 | The")},
        6,
        "Cell.forward has no shown: there are hidden, previous, token",
    ),
    "a part nobody drew": (
        {"boxes": ("| self.from_hidden |", "| previous         |")},
        2,
        "nobody drew self.cell.from_hidden, which has 16 parameters",
    ),
    "a wrong shape on a box": (
        {"boxes": ("inputs // (B, T, D)", "inputs // (B, D, T)")},
        2,
        "(B, D, T) is written, x is (B, T, D) = (2, 7, 5)",
    ),
    "a wrong shape on an arrow": (
        {"arrows": (": (B, H) |", ": (B, D) |")},
        4,
        "(B, D) is written, net is (B, H) = (2, 4)",
    ),
    "a shape with a strange letter": (
        {"arrows": (": (B, H) |", ": (B, Q) |")},
        4,
        "(B, Q) is written, net is (B, H) = (2, 4)",
    ),
    "a wrong count": (
        {"groups": ("× T", "× H")},
        2,
        "self.cell ran 7 times, × H is 4",
    ),
    "a count nobody knows": (
        {"groups": ("× T", "× Z")},
        2,
        "cannot tell Z: there are B, D, H, T",
    ),
    "a frame for nothing": (
        {"groups": ("self.cell", "self.cells")},
        2,
        "Net has no self.cells: did you mean cell?",
    ),
    "a stranger in a frame": (
        {"groups": ("W net U y", "W net y")},
        2,
        "U stands inside the frame, but is no member",
    ),
    "a diagonal": (
        {"arrows": ("U -| net", "U -> net")},
        3,
        "U and net share neither row nor column: turn with -| or |-, or at a bend",
    ),
    "a corner that is none": (
        {"arrows": ("y -> out", "y -| out")},
        5,
        "y and out share a row or column: no corner is needed",
    ),
    "an arrow through a box": (
        {"arrows": ("net -> y : (B, H) | 2", "W -> y | 2\n        net -> y")},
        4,
        "the arrow W -> y runs through net",
    ),
    "a label for several": (
        {"arrows": ("net -> y :", "W -> net -> y :")},
        4,
        "a label needs an arrow of its own",
    ),
    "an arrow upon another": (
        {
            "grid": (".b   .     .a ", ".b   .c    .a "),
            "arrows": ("U -| net", "U -| net\n        net ~> .c ~> .a ~> y"),
        },
        7,
        "the arrow y to .a lies on the arrow .a to y",
    ),
    "a label without room": (
        {"arrows": ("U -| net", "U -| net : a label far too long for its arrow")},
        3,
        "there is no room for the label a label far too long for its arrow",
    ),
    "a circle": (
        {"arrows": ("y ~> .a ~> .b ~> U", "y -> .a -> .b -> U")},
        4,
        "the arrows circle: U, net, y, out; write ~> for the way back",
    ),
    "a box nothing reaches": (
        {"arrows": ("        y -> out\n", "")},
        2,
        "no arrow reaches out",
    ),
    "a bend without an end": (
        {"arrows": ("y ~> .a ~> .b ~> U", "y ~> .a ~> .b")},
        6,
        "an arrow cannot end, or begin, at the bend .b",
    ),
    "weights in a circle": (
        {"boxes": ("[*W x_t*]", "(*W x_t*)")},
        3,
        "W has parameters: write it as [a box]",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_at_its_line(name: str, tmp_path: Path) -> None:
    edits, line, message = FAULTS[name]
    figure, faults = changed(LOOP, **edits).make(tmp_path)
    assert figure == ""
    assert any(at == line and text.startswith(message) for at, text in faults), faults


def test_all_faults_of_a_layout_are_told_at_once(tmp_path: Path) -> None:
    drawing = changed(
        LOOP,
        boxes=("self.from_input ", "self.from_inputs "),
        groups=("× T", "× H"),
    )
    _, faults = drawing.make(tmp_path)
    assert [text.split(":")[0] for _, text in sorted(faults)] == [
        "self.cell ran 7 times, × H is 4",
        "Cell has no self.from_inputs",
    ]


def test_an_unknown_class_is_refused(tmp_path: Path) -> None:
    drawing = dataclasses.replace(TOWERS, of="Readers")
    with pytest.raises(ValueError, match="no Readers: did you mean Reader"):
        drawing.make(tmp_path)


def test_labels_are_measured_wide_enough() -> None:
    assert labels.width("mm", 10) == pytest.approx(2 * 9.741, abs=0.01)
    assert labels.width("x_t", 10) < labels.width("xt", 10)
    assert labels.plain("*c_{t−1}* and x^2") == "ct−1 and x2"
    assert labels.as_html("*c_{t−1}*") == "<i>c</i><sub><i>t−1</i></sub>"
    assert labels.as_svg("a < b") == "a &lt; b"
    assert labels.as_svg("(B, T, 4*D)") == "(B, T, 4D)"
