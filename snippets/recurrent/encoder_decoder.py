"""Encoder-decoder: one recurrent network reads, another writes what it read.

Source: Cho, van Merriënboer, Gulcehre et al., "Learning Phrase Representations
    using RNN Encoder-Decoder for Statistical Machine Translation", EMNLP 2014,
    arXiv 1406.1078. Beam search: Sutskever et al., NIPS 2014, arXiv 1409.3215.
Differs from the paper:
    - the vector is the last hidden state, and the writing starts from it, as
      in Sutskever et al.; Cho et al. put a tanh layer at either end
    - the next word is scored from the hidden state alone, by a linear layer
    - the reset gate acts after the recurrent matrix, as in torch
Checked against: torch.nn.GRU
Torch versions: 2.13.0
Dimensions: B batch, S source length, T target length, D width of a word, H
    hidden width, which is the vector's, V target words, W beams.
SPDX: MIT
"""

import torch
from torch import Tensor, nn

State = tuple[Tensor, Tensor]  # the hidden state and the vector, each (B, H)


# Same as: recurrent/lstm.py::_check_at_least_one
def _check_at_least_one(name: str, size: int) -> None:
    """Raise ValueError for a size below one."""
    if size < 1:
        raise ValueError(f"expected {name} of at least 1, got {size}")


# Same as: recurrent/lstm.py::_check_equal
def _check_equal(
    name: str, found: int | tuple[int, ...], expected: int | tuple[int, ...]
) -> None:
    """Raise ValueError for a size that might broadcast silently."""
    if found != expected:
        raise ValueError(f"expected {name} {expected}, got {found}")


# Same as: recurrent/gru.py::GRUCell
class GRUCell(nn.Module):
    """One time step of one layer: two gates around the hidden state.

    Args:
        input_width: features of one token, at least 1.
        hidden_width: features of the state, at least 1.
        reset_after: whether the reset gate acts after the recurrent matrix or
            before it.
    """

    def __init__(
        self, input_width: int, hidden_width: int, *, reset_after: bool
    ) -> None:
        super().__init__()
        H = hidden_width
        self.reset_after = reset_after
        # The three blocks of H rows: reset, update, candidate.
        self.from_input = nn.Linear(input_width, 3 * H)
        self.gates_from_hidden = nn.Linear(H, 2 * H, bias=False)
        self.candidate_from_hidden = nn.Linear(H, H, bias=reset_after)

    def forward(self, projected: Tensor, previous_hidden: Tensor) -> Tensor:
        """Read one token.

        Args:
            projected: `from_input` of the token, made for all tokens at once.
            previous_hidden: what the layer showed one step ago.

        Shape:
            projected (B, 3*H), previous_hidden (B, H) -> hidden (B, H)
        """
        in_reset, in_update, in_candidate = projected.chunk(3, -1)  # 3 x (B, H)
        past = self.gates_from_hidden(previous_hidden)  # (B, 2*H)
        past_reset, past_update = past.chunk(2, -1)  # 2 x (B, H)
        # r = σ(W x + U h₋₁ + b), z the same with weights of its own
        reset_gate = torch.sigmoid(in_reset + past_reset)
        update_gate = torch.sigmoid(in_update + past_update)
        # r ⊙ (U h₋₁ + b) in version 1, U (r ⊙ h₋₁) in version 3
        if self.reset_after:
            recalled = reset_gate * self.candidate_from_hidden(previous_hidden)
        else:
            recalled = self.candidate_from_hidden(reset_gate * previous_hidden)
        # g = tanh(W x + b + recalled),   h = z ⊙ h₋₁ + (1 - z) ⊙ g
        candidate = torch.tanh(in_candidate + recalled)
        hidden = update_gate * previous_hidden + (1 - update_gate) * candidate
        return hidden


