"""Additive attention equals keras', and its lookup is one by hand."""

from __future__ import annotations

import pytest
import torch
from mistakes import Mistake
from parity import compare
from references.attention import KerasAdditive, copy_additive
from torch import Tensor, nn

from snippets.attention.additive_attention import AdditiveAttention, example

B, T, S, D, E, K = 3, 4, 6, 5, 7, 8

MISTAKES = [
    Mistake(
        "Softmax over the queries instead of the entries",
        {"scores.softmax(dim=2)": "scores.softmax(dim=1)"},
        "With one query at a time, as in a decoder, every weight is 1 and the "
        "context is the plain sum of all entries. Nothing fails, and nothing is "
        "learned.",
    ),
    Mistake(
        "No tanh: the two halves are only added",
        {"torch.tanh(asked + keys.unsqueeze(1))": "asked + keys.unsqueeze(1)"},
        "The query's half is the same number for every entry, and the softmax drops "
        "it: all queries get the same weights.",
    ),
    Mistake(
        "Padding set to a score of 0 instead of minus infinity",
        {"-torch.inf": "0.0"},
        "A score of 0 is an ordinary score: padding keeps a share. In ours nothing "
        "was seen, since the right entries score far higher.",
    ),
    Mistake(
        "Mask read the other way round: True for padding",
        {"~mask.unsqueeze(1)": "mask.unsqueeze(1)"},
        "The model sees padding alone and learns nothing; where there is none the "
        "weights are not a number.",
    ),
    Mistake(
        "Mask applied after the softmax, the rest not renormalised",
        {
            "scores = scores.masked_fill(~mask.unsqueeze(1), -torch.inf)": "pass",
            "weights = scores.softmax(dim=2)": (
                "weights = scores.softmax(dim=2) * (1 if mask is None else"
                " mask.unsqueeze(1))"
            ),
        },
        "The weights of short sentences sum to less than 1, so their contexts shrink "
        "with the padding in the batch. Ours trained as well.",
    ),
    Mistake(
        "Mask ignored",
        {"if mask is not None:": "if False:"},
        "A sentence gets one context alone and another in a batch. Ours trained as "
        "well: it learned to pass over padding, which is always the same.",
    ),
    Mistake(
        "The first sentence's mask used for the whole batch",
        {"~mask.unsqueeze(1)": "~mask[:1].unsqueeze(1)"},
        "Right with a batch of one; in training sentences lose their ends, or see "
        "padding.",
    ),
    Mistake(
        "Query and entry multiplied instead of added",
        {"asked + keys.unsqueeze(1)": "asked * keys.unsqueeze(1)"},
        "Trains nearly as well: it is another way to compare. Copied weights give "
        "wrong alignments.",
    ),
    Mistake(
        "Scores divided by the root of the width, as in the scaled product",
        {".squeeze(3)  # (B, T, S)": ".squeeze(3) / match.shape[3] ** 0.5"},
        "Trains as well, since v can grow; copied weights attend too evenly.",
    ),
    Mistake(
        "Sigmoid instead of softmax",
        {"scores.softmax(dim=2)": "scores.sigmoid()"},
        "Trains as well. The entries no longer compete: the context grows with the "
        "length of the sentence.",
    ),
    Mistake(
        "Weights taken out of the graph",
        {"context = weights @ memory": "context = weights.detach() @ memory"},
        "The three layers of the score get no gradient, so it never learns where to "
        "look: no better than a plain mean. Copied weights are right.",
    ),
    Mistake(
        "Biases in the projections",
        {
            "self.query_projection = nn.Linear(query_width, width, bias=False)": (
                "self.query_projection = nn.Linear(query_width, width)"
            )
        },
        "Trains as well, with more parameters; weights without them do not load.",
    ),
    Mistake(
        "Keys that are handed in are not used",
        {
            "keys = self.prepare(memory) if keys is None else keys": (
                "keys = self.prepare(memory)"
            )
        },
        "Every output is right as long as the keys belong to the memory. The decoder "
        "projects the whole memory again at each step.",
    ),
]


def build() -> AdditiveAttention:
    return AdditiveAttention(query_width=D, memory_width=E, width=K)


def padding() -> Tensor:
    """Three sentences, two of them shorter."""
    return torch.arange(S) < torch.tensor([4, S, 1])[:, None]


