"""GPT equals GPT-2 of transformers, with and without a cache, and samples exactly."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from parity import compare
from references import gpt as gpt2
from references import gpt_mistakes
from references.gpt import C, D, H, L, V
from safetensors.torch import load_file
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model

from snippets.attention.gpt import GPT, example, from_published
from snippets.attention.gpt import next_token_probabilities as probabilities

B, T, K = 2, 7, D // H
FUSED = pytest.mark.parametrize("fused", [True, False], ids=["fused", "explicit"])
KINDS = pytest.mark.parametrize("kind", [GPT2Model, GPT2LMHeadModel])
MISTAKES = gpt_mistakes.MISTAKES  # planted in copies of the snippet
WAYS = {"whole": GPT.__call__, "steps": gpt2.in_steps, "chunks": gpt2.in_chunks}
KNOBS = [(1.0, None, None), (0, None, None), (1.7, 6, 0.9)]


def build(**other: int) -> GPT:
    sizes = {"vocabulary": V, "context": C, "width": D, "layers": L, "heads": H}
    return GPT(**(sizes | other))


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@FUSED
@KINDS
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("run", WAYS.values(), ids=WAYS)
def test_equals_transformers(run, dtype, kind, fused) -> None:
    """Logits, cached keys and values, and the gradients of all."""
    ways = {"run": run, "run_reference": gpt2.read, "dtype": dtype}
    ours, theirs = build(fused=fused), gpt2.build(kind)
    compare(ours, theirs, gpt2.copy_weights, (torch.randint(V, (B, T)),), **ways)


@FUSED
@pytest.mark.parametrize("way", ["whole", "steps"])
@pytest.mark.parametrize(("batch", "tokens"), [(1, 1), (1, C), (3, 2)])
def test_equals_transformers_at_the_edges(batch, tokens, way, fused) -> None:
    ours = build(heads=1, layers=1, fused=fused)
    theirs = gpt2.build(n_head=1, n_layer=1, attn_implementation="eager")
    ways = {"run": WAYS[way], "run_reference": gpt2.read}
    inputs = (torch.randint(V, (batch, tokens)),)
    compare(ours, theirs, gpt2.copy_weights, inputs, **ways)


def test_without_arguments_it_is_the_smallest_gpt2() -> None:
    with torch.device("meta"):
        ours, theirs = GPT(), GPT2LMHeadModel(GPT2Config())
    expected = gpt2.copy_weights(theirs.state_dict())
    shapes = {name: tensor.shape for name, tensor in ours.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in expected.items()}
    numbers = sum(parameter.numel() for parameter in ours.parameters())
    assert numbers == sum(p.numel() for p in theirs.parameters()) == 124_439_808
    assert ours.blocks[0].heads == theirs.config.n_head


@KINDS
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=str)
def test_loads_what_transformers_saved(dtype, kind, tmp_path: Path) -> None:
    gpt2.perturbed(gpt2.build(kind)).to(dtype).save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    ours = from_published(weights, head_width=K)
    loaded, expected = ours.state_dict(), gpt2.copy_weights(weights)
    assert loaded.keys() == expected.keys()
    assert all(torch.equal(loaded[name], expected[name]) for name in expected)
    assert {tensor.dtype for tensor in loaded.values()} == {dtype}
    theirs = kind.from_pretrained(tmp_path, local_files_only=True).double()
    tokens = torch.randint(V, (B, T))
    found, right = ours.double()(tokens)[0], gpt2.read(theirs, tokens)[0]
    torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)


def test_loads_the_published_head_width_and_ignores_masks() -> None:
    """Heads are 64 wide; old files hold a mask, and one number for it, a block."""
    theirs = gpt2.perturbed(gpt2.build(n_embd=128, n_head=2)).double()
    weights = dict(theirs.state_dict())
    assert "lm_head.weight" in weights
    for layer in range(L):
        weights[f"transformer.h.{layer}.attn.bias"] = torch.ones(1, 1, C, C).tril()
        weights[f"transformer.h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    tokens = torch.randint(V, (B, T))
    found, right = from_published(weights)(tokens)[0], theirs(tokens).logits
    torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("knobs", KNOBS, ids=["plain", "greedy", "all knobs"])
def test_generates_with_a_cache_what_it_does_without(knobs) -> None:
    module = gpt2.perturbed(build(context=40)).double()
    tokens = prompt = torch.randint(V, (B, 3))
    generator = torch.Generator().manual_seed(5)
    for _ in range(38):  # the last one is drawn, not read: 40 tokens of context
        chances = probabilities(module(tokens)[0][:, -1], *knobs)
        drawn = torch.multinomial(chances, 1, generator=generator)
        tokens = torch.cat([tokens, drawn], dim=1)
    named = zip(("temperature", "top_k", "top_p"), knobs, strict=True)
    chosen = {} if knobs == KNOBS[0] else dict(named)
    generator.manual_seed(5)
    found = module.generate(prompt, 38, generator=generator, **chosen)
    assert torch.equal(found, tokens)
    with pytest.raises(ValueError, match="at most 40 tokens, got 41"):
        module.generate(prompt, 39, **chosen)


def test_generates_greedily_what_transformers_does() -> None:
    theirs = gpt2.perturbed(gpt2.build(n_positions=40)).double()
    ours, prompt = from_published(theirs.state_dict(), head_width=K), torch.arange(6)
    prompt = prompt.view(B, 3)
    mask = torch.ones_like(prompt)
    found = ours.generate(prompt, 30, temperature=0)
    right = theirs.generate(
        prompt, attention_mask=mask, max_new_tokens=30, do_sample=False
    )
    assert torch.equal(found, right)
    assert len(found[:, 3:].unique()) > 2, "a loop of one token proves little"


def test_draws_as_often_as_the_scores_say() -> None:
    module, draws = gpt2.perturbed(build()), 20_000
    prompt = torch.randint(V, (1, 4))
    drawn = module.generate(prompt.expand(draws, -1), 1, temperature=2.0, top_k=7)
    found = drawn[:, -1].bincount(minlength=V) / draws
    right = gpt2.weigh(module(prompt)[0][:, -1], 2.0, 7, 1.0)[0]
    assert (found - right).abs().max() < 4 * (0.25 / draws) ** 0.5
    assert int((found > 0).sum()) == 7


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("top_k", [1, 4, 50])
@pytest.mark.parametrize("top_p", [0.05, 0.6, 0.95])
def test_weighs_tokens_as_transformers_does(temperature, top_k, top_p) -> None:
    logits = torch.randn(30, 50, dtype=torch.float64)
    found = probabilities(logits, temperature, top_k, top_p)
    right = gpt2.weigh(logits, temperature, top_k, top_p)
    torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("knobs", "right"),
    [
        ((1.0, None, None), [1 / 8, 1 / 2, 1 / 4, 1 / 8]),
        ((0.5, None, None), [1 / 22, 8 / 11, 2 / 11, 1 / 22]),
        ((0, None, None), [0, 1, 0, 0]),
        ((1e-3, None, None), [0, 1, 0, 0]),
        ((1.0, 2, None), [0, 2 / 3, 1 / 3, 0]),
        ((1.0, None, 1e-9), [0, 1, 0, 0]),
        ((1.0, None, 0.5), [0, 1, 0, 0]),  # reached, so no second token
        ((1.0, None, 0.51), [0, 2 / 3, 1 / 3, 0]),
        ((1.0, None, 0.75), [0, 2 / 3, 1 / 3, 0]),
        ((1.0, None, 1.0), [1 / 8, 1 / 2, 1 / 4, 1 / 8]),
        ((1.0, 2, 0.6), [0, 1, 0, 0]),  # 2/3 of what top-k left, not 1/2
    ],
)
def test_weighs_four_tokens_by_hand(knobs, right) -> None:
    logits = torch.tensor([[1.0, 4.0, 2.0, 1.0]], dtype=torch.float64).log() + 3
    found = probabilities(logits, *knobs)
    torch.testing.assert_close(found, torch.tensor([right]).double())


@pytest.mark.parametrize("k", [1, 3, 5])
def test_top_k_keeps_exactly_k_of_equals(k: int) -> None:
    found = probabilities(torch.zeros(1, 5), 1.0, k, None)
    assert found.count_nonzero() == k
    assert found.max() == torch.tensor(1 / k)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_top_p_of_1_keeps_all_and_few_digits_add_up(dtype) -> None:
    logits = (3 * torch.randn(2, 50_000)).to(dtype)
    assert (probabilities(logits, 1.0, None, 1.0) > 0).all()
    found, right = (probabilities(x, 1.0, None, 0.99) for x in (logits, logits.float()))
    torch.testing.assert_close(found, right)


def test_takes_the_first_of_the_likeliest() -> None:
    logits = torch.randint(4, (20, 50)).float()
    found = probabilities(logits, 0, None, None)
    assert torch.equal(found.argmax(-1), logits.argmax(-1))


def test_generates_without_a_graph_and_leaves_the_mode() -> None:
    module, graphs = build(), []
    module.register_forward_hook(lambda _m, _i, out: graphs.append(out[0].grad_fn))
    for new in (0, 2):
        assert module.generate(torch.zeros(1, 2).long(), new).shape == (1, 2 + new)
    assert graphs == [None, None]
    assert module.training


def test_refuses_a_checkpoint_that_is_no_gpt2() -> None:
    untied = gpt2.perturbed(gpt2.build(tie_word_embeddings=False)).state_dict()
    with pytest.raises(ValueError, match="lm_head tied to wte"):
        from_published(untied, head_width=K)
    weights = dict(gpt2.build().state_dict())
    with pytest.raises(ValueError, match="heads 7 wide, got 20"):
        from_published(weights, head_width=7)
    for surplus in ("score.weight", "h.0.attn.q_norm.weight"):
        with pytest.raises(RuntimeError, match="Unexpected"):
            from_published(weights | {surplus: torch.ones(2)}, head_width=K)
    del weights["transformer.ln_f.bias"]
    with pytest.raises(RuntimeError, match="Missing"):
        from_published(weights, head_width=K)


@FUSED
def test_compiles_once_for_all_lengths_and_batches(fused: bool) -> None:
    torch.compiler.reset()
    module = build(fused=fused)
    compiled = torch.compile(module, backend="eager", fullgraph=True, dynamic=True)
    for batch in range(2, 12):  # dynamo gives up after 8 graphs
        tokens = torch.randint(V, (batch, C))
        found, _ = gpt2.in_chunks(compiled, tokens)
        torch.testing.assert_close(found, module(tokens)[0])


@FUSED
def test_no_gradient_comes_from_a_later_token(fused: bool) -> None:
    module = gpt2.perturbed(build(fused=fused))
    logits, _ = module(torch.randint(V, (B, T)))
    for place in range(T):
        score = logits[:, place, 0].sum()
        places = module.position_embedding.weight
        (gradient,) = torch.autograd.grad(score, places, retain_graph=True)
        read = gradient.abs().sum(-1) > 0
        assert read.tolist() == [earlier <= place for earlier in range(C)]


def test_starts_as_the_papers_say() -> None:
    module = GPT(vocabulary=500, context=300, width=64, layers=8, heads=2)
    for name, tensor in module.state_dict().items():
        spread = 0.02 / 4 if "projection" in name else 0.02  # √(2 * 8 layers) = 4
        if name.endswith("bias") or "norm" in name:
            assert (tensor == name.endswith("weight")).all(), name
        else:
            assert math.isclose(tensor.std(), spread, rel_tol=0.05), name
            assert abs(tensor.mean()) < 0.05 * spread, name


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module, tokens = build(), torch.zeros(B, C + 1, dtype=torch.long)
    _, state = module(tokens[:, :6])
    logits = torch.zeros(1, V)
    for words, call in {
        "at most 9 tokens, got 10": lambda: module(tokens),
        "at most 9 tokens, got 11": lambda: module(tokens[:, :5], state),
        r"state and tokens, got \(2, 1\)": lambda: module.step(tokens[0, :1], state),
        "shorter than argument 1": lambda: module(tokens[:, :1], state[:-1]),
        "3 equal heads, got 20": lambda: build(heads=3),
        "temperature of at least 0, got -1": lambda: probabilities(logits, -1, 1, 1),
        "a prompt of at least 1 token": lambda: module.generate(tokens[:, :0], 1),
    }.items():
        with pytest.raises(ValueError, match=words):
            call()
    for top_k, top_p in ((0, 1), (-1, 1), (1, 0.0), (1, -0.1), (1, 1.01)):
        with pytest.raises(ValueError, match=r"top_[kp] (of|in)"):
            probabilities(logits, 1, top_k, top_p)
    for name in ("vocabulary", "context", "width", "layers", "heads"):
        with pytest.raises(ValueError, match="at least 1, got 0"):
            build(**{name: 0})


@pytest.mark.parametrize("flags", [{}, {"fused": True}, {"fused": False}], ids=str)
def test_is_fused_unless_asked_otherwise(flags, monkeypatch) -> None:
    calls, kernel = [], nn.functional.scaled_dot_product_attention

    def counted(*inputs, **options):
        calls.append(inputs)
        return kernel(*inputs, **options)

    monkeypatch.setattr(nn.functional, "scaled_dot_product_attention", counted)
    for module in (build(**flags), example(**flags)[0]):
        calls.clear()
        module(torch.zeros(1, 2, dtype=torch.long))
        assert len(calls) == (3 if flags.get("fused", True) else 0)


def test_the_example_is_sized_as_asked() -> None:
    sizes = {"batch": 3, "tokens": 2, "vocabulary": 6, "heads": 2, "head_width": 3}
    for asked, read, cached in (
        ({}, (2, 7, 11), (2, 4, 7, 5)),
        (sizes, (3, 2, 6), (3, 2, 2, 3)),
    ):
        module, (tokens,) = example(**asked)
        logits, state = module(tokens)
        assert (tokens.shape, logits.shape) == (read[:2], read)
        assert [part.shape for pair in state for part in pair] == [cached] * 6
