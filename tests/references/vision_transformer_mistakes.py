"""What people get wrong in a Vision Transformer: the list of its test.

What would be seen was tried on digits of 8 x 8 pixels in patches of 2: a network of
two blocks trained with the mistake for 300 steps, and tested on unseen digits.
"""

from __future__ import annotations

from mistakes import Mistake

FUSED = "attend(query, key, value)"
SPELLED = "(query @ key.mT / K**0.5).softmax(dim=-1)"
SPLIT = "packed.view(B, T, 3, H, K).transpose(1, 3)"
MIXED = "packed.view(B, T, 3, D).transpose(1, 2).reshape(B, 3, H, T, K).transpose(1, 2)"
CUT = "permute(0, 2, 4, 1, 3, 5)"
POOLED = "final.mean(1) if self.class_token is None else final[:, 0]"

MISTAKES = [
    Mistake(
        "The mask of a language model left in",
        {
            FUSED: "attend(query, key, value, is_causal=True)",
            SPELLED: "(query @ key.mT / K**0.5 + torch.full((T, T), -torch.inf, "
            "dtype=query.dtype).triu(1)).softmax(dim=-1)",
        },
        "Does not train: the class token stands first, sees only itself, and guesses.",
    ),
    Mistake(
        "Scores not divided by √K",
        {FUSED: "attend(query, key, value, scale=1.0)", " / K**0.5)": ")"},
        "Trains a little worse. Published weights attend too sharply.",
    ),
    Mistake(
        "Scores divided by the root of the whole width instead of a head's",
        {FUSED: "attend(query, key, value, scale=D**-0.5)", " / K**0.5)": " / D**0.5)"},
        "Trains about as well. Published weights attend too evenly.",
    ),
    Mistake(
        "Heads split by a reshape alone, which mixes patches",
        {SPLIT: MIXED},
        "Trains as well, on the digits even better, for it mixes neighbours as a "
        "convolution would. Published weights give other scores, without an error.",
    ),
    Mistake(
        "Heads joined without transposing back, which mixes patches",
        {"mixed.transpose(1, 2).reshape(B, T, D)": "mixed.reshape(B, T, D)"},
        "Trains as well. Published weights give other scores, without an error.",
    ),
    Mistake(
        "Softmax over the tokens that look instead of those that are looked at",
        {
            FUSED: "(query @ key.mT / K**0.5).softmax(dim=-2) @ value",
            SPELLED: "(query @ key.mT / K**0.5).softmax(dim=-2)  # spelled out",
        },
        "Trains as well: what a patch hands over is shared out among those that "
        "look. Published weights give other scores.",
    ),
    Mistake(
        "Patches numbered down the columns instead of along the rows",
        {"maps.flatten(2)": "maps.mT.flatten(2)", CUT: "permute(0, 4, 2, 1, 3, 5)"},
        "Trains as well, for positions are learned. Published positions stand for "
        "other patches: the image is seen transposed.",
    ),
    Mistake(
        "Colours last within a patch, for a kernel that has them first",
        {CUT: "permute(0, 2, 4, 3, 5, 1)"},
        "Nothing with one colour. With three, a published kernel is applied to "
        "shuffled pixels.",
    ),
    Mistake(
        "Positions added to the patches only, not to the class token",
        {
            "hidden = torch.cat(content, dim=1) + self.positions": (
                "content[-1] = content[-1] + self.positions[-R * Q :]\n"
                "        hidden = torch.cat(content, dim=1)"
            ),
        },
        "Trains as well: the class token has its own vector anyway. Published "
        "weights give other scores.",
    ),
    Mistake(
        "One position for all tokens",
        {" + self.positions  #": " + self.positions[:1]  #"},
        "Trains much worse: the image is a bag of patches. A well-known example "
        "had it, with one position for each image of the batch.",
    ),
    Mistake(
        "The class token put last, the first token read",
        {"content.insert(0, ": "content.append("},
        "Trains as well: the first patch takes over what the class token did. "
        "Published weights give other scores.",
    ),
    Mistake(
        "The mean of all tokens read where a class token was trained",
        {POOLED: "final.mean(1)"},
        "Trains as well. Published weights give other scores, as their patches were "
        "not trained to answer.",
    ),
    Mistake(
        "LayerNorm after the sum instead of before the sub-layer",
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
        "Trains less evenly: of three seeds one fell far behind. Published weights "
        "give other scores.",
    ),
    Mistake(
        "What is added to is taken after the norm",
        {"midway = inputs + ": "midway = self.attention_norm(inputs) + "},
        "Trains as well, at two blocks. Published weights give other scores.",
    ),
    Mistake(
        "The last LayerNorm left out",
        {"final = self.final_norm(hidden)": "final = hidden"},
        "Trains about as well at two blocks. Published weights give other scores, on "
        "another scale.",
    ),
    Mistake(
        "GELU's tanh approximation instead of the exact one",
        {"gelu(expanded)": 'gelu(expanded, approximate="tanh")'},
        "Nothing: scores of published weights are off in a late digit, which only a "
        "comparison finds.",
    ),
    Mistake(
        "LayerNorm's ε left at torch's 1e-5",
        {"EPSILON = 1e-12": "EPSILON = 1e-5"},
        "Nothing: scores of published weights are off in a late digit, which only a "
        "comparison finds.",
    ),
    Mistake(
        "Queries and keys of a checkpoint exchanged",
        {'roles = ("query", "key", "value")': 'roles = ("key", "query", "value")'},
        "Loads without an error. Each patch asks what it should be asked, and "
        "published weights give other scores.",
    ),
    Mistake(
        "Positions stretched with rows and columns exchanged",
        {"finer[0].flatten(1)": "finer[0].mT.flatten(1)"},
        "Loads without an error where the new grid is square. Every position off "
        "the diagonal is another one's.",
    ),
    Mistake(
        "Positions stretched from corner to corner",
        {'mode="bicubic")': 'mode="bicubic", align_corners=True)'},
        "At the old resolution nothing. At a new one, every position is a little off "
        "from those of transformers; the authors' own code does it so, bilinearly.",
    ),
    Mistake(
        "ViT-H's heads taken to be 64 wide, like those of its smaller siblings",
        {"HEAD_WIDTHS = {1280: 80}": "HEAD_WIDTHS: dict[int, int] = {}"},
        "Loads without an error, as no tensor tells the number of heads: 20 instead "
        "of 16, and other scores.",
    ),
]
