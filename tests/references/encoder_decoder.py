"""An encoder-decoder put together from torch's own GRU, and what proves its search."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence


class Composed(nn.Module):
    """Two nn.GRU and a linear layer; the vector is laid beside every input."""

    def __init__(
        self,
        words: tuple[int, int],
        width: int,
        hidden: int,
        *,
        reverse: bool = False,
        remind: bool = True,
    ) -> None:
        super().__init__()
        self.read_words = nn.Embedding(words[0], width)
        self.written_words = nn.Embedding(words[1], width)
        self.encoder = nn.GRU(width, hidden, batch_first=True)
        self.decoder = nn.GRU(width + hidden * remind, hidden, batch_first=True)
        self.out = nn.Linear(hidden, words[1])
        self.reverse, self.remind = reverse, remind

    def forward(
        self, source: Tensor, target: Tensor, lengths: Tensor | None = None
    ) -> Tensor:
        """Logits (B, T, V) of known targets; lengths are cut off by packing."""
        counts = lengths if lengths is not None else torch.tensor(source.shape[1:])
        counts = counts.expand(len(source))
        if self.reverse:
            rows = [
                torch.cat([row[:count].flip(0), row[count:]])
                for row, count in zip(source, counts.tolist(), strict=True)
            ]
            source = torch.stack(rows)
        packed = pack_padded_sequence(
            self.read_words(source), counts, batch_first=True, enforce_sorted=False
        )
        _, vector = self.encoder(packed)
        seen = self.written_words(target)
        if self.remind:
            beside = vector[0][:, None].expand(-1, target.shape[1], -1)
            seen = torch.cat([seen, beside], -1)
        return self.out(self.decoder(seen, vector)[0])


def copy_cell(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map the names of an nn.GRU to our cell's; two of its biases are added."""
    weight, bias = theirs["weight_hh_l0"], theirs["bias_hh_l0"]
    H = weight.shape[1]
    added = torch.cat([bias[: 2 * H], torch.zeros_like(bias[2 * H :])])
    return {
        "from_input.weight": theirs["weight_ih_l0"],
        "from_input.bias": theirs["bias_ih_l0"] + added,
        "gates_from_hidden.weight": weight[: 2 * H],
        "candidate_from_hidden.weight": weight[2 * H :],
        "candidate_from_hidden.bias": bias[2 * H :],
    }


def copy_weights(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Map the names of a `Composed` to ours."""
    ours = {
        "source_embedding.weight": theirs["read_words.weight"],
        "target_embedding.weight": theirs["written_words.weight"],
        "score.weight": theirs["out.weight"],
        "score.bias": theirs["out.bias"],
    }
    for cell, name in (("reader", "encoder"), ("writer", "decoder")):
        layer = {
            key.removeprefix(f"{name}."): value
            for key, value in theirs.items()
            if key.startswith(name)
        }
        ours |= {f"{cell}.{key}": value for key, value in copy_cell(layer).items()}
    return ours


def every_target(
    model: nn.Module, source: Tensor, *, first: int, last: int, words: int, size: int
) -> tuple[list[list[int]], Tensor]:
    """All targets of at most so many words, likeliest first, with their log p.

    A target ends with `last`, or where the words run out; behind its end it is filled
    up with `last`. Each is scored by a whole run of the model.
    """
    targets, scores = [], []
    for row in itertools.product(range(size), repeat=words):
        end = row.index(last) + 1 if last in row else words
        if any(word != last for word in row[end:]):
            continue
        before = torch.tensor([[first, *row[: end - 1]]])
        logits = model(source, before)[0].log_softmax(-1)
        targets.append(list(row))
        scores.append(sum(logits[n, row[n]] for n in range(end)))
    order = torch.stack(scores).argsort(descending=True)
    return [targets[n] for n in order.tolist()], torch.stack(scores)[order]
