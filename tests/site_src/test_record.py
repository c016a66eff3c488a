"""Records of checks: what they hold, what makes them stale, and who says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Project
from toy import NAME, make_toy, save_record

from site_src.lint import records
from site_src.lint.site import everything
from site_src.measurements import record_file
from site_src.proof.identity import identity, measured_by
from site_src.proof.record import read

RENEW = f"; run python -m site_src record {NAME}"
RECORD = f"{record_file(NAME)}:1: "


@pytest.fixture
def toy(tmp_path: Path) -> Project:
    """A project whose only snippet has a current record."""
    project = make_toy(tmp_path / "toy")
    save_record(project.root)
    return project


def found(root: Path) -> list[str]:
    return [str(problem) for problem in records.check(root, [NAME])]


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


CODE = '''"""Doc."""


def f(x: int = 1) -> str:
    """Doc."""
    return f"{x} a" # b
'''


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("# b", "# c", True),
        ('    """Doc."""\n', '    """Another."""\n', True),
        ('    """Doc."""\n', "", True),
        ('"""Doc."""\n\n\n', "# Doc.\n", True),
        ("x: int = 1", "x:int=1", True),
        ("x: int = 1", "x: int = 2", False),
        ("x: int = 1", "x: int", False),
        ("x: int = 1", "x=1", False),
        ("{x} a", "{x} b", False),
        ("def f", "async def f", False),
        ("def f", "def g", False),
        ("return", "return (", False),
    ],
)
def test_identity_is_what_the_code_does(old: str, new: str, same: bool) -> None:
    assert old in CODE
    assert (identity(CODE) == identity(CODE.replace(old, new))) == same


def test_identity_does_not_depend_on_the_version_of_python() -> None:
    """Fields that only newer versions have stand empty, and empty ones are left out."""
    known = "75ea714a0164eda9c9eae672acd32e8dc00f64db508fe4313fafcebad70e6057"
    assert (
        identity("class A(B, c=1):\n    def f(self, *, x=None): return -x\n") == known
    )


def test_what_measures_is_found_by_its_imports(toy: Project) -> None:
    assert [*measured_by(toy.root, NAME)] == [
        "tests/mistakes.py",
        "tests/parity.py",
        "tests/recording.py",
        "tests/snippets/toy/test_elman.py",
    ]
    test = toy.root / "tests/snippets/toy/test_elman.py"
    change(test, "from parity", "from references import elman\nfrom parity")
    (toy.root / "tests/references").mkdir()
    (toy.root / "tests/references/elman.py").write_text("import references.paper\n")
    (toy.root / "tests/references/paper.py").write_text("from planting import *\n")
    assert {
        *("tests/references/elman.py", "tests/references/paper.py"),
        "tests/planting.py",
    } < measured_by(toy.root, NAME).keys()


def test_a_current_record_is_no_problem(toy: Project) -> None:
    assert found(toy.root) == []
    change(toy.root / f"snippets/{NAME}.py", "# no source: this", "# this")
    change(toy.root / f"snippets/{NAME}.py", '"""One step.', '"""A step.')
    change(toy.root / "tests/parity.py", '"""Parity: ', '"""')
    assert found(toy.root) == [], "words are no code"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (f"snippets/{NAME}.py", "SCALE = 1.0", "SCALE = 2.0"),
        ("tests/snippets/toy/test_elman.py", "Elman(5, 3)", "Elman(5, 4)"),
        ("tests/parity.py", "NOISE = 0.1", "NOISE = 0.2"),
        ("tests/mistakes.py", "LIMIT = 120", "LIMIT = 121"),
    ],
)
def test_a_change_of_code_makes_it_stale(
    path: str, old: str, new: str, toy: Project
) -> None:
    change(toy.root / path, old, new)
    assert found(toy.root) == [f"{RECORD}stale: {path} changed since 2026-01-02{RENEW}"]


def test_a_missing_record_is_said_where_it_will_be(toy: Project) -> None:
    (toy.root / record_file(NAME)).unlink()
    text = f"{record_file(NAME)}:1: there is no record of its checks{RENEW}"
    assert found(toy.root) == [text]
    (toy.root / record_file(NAME)).write_text('{"benchmark": {}}')
    assert found(toy.root) == [text], "another part alone is none"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"tests": 3', '"tests": "3"', "tests: input should be a valid integer"),
        ('"tests": 3,', "", "tests: field required"),
        ('"tests": 3', '"tests": 3, "more": 1', "more: extra inputs are not permitted"),
        ('"snippet": "toy/elman"', '"snippet": "a/b"', "it is the record of a/b"),
        ('"tests": 3', '"tests": ', "expecting value: line 1"),
    ],
)
def test_a_damaged_record_is_one_line(
    old: str, new: str, why: str, toy: Project
) -> None:
    path = toy.root / record_file(NAME)
    path.write_text(json.dumps(json.loads(path.read_text())).replace(old, new))
    (text,) = found(toy.root)
    assert text.lower().startswith(f"{RECORD}no record: {why}")
    assert text.endswith(RENEW)


def test_check_looks_at_the_records_of_the_pages_snippets(toy: Project) -> None:
    def told() -> list[str]:
        return [str(p) for p in everything(toy.root) if "record" in str(p)]

    assert told() == []
    change(toy.root / f"snippets/{NAME}.py", "SCALE = 1.0", "SCALE = 2.0")
    assert told() == found(toy.root) != []
    page = toy.root / f"docs/architectures/{NAME}.md"
    change(page, "snippets: [toy/elman]", "snippets: []")
    assert told() == []


def test_comparisons_are_noted_only_for_a_listener(tmp_path: Path) -> None:
    root = make_toy(tmp_path / "toy").root
    lines = tmp_path / "lines"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    before = set(root.rglob("*"))
    for environ in (os.environ, os.environ | {"BLUEPRINTS_RECORD": str(lines)}):
        assert not lines.exists()
        subprocess.run([*command, "tests/snippets"], cwd=root, env=environ, check=True)
    new = {p for p in set(root.rglob("*")) - before if "__pycache__" not in p.parts}
    assert new == set(), "without a listener, nothing is written"
    entries = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [(e["kind"], e["test"], e["dtype"]) for e in entries] == [
        ("comparison", "test_equals_torch[torch.float64]", "float64"),
        ("comparison", "test_equals_torch[torch.float32]", "float32"),
    ]
    assert len(entries[0]["errors"]) == 7


def test_the_command_writes_a_record(tmp_path: Path) -> None:
    project = make_toy(tmp_path / "toy")
    path = project.root / record_file(NAME)
    path.parent.mkdir(parents=True)
    path.write_text('{"benchmark": {"kept": [1, 2]}}')
    done = project.call("record")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert f"{NAME}: there is no record of its checks\n{NAME}: ok in" in done.stderr
    assert json.loads(path.read_text())["benchmark"] == {"kept": [1, 2]}
    proof = read(project.root, NAME)
    assert proof is not None
    assert found(project.root) == []
    assert proof.tests == 3
    assert [c.dtype for c in proof.comparisons] == ["float64", "float32"]
    assert proof.comparisons[0].largest < proof.comparisons[0].tolerance == 1e-12
    assert proof.references[0].made(proof.comparisons[0])
    assert proof.references[0].version.startswith("2.")
    assert [mistake.by for mistake in proof.mistakes] == [
        "test_equals_torch[torch.float64]"
    ] * 8
    assert proof.mistakes[0].seen == "The state `grows`."
    assert (proof.commit, proof.dirty) == ("", False), "a copy outside of git"

    before = path.read_bytes()
    done = project.call("record")
    assert (done.returncode, done.stderr) == (0, ""), "nothing is due"
    assert path.read_bytes() == before


TEST = "tests/snippets/toy/test_elman.py"


@pytest.mark.parametrize(
    ("path", "old", "new", "at", "says"),
    [
        (
            *(TEST, "    pass\n", "    assert 1 == 2, 'for once'\n"),
            *("def test_something_else", "test_something_else: AssertionError: for on"),
        ),
        (
            *(TEST, "torch.sin(", "torch.tanh(1 * "),
            *('Mistake("Sine', "not caught: Sine (no test failed)"),
        ),
        (TEST, "import pytest", "import no_such", "", "No module named 'no_such'"),
        (
            *(f"snippets/{NAME}.py", "SCALE = 1.0", "SCALE = = 1.0"),
            *("SCALE = =", "syntax error: invalid syntax"),
        ),
    ],
    ids=["failing test", "mistake not caught", "no import", "no Python"],
)
def test_what_fails_leaves_the_record_alone(
    path: str, old: str, new: str, at: str, says: str, toy: Project
) -> None:
    before = (toy.root / record_file(NAME)).read_bytes()
    change(toy.root / path, old, new)
    lines = (toy.root / path).read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if at in text)
    done = toy.call("-q", "record", NAME)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{path}:{line}: ")
    assert says in done.stderr
    assert done.stderr.endswith("\n1 problem\n")
    assert done.stderr.count("\n") == 2, "one line, and how many there are"
    assert (toy.root / record_file(NAME)).read_bytes() == before


def test_too_few_mistakes_are_no_record(toy: Project) -> None:
    sine = '    Mistake("Sine", {"torch.tanh(": "torch.sin("}, "Little."),\n'
    change(toy.root / TEST, sine, "")
    done = toy.call("-q", "record", NAME)
    assert done.returncode == 1
    assert f"AssertionError: {NAME}: 7 mistakes, at least 8\n1 problem" in done.stderr


def test_a_wrong_call_is_one_line(toy: Project) -> None:
    done = toy.call("record", "toy/jordan")
    assert done.returncode == 1
    assert done.stderr == "there is no snippet toy/jordan; snippets: toy/elman\n"
    (toy.root / "tests/snippets/toy/test_elman.py").unlink()
    done = toy.call("-q", "record", "elman")
    assert done.returncode == 1
    text = "there is no tests/snippets/toy/test_elman.py"
    assert done.stderr == f"snippets/{NAME}.py:1: {text}\n1 problem\n"
