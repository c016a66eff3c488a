"""The Vision Transformer equals ViT of transformers, in every mode."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from parity import compare
from references import vision_transformer as vit
from references.vision_transformer import C, D, H, L, N, P, Q, R
from references.vision_transformer_mistakes import MISTAKES as MISTAKES  # planted
from safetensors.torch import load_file
from torch import nn
from transformers import (
    IJepaForImageClassification,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)

from snippets.vision.vision_transformer import (
    VisionTransformer,
    cut_into_patches,
    example,
    from_published,
    stretched,
)

B = 2
FUSED = pytest.mark.parametrize("fused", [True, False], ids=["fused", "explicit"])
KINDS = {
    ViTForImageClassification: {},
    ViTModel: {"classes": 0},
    IJepaForImageClassification: {"mean": True},
}
CASES = pytest.mark.parametrize(("kind", "ours"), KINDS.items(), ids=lambda k: str(k))


def build(**other: int) -> VisionTransformer:
    sizes = {"channels": C, "rows": R, "columns": Q, "patch": P, "width": D}
    sizes |= {"layers": L, "heads": H, "classes": N}
    return VisionTransformer(**(sizes | other))


def images(batch: int = B, rows: int = R, columns: int = Q) -> torch.Tensor:
    return torch.randn(batch, C, rows * P, columns * P, dtype=torch.float64)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@FUSED
@CASES
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_equals_transformers(dtype, kind, ours, fused) -> None:
    """Scores, final tokens, and the gradients of all."""
    module, theirs = build(fused=fused, **ours), vit.build(kind)
    ways = {"run_reference": vit.scores, "dtype": dtype}
    if dtype == torch.float64:  # eager attention of transformers has a float32 softmax
        theirs.set_attn_implementation("sdpa")
    compare(module, theirs, vit.copy_weights, (images(),), **ways)


@FUSED
@pytest.mark.parametrize(
    ("sizes", "theirs"),
    [
        ({"heads": 1, "layers": 1}, {"num_attention_heads": 1, "num_hidden_layers": 1}),
        ({"patch": 1, "channels": 1}, {"patch_size": 1, "num_channels": 1}),
        ({"rows": 1, "columns": 1}, {"image_size": P}),
    ],
    ids=["one head", "one pixel", "one patch"],
)
def test_equals_transformers_at_the_edges(sizes, theirs, fused) -> None:
    side = {"image_size": (R, Q)} if "patch" in sizes else {}
    reference = vit.build(**(side | theirs), attn_implementation="sdpa")
    module = build(fused=fused, **sizes)
    shape = (1, sizes.get("channels", C))
    p = sizes.get("patch", P)
    shape += (sizes.get("rows", R) * p, sizes.get("columns", Q) * p)
    inputs = (torch.randn(shape),)
    compare(module, reference, vit.copy_weights, inputs, run_reference=vit.scores)


def test_without_arguments_it_is_vit_b_16() -> None:
    with torch.device("meta"):
        ours = VisionTransformer()
        theirs = ViTForImageClassification(ViTConfig(num_labels=1000))
    expected = vit.copy_weights(theirs.state_dict())
    shapes = {name: tensor.shape for name, tensor in ours.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in expected.items()}
    assert sum(p.numel() for p in ours.parameters()) == 86_567_656
    assert ours.blocks[0].heads == theirs.config.num_attention_heads
    assert ours.final_norm.eps == theirs.vit.layernorm.eps
    assert {block.attention_norm.eps for block in ours.blocks} == {1e-12}


@CASES
@pytest.mark.parametrize("names", ["file", "memory"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=str)
def test_loads_what_transformers_saved(
    dtype, names, kind, ours, tmp_path: Path
) -> None:
    side = 3 * P
    theirs = vit.perturbed(vit.build(kind, image_size=side)).to(dtype)
    theirs.save_pretrained(tmp_path)
    weights = theirs.state_dict()
    if names == "file":
        weights = load_file(tmp_path / "model.safetensors")
        assert any("attention.attention.query" in name for name in weights)
    module = from_published(weights, head_width=D // H)
    loaded, expected = module.state_dict(), vit.copy_weights(theirs.state_dict())
    assert loaded.keys() == expected.keys()
    assert all(torch.equal(loaded[name], expected[name]) for name in expected)
    assert {tensor.dtype for tensor in loaded.values()} == {dtype}
    theirs.set_attn_implementation("sdpa")
    seen = images(B, 3, 3)
    pair = (module.double()(seen), vit.scores(theirs.double(), seen))
    torch.testing.assert_close(*pair, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "kind", [ViTForImageClassification, IJepaForImageClassification]
)
@pytest.mark.parametrize("grid", [(3, 3), (4, 6), (6, 4), (2, 1)])
def test_stretches_positions_as_transformers_does(grid, kind) -> None:
    theirs = vit.perturbed(vit.build(kind, image_size=3 * P)).double()
    theirs.set_attn_implementation("sdpa")
    module = from_published(theirs.state_dict(), head_width=D // H, grid=grid)
    assert (module.rows, module.columns) == grid
    seen = images(B, *grid)
    pair = (module(seen), vit.scores(theirs, seen, interpolate_pos_encoding=True))
    torch.testing.assert_close(*pair, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("width", "heads"), [(128, 2), (1280, 16)], ids=["", "huge"])
def test_loads_the_published_head_width_and_leaves_the_pooler(width, heads) -> None:
    sizes = {"hidden_size": width, "num_attention_heads": heads}
    theirs = vit.perturbed(
        vit.build(image_size=2 * P, num_hidden_layers=1, **sizes)
    ).double()
    theirs.set_attn_implementation("sdpa")
    weights = dict(theirs.state_dict()) | {"pooler.dense.weight": torch.ones(2)}
    seen = images(B, 2, 2)
    pair = (from_published(weights)(seen), vit.scores(theirs, seen))
    torch.testing.assert_close(*pair, rtol=1e-12, atol=1e-10)


def test_refuses_a_checkpoint_that_is_no_vit() -> None:
    weights = dict(vit.build(image_size=2 * P).state_dict())
    with pytest.raises(ValueError, match="heads 64 wide, got 20"):
        from_published(weights)
    with pytest.raises(RuntimeError, match="Unexpected"):
        from_published(weights | {"vit.layers.0.x.bias": torch.ones(2)}, head_width=5)
    del weights["vit.layernorm.bias"]
    with pytest.raises(RuntimeError, match="Missing"):
        from_published(weights, head_width=5)
    with pytest.raises(ValueError, match="a square grid"):
        from_published(vit.build().state_dict(), head_width=5)
    with pytest.raises(ValueError, match=r"\(4, 5\) patches, got 11"):
        stretched(torch.zeros(11, D), (4, 5), (2, 2))


def test_patches_are_cut_row_by_row() -> None:
    """Pixel (y, x) of channel c stands where its place in its patch says."""
    seen = images()
    patches = cut_into_patches(seen, P)
    assert patches.shape == (B, R * Q, C * P * P)
    for number, patch in enumerate(patches.unbind(1)):
        top, left = number // Q * P, number % Q * P
        square = seen[:, :, top : top + P, left : left + P]
        assert torch.equal(patch.view(B, C, P, P), square)


@FUSED
def test_without_positions_the_order_of_patches_means_nothing(fused: bool) -> None:
    module = vit.perturbed(build(fused=fused)).double()
    order, seen = torch.randperm(R * Q), images()
    cut = seen.reshape(B, C, R, P, Q, P).permute(2, 4, 0, 1, 3, 5).flatten(0, 1)
    mixed = cut[order].unflatten(0, (R, Q)).permute(2, 3, 0, 4, 1, 5)
    mixed = mixed.reshape(seen.shape)
    told = (module(seen)[0] - module(mixed)[0]).abs().max()
    assert told > 1e-2, "the positions tell nothing"
    with torch.no_grad():
        module.positions.zero_()
    torch.testing.assert_close(module(seen)[0], module(mixed)[0])


def test_starts_as_the_authors_code_does() -> None:
    module = VisionTransformer(rows=9, columns=9, width=256, layers=2, heads=2)
    for name, tensor in module.state_dict().items():
        if "norm" in name:
            assert (tensor == name.endswith("weight")).all(), name
        elif name in ("class_token", "head.weight") or name.endswith("bias"):
            assert not tensor.any(), name
        elif name == "positions":
            assert math.isclose(tensor.std(), 0.02, rel_tol=0.05)
        elif name != "patch_embedding.weight":
            for part in tensor.chunk(3 if "query" in name else 1):
                end = (6 / sum(part.shape)) ** 0.5  # Glorot, uniform
                assert 0.98 * end < part.abs().max() <= end, name
                assert math.isclose(part.std(), end / 3**0.5, rel_tol=0.05), name
    weight = module.patch_embedding.weight.detach()
    assert math.isclose(weight.abs().max(), (3 * 16 * 16) ** -0.5, rel_tol=0.02)


@FUSED
def test_compiles_once_for_all_batches(fused: bool) -> None:
    torch.compiler.reset()
    module = vit.perturbed(build(fused=fused))
    compiled = torch.compile(module, backend="eager", fullgraph=True, dynamic=True)
    for batch in range(2, 12):  # dynamo gives up after 8 graphs
        seen = images(batch).float()
        torch.testing.assert_close(compiled(seen), module(seen))


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module = build()
    for shape in ((B, C, R * P, Q * P + 1), (B, C + 1, R * P, Q * P)):
        with pytest.raises(ValueError, match=r"size \(3, 8, 20\)") as refusal:
            module(torch.zeros(shape))
        assert str(shape[1:]) in str(refusal.value)
    with pytest.raises(ValueError, match="3 equal heads, got 20"):
        build(heads=3)
    for name in ("channels", "rows", "columns", "patch", "width", "layers", "heads"):
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
    module, inputs = example(**flags)
    module(*inputs)
    assert len(calls) == (2 if flags.get("fused", True) else 0)


def test_the_example_is_sized_as_asked() -> None:
    sizes = {"batch": 1, "channels": 2, "rows": 3, "columns": 4, "patch": 5}
    sizes |= {"heads": 6, "head_width": 7, "classes": 8}
    module, (seen,) = example(**sizes)
    scores, final = module(seen)
    assert seen.shape == (1, 2, 15, 20)
    assert (scores.shape, final.shape) == ((1, 8), (1, 13, 42))
    assert example(**sizes, mean=True)[0](seen)[1].shape == (1, 12, 42)
