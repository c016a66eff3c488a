"""The demo "next-token": text goes in, the chances of the next token come out.

A model with a state reads one token at a time and hands the state back; a model with a
window reads up to `context` tokens at once. What the snippet computes inside is taken
under the names in its source and shown as a heat map over the text.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from site_src.demos.exporting import Made, Runtime
from site_src.demos.readers import Reader, Steps, Window, scale_of

SIZED_IN = "tokens"
LONGEST = 400  # characters that the browser takes, read one by one with a state
CANDIDATES = 8  # likeliest tokens that are shown
SHOWN = 32  # columns of a heat map at most


def make(
    model: nn.Module,
    *,
    vocabulary: Sequence[str],
    start: str,
    context: int | None = None,
    inner: Mapping[str, str] = {},
) -> Made:
    """Export a trained model and compare it with torch.

    Args:
        model: `model(tokens)` returns scores, or a tuple that begins with them; one
            with a state also takes it, `model(tokens, state)`, and returns it second.
        vocabulary: The characters, by their number.
        start: The text that the figure shows and the live demo begins with.
        context: How many tokens are read at once; a model without it has a state,
            which starts at zero.
        inner: Label → a name as the tracer knows it, "Net.forward.gate".

    Shape:
        tokens (1, T) -> scores (1, T, V)
    """
    tokens = encoded(start, vocabulary, context)
    reader: Reader
    if context is None:
        reader = Steps(model, inner)
        lengths = [1, 24, LONGEST]
    else:
        reader = Window(model, inner)
        lengths = sorted({1, math.ceil(context / 3), context})
        if len(lengths) < 3:
            raise ValueError(f"context is {context}; three lengths have to be checked")
    reader.eval()
    with torch.no_grad():
        reader.learn(tokens, len(vocabulary))
        exported = reader.export(tokens)
        runtime = Runtime(exported)
        draws = [torch.randint(len(vocabulary), (1, n)) for n in lengths]
        found = [reader.differences(runtime, t) for t in (*draws, tokens)]
        scores, values = reader.read(runtime, tokens)
    ranges = {label: scale_of(value) for label, value in values.items()}
    settings: dict[str, Any] = {
        "vocabulary": "".join(vocabulary),
        "start": start,
        "limit": LONGEST,
        "context": context,
        "shown": context or SHOWN,
        "candidates": CANDIDATES,
        "state": [list(part.shape) for part in reader.state],
        "inner": [
            {"label": label, "range": ranges[label], "channels": reader.channels[label]}
            for label in inner
        ],
    }
    shown: dict[str, Any] = {"chances": scores[-1].softmax(-1).tolist()}
    if inner:
        first = next(iter(values.values()))
        settings |= reader.arrangement(first)
        channel = first[settings.get("channel", 0)]
        if context is None:
            channel = channel[settings["order"], -SHOWN:]
        rows = [[round(v, 3) for v in row] for row in channel.tolist()]
        shown["values"] = rows
    return Made(exported, lengths, max(found), settings, shown)


def draw(settings: Mapping[str, Any], shown: Mapping[str, Any], alt: str) -> str:
    """The static figure: the text, the likeliest next characters, the heat map."""
    text = html.escape(settings["start"])
    return (
        f'<div class="demo-view" role="img" aria-label="{html.escape(alt)}" '
        f'data-search-exclude><p class="demo-text">{text}</p>'
        f"{bars(settings, shown['chances'])}{inside(settings, shown)}</div>"
    )


def bars(settings: Mapping[str, Any], chances: Sequence[float]) -> str:
    """The likeliest tokens, each with its chance."""
    from site_src.demos import heat_map  # here, so that how it looks trains nothing

    best = sorted(range(len(chances)), key=lambda n: -chances[n])[:CANDIDATES]
    rows = "".join(
        f"<li><b>{heat_map.visible(settings['vocabulary'][n])}</b>"
        '<svg viewBox="0 0 100 1" preserveAspectRatio="none">'
        f'<rect width="{100 * chances[n]:.1f}" height="1"/></svg>'
        f"<span>{100 * chances[n]:.1f}\N{NARROW NO-BREAK SPACE}%</span></li>"
        for n in best
    )
    return f'<ol class="demo-next">{rows}</ol>'


def inside(settings: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    """The heat map of the first inner value; nothing where there is none."""
    from site_src.demos import heat_map

    if "values" not in shown:
        return ""
    first = settings["inner"][0]
    square = not settings["state"]
    return heat_map.draw(
        shown["values"],
        first["range"],
        title=_title(first, settings),
        columns=settings["start"][-settings["shown"] :],
        rows=settings["start"] if square else "",
    )


def _title(first: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    channels = first["channels"]
    where = f", {channels[settings['channel']]}" if channels else ""
    return f"{first['label']}{where}"


def encoded(start: str, vocabulary: Sequence[str], context: int | None) -> Tensor:
    """The first text as numbers, (1, T)."""
    if any(len(character) != 1 for character in vocabulary):
        raise ValueError("the vocabulary must hold single characters")
    if len(set(vocabulary)) < len(vocabulary):
        raise ValueError("a character stands twice in the vocabulary")
    unknown = sorted(set(start) - set(vocabulary))
    if unknown:
        raise ValueError(f"the vocabulary lacks {unknown[0]!r} of the start")
    if not 2 <= len(start) <= (context or SHOWN):
        most = context or SHOWN
        raise ValueError(
            f"the start has {len(start)} characters; 2 to {most} are shown"
        )
    place = {character: number for number, character in enumerate(vocabulary)}
    return torch.tensor([[place[character] for character in start]])
