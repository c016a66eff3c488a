"""What a reader takes away: a snippet with its source, as a file or as a notebook."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from site_src.proof.identity import identity
from site_src.rendering.state import site


def credited(name: str) -> str:
    """A snippet, and one comment line: where it is from, its licence, what it does.

    Args:
        name: Such as "family/slug".
    """
    code = _read(name)
    return f"{code}\n# Copied from {_home(name)}, MIT, identity {identity(code)[:16]}\n"


def notebook(name: str) -> str:
    """A notebook that holds the snippet and runs its example, with torch alone."""
    title = ast.get_docstring(ast.parse(_read(name))) or name
    about = f"# {title.splitlines()[0]}\n\nFrom <{_home(name)}>."
    cells = [
        _cell("markdown", "about", about),
        _cell("code", "snippet", credited(name).rstrip()),
        _cell("code", "try", "module, inputs = example()\nmodule(*inputs)"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    book = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, name: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": name,
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _read(name: str) -> str:
    return (site().root / "snippets" / f"{name}.py").read_text("utf-8")


def _home(name: str) -> str:
    """The address of the page that owns a snippet; of the file when none does."""
    owners = [page for page in site().pages.values() if name in page.snippets]
    below = site().addresses[owners[0].path] if owners else f"snippets/{name}.py"
    return f"{site().address}{below}"


def all_names(root: Path) -> list[str]:
    """Every snippet, such as "family/slug"."""
    top = root / "snippets"
    return [
        path.relative_to(top).with_suffix("").as_posix()
        for path in sorted(top.rglob("*.py"))
    ]
