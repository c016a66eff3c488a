"""The rules of the house style that a machine can check, one function a rule."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from site_src.lint.copies import copies
from site_src.lint.docstrings import docstrings
from site_src.lint.source import Definition, Source, docstring_of, header_lines, read
from site_src.problem import Problem

Rule = Callable[[Source], Iterator[Problem]]

COLUMNS = 80
FILE_LINES = 250
FUNCTION_LINES = 40
FLAGS = 2
MAIN_LINES = 3
IMPORTS = {"torch", "math", "dataclasses", "typing", "collections.abc", "__future__"}
HEADER = (
    "Source",
    "Differs from the paper",
    "Checked against",
    "Torch versions",
    "Dimensions",
    "SPDX",
)
ORDER = (
    "imports",
    "constants",
    "small functions",
    "blocks and the architecture",
    "from_published",
    "example",
    "__main__",
)


def style(path: Path) -> list[Problem]:
    """Check one snippet against the house style.

    Args:
        path: The snippet, in `<root>/<family>/<slug>.py`; declared copies are
            looked up from that root.

    Returns:
        Every problem, in the order of the lines.
    """
    source = read(path)
    if isinstance(source, Problem):
        return [source]
    return sorted({problem for rule in RULES for problem in rule(source)})


def sizes(source: Source) -> Iterator[Problem]:
    """Lines of 80 columns, 250 lines of code, 40 in a function."""
    for line, text in enumerate(source.lines, start=1):
        if len(text) > COLUMNS:
            yield source.problem(line, f"{len(text)} columns, {COLUMNS} at most")
    code = len(source.code_lines)
    if code > FILE_LINES:
        last = max(source.code_lines)
        yield source.problem(last, f"{code} lines of code, {FILE_LINES} at most")
    for node in source.definitions:
        if isinstance(node, ast.ClassDef):
            continue
        inside = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        count = len(source.code_lines.intersection(inside))
        if count > FUNCTION_LINES:
            message = f"{node.name} has {count} lines, {FUNCTION_LINES} at most"
            yield source.problem(node.lineno, message)


def header(source: Source) -> Iterator[Problem]:
    """One sentence, then the entries, in order and none empty."""
    lines = [*header_lines(source.tree), "", ""]
    if not lines[0].rstrip().endswith(".") or lines[1].strip():
        message = "the header opens with one sentence on one line, then a blank one"
        yield source.problem(1, message)
    entries = source.header()
    found = [entry.name for entry in entries]
    for name in HEADER:
        if name not in found:
            yield source.problem(1, f"the header has no entry {name}:")
    for before, after in pairwise(e for e in entries if e.name in HEADER):
        if HEADER.index(before.name) >= HEADER.index(after.name):
            message = f"{after.name}: stands before {before.name}: in the header"
            yield source.problem(after.line, message)
    wanted = {"Source": r"\b(19|20)\d\d\b", "SPDX": r"MIT", "Dimensions": r"\b[A-Z] \w"}
    wanted["Torch versions"] = r"\d+\.\d+\.\d+(, \d+\.\d+\.\d+)*"
    for entry in entries:
        if entry.name not in HEADER:
            yield source.problem(entry.line, f"unknown header entry {entry.name}:")
        elif not re.search(wanted.get(entry.name, r"\w"), entry.text):
            yield source.problem(entry.line, f"cannot read the entry {entry.name}:")


def imports(source: Source) -> Iterator[Problem]:
    """Torch and the standard library's plain modules alone."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        for name in names:
            if name not in IMPORTS and not name.startswith("torch."):
                message = f"imports {name}; allowed: {', '.join(sorted(IMPORTS))}"
                yield source.problem(node.lineno, message)


def order(source: Source) -> Iterator[Problem]:
    """The same order in every file, and nothing used before it is defined."""
    highest = 0
    for node in source.tree.body:
        if docstring_of(source.tree) is getattr(node, "value", node):
            continue
        place = _place(node)
        if place is None:
            yield source.problem(node.lineno, "a statement that only runs when loaded")
        elif place < highest:
            message = f"{ORDER[place]} stand before {ORDER[highest]}"
            yield source.problem(node.lineno, message)
        highest = max(highest, place or 0)
    classes = [node for node in source.tree.body if isinstance(node, ast.ClassDef)]
    for position, node in enumerate(classes):
        later = {other.name for other in classes[position + 1 :]}
        for name in ast.walk(node):
            if isinstance(name, ast.Name) and name.id in later:
                message = f"{name.id} is used above its definition: inner blocks first"
                yield source.problem(name.lineno, message)
    main = source.tree.body[-1]
    if not isinstance(main, ast.If) or _place(main) is None:
        yield source.problem(len(source.lines), 'no `if __name__ == "__main__":`')
    elif len(main.body) > MAIN_LINES:
        message = f"{len(main.body)} statements under __main__, {MAIN_LINES} at most"
        yield source.problem(main.lineno, message)


