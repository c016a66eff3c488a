"""Read the texts of a layout, and note all that is wrong with them."""

from __future__ import annotations

import re

from site_src.diagrams.faults import Faults, Part, one_of
from site_src.diagrams.layout import Area, Arrow, Group, Layout, Node, Step

_CELL = re.compile(r"\.|\.?[A-Za-z]\w*")
_ARROW = re.compile(r"\s(->|=>|~>|-\||\|-)\s")
_TONE = re.compile(r"\s*\|\s*([0-6])$")
_FORMS = ((r"\[(.*)\]", "box"), (r"\((.*)\)", "round"), (r"\{(.*)\}", "cells"))


def read(grid: Part, boxes: Part, arrows: Part, groups: Part, faults: Faults) -> Layout:
    """Read a layout and note what is wrong with it."""
    places = _grid(grid, faults)
    known = set(places)
    layout = Layout(next((line for line, _ in grid.rows()), grid.line))
    rows = [row.split() for _, row in grid.rows()]
    layout.rows, layout.columns = len(rows), max(map(len, rows), default=0)
    layout.bends = {n: a for n, (a, _) in places.items() if n.startswith(".")}
    for line, row in boxes.rows():
        _box(line, row, layout, places, faults)
    for name, (_, line) in places.items():
        if not name.startswith(".") and name not in layout.nodes:
            faults.add(line, f"{name} stands in the grid, but no box says what it is")
    for line, row in arrows.rows():
        _arrow(line, row, layout, known, faults)
    for line, row in groups.rows():
        _group(line, row, layout, known, faults)
    if not faults:
        _unused(layout, places, faults)
    return layout


def _grid(grid: Part, faults: Faults) -> dict[str, tuple[Area, int]]:
    cells: dict[str, list[tuple[int, int, int]]] = {}
    width = 0
    for row, (line, text) in enumerate(grid.rows()):
        words = text.split()
        width = width or len(words)
        if len(words) != width:
            faults.add(line, f"this row has {len(words)} cells, the first has {width}")
        for column, word in enumerate(words):
            if not _CELL.fullmatch(word):
                faults.add(line, f"{word} is neither a name, .name nor .")
            elif word != ".":
                cells.setdefault(word, []).append((column, row, line))
    found = {}
    for name, taken in cells.items():
        columns, rows = [c for c, _, _ in taken], [r for _, r, _ in taken]
        area = Area(min(columns), min(rows), max(columns), max(rows))
        size = (area.right - area.left + 1) * (area.bottom - area.top + 1)
        if len(taken) != size:
            faults.add(taken[-1][2], f"the cells of {name} make no rectangle")
        elif name.startswith(".") and size > 1:
            faults.add(taken[-1][2], f"the bend {name} has more than one cell")
        found[name] = (area, taken[0][2])
    return found


def _box(
    line: int,
    row: str,
    layout: Layout,
    places: dict[str, tuple[Area, int]],
    faults: Faults,
) -> None:
    cells = [cell.strip() for cell in row.split("|")]
    if len(cells) != 5 or not all(cells):
        faults.add(line, "a box is: name | label | what it is in the code | tone | why")
        return
    name, label, bound, tone, why = cells
    if name in layout.nodes:
        faults.add(line, f"the box {name} stands twice")
    elif name not in places:
        faults.add(line, f"{name} has no place: {one_of(places, name)}")
    elif tone not in "0123456":
        faults.add(line, f"the tone of {name} is {tone}, not 0 to 6")
    else:
        form = "text"
        for pattern, kind in _FORMS:
            if match := re.fullmatch(pattern, label):
                form, label = kind, match[1]
        lines = tuple(text.strip() for text in label.split("//"))
        names = tuple(text.strip() for text in bound.split(","))
        area = places[name][0]
        node = Node(name, line, form, lines, names, int(tone), why, area)
        layout.nodes[name] = node


def _arrow(
    line: int, row: str, layout: Layout, known: set[str], faults: Faults
) -> None:
    tone = 0
    if match := _TONE.search(row):
        tone, row = int(match[1]), row[: match.start()]
    path, _, label = row.partition(" : ")
    names = _ARROW.split(path.strip())
    ends = [name.strip() for name in names[::2]]
    if len(ends) < 2:
        faults.add(line, "an arrow is: from -> to, and so on, then : label | tone")
        return
    wrong = [name for name in ends if name not in known]
    for name in wrong:
        faults.add(line, f"{name or 'nothing'} has no place: {one_of(known, name)}")
    if label and any(not end.startswith(".") for end in ends[1:-1]):
        faults.add(line, "a label needs an arrow of its own, from one node to the next")
    elif not wrong:
        steps = zip(ends, ends[1:], names[1::2], strict=False)
        arrow = Arrow(line, tuple(Step(*step) for step in steps), label.strip(), tone)
        layout.arrows.append(arrow)


def _group(
    line: int, row: str, layout: Layout, known: set[str], faults: Faults
) -> None:
    cells = [cell.strip() for cell in row.split("|")]
    if len(cells) != 4 or not cells[3]:
        faults.add(line, "a group is: name | × count | submodule | its nodes")
        return
    name, times, bound, inside = cells
    members = tuple(inside.split())
    wrong = [member for member in members if member not in known]
    for member in wrong:
        faults.add(line, f"{member} has no place: {one_of(known, member)}")
    if times and not times.startswith("×"):
        faults.add(line, f"{times} is no count such as × L")
    elif not wrong and all(m in layout.nodes or m in layout.bends for m in members):
        area = layout.area(members[0])
        for member in members:
            area = area.around(layout.area(member))
        for other in layout.nodes:
            if other not in members and area.meets(layout.area(other)):
                faults.add(line, f"{other} stands inside the frame, but is no member")
        times = times.removeprefix("×").strip()
        layout.groups.append(Group(name, line, times, bound, members, area))


def _unused(
    layout: Layout, places: dict[str, tuple[Area, int]], faults: Faults
) -> None:
    steps = [step for arrow in layout.arrows for step in arrow.steps]
    touched = {name for step in steps for name in (step.start, step.end)}
    for name in places:
        if name not in touched:
            faults.add(places[name][1], f"no arrow reaches {name}")
    left = [name for name in layout.nodes if name not in layout.order()]
    if left:
        line = min(layout.nodes[name].line for name in left)
        names = ", ".join(left)
        faults.add(line, f"the arrows circle: {names}; write ~> for the way back")
