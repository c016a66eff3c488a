"""Transformer: an encoder that reads and a decoder that writes, by attention.

Source: Vaswani et al., "Attention Is All You Need", 2017, arXiv 1706.03762;
    norm_first: Xiong et al., 2020, arXiv 2002.04745, figure 1.
Differs from the paper:
    - attention's projections have biases, as in PyTorch; no dropout (0.1 there)
    - greedy, where it kept 4 beams; words start at 1/√D, of which it is silent
Checked against: torch.nn.Transformer
Torch versions: 2.13.0
Dimensions: B batch, S source tokens (or all looked at), T new target tokens, P
    cached ones, D width (d_model), F inner width (d_ff), H heads (h), K head
    width (d_k, d_v), L layers (N, of each stack), V target vocabulary.
SPDX: MIT
"""

from typing import Any

import torch
from torch import Tensor, nn

LONGEST = 10_000  # waves are from 2π to 10000 · 2π long, section 3.5
Past = tuple[Tensor, Tensor]  # keys and values, each (B, H, P, K)
Source = tuple[Tensor, Tensor, Tensor]  # keys, values, and which may be seen
State = tuple[tuple[Past, Source], ...]  # for each layer of the decoder


# Same as: attention/gpt.py::_require
def _require(fits: bool, wanted: str, found: object) -> None:
    """Raise ValueError where something does not fit."""
    if not fits:
        raise ValueError(f"expected {wanted}, got {found}")


def _embed(table: nn.Embedding, tokens: Tensor, first: int) -> Tensor:
    """Add what each word is and where, from place `first` on (3.4 and 3.5)."""
    T, D = tokens.shape[1], table.embedding_dim
    content: Tensor = table(tokens) * D**0.5  # (B, T, D)
    exact = torch.promote_types(content.dtype, torch.float32)
    options: Any = {"device": content.device, "dtype": exact}
    place = torch.arange(first, first + T, **options)  # (T)
    # PE(t, 2i) = sin(t / 10000^(2i/D)), PE(t, 2i+1) = cos(t / 10000^(2i/D))
    angles = place[:, None] * LONGEST ** (-torch.arange(0, D, 2, **options) / D)
    waves = torch.stack([angles.sin(), angles.cos()], dim=2)  # (T, D//2, 2)
    return content + waves.flatten(1).to(content)


class Attention(nn.Module):
    """Multi-head attention: some tokens ask, others are found and answer.

    Args:
        width: features of a token, a multiple of heads.
        heads: how many questions a token asks side by side.
        fused: whether one kernel of torch computes what is spelled out here.
    """

    def __init__(self, width: int, heads: int, *, fused: bool) -> None:
        super().__init__()
        self.parts, self.fused = (heads, -1), fused
        self.query = nn.Linear(width, width)
        self.key, self.value = nn.Linear(width, width), nn.Linear(width, width)
        self.projection = nn.Linear(width, width)

    def _offer(self, read: Tensor) -> Past:
        """Turn tokens that are read into keys and values, each (B, H, S, K)."""
        key = self.key(read).unflatten(2, self.parts).transpose(1, 2)
        value = self.value(read).unflatten(2, self.parts).transpose(1, 2)
        return key, value  # 2 x (B, H, S, K)

    def forward(
        self, asking: Tensor, key: Tensor, value: Tensor, visible: Tensor
    ) -> Tensor:
        """Let each token fetch a mean of values, weighted by how keys fit.

        Args:
            asking: the tokens that ask.
            key: what those that are looked at are found by.
            value: what they hand over.
            visible: which may be seen; one at least by each that asks.

        Shape:
            asking (B, T, D), key, value (B, H, S, K) -> found (B, T, D)
        """
        query = self.query(asking).unflatten(2, self.parts).transpose(1, 2)
        # softmax(Q Kᵀ / √K) V, eq. 1
        if self.fused:
            attend = nn.functional.scaled_dot_product_attention
            mixed = attend(query, key, value, visible)
        else:
            scores = query @ key.mT / key.shape[3] ** 0.5  # (B, H, T, S)
            weights = scores.masked_fill(~visible, -torch.inf).softmax(dim=-1)
            mixed = weights @ value  # (B, H, T, K)
        found: Tensor = self.projection(mixed.transpose(1, 2).flatten(2))
        return found  # (B, T, D)


