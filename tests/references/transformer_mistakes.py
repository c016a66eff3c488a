"""What people get wrong in a Transformer: the list that test_transformer.py plants."""

from __future__ import annotations

from mistakes import Mistake

ATTEND = "attend(query, key, value, visible)"
MERGED = "mixed.transpose(1, 2).flatten(2)"
WAVES = "torch.stack([angles.sin(), angles.cos()], dim=2)"

MISTAKES = [
    Mistake(
        "The mask lets every word of the target see the next one",
        {".tril(P)": ".tril(P + 1)"},
        "TODO",
    ),
    Mistake(
        "With a cache, the mask starts at the first word instead of the last",
        {".tril(P)": ".tril()"},
        "TODO",
    ),
    Mistake(
        "With a cache, each new word stands at place 0",
        {"(self.target_embedding, target, P)": "(self.target_embedding, target, 0)"},
        "TODO",
    ),
    Mistake(
        "The cache keeps the new word's keys and values alone",
        {"return outputs, (key, value)": "return outputs, (new_key, new_value)"},
        "TODO",
    ),
    Mistake(
        "The padding mask upside down: padding is seen, words are not",
        {"tuple(source.shape), shown[": "tuple(source.shape), ~shown["},
        "TODO",
    ),
    Mistake(
        "The source's padding is hidden from the encoder, not from the decoder",
        {"(*pair, mask)": "(*pair, torch.ones_like(mask))"},
        "TODO",
    ),
    Mistake(
        "The source's padding is hidden from the decoder, not from the encoder",
        {"layer(hidden, none, mask,": "layer(hidden, none, torch.ones_like(mask),"},
        "TODO",
    ),
    Mistake(
        "Scores not divided by √K",
        {
            ATTEND: "attend(query, key, value, visible, scale=1.0)",
            " / key.shape[3] ** 0.5": "",
        },
        "TODO",
    ),
    Mistake(
        "Scores divided by the root of the whole width instead of a head's",
        {
            ATTEND: "attend(query, key, value, visible, scale=asking.shape[2] ** -0.5)",
            " / key.shape[3] ** 0.5": " / asking.shape[2] ** 0.5",
        },
        "TODO",
    ),
    Mistake(
        "Heads joined without transposing back, which mixes words",
        {MERGED: "mixed.reshape(asking.shape)"},
        "TODO",
    ),
    Mistake(
        "Words not multiplied by √D before their place is added",
        {"table(tokens) * D**0.5": "table(tokens)"},
        "TODO",
    ),
    Mistake(
        "Places multiplied by √D along with the words",
        {"content + waves.flatten(1)": "content + D**0.5 * waves.flatten(1)"},
        "TODO",
    ),
    Mistake(
        "All sines first, then all cosines, instead of side by side",
        {WAVES: WAVES.replace("dim=2", "dim=1")},
        "TODO",
    ),
    Mistake(
        "Waves made of the pair's number instead of twice that",
        {"arange(0, D, 2, **options) / D": "arange(0, D // 2, **options) / D"},
        "TODO",
    ),
    Mistake(
        "Pre-norm, but the sum keeps the normed words instead of the words",
        {"told = inputs + self.attention(": "told = asking + self.attention("},
        "TODO",
    ),
    Mistake(
        "Pre-norm without the norm at the end",
        {"final = nn.LayerNorm if norm_first else nn.Identity": "final = nn.Identity"},
        "TODO",
    ),
    Mistake(
        "Post-norm with one norm more at the end of each stack",
        {"final = nn.LayerNorm if norm_first else nn.Identity": "final = nn.LayerNorm"},
        "TODO",
    ),
    Mistake(
        "No ReLU in the feed-forward",
        {"self.expansion(read).relu()": "self.expansion(read)"},
        "TODO",
    ),
    Mistake(
        "The decoder reads the encoder's output before its last norm",
        {"= self.encoder_norm(hidden)": "= hidden + 0 * self.encoder_norm(hidden)"},
        "TODO",
    ),
]