def one_by_one(
    module: AdditiveAttention, query: Tensor, memory: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Ask as a decoder does: the keys once, then a query at a time."""
    keys = module.prepare(memory)
    answers = [module(q[:, None], memory, mask, keys) for q in query.unbind(1)]
    return tuple(torch.cat(parts, 1) for parts in zip(*answers, strict=True))


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("run", [nn.Module.__call__, one_by_one], ids=["all", "steps"])
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_equals_keras(dtype: torch.dtype, masked: bool, run) -> None:
    inputs = (torch.randn(B, T, D), torch.randn(B, S, E))
    inputs += (padding(),) if masked else ()
    ways = {"run": run, "dtype": dtype}
    compare(build(), KerasAdditive(D, E, K), copy_additive, inputs, **ways)


@pytest.mark.parametrize(("batch", "queries", "entries"), [(1, 1, 1), (1, 1, S)])
def test_equals_keras_at_the_edges(batch: int, queries: int, entries: int) -> None:
    inputs = (torch.randn(batch, queries, D), torch.randn(batch, entries, E))
    compare(build(), KerasAdditive(D, E, K), copy_additive, inputs)


def test_looks_up_by_hand() -> None:
    """v tanh(w q + u h) with single numbers: shares of e^score."""
    module = AdditiveAttention(query_width=1, memory_width=1, width=1).double()
    with torch.no_grad():
        for layer, number in (
            (module.query_projection, 0.5),
            (module.memory_projection, 2.0),
            (module.score, 3.0),
        ):
            layer.weight.fill_(number)
    query, memory = torch.tensor([[[1.0]]]), torch.tensor([[[0.0], [-0.25], [1.0]]])
    context, weights = module(query.double(), memory.double())
    shares = torch.exp(3 * torch.tensor([0.5, 0.0, 2.5]).double().tanh())
    torch.testing.assert_close(weights[0, 0], shares / shares.sum())
    right = (shares * memory[0, :, 0]).sum() / shares.sum()
    torch.testing.assert_close(context[0, 0, 0], right)


def test_the_order_of_the_memory_does_not_matter() -> None:
    module, order = build().double(), torch.randperm(S)
    query, memory = torch.randn(B, T, D).double(), torch.randn(B, S, E).double()
    context, weights = module(query, memory)
    shuffled, moved = module(query, memory[:, order])
    torch.testing.assert_close(shuffled, context)
    torch.testing.assert_close(moved, weights[:, :, order])


def test_padding_changes_nothing() -> None:
    module, query = build().double(), torch.randn(B, T, D).double()
    memory, mask = torch.randn(B, S, E).double(), padding()
    context, weights = module(query, memory, mask)
    for row, length in enumerate(mask.sum(1).tolist()):
        alone, shares = module(query[row : row + 1], memory[row : row + 1, :length])
        torch.testing.assert_close(context[row : row + 1], alone)
        torch.testing.assert_close(weights[row : row + 1, :, :length], shares)
    assert (weights[~mask[:, None].expand_as(weights)] == 0).all()


def test_prepared_keys_are_the_ones_used() -> None:
    module, query, memory = build(), torch.randn(B, T, D), torch.randn(B, S, E)
    keys = module.prepare(memory)
    _, weights = module(query, torch.zeros_like(memory), keys=keys)
    torch.testing.assert_close(weights, module(query, memory)[1])


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module, query, memory = build(), torch.randn(B, T, D), torch.randn(B, S, E)
    for words, call in {
        "query width 5, got 6": lambda: module(torch.randn(B, T, 6), memory),
        "memory width 7, got 1": lambda: module(query, memory[:, :, :1]),
        "entries of at least 1, got 0": lambda: module(query, memory[:, :0]),
        r"memory \(1, 6, 7\), got \(3, 6, 7\)": lambda: module(query[:1], memory),
        r"mask shape \(3, 6\), got \(3, 1\)": lambda: module(
            query, memory, padding()[:, :1]
        ),
        r"keys \(3, 6, 8\), got \(1, 6, 8\)": lambda: module(
            query, memory, None, module.prepare(memory)[:1]
        ),
        r"keys \(3, 6, 8\), got \(3, 6, 1\)": lambda: module(
            query, memory, None, module.prepare(memory)[..., :1]
        ),
        r"memory \(3, 2, 7\), got \(3, 6, 7\)": lambda: module(
            query, memory, None, module.prepare(memory)[:, :2]
        ),
    }.items():
        with pytest.raises(ValueError, match=words):
            call()
    for name in ("query_width", "memory_width", "width"):
        sizes = {"query_width": 2, "memory_width": 3, "width": 4, name: 0}
        with pytest.raises(ValueError, match=f"{name} of at least 1, got 0"):
            AdditiveAttention(**sizes)


def test_the_example_is_sized_as_asked() -> None:
    sizes = {"queries": 2, "entries": 4, "query_width": 3, "memory_width": 6}
    module, inputs = example(batch=5, width=7, **sizes)
    context, weights = module(*inputs)
    assert [tuple(t.shape) for t in inputs] == [(5, 2, 3), (5, 4, 6), (5, 4)]
    assert (context.shape, weights.shape) == ((5, 2, 6), (5, 2, 4))
    assert inputs[2].sum(1).tolist() == [2, 4, 4, 4, 4]
