"""The demo "sequence-to-sequence": words go in, other words come out, one by one.

A model that loops over time is stepped through its source and then through its target;
a model that sees both at once is called with the words that it wrote so far. What the
snippet computes inside is taken under the names in its source: values by the words that
were read and written, and alignments, which word looks at which.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from site_src.demos.exporting import Made, Runtime
from site_src.demos.readers import scale_of
from site_src.demos.stepwise import Stepwise
from site_src.demos.translators import Translator, Whole

SIZED_IN = "words read"


def make(
    model: nn.Module,
    *,
    vocabulary: Sequence[str],
    written: Sequence[str],
    samples: Sequence[str],
    limits: tuple[int, int],
    first: str,
    last: str,
    directions: int = 1,
    inner: Mapping[str, str] = {},
    alignment: Mapping[str, str] = {},
) -> Made:
    """Export a trained model and compare it with torch.

    Args:
        model: `model(source, target)` returns scores for the word after each of the
            target's. One that loops over time also has `read`, `begin` and `write`.
        vocabulary: The words of the source, by their number.
        written: The words of the target, by their number.
        samples: Texts to choose from; the figure shows the first.
        limits: How many words are read, and how many are written, at most.
        first: The word that the target begins with, which is never shown.
        last: The word that ends it.
        directions: 2, if `read` also takes the words from the last to the first.
        inner: Label → a name as the tracer knows it, "Cell.forward.gate".
        alignment: Label → the name of an alignment.

    Shape:
        source (1, S), target (1, T) -> scores (1, T, V)
    """
    _check(vocabulary, written, first, last)
    sources = [_encoded(text, vocabulary, limits[0]) for text in samples]
    source, ends = sources[0], (written.index(first), written.index(last))
    arguments = (model, inner, alignment, ends)
    steps = hasattr(model, "write")
    translator: Translator
    translator = (
        Stepwise(*arguments, directions=directions) if steps else Whole(*arguments)
    )
    translator.eval()
    lengths = sorted({1, max(2, limits[0] // 3), limits[0]})
    with torch.no_grad():
        translator.learn(source, len(written))
        exported = translator.export(source)
        runtime = Runtime(exported)
        draws = [torch.randint(len(vocabulary), (1, n)) for n in lengths]
        difference = max(
            translator.difference(runtime, tokens, min(limits[1], n + 2))
            for n, tokens in zip([*lengths, 5], [*draws, source], strict=True)
        )
        came = translator.translate(runtime, source, limits[1])
    maps: list[dict[str, Any]] = [
        {
            "label": label,
            "range": scale_of(came.maps[label]),
            "channels": translator.channels[label],
            "axes": translator.axes[label],
        }
        for label in (*alignment, *inner)
    ]
    settings: dict[str, Any] = {
        "vocabulary": list(vocabulary),
        "written": list(written),
        "samples": list(samples),
        "limits": list(limits),
        "ends": list(ends),
        "steps": translator.settings(),
        "maps": maps,
        "channel": 0,
    }
    chances = came.scores.softmax(-1)
    shown: dict[str, Any] = {
        "source": source[0].tolist(),
        "words": came.words.tolist(),
        "chances": [
            round(row[word].item(), 4)
            for row, word in zip(chances, came.words, strict=True)
        ],
    }
    if inner:
        # Units by their mean, the highest on top.
        means = came.maps[next(iter(inner))][0].mean(-1)
        settings["order"] = means.argsort(descending=True).tolist()
    if maps:
        values = came.maps[next(iter([*alignment, *inner]))]
        if alignment:
            # The channel that picks most sharply.
            settings["channel"] = int(values.square().sum(-1).mean(-1).argmax())
        else:
            values = values[:, settings["order"]]
            if maps[0]["axes"][1] == "source target":
                read = source.shape[1]
                gap = values.new_zeros(*values.shape[:2], 1)
                values = torch.cat([values[..., :read], gap, values[..., read:]], -1)
        channel = values[settings["channel"]]
        shown["values"] = [[round(v, 3) for v in row] for row in channel.tolist()]
    return Made(exported, lengths, difference, settings, shown)


def draw(settings: Mapping[str, Any], shown: Mapping[str, Any], alt: str) -> str:
    """The static figure: the source, the words written, the first map."""
    from site_src.demos import heat_map  # here, so that how it looks trains nothing

    target = [settings["written"][n] for n in shown["words"]]
    pairs = zip(target, shown["chances"], strict=True)
    words = "".join(
        f"<li><b>{heat_map.visible(word)}</b> <small>{_percent(chance)}</small></li>"
        for word, chance in pairs
    )
    picture = ""
    if "values" in shown:
        first = settings["maps"][0]
        columns, rows = axes(settings, first["axes"], shown["source"], shown["words"])
        channels = first["channels"]
        where = f", {channels[settings['channel']]}" if channels else ""
        picture = heat_map.draw(
            shown["values"],
            first["range"],
            title=f"{first['label']}{where}",
            columns=columns,
            rows=rows,
        )
    return (
        f'<div class="demo-view words" role="img" aria-label="{html.escape(alt)}" '
        f'data-search-exclude><p class="demo-text">'
        f"{html.escape(settings['samples'][0])}</p>"
        f'<ol class="demo-words">{words}</ol>{picture}</div>'
    )


def axes(
    settings: Mapping[str, Any],
    names: Sequence[str],
    source: Sequence[int],
    words: Sequence[int],
) -> tuple[list[str], list[str]]:
    """Names of the columns and of the rows of a map; units have none."""
    written = settings["written"]
    target = [written[n] for n in words]
    before = [written[settings["ends"][0]], *target[:-1]]
    read = [settings["vocabulary"][n] for n in source]
    rows = {"source": read, "target": target, "units": []}[names[0]]
    columns = {
        "source": read,
        "target": target if names[0] == "units" else before,
        "source target": [*read, "", *target],
    }
    return columns[names[1]], rows


def split(text: str, vocabulary: Sequence[str]) -> tuple[list[int], list[str]]:
    """The numbers of a text's words, and what is no word of the vocabulary.

    At each place the longest word counts that does not end within a run of letters.
    """
    longest = max(map(len, vocabulary))
    place = {word: number for number, word in enumerate(vocabulary)}
    numbers, unknown = [], []
    at = 0
    while at < len(text):
        for size in range(min(longest, len(text) - at), 0, -1):
            end = at + size
            inside = text[end - 1 : end + 1]
            if text[at:end] in place and not (len(inside) == 2 and inside.isalpha()):
                numbers.append(place[text[at:end]])
                break
        else:
            end = at + 1
            while text[at:end].isalpha() and text[end : end + 1].isalpha():
                end += 1
            unknown += [] if text[at].isspace() else [text[at:end]]
        at = end
    return numbers, unknown


def _encoded(text: str, vocabulary: Sequence[str], limit: int) -> Tensor:
    """A sample as numbers, (1, S)."""
    numbers, unknown = split(text, vocabulary)
    if unknown:
        raise ValueError(f"the vocabulary lacks {unknown[0]!r} of a sample")
    if not 2 <= len(numbers) <= limit:
        raise ValueError(f"a sample has {len(numbers)} words; 2 to {limit} are read")
    return torch.tensor([numbers])


def _check(
    vocabulary: Sequence[str], written: Sequence[str], first: str, last: str
) -> None:
    for words in (vocabulary, written):
        if len(set(words)) < len(words):
            raise ValueError("a word stands twice in a vocabulary")
        if not all(word == word.strip() != "" for word in words):
            raise ValueError("a word of a vocabulary is empty or holds a blank")
    for word in (first, last):
        if word not in written:
            raise ValueError(f"{word!r} is not among the words written")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\N{NARROW NO-BREAK SPACE}%"
