"""What people get wrong in a BERT: the list that test_bert.py has no room for."""

from __future__ import annotations

from mistakes import Mistake

KERNEL = "query, key, value, mask"
MASKED = "scores.masked_fill(~mask, -torch.inf)"
ALONE = "mask & mask.new_ones(T, T).tril()"
SPLIT = "packed.view(B, T, 3, H, K).transpose(1, 3)"

MISTAKES = [
    Mistake(
        "Every token may read padding",
        {
            KERNEL: "query, key, value, mask | True",
            MASKED: "scores",
        },
        "A text gets other scores in a batch with a longer one than alone.",
        "huggingface/candle#1798",
    ),
    Mistake(
        "The padding mask inverted",
        {"mask = present.view(B, 1, 1, T)": "mask = ~present.view(B, 1, 1, T)"},
        "Tokens read nothing but padding; a text without any reads nothing at all.",
        "nyu-mll/jiant#465",
    ),
    Mistake(
        "The padding mask handed over as numbers, which are added to the scores",
        {
            KERNEL: "query, key, value, mask.to(query.dtype)",
            MASKED: "(scores + mask)",
            "_require(kind is torch.bool": "_require(True",
        },
        "No error; padding gets nearly as much attention as the text.",
    ),
    Mistake(
        "The mask along the tokens that read instead of those that are read",
        {"mask = present.view(B, 1, 1, T)": "mask = present.view(B, 1, T, 1)"},
        "Every token reads the padding, which itself holds zeros or NaN.",
    ),
    Mistake(
        "A causal mask left in from a decoder",
        {
            KERNEL: f"query, key, value, {ALONE}",
            MASKED: f"scores.masked_fill(~({ALONE}), -torch.inf)",
        },
        "No error; gaps are filled from the left alone, as the page measures.",
    ),
    Mistake(
        "Scores not divided by √K",
        {KERNEL: f"{KERNEL}, scale=1.0", " / K**0.5": ""},
        "Published weights attend too sharply; no error says so.",
    ),
    Mistake(
        "GELU by its tanh approximation, as in GPT-2",
        {"self.expansion(midway))": 'self.expansion(midway), approximate="tanh")'},
        "Scores of published weights slightly off; only a comparison tells.",
        "Blaizzy/mlx-embeddings#81",
    ),
    Mistake(
        "LayerNorm before the sub-layer, as in GPT-2",
        {
            "self.query_key_value(inputs)": (
                "self.query_key_value(self.attention_norm(inputs))"
            ),
            "self.attention_norm(inputs + fetched)": "inputs + fetched",
            "gelu(self.expansion(midway))": (
                "gelu(self.expansion(self.feed_forward_norm(midway)))"
            ),
            "self.feed_forward_norm(midway + thought)": "midway + thought",
        },
        "Trained from nothing, no error shows; published weights give other answers.",
    ),
    Mistake(
        "LayerNorm with PyTorch's default of 1e-5 instead of 1e-12",
        {"TINY = 1e-12": "TINY = 1e-5"},
        "Scores of published weights slightly off; only a comparison tells.",
        "keras-team/keras-hub#642",
    ),
    Mistake(
        "No LayerNorm on the sum of the three embeddings",
        {
            "self.embedding_norm(content + places + sides)": (
                "content + places + sides + 0 * self.embedding_norm(content)"
            )
        },
        "Trained from nothing, no error shows; published weights give other answers.",
    ),
    Mistake(
        "Segments forgotten",
        {"(content + places + sides)": "(content + places + 0 * sides)"},
        "No error, as a single text has segment 0; pairs are read as one sentence.",
        "huggingface/transformers#263",
    ),
    Mistake(
        "The head without its layer and norm",
        {
            "final @ self.token": "(hidden + 0 * final) @ self.token",
        },
        "Trained from nothing, no error shows; published weights fill in other tokens.",
    ),
    Mistake(
        "The head without its bias",
        {".weight.T + self.head_bias": ".weight.T + 0 * self.head_bias"},
        "Published weights lose what they know of how frequent a token is.",
    ),
    Mistake(
        "The pooler without its tanh",
        {"torch.tanh(self.pooler(hidden[:, 0]))": "self.pooler(hidden[:, 0])"},
        "The published verdict on a pair changes; no error says so.",
    ),
    Mistake(
        "The pooler reads the last token instead of [CLS]",
        {"hidden[:, 0]": "hidden[:, -1]"},
        "In a batch it reads padding, so the verdict depends on the neighbours.",
    ),
    Mistake(
        "Key and value swapped when they are packed",
        {'("query", "key", "value")': '("query", "value", "key")'},
        "Loads without an error; every answer is wrong.",
    ),
    Mistake(
        "A checkpoint with a head of its own taken for a tied one",
        {
            'f"a decoder with the {twin} tied", "one': '"", "one',
            "_require(tied,": "_require(True,",
        },
        "Loads; the gaps are filled by the wrong table.",
    ),
    Mistake(
        "Heads split by a reshape alone, which mixes tokens",
        {
            SPLIT: (
                "packed.view(B, T, 3, D).transpose(1, 2)"
                ".reshape(B, 3, H, T, K).transpose(1, 2)"
            )
        },
        "A head reads parts of several tokens; published weights give other answers.",
    ),
    Mistake(
        "Tokens that were not chosen get spoiled too",
        {"chosen & (dice < GAP), gap": "dice < GAP, gap"},
        "Four in five tokens are gone, and the network is asked about a few of them.",
    ),
    Mistake(
        "One roll of the dice for a whole batch",
        {
            "torch.rand(tokens.shape, **where)": (
                "torch.rand(1, **where).expand(tokens.shape)"
            )
        },
        "Whole batches without a gap, where copying the input is the best answer.",
    ),
    Mistake(
        "10 % of all instead of the next 10 %: random tokens overwrite gaps",
        {"chosen & (dice >= GAP) & (dice < GAP + RANDOM)": "chosen & (dice < RANDOM)"},
        "70 % gaps instead of 80 %, and 20 % as they were.",
    ),
    Mistake(
        "10 % of what the gaps leave, instead of half of it, becomes random",
        {"dice < GAP + RANDOM": "dice < GAP + (1 - GAP) * RANDOM"},
        "2 % random tokens instead of 10 %, and 18 % as they were.",
        "huggingface/transformers#32329",
    ),
]
