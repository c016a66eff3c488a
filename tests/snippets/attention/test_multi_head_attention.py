"""Multi-head attention equals torch's layer, its kernel, and eq. 1 in loops."""

from __future__ import annotations

import math

import pytest
import torch
from mistakes import Mistake
from parity import compare
from references.attention import TorchHeads, copy_torch, loop_attention
from torch import Tensor, nn

from snippets.attention.multi_head_attention import (
    MultiHeadAttention,
    example,
    scaled_dot_product_attention,
)

B, T, S, D, E, H = 3, 4, 7, 12, 5, 3
FUSED = pytest.mark.parametrize("fused", [True, False], ids=["fused", "explicit"])
MASKED = pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])

SCALE = "/ query.shape[-1] ** 0.5"
KERNEL = "kernel(asked, keys, values, visible)"
CALL = "parts = (asked, keys, values, visible)"
SPLIT = "projected.view(B, S, H, K).transpose(1, 2)"
MISTAKES = [
    Mistake(
        "Scores not divided by √K",
        {SCALE: "", KERNEL: "kernel(asked, keys, values, visible, scale=1.0)"},
        "Small heads train a little worse. With wide ones the softmax starts "
        "saturated and hardly learns; published weights attend too sharply.",
        "PAIR-code/tiny-transformers#71",
    ),
    Mistake(
        "Scores divided by the root of the whole width instead of a head's",
        {
            SCALE: "/ (4 * query.shape[-1]) ** 0.5",
            KERNEL: "kernel(asked, keys, values, visible, scale=self.width**-0.5)",
        },
        "Trains as well; published weights attend too evenly.",
        "lucidrains/vit-pytorch#65",
    ),
    Mistake(
        "Heads cut out by a reshape alone, which mixes entries",
        {SPLIT: "projected.reshape(B, H, S, K)"},
        "Ours hardly trains: heads see pieces of several entries. Causal models leak "
        "the future.",
        "reczoo/FuxiCTR#30",
    ),
    Mistake(
        "Heads joined without transposing back, which mixes queries",
        {"mixed.transpose(1, 2).reshape(B, T, D)": "mixed.reshape(B, T, D)"},
        "Right for a single query. Of several, one's output holds pieces of the "
        "others' answers, and it trains badly.",
        "jsbaan/transformer-from-scratch#6",
    ),
    Mistake(
        "Softmax over the queries instead of the entries",
        {
            "weights = scores.softmax(dim=-1)": "weights = scores.softmax(dim=-2)",
            KERNEL: "(scaled_dot_product_attention(asked, keys, values, visible)[0])",
        },
        "Every weight depends on who else asks; nothing is learned.",
        "labmlai/annotated_deep_learning_paper_implementations#146",
    ),
    Mistake(
        "Mask read the other way round: True for padding",
        {
            "mask.view(B, 1, 1, S)": "~mask.view(B, 1, 1, S)",
        },
        "`key_padding_mask` of nn.MultiheadAttention means the opposite of the mask "
        "of the kernel: True hides. Only padding is seen, and nothing is learned; "
        "where there is none, the explicit form gives NaN, the fused one zeros.",
    ),
    Mistake(
        "Mask left out",
        {"if mask is not None:": "if False:"},
        "Alone a sentence gives one result, in a batch another. Ours trained as well.",
    ),
    Mistake(
        "Padding hidden from asking instead of from being seen",
        {
            "mask.view(B, 1, 1, S)": (
                "mask.view(B, 1, S, 1).expand(B, 1, S, S)[:, :, :T]"
            )
        },
        "In self-attention the shapes fit: padding no longer asks, which nobody needs, "
        "and is still looked at, which harms.",
    ),
    Mistake(
        "Scores of padding multiplied by 0 instead of set to minus infinity",
        {
            "masked_fill(~visible, -torch.inf)": "mul(visible)",
            KERNEL: "(scaled_dot_product_attention(asked, keys, values, visible)[0])",
        },
        "A score of 0 is a score like others: padding keeps a share, small in ours.",
    ),
    Mistake(
        "Causal mask that starts at the first entry instead of the last",
        {"every.tril(S - T)": "every.tril()"},
        "Training is right, where there are as many queries as entries. With a cache, "
        "a new token sees only the oldest ones.",
        "pytorch/pytorch#144858",
    ),
    Mistake(
        "Causal mask one place off",
        {"every.tril(S - T)": "every.tril(S - T + 1)"},
        "Each token sees the next one, which in training is the answer.",
    ),
    Mistake(
        "Padding forgotten where the attention is causal",
        {"real if visible is None else visible & real": (
            "real if visible is None else visible"
        )},
        "Sentences padded at the front see their padding.",
    ),
    Mistake(
        "Keys used for values",
        {"self.split(self.value_projection(memory))": (
            "self.split(self.key_projection(memory))"
        )},
        "Trains, and worse. The value's weights get no gradient.",
    ),
    Mistake(
        "Heads of the queries in another order than those of the keys",
        {"mixed, weights = kernel": "asked = asked.flip(1)\n            "
        "mixed, weights = kernel",
         CALL: "parts = (asked.flip(1), keys, values, visible)"},
        "Trains as well, for heads have no names. Copied weights give nonsense.",
    ),
    Mistake(
        "No projection at the end",
        {"outputs = self.output_projection(merged)": (
            "outputs = merged + 0 * self.output_projection(merged)"
        )},
        "Trains as well; the heads stay side by side, and each feeds only its own "
        "part of the output.",
    ),
]  # fmt: skip


