"""What people get wrong in a GPT: the list that test_gpt.py has no room for.

What would be seen was tried on a character model of 4 layers: its weights put under
the mistake, read whole and step by step, and a model trained with the mistake.
"""

from __future__ import annotations

from mistakes import Mistake

SDPA = "None if first else mask, is_causal=first"
SPLIT = "packed.view(B, T, 3, H, K).transpose(1, 3)"
MIXED = "packed.view(B, T, 3, D).transpose(1, 2).reshape(B, 3, H, T, K).transpose(1, 2)"
SQUARE = "len(weight) == weight.shape[-1]"
CACHE = "return outputs, (key, value)"
SHRINK = '(2 * layers) ** 0.5 if "projection" in name else 1'
READ = "tokens = torch.cat([tokens, unread], dim=1)"

MISTAKES = [
    Mistake(
        "The mask lets every token read the next one too",
        {".tril(S - T)": ".tril(S - T + 1)", SDPA: "mask"},
        "The loss falls almost to zero, for the answer stands in the input. Step by "
        "step, where it does not, the model is worse than an untrained one.",
    ),
    Mistake(
        "After a cache, the mask starts at the first token instead of the last",
        {".tril(S - T)": ".tril()", SDPA: "None, is_causal=True"},
        "Training is right, and the first new token too. Every later one reads only "
        "the first token of the text.",
        "pytorch/pytorch#144858",
    ),
    Mistake(
        "No mask among the tokens that follow a cache together",
        {SDPA: "None, is_causal=first", "(~mask,": "(~mask & (T == S),"},
        "Training and single steps are right. A long prompt read in chunks, or a "
        "draft that is checked at once, reads its own future.",
        "Mikyx-1/TinyLLM#18",
    ),
    Mistake(
        "Scores not divided by √K",
        {SDPA: f"{SDPA}, scale=1.0", " / K**0.5": ""},
        "A small model trains about as well. Published weights attend too sharply, "
        "and write worse text without an error.",
        "PAIR-code/tiny-transformers#71",
    ),
    Mistake(
        "Scores divided by the root of the whole width instead of a head's",
        {SDPA: f"{SDPA}, scale=D**-0.5", " / K**0.5": " / D**0.5"},
        "A small model trains almost as well; published weights attend too evenly.",
        "lucidrains/vit-pytorch#65",
    ),
    Mistake(
        "Heads split by a reshape alone, which mixes tokens",
        {SPLIT: MIXED},
        "The training loss looks better than it should, for later tokens leak into "
        "earlier ones; step by step the model is bad.",
        "reczoo/FuxiCTR#30",
    ),
    Mistake(
        "Heads joined without transposing back, which mixes tokens",
        {"mixed.transpose(1, 2).reshape(B, T, D)": "mixed.reshape(B, T, D)"},
        "The training loss looks far too good, for later tokens leak into earlier "
        "ones; step by step the model is bad.",
        "jsbaan/transformer-from-scratch#6",
    ),
    Mistake(
        "Softmax over the tokens that read instead of those that are read",
        {"-torch.inf).softmax(dim=-1)": "-torch.inf).softmax(dim=-2)"},
        "Every weight depends on later readers, so the future leaks: a training loss "
        "far too good, and nonsense step by step.",
        "labmlai/annotated_deep_learning_paper_implementations#146",
    ),
    Mistake(
        "The packed projection read as query, key, value of each head in turn",
        {SPLIT: "packed.view(B, T, H, 3, K).permute(0, 2, 3, 1, 4)"},
        "Trains as well as ever. GPT-2's weights, where all queries come first, give "
        "the text of a model hardly trained; GPT-NeoX's are packed this way.",
        "awslabs/slapo#46",
    ),
    Mistake(
        "The exact GELU instead of its tanh approximation",
        {', approximate="tanh"': ""},
        "Nothing: the loss hardly moves. The scores of published weights are off by "
        "thousandths, which only a comparison finds.",
        "kyutai-labs/pocket-tts#278",
    ),
    Mistake(
        "Conv1D matrices transposed only where the shape demands it",
        {
            '".c_" in name else': f'".c_" in name and not ({SQUARE}) else',
        },
        "Loads without an error, as the attention's projection is square; the text "
        "is as bad as that of a model hardly trained.",
        "nntile/nntile#370",
    ),
    Mistake(
        "Positions start at 0 again after a cache",
        {"torch.arange(P, P + T, device": "torch.arange(T, device"},
        "Training is right, and the first new token too. Every later one believes to "
        "be the first of the text, which gets worse.",
        "ml-explore/mlx-lm#93",
    ),
    Mistake(
        "The cache keeps only the newest tokens",
        {CACHE: "return outputs, (key[:, :, S - T :], value[:, :, S - T :])"},
        "Training is right, and the first new token too. Every later one reads "
        "only the last two tokens.",
    ),
    Mistake(
        "The whole text is read again on top of its cache",
        {READ: f"unread = {READ}"},
        "Every token is cached many times: other text than without a cache, and an "
        "error that the context is full far too early.",
        "huggingface/transformers#1749",
    ),
    Mistake(
        "LayerNorm after the sum, as in 2018, instead of before the sub-layer",
        {
            "self.query_key_value(self.attention_norm(inputs))": (
                "self.query_key_value(inputs)"
            ),
            "inputs + self.attention_projection(merged)": (
                "self.attention_norm(inputs + self.attention_projection(merged))"
            ),
            "self.expansion(self.feed_forward_norm(midway))": "self.expansion(midway)",
            "midway + self.feed_forward_projection(active)": (
                "self.feed_forward_norm(midway + self.feed_forward_projection(active))"
            ),
        },
        "Four layers train as well, with a warm-up. GPT-2's weights give bad text.",
        "gao-hongnan/omniverse#72",
    ),
    Mistake(
        "What is added to is taken after the norm",
        {"midway = inputs + ": "midway = self.attention_norm(inputs) + "},
        "Four layers train as well. Published weights give bad text.",
        "pytorch/pytorch#61165",
    ),
    Mistake(
        "No LayerNorm before the head",
        {"final = self.final_norm(hidden)": "final = hidden"},
        "Trains worse, and published weights give worse text.",
    ),
    Mistake(
        "A head with weights of its own",
        {
            "self.final_norm = nn.LayerNorm(width)\n": (
                "self.final_norm = nn.LayerNorm(width)\n"
                "        self.head = nn.Linear(width, vocabulary, bias=False)\n"
            ),
            "final @ self.token_embedding.weight.T": "self.head(final)",
            "load_state_dict(renamed)": "load_state_dict(renamed, strict=False)",
        },
        "Trains as well, with more parameters. GPT-2's files hold no head, so it "
        "stays random: text of random tokens.",
        "huggingface/transformers#43429",
    ),
    Mistake(
        "Layers that add to the residual start as large as the others",
        {SHRINK: "1"},
        "Nothing with four layers; the deeper the stack, the larger its sums start.",
        "huggingface/transformers#47458",
    ),
    Mistake(
        "Top-p drops the token that crosses p",
        {"kept.cumsum(-1) - kept": "kept.cumsum(-1)"},
        "Duller text. Where one token alone is likelier than p nothing is left, and "
        "drawing fails.",
        "thu-nics/C2C#21",
    ),
    Mistake(
        "Top-p counts the probability of tokens that top-k has ruled out",
        {"ordered[:, :top_k].softmax(-1)": "ordered.softmax(-1)[:, :top_k]"},
        "With both knobs more tokens stay than should; alone, each works.",
        "ml-explore/mlx-lm#388",
    ),
    Mistake(
        "The rank of the token drawn is returned instead of the token",
        {"places[:, :top_k], kept": "places.argsort()[:, :top_k], kept"},
        "Text of random tokens from a model with a good loss.",
        "lucidrains/PaLM-rlhf-pytorch#60",
    ),
    Mistake(
        "Temperature applied twice",
        {"(scores / temperature)": "(scores / temperature / temperature)"},
        "Right at 1, the default; too dull below and too wild above.",
        "RL-Align/RL-Kernel#81",
    ),
]
