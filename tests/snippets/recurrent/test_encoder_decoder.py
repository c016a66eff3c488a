"""The encoder-decoder equals two nn.GRU, and its search finds what there is."""

from __future__ import annotations

import pytest
import torch
from parity import compare
from references.encoder_decoder import Composed, copy_cell, copy_weights, every_target
from references.encoder_decoder_mistakes import MISTAKES as MISTAKES  # planted
from torch import Tensor, nn

from snippets.recurrent.encoder_decoder import EncoderDecoder, GRUCell, example

B, S, T, D, H, READ, V = 3, 6, 5, 4, 7, 11, 9


def ours(*, reverse: bool = False, remind: bool = True) -> EncoderDecoder:
    return EncoderDecoder(
        source_words=READ,
        target_words=V,
        width=D,
        hidden_width=H,
        reverse=reverse,
        remind=remind,
    )


def lively(words: int = 3) -> EncoderDecoder:
    """A float64 model whose words are neither certain nor all alike."""
    model = EncoderDecoder(
        source_words=5, target_words=words, width=D, hidden_width=H
    ).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(1.2 * torch.randn_like(parameter))
    return model


def step_by_step(module: EncoderDecoder, source: Tensor, target: Tensor) -> Tensor:
    """Read and write a word at a time."""
    hidden = None
    words = source.unbind(1)
    for word in reversed(words) if module.reverse else words:
        hidden = module.read(word, hidden)
    assert hidden is not None
    state, scores = (hidden, hidden), []
    for word in target.unbind(1):
        logits, state = module.write(word, state)
        scores.append(logits)
    return torch.stack(scores, 1)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("remind", [True, False], ids=["remind", "first-only"])
