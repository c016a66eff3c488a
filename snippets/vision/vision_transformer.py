"""Vision Transformer: an image as a sequence of patches that meet by attention.

Source: Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for
    Image Recognition at Scale", ICLR 2021, arXiv 2010.11929, section 3.1.
Differs from the paper:
    - the head is one linear layer, as for fine-tuning; pre-training has two
    - as in transformers, whose files `from_published` reads: exact GELU, ε
      1e-12 and positions stretched bicubically; the authors' code has GELU's
      tanh form, 1e-6, and stretches bilinearly from corner to corner
    - no dropout (table 3); first weights are those of the authors' code, but
      for biases (0) and patch embedding (torch's); the paper tells the head's
Checked against: transformers.ViTModel, transformers.ViTForImageClassification,
    transformers.IJepaForImageClassification (mean instead of a class token)
Torch versions: 2.13.0
Dimensions: B images, C channels, Y height, X width (the paper's H, W), P side
    of a patch, R rows and Q columns of patches (the paper's N is R·Q), T
    tokens, D width, H heads, K head width, L layers, N classes.
SPDX: MIT
"""

import math

import torch
from torch import Tensor, nn

EXPANSION = 4  # feed-forward width over width: 3072 over 768, table 1
EPSILON = 1e-12  # of every LayerNorm; transformers' ViTConfig
HEAD_WIDTHS = {1280: 80}  # ViT-H's, by width; 64 in ViT-B and L (table 1)
SPREAD = 0.02  # standard deviation of the first positions; authors' code
Grid = tuple[int, int]  # rows and columns of patches
RENAMED = {  # a name in published files → here; longer ones come first
    "embeddings.cls_token": "class_token",
    "embeddings.position_embeddings": "positions",
    "embeddings.patch_embeddings.projection": "patch_embedding",
    "encoder.layer.": "blocks.", "layers.": "blocks.",
    "layernorm_after": "feed_forward_norm", "classifier": "head",
    "layernorm_before": "attention_norm", "layernorm": "final_norm",
    "attention.output.dense": "attention_projection",
    "attention.": "", "q_proj": "query", "k_proj": "key", "v_proj": "value",
    "o_proj": "attention_projection", "intermediate.dense": "expansion",
    "mlp.fc1": "expansion", "mlp.fc2": "feed_forward_projection",
    "output.dense": "feed_forward_projection",
}  # fmt: skip


# Same as: attention/gpt.py::_require
def _require(fits: bool, wanted: str, found: object) -> None:
    """Raise ValueError where something does not fit."""
    if not fits:
        raise ValueError(f"expected {wanted}, got {found}")


def cut_into_patches(images: Tensor, patch: int) -> Tensor:
    """Cut images (B, C, Y, X) into patches, row by row, each flattened.

    Args:
        images: whose height and width are multiples of patch.
        patch: side of a patch in pixels.
    """
    B, C, Y, X = images.shape
    R, Q, P = Y // patch, X // patch, patch
    grid = images.reshape(B, C, R, P, Q, P).permute(0, 2, 4, 1, 3, 5)
    return grid.reshape(B, R * Q, C * P * P)  # (B, R*Q, C*P*P)


def stretched(positions: Tensor, old: Grid, new: Grid) -> Tensor:
    """Interpolate positions (T, D) from one grid of patches to another.

    Args:
        positions: perhaps one for a class token, then one for each patch.
        old: rows and columns they stand for.
        new: rows and columns that are wanted.
    """
    _require(len(positions) >= math.prod(old), f"{old} patches", len(positions))
    first, placed = positions.tensor_split([-math.prod(old)])
    grid = placed.mT.view(1, -1, *old)
    finer = nn.functional.interpolate(grid, new, mode="bicubic")  # section 3.2
    return torch.cat([first, finer[0].flatten(1).mT])


