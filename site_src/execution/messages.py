"""What a page's process says while it runs, read as what it is: anybody's bytes.

One JSON object a line. A line of another form is dropped, so that whatever a page
writes, nothing that reads it later breaks; what is missing then fails the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from site_src.execution.fingerprint import GONE, file_hash

Message = dict[str, Any]
Fields = Mapping[str, Callable[[Any], Any]]

SIZE, COUNT = 64 << 20, 10_000  # bytes and messages that a page may send in all
_NAME = re.compile(r"[A-Za-z_][\w-]{0,99}")
_PUBLISHED = re.compile(r"demos/[\w-]+\.onnx")
_DIGEST = re.compile(rf"[0-9a-f]{{64}}|{GONE}")


def read(line: bytes) -> Message | None:
    """A message with the fields of its kind, or None for anything else."""
    try:
        message = json.loads(line, parse_constant=_no_number)
        fields = _KINDS[message["kind"]]
        return message if _fits(message, fields) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def in_order(messages: list[Message], blocks: int) -> bool:
    """Whether every block began once, in order, and one record came at the end."""
    began = [m["index"] for m in messages if m["kind"] == "begin"]
    ends = [number for number, m in enumerate(messages) if m["kind"] == "end"]
    return began == list(range(blocks)) and ends == [len(messages) - 1]


def foreign(inputs: Mapping[str, Any], root: Path) -> str:
    """Say which file that a page claims to have used is not one of the repository.

    Args:
        inputs: `modules` and `data`, name → hash.
        root: The repository.

    Returns:
        One clause, or "" when all lie in the repository as they were used.
    """
    top = root.resolve()
    for name, digest in (*inputs["modules"].items(), *inputs["data"].items()):
        path = (top / name).resolve()
        if top not in path.parents:
            return f"a page reads data only from the repository, not {name}"
        if digest != (file_hash(path) if path.is_file() else GONE):
            return f"{name} changed while the page ran"
    return ""


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    value.encode()  # half of a surrogate pair raises, and fits nothing
    return True


def _index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _name(value: Any) -> bool:
    return _text(value) and bool(_NAME.fullmatch(value))


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _hashes(value: Any) -> bool:
    return _table(value, lambda digest: _text(digest) and _DIGEST.fullmatch(digest))


def _table(value: Any, check: Callable[[Any], Any]) -> bool:
    return isinstance(value, dict) and all(
        _text(key) and "\0" not in key and check(item) for key, item in value.items()
    )


def _claim(value: Any) -> bool:
    return _fits(value, {"text": _text, "holds": lambda v: isinstance(v, bool)})


def _blocks(value: Any) -> bool:
    fields: Fields = {
        "hash": _text,
        "output": _text,
        "claims": lambda v: _table(v, _claim),
        "benchmarks?": lambda v: (
            isinstance(v, list) and all(isinstance(run, dict) for run in v)
        ),
        "files?": lambda v: _table(v, _text) and all(map(_PUBLISHED.fullmatch, v)),
    }
    return isinstance(value, list) and all(_fits(block, fields) for block in value)


def _faults(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(fault, list)
        and len(fault) == 3
        and _text(fault[0])
        and _index(fault[1])
        and _text(fault[2])
        for fault in value
    )


def _torch(value: Any) -> bool:
    return _fits(value, {"version": _text, "cuda": lambda v: v is None or _text(v)})


def _inputs(value: Any) -> bool:
    return _fits(
        value,
        {
            "modules": _hashes,
            "data": _hashes,
            "distributions": lambda v: _table(v, _text),
            "source": _text,
            "arguments": lambda v: isinstance(v, dict),
        },
    )


def _fits(value: Any, fields: Fields) -> bool:
    """Whether an object has the fields; a name with ? may be absent."""
    if not isinstance(value, dict):
        return False
    for name, check in fields.items():
        key = name.removesuffix("?")
        if (key in value or key == name) and not check(value[key]):
            return False
    return True


_KINDS: dict[str, Fields] = {
    "isolated": {"controls": _texts},
    "begin": {"index": _index},
    "unit-begin": {"unit": _name},
    "wait": {},
    "go": {},
    "unit": {"shelf": _name, "unit": _name, "inputs": _inputs},
    "failed": {
        "index": _index,
        "line": _index,
        "message": _text,
        "detail": _text,
        "faults?": _faults,
    },
    "end": {
        "blocks": _blocks,
        "units": _texts,
        "modules": _hashes,
        "data": _hashes,
        "packages": _texts,
        "torch": _torch,
    },
}
