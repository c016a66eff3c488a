"""BERT: a stack of unmasked self-attention that fills gaps in a text.

Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers
    for Language Understanding", NAACL 2019, arXiv 1810.04805, section 3 and A.
Differs from the paper:
    - no dropout (0.1 in training); first weights are not cut off at 2 SPREAD
    - the layers before both heads, a norm and a bias are their code's
Checked against: transformers.BertForPreTraining
Torch versions: 2.13.0
Dimensions: B batch, T tokens, D width (the paper's H), H heads (its A), K head
    width, L layers, V vocabulary.
SPDX: MIT
"""

from typing import Any

import torch
from torch import Tensor, nn

EXPANSION = 4  # feed-forward width over width, section 3
SEGMENTS = 2  # sentence A and sentence B, section 3
SPREAD = 0.02  # standard deviation of the first weights, the authors' code
TINY = 1e-12  # what LayerNorm adds to the variance, the authors' code
GAP = 0.8  # share of the chosen tokens that become [MASK], section 3.1
RANDOM = 0.1  # share that become any token, section 3.1
PUBLISHED = {  # what the checkpoints call the parts, and what they are here
    "bert.embeddings.word_embeddings": "token_embedding",
    "bert.embeddings.position_embeddings": "position_embedding",
    "bert.embeddings.token_type_embeddings": "segment_embedding",
    "bert.embeddings.LayerNorm": "embedding_norm",
    "bert.encoder.layer": "blocks", "cls.seq_relationship": "sentence_head",
    "bert.pooler.dense": "pooler", "cls.predictions.bias": "head_bias",
    "attention.output.dense": "attention_projection",
    "attention.output.LayerNorm": "attention_norm",
    "output.dense": "feed_forward_projection",
    "output.LayerNorm": "feed_forward_norm", "intermediate.dense": "expansion",
    "cls.predictions.transform.dense": "head_layer",
    "cls.predictions.transform.LayerNorm": "head_norm",
}  # fmt: skip
Maybe = Tensor | None  # what may be left out


# Same as: attention/gpt.py::_require
def _require(fits: bool, wanted: str, found: object) -> None:
    """Raise ValueError where something does not fit."""
    if not fits:
        raise ValueError(f"expected {wanted}, got {found}")


