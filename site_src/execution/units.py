"""Units: what a page computes as data and keeps under a key of its own.

The key holds the syntax of the page's functions and of everything of the page that
they name, the arguments, and the first-party modules behind the names, so that changing
a plot, a comment or a sentence does not train again.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import json
import symtable
import sys
import textwrap
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from site_src.execution import quiet, session
from site_src.execution.fingerprint import (
    data_hash,
    environment,
    file_hash,
    versions,
)
from site_src.execution.store import Store


class Unit:
    """A page's function that runs only when something it depends on has changed.

    Args:
        function: Defined in the page; arguments and result are JSON data.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        bound.apply_defaults()
        return keep(
            self.function.__name__,
            [self.function],
            dict(bound.arguments),
            lambda: self.function(*bound.args, **bound.kwargs),
        )


def keep(
    name: str,
    functions: Sequence[Callable[..., Any]],
    arguments: dict[str, Any],
    make: Callable[[], Any],
    *,
    modules: Sequence[types.ModuleType] = (),
    shelf: str = "units",
) -> Any:
    """The kept result of a unit of the running page, which is made if there is none.

    Args:
        name: What the unit is called on its page.
        functions: What it calls; their source is part of the key.
        arguments: The rest of the key, JSON data.
        make: Makes the result, JSON data, from the page's seed.
        modules: Modules of ours that it needs beyond those that the functions name.
        shelf: The kind of result that it is for the store.
    """
    state = session.require()
    arguments = _json(arguments, f"an argument of experiment {name}")
    with state.guard.paused():
        job = state.job
        wanted = environment(
            seed=state.seed, threads=job["threads"], device=job["device"]
        ) | {
            "source": _Needs(name, functions, modules, state.root).source,
            "arguments": arguments,
        }
        store = Store(Path(job["store"]), state.root)
        owner = f"{job['page']}/{name}"
        known, _ = store.find(shelf, owner, wanted)
        key = data_hash([shelf, owner, wanted])
        kept = state.made.get(key) or known
    if kept is None:
        quiet.give_way(state)
        state.send(kind="unit-begin", unit=name)
        with state.noting_data() as data, session.seeded(state.seed):
            value = _json(make(), f"the result of experiment {name}")
        with state.guard.paused():
            root = state.root
            # Once more, now that all imports have happened.
            needs = _Needs(name, functions, modules, root)
            inputs = wanted | {
                "modules": {p: file_hash(root / p) for p in sorted(needs.modules)},
                "data": {p: file_hash(root / p) for p in sorted(data)},
                "distributions": versions(session.packages(), job["brought_by"]),
            }
        kept = state.made[key] = {"inputs": inputs, "value": value}
        # Our process may not write the store; the supervisor does.
        state.send(kind="unit", shelf=shelf, unit=name, **kept)
    state.units.append(name)
    state.unit_modules |= set(kept["inputs"]["modules"])
    state.guard.data |= {str(state.root / path) for path in kept["inputs"]["data"]}
    return kept["value"]


def _json(value: Any, what: str) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except ValueError:
        raise ValueError(f"{what} holds a NaN or an infinity") from None
    except TypeError as error:
        raise TypeError(f"{what} must be JSON data: {error}") from None


class _Needs:
    """What a page's functions depend on, found by following the names they use."""

    def __init__(
        self,
        name: str,
        functions: Sequence[Callable[..., Any]],
        modules: Sequence[types.ModuleType],
        root: Path,
    ) -> None:
        self.name, self.root = name, root
        self.modules: set[str] = set()
        self._sources: dict[str, str] = {}
        for function in functions:
            self._use(function.__name__, function)
        for module in modules:
            self._module(module)
        text = json.dumps(self._sources, sort_keys=True)
        self.source = hashlib.sha256(text.encode()).hexdigest()

    def _follow(self, name: str, value: Any) -> None:
        """Add a function of the page or of its API, and what it names in turn."""
        if name in self._sources:
            return
        text = textwrap.dedent(inspect.getsource(value))
        tree = ast.parse(text)
        self._sources[name] = ast.dump(_without_docstrings(tree))
        names = vars(sys.modules[value.__module__])
        for used in global_names(symtable.symtable(text, name, "exec")):
            if used in names:
                self._use(used, names[used])
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._import(alias.name)
            elif isinstance(node, ast.ImportFrom) and node.module:
                self._import(node.module)
                for alias in node.names:
                    self._import(f"{node.module}.{alias.name}")

    def _use(self, name: str, value: Any) -> None:
        if isinstance(value, Unit):
            value = value.function
        if isinstance(value, types.ModuleType):
            self._module(value)
        elif isinstance(value, type | types.FunctionType):
            if value.__module__ in ("page", "site_src"):
                self._follow(name, value)
            else:
                self._module(sys.modules.get(value.__module__))
        elif callable(value) and not hasattr(value, "__dict__"):
            return  # a builtin
        elif name not in self._sources:
            self._sources[name] = self._constant(name, value)

    def _constant(self, name: str, value: Any) -> str:
        if hasattr(value, "detach"):
            value = value.detach().cpu().numpy()
        if hasattr(value, "tobytes"):
            digest = hashlib.sha256(value.tobytes()).hexdigest()
            return f"{value.dtype}{value.shape}{digest}"
        try:
            return json.dumps(value, sort_keys=True)
        except (TypeError, ValueError):
            if isinstance(value, range | bytes | complex):
                return repr(value)
            if isinstance(value, set | frozenset):
                return repr(sorted(map(repr, value)))
            raise TypeError(
                f"experiment {self.name} uses the page's variable {name}, a "
                f"{type(value).__name__}: make it inside, or pass it as JSON data"
            ) from None

    def _import(self, name: str) -> None:
        if name in sys.modules:
            self._module(sys.modules[name])
        elif name.split(".")[0] in ("snippets", "site_src"):
            path = name.replace(".", "/") + ".py"
            if (self.root / path).is_file():
                self.modules.add(path)

    def _module(self, module: types.ModuleType | None) -> None:
        """Add a first-party module and the first-party modules that it names."""
        ablation = getattr(module, "__ablation__", None)
        if ablation:
            self._sources[f"ablation {ablation}"] = ""
            self.modules.add(ablation[0])
            return
        path = getattr(module, "__file__", None)
        name = session.first_party(path, self.root) if path else None
        if name is None or name in self.modules:
            return
        self.modules.add(name)
        for value in list(vars(module).values()):
            if isinstance(value, types.ModuleType):
                self._module(value)
            elif getattr(value, "__module__", None) in sys.modules:
                self._module(sys.modules[value.__module__])


def global_names(table: symtable.SymbolTable) -> set[str]:
    """Names that a piece of source looks up outside of itself."""
    found = set()
    for symbol in table.get_symbols():
        if table.get_type() == "module":
            if symbol.is_referenced():
                found.add(symbol.get_name())
        elif symbol.is_global():
            found.add(symbol.get_name())
    for child in table.get_children():
        found |= global_names(child)
    return found


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
                and len(node.body) > 1
            ):
                node.body = node.body[1:]
    return tree
