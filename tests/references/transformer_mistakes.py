"""What people get wrong in a Transformer: the list that test_transformer.py plants.

What would be seen was tried on networks of 2 layers that translate lists of dates:
their weights put under the mistake, and networks trained with it, padded or not.
"""

from __future__ import annotations

from mistakes import Mistake

ATTEND = "attend(query, key, value, visible)"
MERGED = "mixed.transpose(1, 2).flatten(2)"
WAVES = "torch.stack([angles.sin(), angles.cos()], dim=2)"

MISTAKES = [
    Mistake(
        "The mask lets every word of the target see the next one",
        {".tril(P)": ".tril(P + 1)"},
        "The loss falls to almost nothing, for the answer stands in the input; "
        "what it then writes by itself is wrong, every date of it.",
    ),
    Mistake(
        "With a cache, the mask starts at the first word instead of the last",
        {".tril(P)": ".tril()"},
        "Training and scoring are right. While it writes, each new word sees only "
        "the first, and no date is right.",
    ),
    Mistake(
        "With a cache, each new word stands at place 0",
        {"(self.target_embedding, target, P)": "(self.target_embedding, target, 0)"},
        "Training and scoring are right. While it writes, all words seem to stand "
        "first: of lists of two dates almost none is right.",
    ),
    Mistake(
        "The cache keeps the new word's keys and values alone",
        {"return outputs, (key, value)": "return outputs, (new_key, new_value)"},
        "Training and scoring are right. Short answers still look fine, longer "
        "ones fall apart: each word sees itself alone.",
    ),
    Mistake(
        "The padding mask upside down: padding is seen, words are not",
        {"tuple(source.shape), shown[": "tuple(source.shape), ~shown["},
        "With some padding the answers are nonsense. Without any, nothing is visible: "
        "every score is NaN, or, with the fused kernel, as if there were no source.",
    ),
    Mistake(
        "The source's padding is hidden from the encoder, not from the decoder",
        {"(*pair, mask)": "(*pair, torch.ones_like(mask))"},
        "Nothing in a test without padding. A short source in a batch with a long "
        "one loses about half of its dates.",
    ),
    Mistake(
        "The source's padding is hidden from the decoder, not from the encoder",
        {"layer(hidden, none, mask,": "layer(hidden, none, torch.ones_like(mask),"},
        "Nothing was seen in ours: the padding mixes into the words a little. "
        "Scores move, and a text's depend on its batch.",
    ),
    Mistake(
        "Scores not divided by √K",
        {
            ATTEND: "attend(query, key, value, visible, scale=1.0)",
            " / key.shape[3] ** 0.5": "",
        },
        "A small network trains as well; weights trained with the root look too "
        "sharply, and write a little worse.",
    ),
    Mistake(
        "Scores divided by the root of the whole width instead of a head's",
        {
            ATTEND: "attend(query, key, value, visible, scale=asking.shape[2] ** -0.5)",
            " / key.shape[3] ** 0.5": " / asking.shape[2] ** 0.5",
        },
        "A small network trains as well; weights trained with the right root look "
        "too evenly, and lists get worse.",
    ),
    Mistake(
        "Heads joined without transposing back, which mixes words",
        {MERGED: "mixed.reshape(asking.shape)"},
        "Scored at once it looks almost as good, for later words leak into earlier "
        "ones; what it writes is wrong.",
    ),
    Mistake(
        "Words not multiplied by √D before their place is added",
        {"table(tokens) * D**0.5": "table(tokens)"},
        "A small network trains as well, even better in ours; published weights "
        "give nonsense, as places drown words.",
    ),
    Mistake(
        "Places multiplied by √D along with the words",
        {"content + waves.flatten(1)": "content + D**0.5 * waves.flatten(1)"},
        "A small network trains as well; published weights give nonsense, as "
        "places drown words.",
    ),
    Mistake(
        "All sines first, then all cosines, instead of side by side",
        {WAVES: WAVES.replace("dim=2", "dim=1")},
        "It trains about as well, since the order of features means nothing before "
        "training; published weights fail.",
    ),
    Mistake(
        "Waves made of the pair's number instead of twice that",
        {"arange(0, D, 2, **options) / D": "arange(0, D // 2, **options) / D"},
        "It trains as well on short texts; weights trained with the paper's waves "
        "get worse.",
    ),
    Mistake(
        "Pre-norm, but the sum keeps the normed words instead of the words",
        {"told = inputs + self.attention(": "told = asking + self.attention("},
        "It trains, without the path past all layers that pre-norm is meant to "
        "keep; published weights give nonsense.",
    ),
    Mistake(
        "Pre-norm without the norm at the end",
        {"final = nn.LayerNorm if norm_first else nn.Identity": "final = nn.Identity"},
        "A small network trains as well; published weights, fitted to that norm, "
        "get worse.",
    ),
    Mistake(
        "Post-norm with one norm more at the end of each stack",
        {"final = nn.LayerNorm if norm_first else nn.Identity": "final = nn.LayerNorm"},
        "Nothing bad: PyTorch's own class does it by default. Weights of the "
        "paper's form have no place for it.",
    ),
    Mistake(
        "No ReLU in the feed-forward",
        {"self.expansion(read).relu()": "self.expansion(read)"},
        "A small network trains as well, on a task that needs little more than "
        "copying; published weights fail.",
    ),
    Mistake(
        "The decoder reads the encoder's output before its last norm",
        {"= self.encoder_norm(hidden)": "= hidden + 0 * self.encoder_norm(hidden)"},
        "It trains a little worse; published weights, fitted to that norm, get worse.",
    ),
]
