"""GPT: a stack of masked self-attention that predicts the next token.

Source: Radford, Narasimhan, Salimans and Sutskever, "Improving Language
    Understanding by Generative Pre-Training", OpenAI 2018; Radford et al.,
    "Language Models are Unsupervised Multitask Learners", OpenAI 2019 (GPT-2).
    Top-k: Fan et al., arXiv 1805.04833. Top-p: Holtzman et al., 1904.09751.
Differs from the paper:
    - LayerNorm before each sub-layer and at the end, as in GPT-2, not after
    - GELU is its tanh approximation, as in OpenAI's code of both years
    - GPT-2's 1/√N at the start is read as 1/√(2L), as a block adds twice; its
      code shows no such factor, and positions that start at 0.01
    - no dropout; in 2018 it was 0.1 in three places, GPT-2's code only samples
Checked against: transformers.GPT2Model, transformers.GPT2LMHeadModel
Torch versions: 2.13.0
Dimensions: B batch, T new tokens, P past tokens that are cached, S = P + T, D
    width, H heads, K head width, L layers, V vocabulary.
SPDX: MIT
"""

import torch
from torch import Tensor, nn

EXPANSION = 4  # feed-forward width over width: 3072 over 768, 2018
SPREAD = 0.02  # standard deviation of the first weights, 2018
PUBLISHED = {  # what GPT-2 calls the parts, and what they are called here
    "wte": "token_embedding", "wpe": "position_embedding", "h": "blocks",
    "ln_1": "attention_norm", "ln_2": "feed_forward_norm", "ln_f": "final_norm",
    "attn.c_attn": "query_key_value", "attn.c_proj": "attention_projection",
    "mlp.c_fc": "expansion", "mlp.c_proj": "feed_forward_projection",
}  # fmt: skip
Past = tuple[Tensor, Tensor]  # keys and values of one block, each (B, H, P, K)


def _require(fits: bool, wanted: str, found: object) -> None:
    """Raise ValueError where something does not fit."""
    if not fits:
        raise ValueError(f"expected {wanted}, got {found}")


def next_token_probabilities(
    logits: Tensor, temperature: float, top_k: int | None, top_p: float | None
) -> Tensor:
    """Turn the scores (B, V) of a token into probabilities to draw it by.

    Args:
        logits: the scores.
        temperature: below 1 sharpens, above 1 flattens; 0 takes the likeliest.
        top_k: how many of the likeliest tokens stay, at least 1.
        top_p: how likely those that stay have to be together, in (0, 1].
    """
    _require(temperature >= 0, "a temperature of at least 0", temperature)
    _require(top_k is None or top_k > 0, "top_k of at least 1", top_k)
    _require(top_p is None or 0 < top_p <= 1, "top_p in (0, 1]", top_p)
    if temperature == 0:
        temperature, top_k = 1.0, 1
    scores = logits.to(torch.promote_types(logits.dtype, torch.float32))
    ordered, places = (scores / temperature).sort(stable=True, descending=True)
    kept = ordered[:, :top_k].softmax(-1)
    if top_p is not None and top_p < 1:  # at 1, rounding would cut the tail
        likelier = kept.cumsum(-1) - kept  # what the tokens before it reach
        kept = kept * (likelier < top_p)
    kept = kept / kept.sum(-1, keepdim=True)
    return torch.zeros_like(scores).scatter(-1, places[:, :top_k], kept)


class Block(nn.Module):
    """Attention, then feed-forward; each reads the norm of what it adds to.

    Args:
        width: features of a token, a multiple of heads.
        heads: how many read the past side by side.
        fused: whether one kernel of torch computes what is spelled out here.
    """

    def __init__(self, width: int, heads: int, *, fused: bool) -> None:
        super().__init__()
        self.heads, self.fused = heads, fused
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_projection = nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.expansion = nn.Linear(width, EXPANSION * width)
        self.feed_forward_projection = nn.Linear(EXPANSION * width, width)

    def forward(self, inputs: Tensor, past: Past | None) -> tuple[Tensor, Past]:
        """Let new tokens read the past, themselves and those between.

        Args:
            inputs: the new tokens.
            past: keys and values of the tokens before; none without it.

        Shape:
            inputs (B, T, D), past 2 x (B, H, P, K)
            -> outputs (B, T, D), past 2 x (B, H, S, K)
        """
        B, T, D = inputs.shape
        H, K = self.heads, D // self.heads
        packed = self.query_key_value(self.attention_norm(inputs))
        heads = packed.view(B, T, 3, H, K).transpose(1, 3)  # (B, H, 3, T, K)
        query, key, value = heads.unbind(2)  # 3 x (B, H, T, K)
        if past is not None:
            key = torch.cat([past[0], key], dim=2)  # (B, H, S, K)
            value = torch.cat([past[1], value], dim=2)  # (B, H, S, K)
        S = key.shape[2]
        # softmax(Q Kᵀ / √K) V, arXiv 1706.03762, eq. 1; each reads up to itself
        mask = inputs.new_ones(T, S, dtype=torch.bool).tril(S - T)  # (T, S)
        if self.fused:
            first = past is None  # is_causal counts from the upper left corner
            mixed = nn.functional.scaled_dot_product_attention(
                query, key, value, None if first else mask, is_causal=first
            )  # (B, H, T, K)
        else:
            scores = query @ key.mT / K**0.5  # (B, H, T, S)
            weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)
            mixed = weights @ value  # (B, H, T, K)
        merged = mixed.transpose(1, 2).reshape(B, T, D)  # (B, T, D)
        # a = x + W Attention(LN(x)),   y = a + W₂ GELU(W₁ LN(a))
        midway = inputs + self.attention_projection(merged)
        expanded = self.expansion(self.feed_forward_norm(midway))  # (B, T, 4*D)
        active = nn.functional.gelu(expanded, approximate="tanh")
        outputs = midway + self.feed_forward_projection(active)  # (B, T, D)
        return outputs, (key, value)


