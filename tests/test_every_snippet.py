"""Every file under snippets/ keeps the contract; none has to be registered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import contract
import pytest

ROOT = Path(__file__).parents[1] / "snippets"
SNIPPETS = sorted(ROOT.glob("*/*.py"))
CLAUSES = [
    contract.gives_every_parameter_a_gradient,
    contract.restores_its_state,
    contract.repeats_itself,
    contract.follows_dtype,
    contract.follows_device,
    contract.refuses_wrong_sizes,
    contract.is_sweepable,
    contract.leaves_inputs_alone,
    contract.steps_as_it_reads,
    contract.has_true_shape_comments,
    contract.keeps_the_style,
    contract.names_the_torch_that_ran,
]

every_snippet = pytest.mark.parametrize(
    "path", SNIPPETS, ids=lambda path: path.relative_to(ROOT).with_suffix("").as_posix()
)


def test_there_are_snippets() -> None:
    assert SNIPPETS


@every_snippet
def test_runs_alone(path: Path, tmp_path: Path) -> None:
    contract.runs_alone(path, tmp_path)


@every_snippet
@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.__name__)
def test_contract(path: Path, clause: Callable[[Path], None]) -> None:
    clause(path)