def arguments(source: Source) -> Iterator[Problem]:
    """Arguments with defaults by keyword, at most two flags, no **kwargs."""
    for node in source.definitions:
        if isinstance(node, ast.ClassDef):
            continue
        names = node.args
        if names.kwarg is not None:
            yield source.problem(node.lineno, f"{node.name} takes **{names.kwarg.arg}")
        plain = node in source.tree.body and node.name != "example"  # see seam
        if names.defaults and (plain or node.name == "__init__"):
            message = f"{node.name}: an argument with a default is keyword-only"
            yield source.problem(node.lineno, message)
        annotations = [getattr(arg.annotation, "id", "") for arg in names.kwonlyargs]
        if node.name == "__init__" and annotations.count("bool") > FLAGS:
            message = f"{annotations.count('bool')} boolean flags, {FLAGS} at most"
            yield source.problem(node.lineno, message)


def seam(source: Source) -> Iterator[Problem]:
    """`example(*, ...)` with defaults; its module's forward opens with sizes."""
    functions = (n for n in source.tree.body if isinstance(n, ast.FunctionDef))
    example = next((n for n in functions if n.name == "example"), None)
    if example is None:
        yield source.problem(len(source.lines), "no function example")
        return
    names = example.args
    if names.args or names.posonlyargs or names.vararg or None in names.kw_defaults:
        message = "example takes keyword-only arguments, each with a default"
        yield source.problem(example.lineno, message)
    returned = re.match(r"tuple\[(\w+), ", ast.unparse(example.returns or example))
    forward = _method(source, returned[1] if returned else "", "forward")
    if forward is None:
        message = "example returns tuple[<the architecture>, tuple[...]], annotated"
        yield source.problem(example.lineno, message)
        return
    opening = forward.body[1 if docstring_of(forward) else 0]
    unpacks = isinstance(opening, ast.Assign) and isinstance(
        opening.targets[0], ast.Tuple
    )
    if not unpacks or not ast.unparse(opening).endswith(".shape"):
        message = "forward opens by unpacking sizes: B, _, D = inputs.shape"
        yield source.problem(opening.lineno, message)


def habits(source: Source) -> Iterator[Problem]:
    """No assert, hook, global or module state; no x[:, t] in a loop over t."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assert):
            yield source.problem(
                node.lineno, "assert; raise ValueError with both sizes"
            )
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield source.problem(node.lineno, "a global or nonlocal name")
        elif isinstance(node, ast.Attribute) and node.attr.endswith("_hook"):
            yield source.problem(node.lineno, f"a hook: {node.attr}")
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            yield from _indexed(source, node, node.target.id)
    commented = {comment.line for comment in source.comments}
    for node in source.tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        name = ast.unparse(target)
        number = isinstance(node.value, ast.Constant | ast.BinOp | ast.UnaryOp)
        if not name[:1].isupper():
            yield source.problem(node.lineno, f"module state: {name}")
        elif number and node.lineno not in commented:
            yield source.problem(node.lineno, f"{name} has no source on its line")


def independence(source: Source) -> Iterator[Problem]:
    """The class it is checked against is nowhere used."""
    references = re.findall(r"[A-Za-z_][\w.]*\.\w+", source.entry("Checked against"))
    classes = {ref.rpartition(".")[2] for ref in references}
    banned = {name.lower(): name for name in classes if name[:1].isupper()}
    roots = {ref.partition(".")[0] for ref in references}
    aliases: dict[str, str] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            aliases |= {a.asname or a.name.split(".")[0]: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            full = {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
            aliases |= full
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        first, _, rest = ast.unparse(node).partition(".")
        dotted = f"{aliases.get(first, '')}.{rest}".rstrip(".")
        last = dotted.rpartition(".")[2].lower()
        used = next((n for key, n in banned.items() if last.startswith(key)), None)
        if used and dotted.partition(".")[0] in roots:
            message = f"uses {dotted}, a form of {used}, which it is checked against"
            yield source.problem(node.lineno, message)


RULES: tuple[Rule, ...] = (
    sizes,
    header,
    imports,
    order,
    arguments,
    seam,
    habits,
    independence,
    docstrings,
    copies,
)


def _place(node: ast.stmt) -> int | None:
    """Where a module-level statement stands in ORDER; None where nowhere."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return 0
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return 1
    if isinstance(node, Definition):
        special = {"from_published": 4, "example": 5}
        return special.get(node.name, 3 if isinstance(node, ast.ClassDef) else 2)
    is_main = ast.unparse(node).startswith("if __name__ == '__main__':")
    return 6 if is_main else None


def _method(source: Source, owner: str, name: str) -> ast.FunctionDef | None:
    """Find a method of a top-level class."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and node.name == owner:
            methods = (n for n in node.body if isinstance(n, ast.FunctionDef))
            return next((n for n in methods if n.name == name), None)
    return None


def _indexed(source: Source, loop: ast.For, index: str) -> Iterator[Problem]:
    """Reads of `x[:, index]` in a loop: each costs a whole x in backward."""
    for node in ast.walk(loop):
        if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
            continue
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
        if any(isinstance(part, ast.Name) and part.id == index for part in parts):
            message = f"{ast.unparse(node)} in a loop; iterate x.unbind(...)"
            yield source.problem(node.lineno, message)
