"""Luong attention equals keras' layers, and its equations written out in loops."""

from __future__ import annotations

import math

import pytest
import torch
from mistakes import Mistake
from parity import compare
from references.attention import (
    KerasConcat,
    KerasLuong,
    LoopLuong,
    copy_keras_luong,
    copy_luong,
)
from torch import Tensor

from snippets.attention.luong_attention import REACHES, SCORES, LuongAttention, example

B, T, S, D, E, WINDOW = 3, 4, 9, 5, 7, 2

MISTAKES = [
    Mistake(
        "Softmax over the queries instead of the entries",
        {"hidden_away.softmax(dim=2)": "hidden_away.softmax(dim=1)"},
        "A decoder that asks once at a time weighs every entry with 1, and nothing "
        "is learned.",
    ),
    Mistake(
        "Gaussian with the whole window for its spread, not half of it",
        {"spread = self.window / 2": "spread = self.window"},
        "Trains as well: the far end of the window counts more than it should. Copied "
        "weights give other alignments.",
    ),
    Mistake(
        "Gaussian without the square",
        {"distance**2": "distance"},
        "Entries to the left of the predicted place count more than the place itself.",
    ),
    Mistake(
        "Weights made to sum to one again after the Gaussian",
        {
            "weights * bell.to(weights)": (
                "weights * bell.to(weights)\n"
                "            weights = weights / weights.sum(2, keepdim=True)"
            )
        },
        "Trains as well. It is not eq. 10, where a place between two entries makes the "
        "context smaller.",
    ),
    Mistake(
        "Predicted place counted from the padded length",
        {"self.place(query, mask.sum(1), first)": (
            "self.place(query, torch.full_like(mask.sum(1), S), first)"
        )},
        "Short sentences in a batch look behind their end; what they look at depends "
        "on the longest of the batch.",
    ),
    Mistake(
        "Place predicted without its tanh",
        {"torch.tanh(self.place_hidden(query))": "self.place_hidden(query)"},
        "Trains as well: two matrices that follow each other are one.",
    ),
    Mistake(
        "Step-by-step decoding asks for step 0 each time",
        {"torch.arange(first, first + T,": "torch.arange(T,"},
        "Training is right. When it writes, local-m looks at the first words for "
        "ever, and nothing behind them comes out right.",
    ),
    Mistake(
        "Window on one side only",
        {"distance.abs() <= self.window": "distance <= self.window"},
        "Everything to the left stays in view. Trains as well; with weights that "
        "were trained with two sides half of the dates are wrong.",
    ),
    Mistake(
        "Window opened before the scores are masked",
        {"visible = visible & (": "visible = visible | ("},
        "Every entry of the sentence is seen, and the padding inside the window too.",
    ),
    Mistake(
        "Mask ignored where the reach is local",
        {"visible = visible & (": "visible = ("},
        "The window reaches into the padding of short sentences.",
    ),
    Mistake(
        "Query and context joined in the other order",
        {"torch.cat([context, query], dim=2)": "torch.cat([query, context], dim=2)"},
        "Trains as well; W_c of a copied model meets the wrong halves.",
    ),
    Mistake(
        "No tanh on what comes out",
        {"torch.tanh(self.blend(both))": "self.blend(both)"},
        "Trains as well; copied weights give other scores, in ours for the same "
        "answers.",
    ),
    Mistake(
        "Only the context handed on, not the query",
        {"torch.cat([context, query], dim=2)": (
            "torch.cat([context, torch.zeros_like(query)], dim=2)"
        )},
        "The decoder knows what it has looked up, but not what it has written. Where "
        "the answer is all in the memory, it trains as well.",
    ),
    Mistake(
        "Scores divided by the root of the width",
        {"query @ memory.mT": "query @ memory.mT / query.shape[2] ** 0.5"},
        "That is the transformer's score, and trained a little better in ours; "
        "copied weights attend too evenly.",
    ),
    Mistake(
        "Concat without its tanh",
        {"torch.tanh(halves[0] + halves[1])": "halves[0] + halves[1]"},
        "The query's half adds the same to every score, and the softmax drops it: all "
        "queries get the same weights.",
    ),
]  # fmt: skip


def build(score: str, reach: str = "global") -> LuongAttention:
    sizes = {"query_width": D, "memory_width": D if score == "dot" else E}
    return LuongAttention(score=score, reach=reach, window=WINDOW, **sizes)


def inputs_for(score: str, masked: bool) -> tuple[Tensor, ...]:
    inputs = (torch.randn(B, T, D), torch.randn(B, S, D if score == "dot" else E))
    lengths = torch.tensor([3, S, 6])[:, None]
    return (*inputs, torch.arange(S) < lengths) if masked else inputs


def one_by_one(
    module: LuongAttention, query: Tensor, memory: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, ...]:
    """Ask as a decoder does, a query at a time."""
    steps = enumerate(query.unbind(1))
    answers = [module(q[:, None], memory, mask, first=t) for t, q in steps]
    return tuple(torch.cat(parts, 1) for parts in zip(*answers, strict=True))


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("score", SCORES)
def test_global_equals_keras(score: str, masked: bool) -> None:
    """Keras multiplies matrices in float32; its additive score it does in float64."""
    kind = KerasConcat if score == "concat" else KerasLuong
    theirs = kind(score, D, D if score == "dot" else E)
    dtypes = [torch.float32, *([torch.float64] if score == "concat" else [])]
    for dtype in dtypes:
        given = inputs_for(score, masked)
        compare(build(score), theirs, copy_keras_luong, given, dtype=dtype)


