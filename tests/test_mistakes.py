"""Every mistake that a test file lists is caught by it; the harness is seen to fail."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from mistakes import Verdict, caught_before, verdicts
from planting import SPECIMEN
from recording import LISTENER, note

ROOT = Path(__file__).parents[1]
SNIPPETS = sorted(
    path.relative_to(ROOT / "snippets").with_suffix("").as_posix()
    for path in (ROOT / "snippets").glob("*/*.py")
)
LEAST = 8  # mistakes a snippet
REPORT = r"([\w.-]+/[\w.-]+#\d+)?"

TESTS = """
import pytest
import torch
from mistakes import Mistake
from torch import nn

from snippets.toy.elman import Elman, example

MISTAKES = [
    Mistake("tanh forgotten", {"torch.tanh(": "("}, "no squashing", "some/where#1"),
    Mistake("local renamed", {"news = SCALE": "new = SCALE", "[news,": "[new,"}, ""),
    Mistake("comment changed", {"# no source: this is": "# a comment: this is"}, ""),
    Mistake("flag unused", {"return torch.relu(": "return torch.sigmoid("}, ""),
    Mistake("absent text", {"parts[7]": "parts[8]"}, ""),
    Mistake("ambiguous text", {"parts": "halves"}, ""),
    Mistake("replaced by itself", {"SCALE = 1.0": "SCALE = 1.0"}, ""),
    Mistake("other shape", {"stack(shown[:T], dim=1)": "stack(shown[:T], dim=0)"}, ""),
    Mistake("other shape of a flag", {"return outputs, hidden":
            "return outputs[:2 - self.cell.rectify], hidden"}, ""),
    Mistake("other type", {"return outputs, hidden": "return outputs.double(), hidden"},
            ""),
    Mistake("no Python", {"SCALE = 1.0": "SCALE = = 1.0"}, ""),
    Mistake("does not run", {"SCALE = 1.0": "SCALE = 1.0 / 0"}, ""),
    Mistake("name gone", {"class Elman(": "class Jordan(",
            "tuple[Elman,": "tuple[nn.Module,", "-> Elman:": "-> nn.Module:",
            "module = Elman(input_width, hidden_width, rectify": "module = Jordan("
            "input_width, hidden_width, rectify"}, ""),
    Mistake("process ended", {"SCALE = 1.0": "SCALE = __import__('os')._exit(3)"}, ""),
    Mistake("fixture broken", {"SCALE = 1.0": "SCALE = 2.0"}, ""),
]


@pytest.fixture
def scale():
    import snippets.toy.elman as elman

    assert elman.SCALE == 1.0


def test_equals_torch(PASS):
    torch.manual_seed(0)
    module, (inputs,) = example()
    with torch.no_grad():
        module.start.zero_()
    theirs = nn.RNN(5, 3, batch_first=True)
    cell = module.cell
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(cell.from_input.weight)
        theirs.weight_hh_l0.copy_(cell.from_hidden.weight)
        theirs.bias_ih_l0.copy_(cell.from_input.bias)
        theirs.bias_hh_l0.copy_(cell.from_hidden.bias)
    assert isinstance(module, Elman)
    torch.testing.assert_close(module(inputs)[0], theirs(inputs)[0])
