"""BERT equals that of transformers, with its heads, its padding and its names."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from parity import compare
from references import bert as published
from references.bert import C, D, H, L, V
from references.bert_mistakes import MISTAKES as MISTAKES  # planted in copies
from safetensors.torch import load_file
from torch import nn
from transformers import BertConfig, BertForMaskedLM, BertForPreTraining, BertModel

from snippets.attention.bert import BERT, example, from_published, hide

B, T, K = 2, 7, D // H
FUSED = pytest.mark.parametrize("fused", [True, False], ids=["fused", "explicit"])
KINDS = [BertModel, BertForMaskedLM, BertForPreTraining]


def build(**other: int) -> BERT:
    sizes = {"vocabulary": V, "context": C, "width": D, "layers": L, "heads": H}
    return BERT(**(sizes | other))


def texts(batch: int = B, tokens: int = T) -> tuple[torch.Tensor, ...]:
    """Pairs of sentences of unequal length, filled up on the right."""
    places = torch.arange(tokens).expand(batch, -1)
    lengths = torch.randint(1, tokens + 1, (batch, 1))
    lengths[0] = tokens
    first = torch.randint(1, tokens + 1, (batch, 1))
    text = torch.randint(V, (batch, tokens))
    return text, (places >= first).long(), places < lengths


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@FUSED
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("given", [1, 2, 3], ids=["tokens", "segments", "padding"])
def test_equals_transformers(given, dtype, fused) -> None:
    """Both heads' scores, and the gradients of all parameters."""
    inputs, ways = texts()[:given], {"run_reference": published.read, "dtype": dtype}
    ours, theirs = build(fused=fused), published.build()
    compare(ours, theirs, published.copy_weights, inputs, **ways)


@FUSED
@pytest.mark.parametrize(("batch", "tokens"), [(1, 1), (1, C), (3, 2)])
def test_equals_transformers_at_the_edges(batch, tokens, fused) -> None:
    ours = build(heads=1, layers=1, fused=fused)
    eager = {"attn_implementation": "eager"}
    theirs = published.build(num_attention_heads=1, num_hidden_layers=1, **eager)
    ways = {"run_reference": published.read}
    compare(ours, theirs, published.copy_weights, texts(batch, tokens), **ways)


@FUSED
@pytest.mark.parametrize("kind", KINDS)
def test_loads_what_transformers_saved(kind, fused, tmp_path: Path) -> None:
    """Every published kind, through its file, to the outputs that it has."""
    theirs = published.perturbed(published.build(kind)).double()
    theirs.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    ours = from_published(weights, head_width=K)
    assert {tensor.dtype for tensor in ours.state_dict().values()} == {torch.float64}
    for block in ours.blocks:
        block.fused = fused
    tokens, segments, present = texts()
    found = theirs(tokens, token_type_ids=segments, attention_mask=present.long())
    logits, following = ours(tokens, segments, present)
    near = {"rtol": 1e-12, "atol": 1e-12}
    if kind is BertModel:
        hidden = ours.encode(tokens, segments, present)
        torch.testing.assert_close(hidden, found.last_hidden_state, **near)
        pooled = torch.tanh(ours.pooler(hidden[:, 0]))
        torch.testing.assert_close(pooled, found.pooler_output, **near)
        right = ours.sentence_head(found.pooler_output)
        torch.testing.assert_close(following, right, **near)
    else:
        right = found["logits" if kind is BertForMaskedLM else "prediction_logits"]
        torch.testing.assert_close(logits, right, **near)
    if kind is BertForPreTraining:
        torch.testing.assert_close(following, found.seq_relationship_logits, **near)


def test_the_default_is_the_published_base() -> None:
    with torch.device("meta"):
        ours, theirs = BERT(), BertForPreTraining(BertConfig())
    expected = published.copy_weights(theirs.state_dict())
    shapes = {name: tensor.shape for name, tensor in ours.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in expected.items()}
    numbers = sum(parameter.numel() for parameter in ours.parameters())
    assert numbers == sum(p.numel() for p in theirs.parameters()) == 110_106_428
    assert ours.blocks[0].heads == theirs.config.num_attention_heads


def test_reads_old_names_and_the_published_head_width() -> None:
    """Files of 2018 say gamma and beta, and hold the places as numbers."""
    sizes = {"hidden_size": 128, "num_attention_heads": 2, "intermediate_size": 512}
    theirs = published.perturbed(published.build(**sizes)).double()
    weights = {"bert.embeddings.position_ids": torch.arange(C)[None]}
    for name, weight in theirs.state_dict().items():
        old = name.replace("LayerNorm.weight", "LayerNorm.gamma")
        weights[old.replace("LayerNorm.bias", "LayerNorm.beta")] = weight
    tokens = texts()[0]
    found, right = from_published(weights)(tokens), published.read(theirs, tokens)
    for ours, expected in zip(found, right, strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-10)


def test_refuses_a_checkpoint_that_is_no_bert() -> None:
    weights = dict(published.perturbed(published.build()).state_dict())
    for twin in ("weight", "bias"):
        name = f"cls.predictions.decoder.{twin}"
        with pytest.raises(ValueError, match=f"with the {twin} tied, got one of"):
            from_published(weights | {name: weights[name] + 1}, head_width=K)
    with pytest.raises(ValueError, match="heads 64 wide, got 20"):
        from_published(weights)
    with pytest.raises(RuntimeError, match="Unexpected"):
        from_published(weights | {"classifier.weight": torch.ones(2)}, head_width=K)
    del weights["bert.embeddings.LayerNorm.bias"]
    with pytest.raises(RuntimeError, match="Missing"):
        from_published(weights, head_width=K)