class Layer(nn.Module):
    """Attention, in the decoder a second one to the source, then feed-forward.

    Args:
        attentions: among the tokens; in the decoder, then to the source.
        inner_width: features between the two layers of the feed-forward.
        norm_first: whether a sub-layer reads the norm, or the sum is normed.
    """

    def __init__(
        self, attentions: list[Any], inner_width: int, norm_first: bool
    ) -> None:
        super().__init__()
        self.norm_first, width = norm_first, attentions[0].query.in_features
        self.attention, self.cross_attention = [*attentions, None][:2]
        self.attention_norm = nn.LayerNorm(width)
        self.cross_norm: Any = nn.LayerNorm(width) if attentions[1:] else None
        self.expansion = nn.Linear(width, inner_width)
        self.contraction = nn.Linear(inner_width, width)
        self.feed_forward_norm = nn.LayerNorm(width)

    def forward(
        self, inputs: Tensor, past: Past, visible: Tensor, source: Source | None
    ) -> tuple[Tensor, Past]:
        """Let new tokens look around, in the decoder at the source, and think.

        Args:
            inputs: the new tokens.
            past: keys and values of the tokens before.
            visible: which of all these tokens each may look at.
            source: the source, prepared; None in the encoder.

        Shape:
            inputs (B, T, D), past 2 x (B, H, P, K), visible like (B, H, T, P+T)
            -> outputs (B, T, D), past 2 x (B, H, P+T, K)
        """
        first = self.norm_first  # x + F(LN(x)), else LN(x + F(x)), section 3.1
        asking = self.attention_norm(inputs) if first else inputs
        new_key, new_value = self.attention._offer(asking)  # (B, H, T, K)
        key = torch.cat([past[0], new_key], dim=2)
        value = torch.cat([past[1], new_value], dim=2)
        told = inputs + self.attention(asking, key, value, visible)
        midway = told if first else self.attention_norm(told)  # (B, T, D)
        if source is not None:
            seeking = self.cross_norm(midway) if first else midway
            found = midway + self.cross_attention(seeking, *source)
            midway = found if first else self.cross_norm(found)  # (B, T, D)
        read = self.feed_forward_norm(midway) if first else midway
        # max(0, x W₁ + b₁) W₂ + b₂, eq. 2
        expanded = self.expansion(read).relu()
        thought = midway + self.contraction(expanded)
        outputs = thought if first else self.feed_forward_norm(thought)
        return outputs, (key, value)