class Block(nn.Module):
    """Attention, then feed-forward; each reads the norm of what it adds to.

    Args:
        width: features of a token, a multiple of heads.
        heads: how many look at the image side by side.
        fused: whether one kernel of torch computes what is spelled out here.
    """

    def __init__(self, width: int, heads: int, *, fused: bool) -> None:
        super().__init__()
        self.heads, self.fused = heads, fused
        self.attention_norm = nn.LayerNorm(width, EPSILON)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_projection = nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width, EPSILON)
        self.expansion = nn.Linear(width, EXPANSION * width)
        self.feed_forward_projection = nn.Linear(EXPANSION * width, width)

    def forward(self, inputs: Tensor) -> Tensor:
        """Let every token look at every token, then think for itself.

        Args:
            inputs: the tokens, patches and perhaps a class token.

        Shape:
            inputs (B, T, D) -> outputs (B, T, D)
        """
        B, T, D = inputs.shape
        H, K = self.heads, D // self.heads
        packed = self.query_key_value(self.attention_norm(inputs))
        heads = packed.view(B, T, 3, H, K).transpose(1, 3)  # (B, H, 3, T, K)
        query, key, value = heads.unbind(2)  # 3 x (B, H, T, K)
        # softmax(Q Kᵀ / √K) V, appendix A, eq. 6 and 7; no mask
        if self.fused:
            attend = nn.functional.scaled_dot_product_attention
            mixed = attend(query, key, value)  # (B, H, T, K)
        else:
            weights = (query @ key.mT / K**0.5).softmax(dim=-1)  # (B, H, T, T)
            mixed = weights @ value  # (B, H, T, K)
        merged = mixed.transpose(1, 2).reshape(B, T, D)  # (B, T, D)
        # a = x + W Attention(LN(x)), eq. 2;   y = a + W₂ GELU(W₁ LN(a)), eq. 3
        midway = inputs + self.attention_projection(merged)
        expanded = self.expansion(self.feed_forward_norm(midway))  # (B, T, 4*D)
        active = nn.functional.gelu(expanded)
        outputs: Tensor = midway + self.feed_forward_projection(active)
        return outputs  # (B, T, D)


