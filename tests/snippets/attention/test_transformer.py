"""The Transformer equals PyTorch's, in both orders of norms, at once and cached."""

from __future__ import annotations

import math

import pytest
import torch
from parity import compare
from references import transformer as torchs
from references.transformer import D, F, H, L, Reference, V, W
from references.transformer_mistakes import MISTAKES as MISTAKES  # planted in copies
from torch import nn

from snippets.attention.transformer import Transformer, example

B, S, T = 3, 7, 6
FUSED = pytest.mark.parametrize("fused", [True, False], ids=["fused", "explicit"])
ORDERS = pytest.mark.parametrize("norm_first", [False, True], ids=["post", "pre"])
WAYS = {
    "whole": Transformer.__call__,
    "steps": torchs.in_steps,
    "chunks": torchs.in_chunks,
}


def build(**other: int | None) -> Transformer:
    sizes = {"vocabulary": V, "target_vocabulary": W, "width": D, "inner_width": F}
    return Transformer(**(sizes | {"layers": L, "heads": H} | other))


def texts(*, padded: bool = True) -> tuple[torch.Tensor, ...]:
    """Sources, targets, and a mask that hides an end, a start and a middle."""
    source, target = torch.randint(V, (B, S)), torch.randint(W, (B, T))
    visible = torch.ones(B, S, dtype=torch.bool)
    visible[0, 4:] = visible[1, :2] = visible[2, 3] = False
    return (source, target, visible) if padded else (source, target)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@FUSED
