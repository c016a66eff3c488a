"""Every clause of the contract is seen to fail on a snippet that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import contract
import pytest
from planting import Fault, plant

OUTPUTS = "        outputs = torch.stack(shown[:T], dim=1)  # (B, T, H)\n"
CHECK = "        check_width(D, self.input_width)\n"
START = "hidden = self.start.expand(B, -1) if state is None else state"
PRINT = "    print(tuple(outputs.shape), tuple(state.shape))\n"

# Clause, what is replaced, by what, words of the complaint.
FAULTS: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    "parameter without use": (
        contract.gives_every_parameter_a_gradient,
        "self.start = ",
        "self.idle = nn.Parameter(torch.zeros(3))\n        self.start = ",
        "without gradient: ['idle'], not []",
    ),
    "parameter cut off": (
        contract.gives_every_parameter_a_gradient,
        "self.from_hidden(hidden)]",
        "self.from_hidden(hidden).detach()]",
        "'cell.from_hidden.weight', 'start'], not []",
    ),
    "nan": (
        contract.gives_every_parameter_a_gradient,
        OUTPUTS,
        f"{OUTPUTS}        outputs = (outputs - 9).log()\n",
        "an output is not finite",
    ),
    "state outside state_dict": (
        contract.restores_its_state,
        "nn.Parameter(torch.zeros(hidden_width))",
        "torch.randn(hidden_width)",
        "state_dict does not hold it all",
    ),
    "weights without effect": (
        contract.restores_its_state,
        OUTPUTS,
        f"{OUTPUTS}        outputs, hidden = 0 * outputs, 0 * hidden\n",
        "the weights change nothing",
    ),
    "unseeded noise": (
        contract.repeats_itself,
        OUTPUTS,
        f"{OUTPUTS}        noise = torch.Generator()\n        noise.seed()\n"
        "        outputs = outputs + torch.rand(outputs.shape, generator=noise)\n",
        "other outputs",
    ),
    "unseeded inputs": (
        contract.repeats_itself,
        "(torch.randn(batch, tokens, input_width),)",
        "(torch.full((batch, tokens, input_width), id(module) % 997 / 997),)",
        "other inputs",
    ),
    "fixed dtype": (
        contract.follows_dtype,
        OUTPUTS,
        f"{OUTPUTS}        outputs = outputs.float()\n",
        "torch.float64 in",
    ),
    "fixed device": (
        contract.follows_device,
        START,
        "hidden = torch.zeros(B, 3) if state is None else state",
        "meta",
    ),
    "no check": (
        contract.refuses_wrong_sizes,
        CHECK,
        "",
        "expected a ValueError, got RuntimeError",
    ),
    "check without numbers": (
        contract.refuses_wrong_sizes,
        'f"expected width {expected}, got {found}"',
        '"wrong width"',
        "'wrong width' lacks 5 or 6",
    ),
    "silent broadcast": (
        contract.refuses_wrong_sizes,
        CHECK,
        f"        if D == 1:\n            inputs = inputs.expand(B, T, 5)\n"
        f"            D = 5\n{CHECK}",
        "dimension 2 of input 0 of size 1 broadcasts",
    ),
    "silent repair": (
        contract.refuses_wrong_sizes,
        CHECK,
        "        inputs = nn.functional.pad(inputs, (0, self.input_width - D))\n",
        "no wrong size is refused",
    ),
    "size without effect": (
        contract.is_sweepable,
        "torch.randn(batch, tokens, input_width)",
        "torch.randn(2, tokens, input_width)",
        "batch changes nothing",
    ),
    "size that is fixed": (
        contract.is_sweepable,
        CHECK,
        f"        check_width(T, 7)\n{CHECK}",
        "expected width 7",
    ),
    "sizes alike": (
        contract.is_sweepable,
        "hidden_width: int = 3",
        "hidden_width: int = 5",
        "sizes are not distinct",
    ),
    "no batch": (
        contract.is_sweepable,
        "    batch: int = 2,\n",
        "    batch: float = 2.0,\n",
        "has no batch",
    ),
    "input changed": (
        contract.leaves_inputs_alone,
        CHECK,
        f"{CHECK}        inputs.mul_(2)\n",
        "an input was changed",
    ),
    "input written to": (
        contract.leaves_inputs_alone,
        CHECK,
        f"{CHECK}        inputs.add_(0)\n",
        "an input was written to",
    ),
    "step forgets": (
        contract.steps_as_it_reads,
        "self(token.unsqueeze(1), state)",
        "self(token.unsqueeze(1), None)",
        "not close",
    ),
    "untrue shape": (
        contract.has_true_shape_comments,
        "# (B, 2*H)",
        "# (B, 3*H)",
        "dimension 1 of (2, 6) is 6, the comment says 9",
    ),
    "bad style": (
        contract.keeps_the_style,
        CHECK,
        f"{CHECK}        assert T\n",
        "assert; raise ValueError",
    ),
    "another torch": (
        contract.names_the_torch_that_ran,
        "Torch versions: ",
        "Torch versions: 1.0.0, 1",
        "the header names",
    ),
    "deprecated": (
        contract.repeats_itself,
        CHECK,
        f"{CHECK}        import warnings\n"
        "        warnings.warn('old', DeprecationWarning)\n",
        "old",
    ),
}
ALONE = {
    "another snippet": (PRINT, f"{PRINT}    import snippets\n", "ModuleNotFoundError"),
    "no print": (PRINT, "", "nothing is printed"),
    "noise": (PRINT, f"{PRINT}    import sys\n    sys.stderr.write('hm')\n", "hm"),
    "deprecated": (
        PRINT,
        f"{PRINT}    import warnings\n    warnings.warn('old', DeprecationWarning)\n",
        "DeprecationWarning: old",
    ),
}
CLAUSES = {clause for clause, *_ in FAULTS.values()}


def test_the_specimen_keeps_the_contract(tmp_path: Path) -> None:
    path = plant(tmp_path, Fault())
    for clause in CLAUSES:
        clause(path)
    contract.runs_alone(path, tmp_path)


@pytest.mark.parametrize("name", FAULTS)
def test_a_clause_fails(name: str, tmp_path: Path) -> None:
    clause, old, new, words = FAULTS[name]
    path = plant(tmp_path, Fault(old, new))
    with pytest.raises((AssertionError, ValueError, Warning, RuntimeError)) as caught:
        clause(path)
    assert words in str(caught.value)


def test_a_snippet_without_shape_comments_fails(tmp_path: Path) -> None:
    path = plant(tmp_path, Fault())
    path.write_text(
        path.read_text().replace("  # (", "  # of (").replace("# 2 x", "# two")
    )
    with pytest.raises(AssertionError, match="no shape comment"):
        contract.has_true_shape_comments(path)


@pytest.mark.parametrize("name", ALONE)
def test_running_alone_fails(name: str, tmp_path: Path) -> None:
    old, new, words = ALONE[name]
    path = plant(tmp_path, Fault(old, new))
    with pytest.raises(AssertionError) as caught:
        contract.runs_alone(path, tmp_path)
    assert words in str(caught.value)
