"""A page's demo in torch: its model, built by the page's own code, with any weights.

The weights of a demo are those in the file that the site publishes, under the names
that they have in the page's model. The page's code brings the class: of its blocks only
what the demo's `build` names is run, so that nothing is trained.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from site_src.demos.exporting import weights
from site_src.page import Page


@dataclass
class PageModel:
    """What a page says of its demo.

    Args:
        model: The page's model.
        inner: Label → name of a value inside.
        context: Tokens that are read at once, or None.
        looking: Label → name of weights with which places look at each other.
        alignment: Label → name of an alignment.
    """

    model: nn.Module
    inner: dict[str, str]
    context: int | None
    looking: dict[str, str]
    alignment: dict[str, str]


def page_model(page: Page, exported: bytes) -> PageModel:
    """The model of a page's demo with the weights of an exported file."""
    statements = [node for b in page.blocks for node in ast.parse(b.code).body]
    (call,) = (
        node
        for node in ast.walk(ast.Module(statements, []))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "demo"
    )
    given = {word.arg: word.value for word in call.keywords}
    space: dict[str, Any] = {}
    wanted = [call.args[1], given.get("context", ast.Constant(None))]
    for name in sorted({name for node in wanted for name in _used(node)}):
        _define(name, statements, space)
    build, context = (eval(ast.unparse(node), space) for node in wanted)
    model = build()
    fitted = model.load_state_dict(weights(exported), strict=False)
    assert not fitted.unexpected_keys  # what is missing, no output depends on
    named = {
        word: ast.literal_eval(given[word]) if word in given else {}
        for word in ("inner", "looking", "alignment")
    }
    return PageModel(model.eval(), context=context, **named)


def _define(name: str, statements: list[ast.stmt], space: dict[str, Any]) -> None:
    """Run the statement that binds a name, and before it what that names."""
    makers = [node for node in statements if name in _bound(node)]
    if name in space or not makers:
        return
    for used in sorted(_used(makers[0]) - {name}):
        _define(used, statements, space)
    exec(ast.unparse(makers[0]), space)


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(a.asname or a.name).split(".")[0] for a in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else []
    names = [n for target in targets for n in ast.walk(target)]
    return {n.id for n in names if isinstance(n, ast.Name)}


def _used(node: ast.AST) -> set[str]:
    """Names that a statement looks up outside of itself."""
    table = symtable.symtable(ast.unparse(node), "page", "exec")
    return set(_globals(table))


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        top = table.get_type() == "module"
        if symbol.is_referenced() if top else symbol.is_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals(child)
