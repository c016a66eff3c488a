"""What a reader takes away: a snippet with its source, as a file or as a notebook."""

from __future__ import annotations

import ast
from pathlib import Path

from site_src.proof.identity import identity
from site_src.rendering import notebooks
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
    return notebooks.notebook(
        [
            notebooks.cell("about", about, code=False),
            notebooks.cell("snippet", credited(name).rstrip(), code=True),
            notebooks.cell(
                "try", "module, inputs = example()\nmodule(*inputs)", code=True
            ),
        ]
    )


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
