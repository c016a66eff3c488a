"""A demo that reads one text and writes another is the snippet's own model."""

from __future__ import annotations

import types
from typing import Any

import pytest
import torch
import translators
from torch import nn

from site_src.demos import sequence_to_sequence, show
from site_src.demos.exporting import Runtime, weights
from site_src.demos.stepwise import Stepwise
from site_src.demos.translators import Translator, Whole

SAMPLES = ["3 août 2026 ; 2 novembre 1", "un deux ; trois"]
GATE = {"gate": "Cell.forward.gate"}
LOOKS = {"looks": "Look.forward.weights"}
SETTINGS: dict[str, dict[str, Any]] = {
    "Vector": {"inner": GATE},
    "Looking": {"directions": 2, "inner": GATE, "alignment": LOOKS},
    "Sees": {"alignment": LOOKS},
}


@pytest.fixture(scope="module")
def toys(tmp_path_factory) -> types.ModuleType:
    """The models of the pages in translators.py."""
    return translators.models(tmp_path_factory.mktemp("toys"))


def built(toys: types.ModuleType, name: str) -> nn.Module:
    torch.manual_seed(1)
    model = getattr(toys, name)()
    toys.spread(model)
    return model.eval()


def make(toys: types.ModuleType, model: nn.Module, **settings):
    defaults = {
        "vocabulary": toys.READ,
        "written": toys.WRITTEN,
        "samples": SAMPLES,
        "limits": (12, 10),
        "first": "<end>",
        "last": "<end>",
    }
    return sequence_to_sequence.make(model, **defaults | settings)


def greedy(model: nn.Module, source: torch.Tensor, most: int) -> list[int]:
    """The likeliest word each time, by the model's own call."""
    words: list[int] = []
    while len(words) < most and words[-1:] != [0]:
        target = torch.tensor([[0, *words]])
        words.append(int(model(source, target)[0, -1].argmax()))
    return words


@pytest.mark.parametrize("name", SETTINGS)
def test_it_writes_what_the_whole_model_writes(toys, name) -> None:
    model = built(toys, name)
    made = make(toys, model, **SETTINGS[name])
    assert made.lengths == [1, 4, 12]
    assert made.difference < 5e-5
    again = getattr(toys, name)()
    again.load_state_dict(weights(made.model))
    given = (again, made_of(name, "inner"), made_of(name, "alignment"), (0, 0))
    translator: Translator
    if name == "Sees":
        translator = Whole(*given)
    else:
        translator = Stepwise(*given, directions=SETTINGS[name].get("directions", 1))
    source = torch.tensor([made.shown["source"]])
    with torch.no_grad():
        translator.learn(source, len(toys.WRITTEN))
        for length in (1, 2, 7, 12):
            source = torch.randint(len(toys.READ), (1, length))
            came = translator.translate(Runtime(made.model), source, 10)
            assert came.words.tolist() == greedy(model, source, 10)
    assert made.shown["words"] == greedy(
        model, torch.tensor([made.shown["source"]]), 10
    )


def made_of(name: str, what: str) -> dict[str, str]:
    return SETTINGS[name].get(what, {})


def test_the_alignment_is_that_of_the_snippet(toys) -> None:
    model = built(toys, "Sees")
    made = make(toys, model, alignment=LOOKS)
    assert made.settings["maps"][0]["channels"] == ["head 1", "head 2"]
    assert made.settings["maps"][0]["axes"] == ["target", "source"]
    source = torch.tensor([made.shown["source"]])
    target = torch.tensor([[0, *made.shown["words"][:-1]]])
    place = torch.arange(target.shape[1])[:, None] / 9
    answers, memory = model.answers(target) + place, model.words(source)
    query = 3 * model.look.query(answers)[0].unflatten(-1, (2, 3))
    key = model.look.key(memory)[0].unflatten(-1, (2, 3))
    found = torch.einsum("thk,shk->hts", query, key).softmax(-1)
    shown = torch.tensor(made.shown["values"])
    wanted = found[made.settings["channel"]]
    torch.testing.assert_close(shown, wanted, atol=6e-4, rtol=0)


def test_the_look_from_both_ends_falls_on_the_right_words(toys) -> None:
    made = make(toys, built(toys, "Looking"), directions=2, alignment=LOOKS)
    shown = torch.tensor(made.shown["values"])
    assert shown.shape == (len(made.shown["words"]), len(made.shown["source"]))
    torch.testing.assert_close(shown.sum(-1), torch.ones(len(shown)), atol=5e-3, rtol=0)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_figure_names_every_word(toys, name) -> None:
    made = make(toys, built(toys, name), **SETTINGS[name])
    text = sequence_to_sequence.draw(made.settings, made.shown, "A <map>")
    assert 'aria-label="A &lt;map&gt;"' in text
    for label in ("août", "novembre", "20", "26"):
        assert f"<i>{label}</i>" in text
    assert text.count("<li>") == len(made.shown["words"])


@pytest.mark.parametrize(
    ("text", "found", "unknown"),
    [
        ("3 août 2026", "3 août 20 26", []),
        ("3août2026;99", "3 août 20 26 ; 99", []),
        ("août1 novembres 2", "août 1 2", ["novembres"]),
        ("un ☃ deux, 4", "un deux", ["☃", ",", "4"]),
        ("  \n", "", []),
    ],
)
def test_a_text_is_split_by_the_words_that_are_known(
    toys, text, found, unknown
) -> None:
    numbers, left = sequence_to_sequence.split(text, toys.READ)
    assert [toys.READ[n] for n in numbers] == found.split()
    assert left == unknown


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inner": {"g": "Cell.forward.gaet"}}, r"no value of Cell\.forward\.gaet"),
        ({"samples": ["3 août 4"]}, "the vocabulary lacks '4' of a sample"),
        ({"samples": ["3 " * 13]}, "a sample has 13 words; 2 to 12 are read"),
        ({"vocabulary": ["un", "un"]}, "stands twice"),
        ({"vocabulary": ["un", "un deux "]}, "is empty or holds a blank"),
        ({"last": "stop"}, "'stop' is not among the words written"),
        ({"alignment": {"g": "Cell.forward.gate"}}, "a number for each of the 3 words"),
    ],
)
def test_a_wrong_setting_is_said(toys, settings, message) -> None:
    with pytest.raises(ValueError, match=message):
        make(toys, built(toys, "Vector"), **settings)


def test_a_wrong_model_is_said(toys) -> None:
    model = built(toys, "Sees")
    with pytest.raises(ValueError, match=r"want \(1, 3, 4\)"):
        make(toys, model, written=["<end>", "a", "b", "c"])
    with pytest.raises(ValueError, match="shows alignments, no inner values"):
        make(toys, model, inner=GATE)
    with pytest.raises(ValueError, match="has rows and columns of the 8 words read"):
        make(toys, model, alignment={"q": "Look.forward.query"})
    model.score.bias.data[2] = float("nan")
    with pytest.raises(ValueError, match="NaN or an infinity"):
        make(toys, model)


def test_steps_that_are_not_the_whole_are_a_difference(toys) -> None:
    model = built(toys, "Vector")
    begin = model.begin
    whole = model.forward

    def forward(source, target):
        model.begin = begin
        scores = whole(source, target)
        model.begin = lambda state: (state, state)
        return scores

    model.forward = forward
    assert make(toys, model, inner=GATE).difference > show.DIFFERENCE