@FUSED
def test_padding_changes_nothing(fused: bool) -> None:
    """A text gets the same scores alone and filled up beside a longer one."""
    module = published.perturbed(build(fused=fused)).double()
    tokens, segments, _ = texts()
    alone, whole = slice(0, 1), torch.ones(B, T, dtype=torch.bool)
    whole[0, 4:] = False
    logits, following = module(tokens, segments, whole)
    right, verdict = module(tokens[alone, :4], segments[alone, :4])
    torch.testing.assert_close(logits[alone, :4], right, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(following[alone], verdict, rtol=1e-12, atol=1e-12)


@FUSED
def test_every_token_reads_both_sides(fused: bool) -> None:
    module = published.perturbed(build(fused=fused))
    tokens, segments, present = texts()
    logits, _ = module(tokens, segments, present)
    for place in range(T):
        score = logits[0, place, 0]
        places = module.position_embedding.weight
        (gradient,) = torch.autograd.grad(score, places, retain_graph=True)
        read = gradient.abs().sum(-1) > 0
        assert read.tolist() == [here < T for here in range(C)]


def test_hides_in_the_shares_of_the_paper() -> None:
    size, words, gap = (400, 500), 1000, 1000
    tokens, chosen = torch.randint(words, size), torch.rand(size) < 0.15
    generator = torch.Generator().manual_seed(3)
    spoiled = hide(tokens, chosen, gap=gap, vocabulary=words, generator=generator)
    assert torch.equal(spoiled[~chosen], tokens[~chosen])
    found, was = spoiled[chosen], tokens[chosen]
    off = 4 * (0.25 / len(was)) ** 0.5
    assert abs((found == gap).float().mean() - 0.8) < off
    assert abs((found == was).float().mean() - 0.1) < off
    other = found[(found != gap) & (found != was)]
    assert abs(len(other) / len(was) - 0.1) < off
    assert len(other.unique()) > 0.8 * words, "any token may come"
    rows = (spoiled == gap).float().mean(1)
    assert 0.03 < rows.median() < 0.25, "each place for itself"
    assert rows.max() < 0.25
    generator.manual_seed(3)
    again = hide(tokens, chosen, gap=gap, vocabulary=words, generator=generator)
    assert torch.equal(again, spoiled)
    with pytest.raises(ValueError, match=r"\[400, 500\].*got .*\[400, 1\]"):
        hide(tokens, chosen[:, :1], gap=gap, vocabulary=words)


@FUSED
def test_compiles_once_for_all_lengths_and_batches(fused: bool) -> None:
    torch.compiler.reset()
    module = build(fused=fused)
    compiled = torch.compile(module, backend="eager", fullgraph=True, dynamic=True)
    for batch in range(2, 12):  # dynamo gives up after 8 graphs
        inputs = texts(batch, 2 + batch % 7)
        torch.testing.assert_close(compiled(*inputs)[0], module(*inputs)[0])


def test_starts_as_the_code_does() -> None:
    module = BERT(vocabulary=500, context=300, width=64, layers=2, heads=2)
    for name, tensor in module.state_dict().items():
        if name.endswith("bias") or "norm" in name:
            assert (tensor == name.endswith("weight")).all(), name
        elif tensor.numel() > 200:
            assert math.isclose(tensor.std(), 0.02, rel_tol=0.06), name


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module, (tokens, segments, present) = build(), texts(B, C)
    long = torch.cat([tokens, tokens], 1)
    for words, call in {
        "1 to 9 tokens, got 18": lambda: module(long),
        "1 to 9 tokens, got 10": lambda: module.encode(long[:, :10], None, None),
        "1 to 9 tokens, got 0": lambda: module(tokens[:, :0]),
        "torch.bool, got torch.float32": lambda: module(tokens, None, present.float()),
        "torch.bool, got torch.int64": lambda: module(tokens, None, present.long()),
        r"\(2, 9\).*got .*\[2, 8\]": lambda: module(tokens, segments[:, 1:]),
        r"\(2, 9\).*got .*\[1, 9\]": lambda: module(tokens, segments, present[:1]),
        "3 equal heads, got 20": lambda: build(heads=3),
    }.items():
        with pytest.raises(ValueError, match=words):
            call()
    for name in ("vocabulary", "context", "width", "layers", "heads"):
        for size in (0, -1):
            with pytest.raises(ValueError, match=f"at least 1, got {size}"):
                build(**{name: size})


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


def test_the_example_is_sized_as_asked_and_partly_filled_up() -> None:
    sizes = {"batch": 3, "tokens": 4, "vocabulary": 6, "heads": 2, "head_width": 3}
    for asked, right in (({}, (2, 7, 11)), (sizes, (3, 4, 6))):
        module, (tokens, segments, present) = example(**asked)
        logits, following = module(tokens, segments, present)
        assert logits.shape == right
        assert following.shape == (right[0], 2)
        assert module.token_embedding.embedding_dim == (20 if not asked else 6)
        assert segments.unique().tolist() == [0, 1]
        assert present[0].all()
        assert not present[-1].all()
