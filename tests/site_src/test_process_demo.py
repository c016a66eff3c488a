"""What a demo of a process exports runs as torch does, and what is wrong is said."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from site_src.demos import process
from site_src.demos.exporting import Runtime

SETTINGS = {
    "steps": 4,
    "size": (1, 3, 2),
    "limits": (-1.0, 1.0),
    "choices": ["a", "b"],
    "chosen": 1,
    "knob": {"label": "Pull", "low": 0, "high": 2, "step": 0.5, "value": 1},
    "words": {"choice": "Which", "state": "Now", "belief": "End"},
}


class Pull(nn.Module):
    """Moves towards a picture of each choice."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures = nn.Embedding(2, 6)

    def forward(self, state, step, choice, knob):
        belief = knob * self.pictures(choice).view(-1, 1, 3, 2)
        share = (step + 1).float() / 4
        return state + share * (belief - state), belief


def test_whole_runs_agree_at_any_number_side_by_side() -> None:
    torch.manual_seed(0)
    model = Pull()
    made = process.make(model, **SETTINGS)
    assert made.lengths == [1, 2, 5]
    assert made.difference < 1e-5
    runtime, stepper = Runtime(made.model), process.Step(model)
    with torch.no_grad():
        given = (process.start(7, 3, (1, 3, 2)), 4, 0, 2.0)
        ours, theirs = process.trace(runtime, *given), process.trace(stepper, *given)
        assert process.apart(ours, theirs) < 1e-5
        model.pictures.weight += 1
        assert process.apart(ours, process.trace(stepper, *given)) > 0.1
    drawn = process.draw(made.settings, made.shown, "a strip")
    assert drawn.count("<svg") == 12
    assert 'aria-label="a strip"' in drawn


def test_noise_is_normal_and_each_run_has_its_own() -> None:
    drawn = process.start(3, 50, (1, 8, 8))
    assert abs(drawn.mean()) < 0.05
    assert abs(drawn.std() - 1) < 0.05
    assert not torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0], process.start(3, 1, (1, 8, 8))[0])
    assert drawn[0, 0, 0, 0].item() == pytest.approx(FIRST, abs=1e-6)


FIRST = -0.5408859848976135  # what process.js draws first from seed 3000


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"size": (3, 4, 4)}, r"pictures are \(1, rows, columns\)"),
        ({"chosen": 2}, "choice 2 of 2"),
        ({"size": (1, 2, 2)}, "size of tensor"),
    ],
)
def test_a_wrong_setting_is_said(setting, message) -> None:
    with pytest.raises((ValueError, RuntimeError), match=message):
        process.make(Pull(), **(SETTINGS | setting))
