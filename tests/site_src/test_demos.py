"""What a demo exports is the snippet's own model, and what is wrong with it is said."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

import pytest
import torch
from torch import nn

from site_src.demos import exporting, fill_gap, next_token, show
from site_src.demos.exporting import Runtime, weights

VOCABULARY = "abcdef "
SNIPPET = """
import torch
from torch import nn


class Carrier(nn.Module):
    def __init__(self, start=0.0):
        super().__init__()
        self.read, self.carry = nn.Linear(5, 3), nn.Linear(3, 3)
        self.start = start

    def forward(self, inputs, state=None):
        state = torch.full((len(inputs), 3), self.start) if state is None else state
        shown = []
        for step in inputs.unbind(1):
            gate = torch.sigmoid(self.read(step))
            state = gate * state + torch.tanh(self.carry(state + 1))
            shown.append(state)
        return torch.stack(shown, 1), state


class Looker(nn.Module):
    def __init__(self, fill=-9.0):
        super().__init__()
        self.query, self.key, self.fill = nn.Linear(5, 6), nn.Linear(5, 6), fill

    def forward(self, inputs):
        B, T, D = inputs.shape
        query = self.query(inputs).view(B, T, 2, 3).transpose(1, 2)
        key = self.key(inputs).view(B, T, 2, 3).transpose(1, 2)
        mask = torch.ones(T, T, dtype=torch.bool, device=inputs.device).tril()
        weights = (query @ key.mT).masked_fill(~mask, self.fill).softmax(-1)
        return (weights @ inputs[:, None]).mean(1)