@ORDERS
@pytest.mark.parametrize("padded", [True, False], ids=["padded", "full"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("run", WAYS.values(), ids=WAYS)
def test_equals_torch(run, dtype, padded, norm_first, fused) -> None:
    """Scores, and the gradients of all weights."""
    ours = build(norm_first=norm_first, fused=fused)
    theirs = Reference(norm_first=norm_first)
    inputs = texts(padded=padded)
    compare(ours, theirs, torchs.copy_weights, inputs, run=run, dtype=dtype)


@FUSED
@pytest.mark.parametrize("run", WAYS.values(), ids=WAYS)
def test_equals_nn_transformer_itself(run, fused) -> None:
    """The class alone, pre-norm with its norms at the end, between given tables."""
    options = {"dropout": 0.0, "batch_first": True, "norm_first": True}
    core = nn.Transformer(D, H, L, L, F, **options)
    tables = (torch.randn(V, D).double(), torch.randn(W, D).double())
    words = {"source.weight": tables[0], "target.weight": tables[1]}

    def copy(theirs):
        named = {f"core.{name}": weight for name, weight in theirs.items()}
        return torchs.copy_weights(named | words)

    ways = {"run": run, "extra_parameters": -(V + W) * D}
    ways["run_reference"] = lambda core, *inputs: torchs.score(core, tables, *inputs)
    compare(build(norm_first=True, fused=fused), core, copy, texts(), **ways)


@FUSED
@ORDERS
@pytest.mark.parametrize("way", ["whole", "steps"])
@pytest.mark.parametrize(
    ("batch", "read", "written"), [(1, 1, 1), (1, 9, 2), (2, 1, 9)]
)
def test_equals_torch_at_the_edges(
    batch, read, written, way, norm_first, fused
) -> None:
    """One head, one layer, one word; and one table of words for both sides."""
    sizes = {"layers": 1, "heads": 1, "target_vocabulary": None}
    ours = build(**sizes, norm_first=norm_first, fused=fused)
    assert ours.source_embedding is ours.target_embedding
    single = {"num_encoder_layers": 1, "num_decoder_layers": 1, "nhead": 1}
    theirs = Reference(**single, norm_first=norm_first, shared=True)
    inputs = (torch.randint(V, (batch, read)), torch.randint(V, (batch, written)))
    compare(ours, theirs, torchs.copy_weights, inputs, run=WAYS[way])


def test_without_arguments_it_is_the_base_model() -> None:
    with torch.device("meta"):
        ours, words = Transformer(), nn.Embedding(37_000, 512)
        theirs = nn.Transformer(512, 8, 6, 6, 2048)
    final = 2 * sum(p.numel() for p in theirs.encoder.norm.parameters())
    numbers = sum(p.numel() for p in ours.parameters())
    expected = sum(p.numel() for p in [*theirs.parameters(), *words.parameters()])
    assert numbers == expected - final == 63_082_496
    assert ours.encoder[0].attention.parts == (8, -1)


def seen_by(layer: nn.Module) -> list[torch.Tensor]:
    """What a layer gets, call after call."""
    seen: list[torch.Tensor] = []
    layer.register_forward_hook(lambda _m, inputs, _o: seen.append(inputs[0]))
    return seen


@pytest.mark.parametrize("first", [0, 3])
def test_places_are_the_waves_of_the_paper(first: int) -> None:
    module = build(width=22, heads=1).double()
    nn.init.zeros_(module.target_embedding.weight)
    seen = seen_by(module.decoder[0])
    state = module.read(*texts()[::2])
    _, state = module.write(torch.zeros(B, first + 1, dtype=torch.long), state)
    module.write(torch.zeros(B, 40, dtype=torch.long), state)
    for found, start in zip(seen, (0, first + 1), strict=True):
        right = torchs.waves(start, found.shape[1], 22).expand_as(found)
        torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)


def test_few_digits_do_not_blur_the_places() -> None:
    module = build().bfloat16()
    nn.init.zeros_(module.source_embedding.weight)
    seen = seen_by(module.encoder[0])
    module(torch.zeros(1, 500, dtype=torch.long), torch.zeros(1, 1, dtype=torch.long))
    right = torchs.waves(0, 500, D)
    assert seen[0].dtype == torch.bfloat16
    assert (seen[0][0].double() - right).abs().max() < 0.01


@ORDERS
@pytest.mark.parametrize("padded", [True, False], ids=["padded", "full"])
def test_generates_with_a_cache_what_torch_does_without(padded, norm_first) -> None:
    theirs = torchs.perturbed(Reference(norm_first=norm_first))
    ours = build(norm_first=norm_first).double()
    ours.load_state_dict(torchs.copy_weights(theirs.state_dict()))
    source, _, *visible = texts(padded=padded)
    written = set()
    for start in range(6):
        words = torch.full((B, 1), start)
        for _ in range(8):
            likeliest = theirs(source, words, *visible)[:, -1:].argmax(-1)
            words = torch.cat([words, likeliest], dim=1)
        mask = visible[0] if visible else None
        found = ours.generate(source, mask, length=8, start=start)
        assert torch.equal(found, words[:, 1:])
        assert ours.generate(source, mask, length=0, start=start).shape == (B, 0)
        written |= set(found.unique().tolist())
    assert len(written) > 1, "a loop of one word proves little"


def test_generates_without_a_graph_and_reads_the_source_once() -> None:
    module, calls = build(), []
    for stack in (module.encoder, module.decoder):
        for layer in stack:
            layer.register_forward_hook(
                lambda _m, _i, out: calls.append(out[0].grad_fn)
            )
    offered = []
    for layer in module.decoder:
        hook = lambda _m, inputs, _o: offered.append(inputs[0].shape[1])  # noqa: E731
        layer.cross_attention.key.register_forward_hook(hook)
    module.generate(texts()[0], None, length=4, start=0)
    assert calls == [None] * (L + 4 * L)
    assert offered == [S] * L
    assert module.training


@FUSED
@ORDERS
def test_padding_changes_nothing(norm_first, fused) -> None:
    """A row scores as it does alone, and hidden words get no gradient."""
    module = torchs.perturbed(build(norm_first=norm_first, fused=fused))
    source, target, visible = texts()
    scores = module(source, target, visible)
    alone = module(source[:1, :4], target[:1])
    torch.testing.assert_close(scores[:1], alone, rtol=1e-12, atol=1e-12)
    other = torch.where(visible, source, (source + 1) % V)
    torch.testing.assert_close(module(other, target, visible), scores)
    table = module.source_embedding.weight
    hidden = (torch.arange(S) >= 4).long()[None]  # word 1 stands where nothing is seen
    score = module(hidden, target[:1], hidden == 0).sum()
    (gradient,) = torch.autograd.grad(score, table)
    assert gradient[0].any()
    assert not gradient[1:].any()


@FUSED
def test_no_gradient_comes_from_a_later_word(fused: bool) -> None:
    module = torchs.perturbed(build(fused=fused))
    source, target = torch.randint(V, (1, S)), torch.arange(T)[None]
    logits = module(source, target)
    rows = module.target_embedding.weight.requires_grad_()
    for place in range(T):
        score = logits[0, place, W - 1]  # its own row stands behind all targets
        (gradient,) = torch.autograd.grad(score, rows, retain_graph=True)
        read = gradient[:T].abs().sum(-1) > 0
        assert read.tolist() == [earlier <= place for earlier in range(T)]


def test_padding_of_the_target_needs_no_mask() -> None:
    """What stands behind a target is later than all of it."""
    theirs = torchs.perturbed(Reference())
    ours = build().double()
    ours.load_state_dict(torchs.copy_weights(theirs.state_dict()))
    source, target, visible = texts()
    behind = torch.arange(T).expand(B, T) >= torch.tensor([[6], [4], [2]])
    ways = {"tgt_key_padding_mask": behind.double().masked_fill(behind, -torch.inf)}
    right = theirs(source, target, visible, **ways)
    found = ours(source, target, visible)
    torch.testing.assert_close(found[~behind], right[~behind], rtol=1e-12, atol=1e-12)


def test_words_start_at_a_scale_that_the_root_brings_to_one() -> None:
    module = build(vocabulary=700, target_vocabulary=500, width=64)
    for table in (module.source_embedding, module.target_embedding):
        assert math.isclose(table.weight.std(), 1 / 8, rel_tol=0.03)
    for name, tensor in module.state_dict().items():
        if "norm" in name:
            assert (tensor == name.endswith("weight")).all(), name


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module, (source, target, visible) = build(), texts()
    for words, call in {
        "3 targets, one a source, got 2": lambda: module(source, target[:2]),
        "3 targets, one a source, got 1": lambda: module(source, target[:1]),
        r"visible \(3, 7\) of bool, got \(3, 6\)": lambda: module(
            source, target, visible[:, 1:]
        ),
        r"of bool, got \(1, 7\)": lambda: module(source, target, visible[:1]),
        "of bool, got torch.float32": lambda: module(source, target, visible.float()),
        "an even width of 5 equal heads, got 24": lambda: build(heads=5),
        "an even width of 3 equal heads, got 9": lambda: build(heads=3, width=9),
        "shorter than argument 1": lambda: module.write(
            target, module.read(source, None)[1:]
        ),
    }.items():
        with pytest.raises(ValueError, match=words):
            call()
    words = ("vocabulary", "target_vocabulary")
    for name in (*words, "width", "inner_width", "layers", "heads"):
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
        module(torch.zeros(1, 2, dtype=torch.long), torch.zeros(1, 3, dtype=torch.long))
        assert len(calls) == (9 if flags.get("fused", True) else 0)


def test_the_order_of_norms_is_the_papers_unless_asked_otherwise() -> None:
    for module in (build(), example()[0]):
        assert not module.encoder[0].norm_first
        assert not list(module.encoder_norm.parameters())
    for module in (build(norm_first=True), example(norm_first=True)[0]):
        assert module.decoder[0].norm_first
        assert len(list(module.decoder_norm.parameters())) == 2


def test_the_example_is_sized_as_asked() -> None:
    for asked, read, scored in (
        ({}, (2, 7), (2, 5, 13)),
        ({"batch": 3, "tokens": 2, "width": 8}, (3, 4), (3, 2, 13)),
    ):
        module, (source, target, visible) = example(**asked)
        assert source.shape == visible.shape == read
        assert module(source, target, visible).shape == scored
        assert not visible[0].all()
        assert visible[1:].all()