def padding(entries: int) -> Tensor:
    """Padding at the end, so that the first entry can always be seen."""
    return torch.arange(entries) < torch.tensor([3, entries, 1])[:, None]


def outputs_alone(module: nn.Module, *inputs: Tensor) -> Tensor:
    """Without the weights, which the fused kernel does not give."""
    return module(*inputs)[0]


def hold_equal(fused: bool, memory_width: int, inputs: tuple, **options) -> None:
    causal = options.pop("causal", False)
    ours = MultiHeadAttention(
        width=D, heads=H, memory_width=memory_width, causal=causal, fused=fused
    )
    if fused:
        options |= {"run": outputs_alone, "run_reference": outputs_alone}
    compare(ours, TorchHeads(D, H, memory_width, causal), copy_torch, inputs, **options)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@FUSED
@MASKED
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_cross_attention_equals_torch(dtype, masked, fused) -> None:
    inputs = (torch.randn(B, T, D), torch.randn(B, S, E))
    inputs += (padding(S),) if masked else ()
    hold_equal(fused, E, inputs, dtype=dtype)


@FUSED
@MASKED
@pytest.mark.parametrize("causal", [False, True], ids=["both ways", "causal"])
def test_self_attention_equals_torch(causal, masked, fused) -> None:
    inputs = (torch.randn(B, T, D),)
    inputs += (None, padding(T)) if masked else ()
    hold_equal(fused, D, inputs, causal=causal)


@FUSED
@MASKED
def test_causal_queries_are_the_last_entries(masked, fused) -> None:
    """As with a cache: query t stands at place S - T + t."""
    inputs = (torch.randn(B, T, D), torch.randn(B, S, E))
    inputs += (padding(S),) if masked else ()
    hold_equal(fused, E, inputs, causal=True)


@FUSED
@pytest.mark.parametrize(("batch", "queries", "entries"), [(1, 1, 1), (2, 1, S)])
def test_equals_torch_at_the_edges(batch, queries, entries, fused) -> None:
    hold_equal(
        fused, E, (torch.randn(batch, queries, D), torch.randn(batch, entries, E))
    )


@MASKED
def test_one_head_equals_the_kernel_and_the_equation(masked) -> None:
    query, key = torch.randn(T, D).double(), torch.randn(S, D).double()
    value = torch.randn(S, E).double()
    visible = torch.rand(T, S) < (0.5 if masked else 2)
    visible[:, 2] = True
    found, weights = scaled_dot_product_attention(query, key, value, visible)
    kernel = nn.functional.scaled_dot_product_attention(query, key, value, visible)
    torch.testing.assert_close(found, kernel, rtol=1e-12, atol=1e-12)
    right = loop_attention(query, key, value, visible)
    torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(weights.sum(-1), torch.ones(T).double())
    assert ((weights > 0) == visible).all()
    if not masked:
        free, _ = scaled_dot_product_attention(query, key, value, None)
        torch.testing.assert_close(free, found)