"""


@pytest.fixture(scope="module")
def snippet(tmp_path_factory) -> types.ModuleType:
    """A snippet with one model that steps and one that has a window."""
    path = tmp_path_factory.mktemp("snippets") / "toy.py"
    path.write_text(SNIPPET)
    spec = importlib.util.spec_from_file_location("snippets.toy.demo", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    torch.manual_seed(0)
    return module


class Model(nn.Module):
    """What a page builds around a snippet."""

    def __init__(self, core: nn.Module, width: int, size: int = len(VOCABULARY)):
        super().__init__()
        self.embed, self.core = nn.Embedding(len(VOCABULARY), 5), core
        self.score = nn.Linear(width, size)

    def forward(self, tokens, state=None):
        if isinstance(state, torch.Tensor) or hasattr(self.core, "carry"):
            outputs, state = self.core(self.embed(tokens), state)
            return self.score(outputs), state
        return self.score(self.core(self.embed(tokens)))


GATE = {"gate": "Carrier.forward.gate"}
LOOK = {"looks": "Looker.forward.weights"}


def make(model: nn.Module, **settings):
    return next_token.make(
        model, **{"vocabulary": VOCABULARY, "start": "a bad cafe"} | settings
    )


def test_steps_are_the_snippets_forward_on_the_same_weights(snippet) -> None:
    trained = Model(snippet.Carrier(), 3)
    made = make(trained, inner=GATE)
    assert made.lengths == [1, 24, 400]
    assert made.difference < 1e-5
    again = Model(snippet.Carrier(), 3)
    again.load_state_dict(weights(made.model))
    tokens = torch.randint(len(VOCABULARY), (1, 9))
    runtime, state = Runtime(made.model), torch.zeros(1, 3)
    scores, gates = [], []
    for token in tokens.unbind(1):
        found = runtime.run({"tokens": token[:, None], "state_0": state})
        state = found["state_0_next"]
        scores.append(found["scores"])
        gates.append(found["inner_0"])
    torch.testing.assert_close(torch.stack(scores, 1), again(tokens)[0])
    read = torch.sigmoid(again.core.read(again.embed(tokens)))[0]
    torch.testing.assert_close(torch.cat(gates), read)


def test_a_window_is_the_snippets_forward_on_the_same_weights(snippet) -> None:
    made = make(Model(snippet.Looker(), 5), context=12, inner=LOOK)
    assert made.lengths == [1, 4, 12]
    assert made.difference < 1e-5
    assert made.settings["inner"][0]["channels"] == [
        "layer 1, head 1",
        "layer 1, head 2",
    ]
    again = Model(snippet.Looker(), 5)
    again.load_state_dict(weights(made.model))
    for length in (1, 2, 7, 12):
        tokens = torch.randint(len(VOCABULARY), (1, length))
        found = Runtime(made.model).run({"tokens": tokens})
        torch.testing.assert_close(found["scores"], again(tokens)[0])
        assert found["inner_0"].shape == (2, length, length)
        torch.testing.assert_close(found["inner_0"].sum(-1), torch.ones(2, length))


def test_a_gap_is_filled_by_the_scores_at_its_place(snippet) -> None:
    trained = Model(snippet.Looker(), 5)
    settings = {"vocabulary": VOCABULARY, "gap": "f", "start": "a bad fad"}
    made = fill_gap.make(trained, **settings, context=12, inner=LOOK)
    assert made.lengths == [1, 4, 12]
    assert made.difference < 1e-5
    tokens = torch.tensor([[VOCABULARY.index(c) for c in "a bad fad"]])
    right = trained(tokens)[0, 6].softmax(-1)
    torch.testing.assert_close(torch.tensor(made.shown["chances"]), right)
    drawn = fill_gap.draw(made.settings, made.shown, "A gap & more")
    assert 'role="img" aria-label="A gap &amp; more"' in drawn
    assert drawn.count("<li>") == len(VOCABULARY)
    for wrong, message in (
        ({"gap": "█"}, "lacks the gap '█'"),
        ({"start": "a bad dab"}, "the start has 0 gaps"),
        ({"start": "a fad fad"}, "the start has 2 gaps"),
        ({"context": 2, "start": "af"}, "three lengths have to be checked"),
    ):
        with pytest.raises(ValueError, match=message):
            fill_gap.make(trained, **{**settings, "context": 12} | wrong)


def test_the_file_holds_no_more_than_a_run_needs(snippet) -> None:
    made = make(Model(snippet.Looker(), 5), context=12, inner=LOOK)
    assert str(Path(__file__).parent).encode() not in made.model
    assert b"stack_trace" not in made.model
    assert b"return (weights @" not in made.model


class Frozen(nn.Module):
    """A loop over time where a window is meant, around a snippet."""

    def __init__(self, core: nn.Module):
        super().__init__()
        self.inside = Model(core, 3)

    def forward(self, tokens):
        return self.inside(tokens)[0]


def test_a_frozen_length_is_caught(snippet, monkeypatch) -> None:
    model = Frozen(snippet.Carrier())
    with pytest.raises(ValueError, match=r"its length was frozen at 10, as by a loop"):
        make(model, context=12)
    # What a wrong choice would give: the exporter freezes the length without a word.
    monkeypatch.setattr(exporting, "_VARIES", torch.export.Dim.AUTO)
    with pytest.raises(ValueError, match="onnxruntime"):
        make(model, context=12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inner": {"g": "Carrier.forward.gaet"}}, "no value of Carrier.forward.gaet"),
        ({"start": "a bad fax"}, "the vocabulary lacks 'x' of the start"),
        ({"start": "a" * 33}, "the start has 33 characters; 2 to 32 are shown"),
        ({"vocabulary": ["a", "bc"]}, "must hold single characters"),
        ({"vocabulary": "abcdefa "}, "stands twice"),
        ({"context": 12, "inner": GATE}, "has the shape"),
        ({"context": 2, "start": "ab"}, "three lengths have to be checked"),
    ],
)
def test_a_wrong_setting_is_said(snippet, settings, message) -> None:
    with pytest.raises(ValueError, match=message):
        make(Model(snippet.Carrier(), 3), **settings)


def test_a_wrong_model_is_said(snippet) -> None:
    with pytest.raises(ValueError, match=r"\(1, 10, 4\).* want \(1, 10, 7\)"):
        make(Model(snippet.Carrier(), 3, size=4))
    with pytest.raises(ValueError, match=r"returns \(scores, state\)"):
        make(Model(snippet.Looker(), 5))
    with pytest.raises(ValueError, match="no module of a snippet"):
        make(Model(nn.Identity(), 5), context=12)
    broken = Model(snippet.Carrier(), 3)
    broken.score.bias.data[2] = float("nan")
    with pytest.raises(ValueError, match="NaN or an infinity"):
        make(broken)


def unit(build, train=lambda model: None, **settings):
    defaults = {"vocabulary": VOCABULARY, "start": "a bad cafe"}
    return show.made(next_token, build, train, defaults | settings)


def test_a_state_that_does_not_start_at_zero_is_a_difference(snippet) -> None:
    with pytest.raises(ValueError, match="onnxruntime and torch differ by"):
        unit(lambda: Model(snippet.Carrier(start=2.0), 3))


def test_limits_hold(snippet, monkeypatch) -> None:
    def build() -> nn.Module:
        return Model(snippet.Carrier(), 3)

    assert unit(build, lambda model: 7)["trained"] == 7
    monkeypatch.setattr(show, "SIZE", 1000)
    with pytest.raises(ValueError, match="bytes, 1,000 at most"):
        unit(build)
    monkeypatch.setattr(show, "TRAINING", 0)
    with pytest.raises(ValueError, match="s of processor time, 0 at most"):
        unit(build)


def test_a_lost_parameter_is_an_error(snippet, monkeypatch) -> None:
    monkeypatch.setattr(exporting, "weights", lambda model: {})
    with pytest.raises(ValueError, match=r"does not hold the parameter embed\.weight"):
        make(Model(snippet.Carrier(), 3))
