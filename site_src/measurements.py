"""The file of what was measured of a snippet: parts that different code writes.

It imports nothing but the standard library, as a bare machine has nothing else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from site_src.execution.store import write_atomically


def record_file(name: str) -> str:
    """The path of a snippet's record."""
    return f"docs/measurements/{name}.json"


def names_of(root: Path) -> list[str]:
    """The names of all snippets."""
    paths = sorted((root / "snippets").glob("*/*.py"))
    return [f"{path.parent.name}/{path.stem}" for path in paths]


def read_part(path: Path, part: str) -> Any:
    """A part of a record, or None where there is none.

    Raises:
        ValueError: The file is no record; the message is one line.
    """
    if not path.exists():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise ValueError("it holds no object")
    return data.get(part)


def write_part(path: Path, part: str, value: Any) -> None:
    """Write a part of a record, leaving the others as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    data[part] = value
    write_atomically(path, _json(data) + "\n")


def _json(data: Any, depth: int = 0) -> str:
    """JSON with an entry of a list a line, so that a change is a line of a diff."""
    pad, end = " " * (depth + 1), " " * depth
    if isinstance(data, list) and any(isinstance(entry, dict) for entry in data):
        rows = [pad + json.dumps(entry, ensure_ascii=False) for entry in data]
        return "[\n" + ",\n".join(rows) + f"\n{end}]"
    if isinstance(data, dict) and data:
        rows = [f"{pad}{json.dumps(k)}: {_json(v, depth + 1)}" for k, v in data.items()]
        return "{\n" + ",\n".join(rows) + f"\n{end}}}"
    return json.dumps(data, ensure_ascii=False)