def hide(
    tokens: Tensor,
    chosen: Tensor,
    *,
    gap: int,
    vocabulary: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Spoil the chosen tokens: 80 % a gap, 10 % any token, 10 % as they are.

    Args:
        tokens: the sequences.
        chosen: which of them the network will have to tell.
        gap: the number of the token [MASK].
        vocabulary: number of different tokens.
        generator: source of randomness; torch's own without it.

    Shape:
        tokens (B, T), chosen (B, T) -> spoiled (B, T)
    """
    _require(chosen.shape == tokens.shape, f"{tokens.shape}", chosen.shape)
    where: Any = {"generator": generator, "device": tokens.device}
    dice = torch.rand(tokens.shape, **where)
    others = torch.randint(vocabulary, tokens.shape, **where)
    spoiled = tokens.masked_fill(chosen & (dice < GAP), gap)
    replaced = chosen & (dice >= GAP) & (dice < GAP + RANDOM)
    return torch.where(replaced, others, spoiled)


class Block(nn.Module):
    """Attention, then feed-forward; the sum with what was read is normalised.

    Args:
        width: features of a token, a multiple of heads.
        heads: how many read the text side by side.
        fused: whether one kernel of torch computes what is spelled out here.
    """

    def __init__(self, width: int, heads: int, *, fused: bool) -> None:
        super().__init__()
        self.heads, self.fused = heads, fused
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_projection = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, eps=TINY)
        self.expansion = nn.Linear(width, EXPANSION * width)
        self.feed_forward_projection = nn.Linear(EXPANSION * width, width)
        self.feed_forward_norm = nn.LayerNorm(width, eps=TINY)

    def forward(self, inputs: Tensor, present: Tensor) -> Tensor:
        """Let every token read all that are no padding, left and right.

        Args:
            inputs: the tokens.
            present: False where a place is filled up.

        Shape:
            inputs (B, T, D), present (B, T) -> outputs (B, T, D)
        """
        B, T, D = inputs.shape
        H, K = self.heads, D // self.heads
        packed = self.query_key_value(inputs)
        heads = packed.view(B, T, 3, H, K).transpose(1, 3)  # (B, H, 3, T, K)
        query, key, value = heads.unbind(2)  # 3 x (B, H, T, K)
        # softmax(Q Kᵀ / √K) V, arXiv 1706.03762, eq. 1; nobody reads padding
        mask = present.view(B, 1, 1, T)  # (B, 1, 1, T)
        if self.fused:
            kernel = nn.functional.scaled_dot_product_attention
            mixed = kernel(query, key, value, mask)  # (B, H, T, K)
        else:
            scores = query @ key.mT / K**0.5  # (B, H, T, T)
            weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)
            mixed = weights @ value  # (B, H, T, K)
        merged = mixed.transpose(1, 2).reshape(B, T, D)  # (B, T, D)
        # a = LN(x + W Attention(x)),   y = LN(a + W₂ GELU(W₁ a))
        fetched = self.attention_projection(merged)
        midway = self.attention_norm(inputs + fetched)
        active = nn.functional.gelu(self.expansion(midway))  # (B, T, 4*D)
        thought = self.feed_forward_projection(active)  # (B, T, D)
        outputs: Tensor = self.feed_forward_norm(midway + thought)
        return outputs


class BERT(nn.Module):
    """An encoder-only transformer; without arguments, BERT base, uncased.

    Args:
        vocabulary: number of different tokens, at least 1.
        context: how many tokens can be read, at least 1.
        width: features of a token, a multiple of heads.
        layers: depth of the stack, at least 1.
        heads: heads of each block, at least 1.
        fused: whether one kernel of torch computes the attention.
    """

    def __init__(
        self,
        *,
        vocabulary: int = 30522,
        context: int = 512,
        width: int = 768,
        layers: int = 12,
        heads: int = 12,
        fused: bool = True,
    ) -> None:
        super().__init__()
        for size in (vocabulary, context, width, layers, heads):
            _require(size > 0, "sizes of at least 1", size)
        _require(width % heads == 0, f"a width of {heads} equal heads", width)
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.position_embedding = nn.Embedding(context, width)
        self.segment_embedding = nn.Embedding(SEGMENTS, width)
        self.embedding_norm = nn.LayerNorm(width, eps=TINY)
        stack = [Block(width, heads, fused=fused) for _ in range(layers)]
        self.blocks = nn.ModuleList(stack)
        self.pooler = nn.Linear(width, width)
        self.head_layer = nn.Linear(width, width)
        self.head_norm = nn.LayerNorm(width, eps=TINY)
        self.head_bias = nn.Parameter(torch.zeros(vocabulary))
        self.sentence_head = nn.Linear(width, 2)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif "norm" not in name:
                nn.init.normal_(parameter, std=SPREAD)

    def encode(self, tokens: Tensor, segments: Maybe, present: Maybe) -> Tensor:
        """Give every token a vector that depends on all of the text.

        Args:
            tokens: the sequences, with [CLS] in front, within the context.
            segments: 0 for sentence A, 1 for B; None is all 0.
            present: False where a place is filled up; None is all True.

        Shape:
            tokens (B, T), segments (B, T), present (B, T) -> hidden (B, T, D)
        """
        B, T = tokens.shape
        limit = self.position_embedding.num_embeddings
        _require(0 < T <= limit, f"1 to {limit} tokens", T)
        none = torch.zeros_like(tokens)
        segments = none if segments is None else segments
        present = none == 0 if present is None else present
        for given in (segments, present):
            _require(given.shape == (B, T), f"the sizes {B, T}", given.shape)
        kind = present.dtype  # the kernel would add a mask of other numbers
        _require(kind is torch.bool, "a mask of torch.bool", kind)
        content = self.token_embedding(tokens)  # (B, T, D)
        places = self.position_embedding.weight[:T]  # (T, D)
        sides = self.segment_embedding(segments)  # (B, T, D)
        hidden: Tensor = self.embedding_norm(content + places + sides)  # fig. 2
        for block in self.blocks:
            hidden = block(hidden, present)
        return hidden

    def forward(
        self, tokens: Tensor, segments: Maybe = None, present: Maybe = None
    ) -> tuple[Tensor, Tensor]:
        """Score every token for every place, and whether B follows A.

        Args:
            tokens: the sequences, with gaps: [CLS] A [SEP] B [SEP].
            segments: see `encode`, as for the next.
            present: False where a place is filled up.

        Shape:
            tokens (B, T) -> logits (B, T, V), following (B, 2)
        """
        _, _ = tokens.shape  # two: texts, and their tokens
        hidden = self.encode(tokens, segments, present)  # (B, T, D)
        # logits = LN(GELU(W h)) W_eᵀ + b, the authors' code
        final = self.head_norm(nn.functional.gelu(self.head_layer(hidden)))
        logits = final @ self.token_embedding.weight.T + self.head_bias
        pooled = torch.tanh(self.pooler(hidden[:, 0]))  # (B, D)
        following = self.sentence_head(pooled)  # (B, 2)
        return logits, following


def from_published(weights: dict[str, Tensor], *, head_width: int = 64) -> BERT:
    """Build the BERT of a checkpoint; heads that it lacks start as new.

    Args:
        weights: its tensors, with or without "bert." in front, and heads.
        head_width: no tensor tells it; 64 in both sizes of the paper.
    """
    renamed: Any = {}
    for name, weight in weights.items():
        whole = name if name.startswith(("bert.", "cls.")) else f"bert.{name}"
        whole = whole.replace("gamma", "weight").replace("beta", "bias")
        for published, own in PUBLISHED.items():
            whole = whole.replace(published, own)
        if not whole.endswith("position_ids"):  # 0, 1, 2, ...
            renamed[whole] = weight
    table = renamed["token_embedding.weight"]
    for twin, kept in (("weight", table), ("bias", renamed.get("head_bias"))):
        head = renamed.pop(f"cls.predictions.decoder.{twin}", kept)
        tied = head is kept or torch.equal(head, kept)
        _require(tied, f"a decoder with the {twin} tied", "one of its own")
    for name in [name for name in renamed if ".self.query." in name]:
        names = [name.replace("query", p) for p in ("query", "key", "value")]
        ours = name.replace("attention.self.query", "query_key_value")
        renamed[ours] = torch.cat([renamed.pop(each) for each in names])
    vocabulary, width = table.shape
    _require(width % head_width == 0, f"heads {head_width} wide", width)
    module = BERT(
        vocabulary=vocabulary,
        context=len(renamed["position_embedding.weight"]),
        width=width,
        layers=sum(name.endswith("expansion.bias") for name in renamed),
        heads=width // head_width,
    ).to(table)
    for name, weight in module.state_dict().items():
        if name.startswith(("pooler", "head", "sentence")):
            renamed.setdefault(name, weight)
    module.load_state_dict(renamed)
    return module


def example(
    *,
    batch: int = 2,
    tokens: int = 7,
    vocabulary: int = 11,
    heads: int = 4,
    head_width: int = 5,
    fused: bool = True,
) -> tuple[BERT, tuple[Tensor, Tensor, Tensor]]:
    """Build a tiny network; one text of its input is shorter and filled up.

    Args:
        batch: sequences.
        tokens: length of each, and the context.
        vocabulary: number of different tokens.
        heads: heads of each block.
        head_width: features of a head.
        fused: whether one kernel of torch computes the attention.

    Shape:
        () -> BERT, (tokens (B, T), segments (B, T), present (B, T))
    """
    sizes = {"vocabulary": vocabulary, "context": tokens, "layers": 3}
    module = BERT(width=heads * head_width, heads=heads, fused=fused, **sizes)
    text = torch.randint(vocabulary, (batch, tokens))
    places = torch.arange(tokens).expand(batch, -1)
    lengths = torch.tensor([[tokens]] * (batch - 1) + [[2 * tokens // 3 + 1]])
    segments = (places > tokens // 2).long()
    return module, (text, segments, places < lengths)


if __name__ == "__main__":
    module, inputs = example()
    print([tuple(output.shape) for output in module(*inputs)])
