"""What a page's process says is taken for what it is: anybody's bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from site_src.execution import messages
from site_src.execution.fingerprint import GONE, file_hash

END: dict[str, Any] = {
    "kind": "end",
    "blocks": [{"hash": "0", "output": "1", "claims": {}}],
    "units": [],
    "modules": {},
    "data": {"docs/a.csv": "0" * 64},
    "packages": ["torch"],
    "torch": {"version": "2", "cuda": None},
}


def test_a_whole_record_is_read() -> None:
    assert messages.read(json.dumps(END).encode()) == END
    claims = {"first": {"text": "1", "holds": True}}
    block = {"hash": "0", "output": "1", "claims": claims}
    model = {"demos/page-0a1b.onnx": "AAAA"}
    full = END | {"blocks": [block | {"files": model}]}
    assert messages.read(json.dumps(full).encode()) == full


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"blocks": "1"},
        {"blocks": [{"hash": "0", "output": 1, "claims": {}}]},
        {"blocks": [{"hash": "0", "output": "\ud800", "claims": {}}]},
        {"blocks": [{"hash": "0", "output": "", "claims": {"a": {"text": "1"}}}]},
        {"blocks": [END["blocks"][0] | {"files": {"assets/x.js": "AAAA"}}]},
        {"blocks": [END["blocks"][0] | {"files": {"demos/../x.onnx": "AAAA"}}]},
        {"data": {"docs/a.csv": "not a hash"}},
        {"data": {"docs/\0.csv": "0" * 64}},
        {"data": ["docs/a.csv"]},
        {"packages": [1]},
        {"torch": {"version": 2, "cuda": None}},
        {"torch": None},
    ],
)
def test_a_record_of_another_form_is_dropped(change: dict[str, Any]) -> None:
    assert messages.read(json.dumps(END | change).encode()) is None


def test_a_record_that_lacks_something_is_dropped() -> None:
    for name in END:
        partial = {key: value for key, value in END.items() if key != name}
        assert messages.read(json.dumps(partial).encode()) is None, name


@pytest.mark.parametrize(
    ("name", "read"), [("draws", True), ("demo-x", True), ("../x", False), ("", False)]
)
def test_a_unit_has_a_plain_name(name: str, read: bool) -> None:
    inputs = {
        **{key: {} for key in ("modules", "data", "distributions", "arguments")},
        "source": "",
    }
    unit = {"kind": "unit", "shelf": "units", "unit": name, "inputs": inputs}
    assert (messages.read(json.dumps(unit).encode()) is not None) is read


@pytest.mark.parametrize(
    ("kinds", "fits"),
    [
        (["begin 0", "begin 1", "end"], True),
        (["begin 0", "unit-begin", "begin 1", "end"], True),
        (["begin 0", "end"], False),
        (["begin 1", "begin 0", "end"], False),
        (["begin 0", "begin 0", "begin 1", "end"], False),
        (["begin 0", "begin 1", "end", "end"], False),
        (["begin 0", "end", "begin 1"], False),
        (["begin 0", "begin 1"], False),
    ],
)
def test_blocks_begin_in_order_and_the_record_comes_last(
    kinds: list[str], fits: bool
) -> None:
    said = [
        {"kind": kind.split()[0], "index": int(kind[-1]) if kind[-1].isdigit() else 0}
        for kind in kinds
    ]
    assert messages.in_order(said, 2) is fits


def test_files_lie_in_the_repository_and_are_as_they_were(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "a.csv").write_text("1")
    (tmp_path / "secret").write_text("2")
    (root / "docs" / "link").symlink_to(tmp_path / "secret")
    digest = file_hash(root / "docs" / "a.csv")

    def fault(name: str, claimed: str) -> str:
        return messages.foreign({"modules": {}, "data": {name: claimed}}, root)

    assert fault("docs/a.csv", digest) == ""
    assert fault("docs/gone.csv", GONE) == ""
    assert fault("docs/a.csv", "0" * 64) == "docs/a.csv changed while the page ran"
    for name in ("../secret", str(tmp_path / "secret"), "/dev/zero", "docs/link"):
        assert "reads data only from the repository" in fault(name, digest)