class Transformer(nn.Module):
    """Encoder and decoder; without arguments, the paper's base model.

    Args:
        vocabulary: words of the source, at least 1.
        target_vocabulary: words of the target; without it both share a table.
        width: features of a token, even and a multiple of heads.
        inner_width: features between the two layers of the feed-forward.
        layers: depth of each of the two stacks, at least 1.
        heads: heads of each attention, at least 1.
        norm_first: whether a sub-layer reads the norm, or the sum is normed.
        fused: whether one kernel of torch computes the attention.
    """

    def __init__(
        self,
        *,
        vocabulary: int = 37_000,  # about, section 5.1
        target_vocabulary: int | None = None,
        width: int = 512,
        inner_width: int = 2048,
        layers: int = 6,
        heads: int = 8,
        norm_first: bool = False,
        fused: bool = True,
    ) -> None:
        super().__init__()
        words = [n for n in (vocabulary, target_vocabulary) if n is not None]
        least = min(*words, width, inner_width, layers, heads)
        _require(least > 0, "sizes of at least 1", least)
        fits = width % 2 == width % heads == 0
        _require(fits, f"an even width of {heads} equal heads", width)
        tables = [nn.Embedding(n, width) for n in words]
        for table in tables:
            nn.init.normal_(table.weight, std=width**-0.5)
        self.source_embedding, self.target_embedding = tables[0], tables[-1]
        self.encoder: Any = nn.ModuleList()
        self.decoder: Any = nn.ModuleList()
        for _ in range(layers):
            own = [Attention(width, heads, fused=fused) for _ in range(3)]
            self.encoder.append(Layer(own[:1], inner_width, norm_first))
            self.decoder.append(Layer(own[1:], inner_width, norm_first))
        final = nn.LayerNorm if norm_first else nn.Identity  # Xiong, table 1
        self.encoder_norm, self.decoder_norm = final(width), final(width)

    def read(self, source: Tensor, visible: Tensor | None) -> State:
        """Encode the source and prepare what each new word will look at.

        Args:
            source: the words (B, S).
            visible: which are words and no padding (B, S); all without it.
        """
        shown = torch.ones_like(source).bool() if visible is None else visible
        sizes, mask = tuple(source.shape), shown[:, None, None]
        found = tuple(shown.shape) if shown.dtype == torch.bool else shown.dtype
        _require(found == sizes, f"visible {sizes} of bool", found)
        hidden = _embed(self.source_embedding, source, 0)  # (B, S, D)
        none = self.encoder[0].attention._offer(hidden[:, :0])
        for layer in self.encoder:
            hidden, _ = layer(hidden, none, mask, None)
        memory = self.encoder_norm(hidden)  # (B, S, D)
        pairs = [each.cross_attention._offer(memory) for each in self.decoder]
        return tuple((none, (*pair, mask)) for pair in pairs)

    def write(self, target: Tensor, state: State) -> tuple[Tensor, State]:
        """Score what follows each of some new words, by their own table (3.4).

        Args:
            target: the new words (B, T); their scores are (B, T, V).
            state: from `read`, or from this for the words before.
        """
        T, P = target.shape[1], state[0][0][0].shape[2]
        hidden, presents = _embed(self.target_embedding, target, P), []
        seen = hidden.new_ones(T, P + T).tril(P).bool()  # section 3.2.3
        for layer, (past, source) in zip(self.decoder, state, strict=True):
            hidden, present = layer(hidden, past, seen, source)
            presents.append((present, source))
        table = self.target_embedding.weight
        logits = self.decoder_norm(hidden) @ table.T  # (B, T, V)
        return logits, tuple(presents)

    def forward(
        self, source: Tensor, target: Tensor, visible: Tensor | None = None
    ) -> Tensor:
        """Score what follows each word of the target, all at once.

        Args:
            source: the words to read.
            target: a start sign, then the words to write but the last.
            visible: which of the source are no padding, one a row at least.

        Shape:
            source (B, S), target (B, T), visible (B, S) -> logits (B, T, V)
        """
        B, _ = source.shape
        _require(len(target) == B, f"{B} targets, one a source", len(target))
        return self.write(target, self.read(source, visible))[0]  # (B, T, V)

    @torch.no_grad()
    def generate(
        self, source: Tensor, visible: Tensor | None, *, length: int, start: int
    ) -> Tensor:
        """Write (B, length), each word the likeliest after those before.

        Args:
            source: the words to read (B, S).
            visible: as in `forward`.
            length: how many words to write.
            start: what stands before the first.
        """
        state = self.read(source, visible)
        words = [torch.full_like(source[:, :1], start)]
        for _ in range(length):
            logits, state = self.write(words[-1], state)
            words.append(logits.argmax(dim=-1))
        return torch.cat(words, dim=1)[:, 1:]


def example(
    *,
    batch: int = 2,
    tokens: int = 5,
    width: int = 24,
    norm_first: bool = False,
    fused: bool = True,
) -> tuple[Transformer, tuple[Tensor, Tensor, Tensor]]:
    """Build a tiny network and its inputs; the first source is padded.

    Args:
        batch: pairs of a source and a target.
        tokens: words of a target; a source has two more.
        width: features of a token, for 4 heads.
        norm_first: whether a sub-layer reads the norm, or the sum is normed.
        fused: whether one kernel of torch computes the attention.

    Shape:
        () -> Transformer, (source (B, S), target (B, T), visible (B, S))
    """
    sizes = {"vocabulary": 11, "target_vocabulary": 13, "layers": 3, "heads": 4}
    sizes |= {"width": width, "inner_width": 4 * width}  # as in table 3
    module = Transformer(**sizes, norm_first=norm_first, fused=fused)
    source = torch.randint(11, (batch, tokens + 2))
    target = torch.randint(13, (batch, tokens))
    visible = torch.ones(batch, tokens + 2).tril(tokens).bool()
    return module, (source, target, visible)


if __name__ == "__main__":
    module, inputs = example()
    print(module.generate(inputs[0], None, length=5, start=0))