"""


@pytest.mark.parametrize("name", SNIPPETS)
def test_every_mistake_is_caught(name: str) -> None:
    recording = LISTENER in os.environ
    found = verdicts(ROOT, name, {} if recording else caught_before(ROOT, name))
    for verdict in found:
        note("mistake", **verdict._asdict())
    missed = [f"not caught: {v.what} ({v.why})" for v in found if not v.by]
    assert not missed, "\n".join(missed)
    assert len(found) >= LEAST, f"{name}: {len(found)} mistakes, at least {LEAST}"
    for verdict in found:
        assert verdict.seen, f"{verdict.what}: what would one see?"
        assert re.fullmatch(REPORT, verdict.report), f"{verdict.report} is no report"


def plant(root: Path, tests: str, **known: str) -> dict[str, Verdict]:
    """Try the mistakes of a test file of the specimen."""
    snippet = root / "snippets" / "toy" / "elman.py"
    test = root / "tests" / "snippets" / "toy" / "test_elman.py"
    for path, text in ((snippet, SPECIMEN.read_text()), (test, tests)):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return {verdict.what: verdict for verdict in verdicts(root, "toy/elman", known)}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """The verdicts on all that TESTS lists."""
    return plant(tmp_path_factory.mktemp("planted"), TESTS.replace("PASS", "scale"))


def test_a_mistake_is_caught_by_a_test(planted: dict[str, Verdict]) -> None:
    assert planted["tanh forgotten"] == Verdict(
        "tanh forgotten", "no squashing", "some/where#1", "test_equals_torch", ""
    )


REFUSED = {
    "local renamed": "no test failed",
    "comment changed": "no test failed",
    "flag unused": "no test failed",
    "absent text": "'parts[7]' occurs 0 times in toy/elman.py, not once",
    "ambiguous text": "'parts' occurs 5 times in toy/elman.py, not once",
    "replaced by itself": "'SCALE = 1.0' is replaced by itself",
    "other shape": "gives [['(7, 2, 3) torch.float32', '(2, 3) torch.float32'],",
    "other shape of a flag": "gives [['(2, 7, 3) torch.float32', '(2, 3) torch.float32'"
    "], ['(1, 7, 3) torch.float32'",
    "other type": "gives [['(2, 7, 3) torch.float64',",
    "no Python": "does not run: SyntaxError: invalid syntax",
    "does not run": "does not run: ZeroDivisionError: float division by zero",
    "name gone": "its tests could not be collected: E   ImportError: cannot import",
    "process ended": "ended the process with code 3",
    "fixture broken": "the setup of test_equals_torch failed, not the test",
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_caught_mistake(what: str, planted: dict[str, Verdict]) -> None:
    assert planted[what].by == ""
    assert planted[what].why.startswith(REFUSED[what]), planted[what].why


def test_every_planted_case_is_looked_at(planted: dict[str, Verdict]) -> None:
    assert set(planted) == {"tanh forgotten", *REFUSED}


def test_tests_that_fail_as_it_is_prove_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="do not pass as it is: test_equals_torch"):
        plant(tmp_path, TESTS.replace("PASS", "").replace("start.zero_", "start.fill_"))


def test_a_test_file_that_cannot_be_loaded_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="No module named 'no_such_reference'"):
        plant(tmp_path, "import no_such_reference\n")


TWO = """
from mistakes import Mistake
from snippets.toy.elman import SCALE, example

MISTAKES = [Mistake("doubled", {"SCALE = 1.0": "SCALE = 2.0"}, "")]


def test_nothing():
    assert example()


def test_first():
    assert SCALE == 1.0


def test_second():
    assert SCALE == 1.0
"""


@pytest.mark.parametrize(
    ("known", "by"),
    [
        ({}, "test_first"),
        ({"doubled": "test_second"}, "test_second"),
        ({"doubled": "test_nothing"}, "test_first"),
        ({"doubled": "test_renamed"}, "test_first"),
        ({"another": "test_second"}, "test_first"),
    ],
    ids=["unknown", "known", "misses", "renamed", "of_another"],
)
def test_the_test_that_caught_it_before_is_tried_first(
    tmp_path: Path, known: dict[str, str], by: str
) -> None:
    assert plant(tmp_path, TWO, **known)["doubled"][-2:] == (by, "")


def test_a_test_file_without_mistakes_has_none(tmp_path: Path) -> None:
    tests = TESTS.replace("PASS", "").replace("MISTAKES", "OTHERS")
    assert plant(tmp_path, tests) == {}