def test_no_gradient_comes_from_what_is_hidden() -> None:
    module = MultiHeadAttention(width=D, heads=H, causal=True)
    inputs = torch.randn(1, T, D, requires_grad=True)
    outputs, _ = module(inputs)
    for place in range(T):
        (gradient,) = torch.autograd.grad(
            outputs[0, place].sum(), inputs, retain_graph=True
        )
        read = (gradient[0].abs().sum(-1) > 0).tolist()
        assert read == [earlier <= place for earlier in range(T)]


@FUSED
def test_the_order_of_the_memory_does_not_matter(fused) -> None:
    module, order = MultiHeadAttention(width=D, heads=H, fused=fused), torch.randperm(S)
    query, memory = torch.randn(B, T, D), torch.randn(B, S, D)
    found, shuffled = module(query, memory)[0], module(query, memory[:, order])[0]
    torch.testing.assert_close(found, shuffled)


def test_scores_of_random_vectors_have_variance_one() -> None:
    K = 400
    query, key = torch.randn(1, 50, K), torch.randn(1, 3000, K)
    _, weights = scaled_dot_product_attention(query, key, key, None)
    spread = weights.log().std(-1).mean().item()
    assert math.isclose(spread, 1, rel_tol=0.1)


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module = MultiHeadAttention(width=D, heads=H, memory_width=E)
    causal = MultiHeadAttention(width=D, heads=H, causal=True)
    query, memory = torch.randn(B, T, D), torch.randn(B, S, E)
    for words, call in {
        "query width 12, got 1": lambda: module(query[..., :1], memory),
        r"memory \(3, 7, 5\), got \(3, 7, 1\)": lambda: module(query, memory[..., :1]),
        r"memory \(1, 7, 5\), got \(3, 7, 5\)": lambda: module(query[:1], memory),
        r"memory \(3, 4, 5\), got \(3, 4, 12\)": lambda: module(query),
        "entries of at least 1, got 0": lambda: module(query, memory[:, :0]),
        r"mask shape \(3, 7\), got \(1, 7\)": lambda: module(
            query, memory, padding(S)[:1]
        ),
        "of bool, got torch.float32": lambda: module(query, memory, torch.ones(B, S)),
        "at least 4 entries, got 2": lambda: causal(query, query[:, :2]),
        "a width of 5 heads, got 12": lambda: MultiHeadAttention(width=12, heads=5),
        "memory_width of at least 1, got 0": lambda: MultiHeadAttention(
            width=4, heads=2, memory_width=0
        ),
        "heads of at least 1, got 0": lambda: MultiHeadAttention(width=4, heads=0),
        "width of at least 1, got 0": lambda: MultiHeadAttention(width=0, heads=1),
    }.items():
        with pytest.raises(ValueError, match=words):
            call()


@pytest.mark.parametrize("flags", [{}, {"fused": True}, {"fused": False}], ids=str)
def test_is_fused_unless_asked_otherwise(flags, monkeypatch) -> None:
    calls, kernel = [], nn.functional.scaled_dot_product_attention

    def counted(*inputs, **options):
        calls.append(inputs)
        return kernel(*inputs, **options)

    monkeypatch.setattr(nn.functional, "scaled_dot_product_attention", counted)
    for module in (MultiHeadAttention(width=D, heads=H, **flags), example(**flags)[0]):
        calls.clear()
        _, weights = module(
            torch.randn(B, T, module.width), torch.randn(B, S, module.memory_width)
        )
        fused = flags.get("fused", True)
        assert (len(calls), weights is None) == (fused, fused)


def test_the_example_is_sized_as_asked() -> None:
    sizes = {"queries": 2, "entries": 4, "heads": 2, "head_width": 3}
    module, inputs = example(batch=5, memory_width=7, fused=False, **sizes)
    outputs, weights = module(*inputs)
    assert [tuple(t.shape) for t in inputs] == [(5, 2, 6), (5, 4, 7), (5, 4)]
    assert (outputs.shape, weights.shape) == ((5, 2, 6), (5, 2, 2, 4))
    assert inputs[2].sum(1).tolist() == [2, 4, 4, 4, 4]