@pytest.mark.parametrize("run", [LuongAttention.__call__, one_by_one])
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("score", SCORES)
def test_equals_the_equations(score: str, reach: str, masked: bool, run) -> None:
    theirs = LoopLuong(score, reach, WINDOW, D, D if score == "dot" else E)
    given = inputs_for(score, masked)
    compare(build(score, reach), theirs, copy_luong, given, run=run)


@pytest.mark.parametrize("reach", REACHES)
def test_equals_the_equations_at_the_edges(reach: str) -> None:
    for queries, entries in ((1, 1), (1, S), (7, 2)):
        theirs = LoopLuong("general", reach, WINDOW, D, E)
        given = (torch.randn(1, queries, D), torch.randn(1, entries, E))
        compare(build("general", reach), theirs, copy_luong, given)


def test_a_gaussian_by_hand() -> None:
    """All scores equal, the place in the middle: a share times the bell."""
    module = build("dot", "local-p").double()
    torch.nn.init.zeros_(module.place_weight.weight)  # p = S / 2 = 4.5
    memory = torch.ones(1, S, D, dtype=torch.float64)
    _, weights = module(torch.ones(1, 1, D, dtype=torch.float64), memory)
    bell = [math.exp(-((s - 4.5) ** 2) / 2) / 4 for s in (3, 4, 5, 6)]
    right = torch.tensor([0, 0, 0, *bell, 0, 0], dtype=torch.float64)
    torch.testing.assert_close(weights[0, 0], right)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_few_digits_do_not_blur_the_places(dtype: torch.dtype) -> None:
    module, length = build("dot", "local-p").to(dtype), 3001
    torch.nn.init.zeros_(module.place_weight.weight)  # p = S / 2 = 1500.5
    memory, query = torch.ones(1, length, D), torch.ones(1, 1, D)
    _, weights = module(query.to(dtype), memory.to(dtype))
    bell = [math.exp(-((s - 1500.5) ** 2) / 2) / 4 for s in range(1499, 1503)]
    assert weights[0, 0].nonzero().squeeze(1).tolist() == [1499, 1500, 1501, 1502]
    right = torch.tensor(bell, dtype=dtype)
    torch.testing.assert_close(weights[0, 0, 1499:1503], right)


def test_monotonic_windows_follow_the_step_and_stop_at_the_end() -> None:
    module, (query, memory) = build("general", "local-m"), inputs_for("general", False)
    _, weights = module(query[:, :1].expand(-1, S + 3, -1), memory)
    for t in range(S + 3):
        seen = [abs(s - min(t, S - 1)) <= WINDOW for s in range(S)]
        assert (weights[0, t] > 0).tolist() == seen


@pytest.mark.parametrize("reach", REACHES)
def test_weights_sum_to_one_but_for_the_gaussian(reach: str) -> None:
    _, weights = build("general", reach)(*inputs_for("general", True))
    total = weights.sum(2)
    if reach == "local-p":
        assert (total < 1).all()
    else:
        torch.testing.assert_close(total, torch.ones_like(total))


@pytest.mark.parametrize("score", SCORES)
def test_padding_changes_nothing(score: str) -> None:
    module = build(score, "local-p").double()
    query, memory, mask = (t.double() for t in inputs_for(score, True))
    outputs, _ = module(query, memory, mask.bool())
    for row, length in enumerate(mask.sum(1).int().tolist()):
        alone, _ = module(query[row : row + 1], memory[row : row + 1, :length])
        torch.testing.assert_close(outputs[row : row + 1], alone)


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module, (query, memory) = build("general"), inputs_for("general", False)
    mask = torch.ones(B, 1, dtype=torch.bool)
    for words, call in {
        "query width 5, got 6": lambda: module(torch.randn(B, T, 6), memory),
        r"memory \(3, 9, 7\), got \(3, 9, 1\)": lambda: module(query, memory[..., :1]),
        r"memory \(1, 9, 7\), got \(3, 9, 7\)": lambda: module(query[:1], memory),
        "entries of at least 1, got 0": lambda: module(query, memory[:, :0]),
        r"mask shape \(3, 9\), got \(3, 1\)": lambda: module(query, memory, mask),
        "one of .*, got 'cosine'": lambda: build("cosine"),
        "one of .*, got 'near'": lambda: build("general", "near"),
        "memory width of dot 5, got 7": lambda: LuongAttention(
            query_width=D, memory_width=E, score="dot"
        ),
    }.items():
        with pytest.raises(ValueError, match=words):
            call()
    for name in ("query_width", "memory_width", "window"):
        sizes = {"query_width": 2, "memory_width": 3, "window": 4, name: 0}
        with pytest.raises(ValueError, match=f"{name} of at least 1, got 0"):
            LuongAttention(**sizes)


def test_the_example_is_sized_as_asked() -> None:
    sizes = {"queries": 2, "entries": 4, "query_width": 3, "memory_width": 6}
    module, inputs = example(batch=5, score="concat", reach="local-m", **sizes)
    outputs, weights = module(*inputs)
    assert [tuple(t.shape) for t in inputs] == [(5, 2, 3), (5, 4, 6), (5, 4)]
    assert (outputs.shape, weights.shape) == ((5, 2, 3), (5, 2, 4))
    assert (module.score.kind, module.reach, module.window) == ("concat", "local-m", 2)
    assert inputs[2].sum(1).tolist() == [2, 4, 4, 4, 4]
