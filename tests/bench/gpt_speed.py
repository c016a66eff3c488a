"""How fast GPT reads and writes beside GPT-2 of transformers, on the same weights.

What the benchmark of its page does not time: a larger network, and cached generation.
`make bench-snippets` prints the median times and the ratio: below 1 the snippet is
faster. One thread; both take turns, so that whatever slows the machine slows both.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel

from snippets.attention.gpt import from_published

Run = Callable[[], object]


@dataclass
class Case:
    """Two ways to compute the same.

    Args:
        name: What is computed.
        reference: What the other one is called.
        ours: Runs the snippet once.
        theirs: Runs the reference once.
    """

    name: str
    reference: str
    ours: Run
    theirs: Run


def medians(case: Case, rounds: int) -> tuple[float, float, list[float]]:
    """Time both in turns; the first round warms up and is not counted.

    Returns:
        The median seconds of ours and of theirs, and the ratio of each round.
    """
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        # Who goes first changes, as the second may find warmer caches.
        order = (0, 1) if turn % 2 else (1, 0)
        for place in order:
            began = time.perf_counter()
            (case.ours, case.theirs)[place]()
            taken[place].append(time.perf_counter() - began)
    ours, theirs = taken[0][1:], taken[1][1:]
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return statistics.median(ours), statistics.median(theirs), ratios


def backward(
    module: nn.Module, inputs: Tensor, pick: Callable[[object], Tensor]
) -> Run:
    """Forward, a random weighting as the loss, backward."""
    weights = torch.randn(pick(module(inputs)).shape)

    def run() -> None:
        module.zero_grad(set_to_none=True)
        (pick(module(inputs)) * weights).sum().backward()

    return run


def gpt_cases() -> list[Case]:
    """GPT of 4 layers, 256 wide, against transformers' GPT-2 with fused attention.

    Ours always computes the logits, GPT2Model does not. The vocabulary is that of
    bytes, so that the layers and not the head are compared.
    """
    width, layers, heads, vocabulary, tokens = 256, 4, 8, 256, 512
    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=tokens,
        n_embd=width,
        n_layer=layers,
        n_head=heads,
        **{"resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0},
        **{"bos_token_id": None, "eos_token_id": None, "pad_token_id": None},
        attn_implementation="sdpa",
    )
    theirs = GPT2LMHeadModel(config).eval()
    ours = from_published(theirs.state_dict(), head_width=width // heads)
    text, prompt = torch.randint(vocabulary, (4, tokens)), torch.arange(16)[None]
    greedy = {"attention_mask": torch.ones_like(prompt), "do_sample": False}
    found = ours.generate(prompt, 128, temperature=0)
    right = theirs.generate(prompt, max_new_tokens=128, **greedy)
    assert torch.equal(found, right), "both have to generate the same"
    reading = f"GPT {layers} x {width}, 4 texts of {tokens} tokens, forward + backward"
    first = backward(ours, text, lambda outputs: outputs[0])
    hidden = backward(theirs.transformer, text, lambda out: out.last_hidden_state)
    logits = backward(theirs, text, lambda outputs: outputs.logits)
    return [
        Case(reading, "GPT2Model (sdpa)", first, hidden),
        Case(reading, "GPT2LMHeadModel (sdpa)", first, logits),
        Case(
            f"GPT {layers} x {width}, 128 tokens after 16, cached",
            "generate(use_cache=True)",
            lambda: ours.generate(prompt, 128, temperature=0),
            lambda: theirs.generate(prompt, max_new_tokens=128, **greedy),
        ),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for case in gpt_cases():
        ours, theirs, ratios = medians(case, rounds)
        low, high = min(ratios), max(ratios)
        print(f"{case.name}: {1e3 * ours:.0f} ms, {case.reference} {1e3 * theirs:.0f}")
        print(f"    ratio {statistics.median(ratios):.2f} ({low:.2f} to {high:.2f})")