class GPT(nn.Module):
    """A decoder-only transformer; without arguments, GPT-2's smallest.

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
        vocabulary: int = 50257,
        context: int = 1024,
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
        stack = [Block(width, heads, fused=fused) for _ in range(layers)]
        self.blocks = nn.ModuleList(stack)
        self.final_norm = nn.LayerNorm(width)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif "norm" not in name:
                shrink = (2 * layers) ** 0.5 if "projection" in name else 1
                nn.init.normal_(parameter, std=SPREAD / shrink)

    def forward(
        self, tokens: Tensor, state: tuple[Past, ...] | None = None
    ) -> tuple[Tensor, tuple[Past, ...]]:
        """Score every token that may come next.

        Args:
            tokens: the sequences, or what follows those that gave the state.
            state: keys and values of the tokens before, block by block.

        Shape:
            tokens (B, T), state L x 2 x (B, H, P, K)
            -> logits (B, T, V), state L x 2 x (B, H, S, K)
        """
        B, T = tokens.shape
        cached, _, P, _ = (B, 0, 0, 0) if state is None else state[0][0].shape
        _require(cached == B, "one batch in state and tokens", (cached, B))
        limit = self.position_embedding.num_embeddings
        _require(limit >= P + T, f"at most {limit} tokens", P + T)
        # h₀ = U W_e + W_p, h_l = block(h_{l-1}), logits = LN(h_L) W_eᵀ, eq. 2
        content = self.token_embedding(tokens)  # (B, T, D)
        positions = torch.arange(P, P + T, device=tokens.device)  # (T)
        hidden = content + self.position_embedding(positions)  # (B, T, D)
        presents = []  # GPT-2's word for what is past to the next call
        pasts = state or [None] * len(self.blocks)
        for block, past in zip(self.blocks, pasts, strict=True):
            hidden, present = block(hidden, past)
            presents.append(present)
        final = self.final_norm(hidden)
        logits = final @ self.token_embedding.weight.T  # (B, T, V)
        return logits, tuple(presents)

    def step(
        self, token: Tensor, state: tuple[Past, ...] | None = None
    ) -> tuple[Tensor, tuple[Past, ...]]:
        """Read one token of every sequence, for generation.

        Args:
            token: the next token of each.
            state: keys and values of the tokens before, block by block.

        Shape:
            token (B), state L x 2 x (B, H, P, K) -> output (B, V), state
        """
        logits, state = self(token.unsqueeze(1), state)
        return logits.squeeze(1), state

    @torch.no_grad()
    def generate(
        self,
        prompt: Tensor,
        new_tokens: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Continue sequences (B, T) by drawing tokens: (B, T + new_tokens).

        Args:
            prompt: how they begin, at least one token.
            new_tokens: how many to add; all but the last are read as well.
            temperature: see `next_token_probabilities`, as for the next two.
            top_k: how many of the likeliest tokens stay.
            top_p: how likely those that stay have to be together.
            generator: source of randomness; torch's own without it.
        """
        _require(prompt.shape[1] > 0, "a prompt of at least 1 token", 0)
        knobs = (temperature, top_k, top_p)
        tokens, unread, state = prompt, prompt, None
        for _ in range(new_tokens):
            logits, state = self(unread, state)
            probabilities = next_token_probabilities(logits[:, -1], *knobs)
            unread = torch.multinomial(probabilities, 1, generator=generator)
            tokens = torch.cat([tokens, unread], dim=1)
        return tokens


def from_published(weights: dict[str, Tensor], *, head_width: int = 64) -> GPT:
    """Build the GPT of a GPT-2 checkpoint, whose Conv1D holds W transposed.

    Args:
        weights: its tensors, with or without "transformer." and lm_head.
        head_width: no tensor tells it; 64 in all four sizes of GPT-2.
    """
    renamed = {}
    for name, weight in weights.items():
        ours = f".{name.removeprefix('transformer.')}"
        for published, own in PUBLISHED.items():
            ours = ours.replace(f".{published}.", f".{own}.")
        if not ours.endswith((".attn.bias", ".attn.masked_bias")):  # masks
            renamed[ours[1:]] = weight.t() if ".c_" in name else weight
    table = renamed["token_embedding.weight"]
    head = renamed.pop("lm_head.weight", table)
    _require(torch.equal(head, table), "lm_head tied to wte", "one of its own")
    vocabulary, width = table.shape
    _require(width % head_width == 0, f"heads {head_width} wide", width)
    module = GPT(
        vocabulary=vocabulary,
        context=len(renamed["position_embedding.weight"]),
        width=width,
        layers=sum(name.endswith("expansion.bias") for name in renamed),
        heads=width // head_width,
    ).to(table)
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
) -> tuple[GPT, tuple[Tensor]]:
    """Build a tiny network, whose context its input fills.

    Args:
        batch: sequences.
        tokens: length of each, and the context.
        vocabulary: number of different tokens.
        heads: heads of each block.
        head_width: features of a head.
        fused: whether one kernel of torch computes the attention.

    Shape:
        () -> GPT, (tokens (B, T),)
    """
    sizes = {"vocabulary": vocabulary, "context": tokens, "layers": 3}
    module = GPT(width=heads * head_width, heads=heads, fused=fused, **sizes)
    return module, (torch.randint(vocabulary, (batch, tokens)),)


if __name__ == "__main__":
    module, inputs = example()
    print(module.generate(inputs[0][:, :3], 4))
