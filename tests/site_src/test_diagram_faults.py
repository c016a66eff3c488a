"""Faults of a layout, planted one by one: each is told at its line."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from drawings import LOOP, changed
from large_drawings import TOWERS

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
    "an assignment that is not there": (
        {"boxes": ("| outputs          |", "| outputs#2        |")},
        7,
        "Net.forward assigns outputs 1 times, not 2",
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
    "cells of no matrix": (
        {
            "code": ("batch=2", "batch=17"),
            "boxes": ("| *h_t*               |", "| {*h_t*}             |"),
        },
        6,
        "y is no matrix of at most 16 rows and columns",
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