class VisionTransformer(nn.Module):
    """A transformer encoder over patches; without arguments, ViT-B/16.

    Args:
        channels: of the images, at least 1.
        rows: of patches, at least 1.
        columns: of patches, at least 1.
        patch: side of a patch in pixels.
        width: features of a token, a multiple of heads.
        layers: depth of the stack, at least 1.
        heads: heads of each block, at least 1.
        classes: that are told apart; without any there is no head.
        mean: whether the head reads the mean of all patches, not a class token.
        fused: whether kernels of torch compute what is spelled out here.
    """

    def __init__(
        self,
        *,
        channels: int = 3,
        rows: int = 14,
        columns: int = 14,
        patch: int = 16,
        width: int = 768,
        layers: int = 12,
        heads: int = 12,
        classes: int = 1000,
        mean: bool = False,
        fused: bool = True,
    ) -> None:
        super().__init__()
        for size in (channels, rows, columns, patch, width, layers, heads):
            _require(size > 0, "sizes of at least 1", size)
        _require(width % heads == 0, f"a width of {heads} equal heads", width)
        self.rows, self.columns, self.fused = rows, columns, fused
        self.patch_embedding = nn.Conv2d(channels, width, patch, stride=patch)
        start = torch.zeros(1, 1, width)
        self.class_token = None if mean else nn.Parameter(start)
        tokens = rows * columns + (not mean)
        self.positions = nn.Parameter(SPREAD * torch.randn(tokens, width))
        stack = [Block(width, heads, fused=fused) for _ in range(layers)]
        self.blocks = nn.ModuleList(stack)
        self.final_norm = nn.LayerNorm(width, EPSILON)
        self.head = nn.Linear(width, classes) if classes else nn.Identity()
        for name, parameter in self.named_parameters():
            if name.startswith("head") or name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif name.startswith("blocks") and parameter.dim() == 2:
                matrices = 3 if "query" in name else 1  # packed: Q, K and V
                for matrix in parameter.chunk(matrices):
                    nn.init.xavier_uniform_(matrix)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Score the classes of images, and give what every token has become.

        Args:
            images: of the size that the positions are for.

        Shape:
            images (B, C, Y, X) -> scores (B, N), final (B, T, D)
        """
        B, C, Y, X = images.shape
        D, channels, P, _ = self.patch_embedding.weight.shape
        R, Q = self.rows, self.columns
        wanted = (channels, R * P, Q * P)
        _require((C, Y, X) == wanted, f"images of size {wanted}", (C, Y, X))
        if self.fused:
            maps = self.patch_embedding(images)  # (B, D, R, Q)
            embedded = maps.flatten(2).mT  # (B, R*Q, D)
        else:
            patches = cut_into_patches(images, P)  # (B, R*Q, C*P*P)
            E, bias = self.patch_embedding.parameters()  # (D, C, P, P), (D)
            embedded = patches @ E.flatten(1).mT + bias  # (B, R*Q, D)
        # z₀ = [x_class; x₁ E; x₂ E; ...] + E_pos, eq. 1
        content = [embedded]
        if self.class_token is not None:
            content.insert(0, self.class_token.expand(B, 1, D))
        hidden = torch.cat(content, dim=1) + self.positions  # (B, T, D)
        for block in self.blocks:
            hidden = block(hidden)
        final = self.final_norm(hidden)  # (B, T, D)
        # y = LN(z_L⁰), eq. 4, or the mean of all patches, appendix D.3
        pooled = final.mean(1) if self.class_token is None else final[:, 0]
        scores = self.head(pooled)  # (B, N)
        return scores, final


def from_published(
    weights: dict[str, Tensor],
    *,
    head_width: int | None = None,
    grid: Grid | None = None,
) -> VisionTransformer:
    """Build the network of a ViT checkpoint in the format of transformers.

    Args:
        weights: its tensors; the pooler, a layer of pre-training, is left out.
        head_width: no tensor tells it; without one, 64, and 80 in ViT-H.
        grid: rows and columns that are wanted, if not those of the file.
    """
    ours: dict[str, Tensor] = {}
    for name, weight in weights.items():
        own = name.removeprefix("vit.").removeprefix("ijepa.")
        for published, here in RENAMED.items():
            own = own.replace(published, here)
        if not own.startswith("pooler."):
            ours[own] = weight
    for name in [name for name in ours if ".query." in name]:
        roles = ("query", "key", "value")
        parts = [ours.pop(name.replace("query", role)) for role in roles]
        ours[name.replace("query", "query_key_value")] = torch.cat(parts)
    mean = "class_token" not in ours
    positions = ours["positions"].squeeze(0)
    side = math.isqrt(len(positions))
    _require(len(positions) == side**2 + (not mean), "a square grid", side)
    rows, columns = grid or (side, side)
    ours["positions"] = stretched(positions, (side, side), (rows, columns))
    width, channels, patch, _ = ours["patch_embedding.weight"].shape
    head_width = head_width or HEAD_WIDTHS.get(width, 64)
    _require(width % head_width == 0, f"heads {head_width} wide", width)
    module = VisionTransformer(
        channels=channels, rows=rows, columns=columns, patch=patch, width=width,
        layers=sum(name.endswith("expansion.bias") for name in ours), mean=mean,
        classes=len(ours.get("head.bias", ())), heads=width // head_width,
    ).to(positions)  # fmt: skip
    module.load_state_dict(ours)
    return module


def example(
    *,
    batch: int = 5,
    channels: int = 3,
    rows: int = 6,
    columns: int = 8,
    patch: int = 4,
    heads: int = 2,
    head_width: int = 7,
    classes: int = 9,
    mean: bool = False,
    fused: bool = True,
) -> tuple[VisionTransformer, tuple[Tensor]]:
    """Build a tiny network and images for it.

    Args:
        batch: images.
        channels: of each.
        rows: of patches.
        columns: of patches.
        patch: side of a patch in pixels.
        heads: heads of each block.
        head_width: features of a head.
        classes: that are told apart.
        mean: whether the head reads the mean of all patches.
        fused: whether kernels of torch compute what is spelled out.

    Shape:
        () -> VisionTransformer, (images (B, C, Y, X),)
    """
    module = VisionTransformer(
        channels=channels, rows=rows, columns=columns, patch=patch, layers=2,
        width=heads * head_width, heads=heads, classes=classes, mean=mean,
        fused=fused,
    )  # fmt: skip
    images = torch.randn(batch, channels, rows * patch, columns * patch)
    return module, (images,)


if __name__ == "__main__":
    module, inputs = example()
    print(module(*inputs)[0].shape)