class EncoderDecoder(nn.Module):
    """Two recurrent networks that share nothing but a vector.

    Args:
        source_words: size of the vocabulary that is read, at least 1.
        target_words: size of the vocabulary that is written, at least 1.
        width: features of an embedded word, at least 1.
        hidden_width: features of both states and of the vector, at least 1.
        reverse: whether to read from the last word (Sutskever et al., 3.3).
        remind: whether all steps see the vector (Cho) or the first (Sutskever).

    Shape:
        source (B, S), target (B, T) -> logits (B, T, V)

    Raises:
        ValueError: a size is below 1.
    """

    def __init__(
        self,
        *,
        source_words: int,
        target_words: int,
        width: int,
        hidden_width: int,
        reverse: bool = False,
        remind: bool = True,
    ) -> None:
        super().__init__()
        _check_at_least_one("source_words", source_words)
        _check_at_least_one("target_words", target_words)
        _check_at_least_one("width", width)
        _check_at_least_one("hidden_width", hidden_width)
        self.hidden_width = hidden_width
        self.reverse, self.remind = reverse, remind
        seen = width + hidden_width if remind else width
        self.source_embedding = nn.Embedding(source_words, width)
        self.reader = GRUCell(width, hidden_width, reset_after=True)
        self.target_embedding = nn.Embedding(target_words, width)
        self.writer = GRUCell(seen, hidden_width, reset_after=True)
        self.score = nn.Linear(hidden_width, target_words)

    def read(self, word: Tensor, hidden: Tensor | None = None) -> Tensor:
        """Read one word of the source.

        Args:
            word: the next one, or the one before if `reverse`.
            hidden: the state after the words that were read; zeros without it.

        Shape:
            word (B), hidden (B, H) -> hidden (B, H)
        """
        embedded = self.source_embedding(word)  # (B, D)
        if hidden is None:
            hidden = embedded.new_zeros(len(word), self.hidden_width)
        _check_equal("number of states", len(hidden), len(word))
        after: Tensor = self.reader(self.reader.from_input(embedded), hidden)
        return after

    def encode(self, source: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Read whole sources: what remains of each is one vector.

        Args:
            source: sequences of word numbers.
            lengths: how many words of each count, 1 to S; all without it.

        Shape:
            source (B, S), lengths (B) -> vector (B, H)
        """
        B, S = source.shape
        _check_at_least_one("source words", S)
        if lengths is not None:
            _check_equal("number of lengths", tuple(lengths.shape), (B,))
        # h_s = GRU(x_s, h_{s-1}),   c = h_S
        vector = self.source_embedding.weight.new_zeros(B, self.hidden_width)
        steps = list(enumerate(source.unbind(1)))
        for place, word in reversed(steps) if self.reverse else steps:
            hidden = self.read(word, vector)  # (B, H)
            if lengths is not None:  # what fills up changes nothing
                hidden = torch.where((place < lengths)[:, None], hidden, vector)
            vector = hidden
        return vector

    def write(self, word: Tensor, state: State) -> tuple[Tensor, State]:
        """Score every word that may follow the one just written.

        Args:
            word: what was written last, or what every target begins with.
            state: the hidden state before it, and the vector.

        Shape:
            word (B), state 2 x (B, H) -> logits (B, V), state as given
        """
        hidden, vector = state
        _check_equal("number of states", len(hidden), len(word))
        seen = self.target_embedding(word)  # (B, D)
        if self.remind:
            seen = torch.cat([seen, vector], dim=-1)  # (B, D+H)
        hidden = self.writer(self.writer.from_input(seen), hidden)
        return self.score(hidden), (hidden, vector)

    def forward(
        self, source: Tensor, target: Tensor, lengths: Tensor | None = None
    ) -> Tensor:
        """Score each next word of targets that are known: teacher forcing.

        Args:
            source: sequences of word numbers.
            target: the first word, then the target without its last word.
            lengths: how many words of each source, 1 to S; all without it.

        Shape:
            source (B, S), target (B, T), lengths (B) -> logits (B, T, V)
        """
        B, T = target.shape
        _check_at_least_one("target words", T)
        _check_equal("number of targets", B, len(source))
        vector = self.encode(source, lengths)  # (B, H)
        state, scores = (vector, vector), []
        for word in target.unbind(1):
            logits, state = self.write(word, state)
            scores.append(logits)
        return torch.stack(scores, dim=1)  # (B, T, V)

    @torch.no_grad()
    def beam_search(
        self, source: Tensor, *, first: int, last: int, words: int, beams: int
    ) -> tuple[Tensor, Tensor]:
        """Write the likeliest targets that a search of limited width finds.

        Args:
            source: sequences of word numbers, all of one length.
            first: the word that every target begins with; it is left out.
            last: the word that ends a target, and fills up behind it.
            words: how many are written at most.
            beams: beginnings that are kept at every step; 1 is greedy.

        Shape:
            source (B, S) -> targets (B, W, T), best first, log p (B, W)
        """
        B, W, V = len(source), beams, self.score.out_features
        _check_at_least_one("words", words)
        _check_at_least_one("beams", W)
        _check_at_least_one("last + 1", last + 1)
        hidden = vector = self.encode(source).repeat_interleave(W, dim=0)
        exact = torch.promote_types(vector.dtype, torch.float32)  # to add up in
        totals = vector.new_full((B, W), -torch.inf, dtype=exact)
        totals[:, 0] = 0.0  # one beam, for W equal ones would stay equal
        word = source.new_full((B * W,), first)
        targets = source.new_empty(B * W, 0)
        ended = torch.zeros_like(word, dtype=torch.bool)
        closing = totals.new_full((V,), -torch.inf)
        closing[last] = 0.0  # behind its end a target goes on for free
        start = torch.arange(0, B * W, W, device=source.device)[:, None]
        for _ in range(words):
            logits, (hidden, _) = self.write(word, (hidden, vector))
            gains = logits.log_softmax(-1, dtype=exact)
            gains = torch.where(ended[:, None], closing, gains)
            sums = totals.view(B, W, 1) + gains.view(B, W, V)
            totals, best = sums.flatten(1).topk(W, dim=1)
            rows = (start + best // V).flatten()
            word = (best % V).flatten()
            hidden = hidden[rows]
            targets = torch.cat([targets[rows], word[:, None]], dim=1)
            ended = ended[rows] | (word == last)
        return targets.view(B, W, words), totals


def example(
    *,
    batch: int = 2,
    source_length: int = 7,
    target_length: int = 5,
    source_words: int = 11,
    target_words: int = 9,
    width: int = 3,
    hidden_width: int = 4,
    reverse: bool = False,
    remind: bool = True,
) -> tuple[EncoderDecoder, tuple[Tensor, Tensor]]:
    """Build a tiny network, sources, and what was written of their targets.

    Args:
        batch: pairs of sequences.
        source_length: words of a source.
        target_length: words of a target.
        source_words: size of the vocabulary that is read.
        target_words: size of the vocabulary that is written.
        width: features of an embedded word.
        hidden_width: features of the vector.
        reverse: see `EncoderDecoder`, as for the next.
        remind: see there.

    Shape:
        () -> EncoderDecoder, (source (B, S), target (B, T))
    """
    module = EncoderDecoder(
        source_words=source_words,
        target_words=target_words,
        width=width,
        hidden_width=hidden_width,
        reverse=reverse,
        remind=remind,
    )
    source = torch.randint(source_words, (batch, source_length))
    return module, (source, torch.randint(target_words, (batch, target_length)))


if __name__ == "__main__":
    module, inputs = example()
    found, _ = module.beam_search(inputs[0], first=0, last=0, words=4, beams=3)
    print(tuple(module(*inputs).shape), tuple(found.shape))
