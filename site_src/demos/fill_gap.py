"""The demo "fill-gap": a text with a gap goes in, the chances of what is hidden, out.

The model reads up to `context` tokens at once, to both sides of a gap. What the snippet
computes inside is taken under the names in its source and shown as a heat map.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from site_src.demos.exporting import Made, Runtime
from site_src.demos.next_token import CANDIDATES, bars, encoded, inside
from site_src.demos.readers import Window, scale_of

SIZED_IN = "tokens"


def make(
    model: nn.Module,
    *,
    vocabulary: Sequence[str],
    gap: str,
    start: str,
    context: int,
    inner: Mapping[str, str] = {},
) -> Made:
    """Export a trained model and compare it with torch.

    Args:
        model: `model(tokens)` returns scores, or a tuple that begins with them.
        vocabulary: The characters, by their number.
        gap: The one of them that stands for a hidden token.
        start: The text that the live demo begins with, one of its tokens hidden.
        context: How many tokens are read at once.
        inner: Label → a name as the tracer knows it, "Net.forward.gate".

    Shape:
        tokens (1, T) -> scores (1, T, V)
    """
    tokens = encoded(start, vocabulary, context)
    if gap not in vocabulary:
        raise ValueError(f"the vocabulary lacks the gap {gap!r}")
    if start.count(gap) != 1:
        raise ValueError(f"the start has {start.count(gap)} gaps; it begins with one")
    lengths = sorted({1, math.ceil(context / 3), context})
    if len(lengths) < 3:
        raise ValueError(f"context is {context}; three lengths have to be checked")
    reader = Window(model, inner)
    reader.eval()
    with torch.no_grad():
        reader.learn(tokens, len(vocabulary))
        exported = reader.export(tokens)
        runtime = Runtime(exported)
        draws = [torch.randint(len(vocabulary), (1, n)) for n in lengths]
        found = [reader.differences(runtime, t) for t in (*draws, tokens)]
        scores, values = reader.read(runtime, tokens)
    settings: dict[str, Any] = {
        "vocabulary": "".join(vocabulary),
        "gap": gap,
        "start": start,
        "context": context,
        "shown": context,
        "candidates": CANDIDATES,
        "state": [],
        "inner": [
            {
                "label": label,
                "range": scale_of(value),
                "channels": reader.channels[label],
            }
            for label, value in values.items()
        ],
    }
    chances = scores[start.index(gap)].softmax(-1)
    shown: dict[str, Any] = {"chances": chances.tolist()}
    if inner:
        first = next(iter(values.values()))
        settings |= reader.arrangement(first)
        rows = first[settings["channel"]].tolist()
        shown["values"] = [[round(v, 3) for v in row] for row in rows]
    return Made(exported, lengths, max(found), settings, shown)


def draw(settings: Mapping[str, Any], shown: Mapping[str, Any], alt: str) -> str:
    """The static figure: the text, what may stand in its gap, the heat map."""
    text = html.escape(settings["start"])
    return (
        f'<div class="demo-view" role="img" aria-label="{html.escape(alt)}" '
        f'data-search-exclude><p class="demo-text">{text}</p>'
        f"{bars(settings, shown['chances'])}{inside(settings, shown)}</div>"
    )