@pytest.mark.parametrize("reverse", [False, True], ids=["forth", "back"])
def test_equals_two_grus_of_torch(
    reverse: bool, remind: bool, dtype: torch.dtype
) -> None:
    compare(
        ours(reverse=reverse, remind=remind),
        Composed((READ, V), D, H, reverse=reverse, remind=remind),
        copy_weights,
        (torch.randint(READ, (B, S)), torch.randint(V, (B, T))),
        dtype=dtype,
        extra_parameters=2 * 2 * H,  # torch's second bias of both gates
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_the_cell_equals_torch_with_the_gradients_of_its_inputs(
    dtype: torch.dtype,
) -> None:
    def read(cell: GRUCell, inputs: Tensor, hidden: Tensor) -> Tensor:
        for step in cell.from_input(inputs).unbind(1):
            hidden = cell(step, hidden)
        return hidden

    compare(
        GRUCell(D, H, reset_after=True),
        nn.GRU(D, H, batch_first=True),
        copy_cell,
        (torch.randn(B, S, D), torch.randn(B, H)),
        dtype=dtype,
        extra_parameters=2 * H,  # torch's second bias of both gates
        run=read,
        run_reference=lambda gru, inputs, hidden: gru(inputs, hidden[None])[1][0],
    )


@pytest.mark.parametrize("reverse", [False, True], ids=["forth", "back"])
def test_sources_of_different_lengths_equal_packed_ones(reverse: bool) -> None:
    lengths = torch.tensor([4, S, 1])
    compare(
        ours(reverse=reverse),
        Composed((READ, V), D, H, reverse=reverse),
        copy_weights,
        (torch.randint(READ, (B, S)), torch.randint(V, (B, T)), lengths),
        extra_parameters=2 * 2 * H,
    )


@pytest.mark.parametrize(("read", "written"), [(1, 1), (1, T), (S, 1)])
def test_equals_torch_at_the_edges(read: int, written: int) -> None:
    compare(
        ours(),
        Composed((READ, V), D, H),
        copy_weights,
        (torch.randint(READ, (1, read)), torch.randint(V, (1, written))),
        extra_parameters=2 * 2 * H,
    )


@pytest.mark.parametrize("remind", [True, False], ids=["remind", "first-only"])
@pytest.mark.parametrize("reverse", [False, True], ids=["forth", "back"])
def test_teacher_forcing_equals_stepping(reverse: bool, remind: bool) -> None:
    compare(
        ours(reverse=reverse, remind=remind),
        Composed((READ, V), D, H, reverse=reverse, remind=remind),
        copy_weights,
        (torch.randint(READ, (B, S)), torch.randint(V, (B, T))),
        extra_parameters=2 * 2 * H,
        run=step_by_step,
    )


def test_one_beam_is_greedy() -> None:
    model, source = lively(words=4), torch.randint(5, (16, S))
    targets, totals = model.beam_search(source, first=0, last=0, words=T, beams=1)
    assert targets.shape == (16, 1, T)
    lengths = set()
    for row in range(16):
        words, total = [0], 0.0
        while len(words) <= T and (len(words) == 1 or words[-1] != 0):
            logits = model(source[row : row + 1], torch.tensor([words]))[0, -1]
            total += logits.log_softmax(-1).max().item()
            words.append(int(logits.argmax()))
        lengths.add(len(words))
        filled = words[1:] + [0] * (T + 1 - len(words))
        assert targets[row, 0].tolist() == filled
        assert totals[row, 0].item() == pytest.approx(total, abs=1e-12)
    assert len(lengths) > 1, "no target ended early"


@pytest.mark.parametrize("last", [0, 2])
def test_a_wide_beam_is_an_exhaustive_search(last: int) -> None:
    """With room for every beginning nothing is lost: all targets come out in order."""
    model, source = lively(), torch.randint(5, (3, S))
    targets, totals = model.beam_search(source, first=0, last=last, words=4, beams=81)
    for row in range(3):
        wanted, scores = every_target(
            model, source[row : row + 1], first=0, last=last, words=4, size=3
        )
        found = targets[row, : len(wanted)].tolist()
        assert found == wanted
        torch.testing.assert_close(totals[row, : len(wanted)], scores)
        assert totals[row, len(wanted) :].isneginf().all()
    probabilities = totals.exp().sum(1)
    torch.testing.assert_close(probabilities, torch.ones_like(probabilities))


@pytest.mark.parametrize("beams", [2, 3, 5])
def test_a_narrow_beam_keeps_the_best_beginnings(beams: int) -> None:
    """Against a search that holds plain lists and scores each by a whole run."""
    model, source = lively(words=4), torch.randint(5, (4, S))
    targets, totals = model.beam_search(source, first=1, last=2, words=T, beams=beams)
    for row in range(4):
        kept = [(0.0, [1])]
        for _ in range(T):
            longer = []
            for total, words in kept:
                if words[-1] == 2 and len(words) > 1:
                    longer.append((total, [*words, 2]))
                    continue
                logits = model(source[row : row + 1], torch.tensor([words]))[0, -1]
                gains = logits.log_softmax(-1).tolist()
                longer += [(total + g, [*words, w]) for w, g in enumerate(gains)]
            kept = sorted(longer, reverse=True)[:beams]
        assert targets[row].tolist() == [words[1:] for _, words in kept]
        wanted = torch.tensor([total for total, _ in kept]).double()
        torch.testing.assert_close(totals[row], wanted)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_a_search_in_half_precision_adds_up_in_float32(dtype: torch.dtype) -> None:
    """With 8 bits a sum beyond 64 would be rounded to a multiple of a half."""
    model = EncoderDecoder(source_words=5, target_words=90, width=D, hidden_width=H).to(
        dtype
    )
    source = torch.randint(5, (2, S))
    targets, totals = model.beam_search(source, first=0, last=0, words=30, beams=1)
    assert totals.dtype == torch.float32
    for row in range(2):
        word, state = torch.tensor([0]), (model.encode(source[row : row + 1]),) * 2
        total = 0.0
        for written in targets[row, 0]:
            logits, state = model.write(word, state)
            total += logits[0].double().log_softmax(-1)[written].item()
            word = written[None]
            if written == 0:
                break
        assert totals[row, 0].item() == pytest.approx(total, abs=1e-3)
    assert totals.min() < -64, "the sums are too small to tell"


def test_nothing_but_the_vector_passes() -> None:
    """Sources with one vector have one translation; the vector's gradient is all."""
    model = ours().double()
    source, target = torch.randint(READ, (B, S)), torch.randint(V, (B, T))
    vector = model.encode(source)
    assert vector.shape == (B, H)
    other = ours().double()
    other.load_state_dict(model.state_dict())
    other.encode = lambda source, lengths=None: vector
    torch.testing.assert_close(other(source.roll(1, 0), target), model(source, target))


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    model = ours()
    source, target = torch.randint(READ, (B, S)), torch.randint(V, (B, T))
    with pytest.raises(ValueError, match="number of targets 3, got 2"):
        model(source, target[:2])
    with pytest.raises(ValueError, match="source words of at least 1, got 0"):
        model(source[:, :0], target)
    with pytest.raises(ValueError, match="target words of at least 1, got 0"):
        model(source, target[:, :0])
    with pytest.raises(ValueError, match=r"number of lengths \(3,\), got \(1,\)"):
        model(source, target, torch.tensor([4]))
    with pytest.raises(ValueError, match="words of at least 1, got 0"):
        model.beam_search(source, first=0, last=0, words=0, beams=1)
    with pytest.raises(ValueError, match="beams of at least 1, got 0"):
        model.beam_search(source, first=0, last=0, words=2, beams=0)
    with pytest.raises(ValueError, match=r"last \+ 1 of at least 1, got 0"):
        model.beam_search(source, first=0, last=-1, words=2, beams=1)
    vector, other = model.encode(source), torch.randn(1, H)
    # Without the check a single state would be spread over the batch.
    with pytest.raises(ValueError, match="number of states 3, got 1"):
        model.read(source[:, 0], other)
    with pytest.raises(ValueError, match="number of states 3, got 1"):
        model.write(target[:, 0], (other, vector))
    for name in ("source_words", "target_words", "width", "hidden_width"):
        sizes = {"source_words": 2, "target_words": 2, "width": 2, "hidden_width": 2}
        with pytest.raises(ValueError, match=f"{name} of at least 1, got 0"):
            EncoderDecoder(**sizes | {name: 0})


def test_the_example_is_sized_as_asked() -> None:
    module, (source, target) = example(batch=3, source_length=4, target_length=2)
    assert (source.shape, target.shape) == ((3, 4), (3, 2))
    assert module(source, target).shape == (3, 2, 9)
