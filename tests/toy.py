"""A project with one snippet, its tests and its page, to be measured and shown."""

from __future__ import annotations

import shutil
from pathlib import Path

from conftest import ROOT, Project, make_project
from planting import SPECIMEN

from site_src.proof.identity import identity, measured_by
from site_src.proof.record import Caught, Comparison, Proof, Reference, write

NAME = "toy/elman"
TOOLS = ("mistakes", "parity", "planting", "recording", "specimen", "test_mistakes")

TESTS = """
import pytest
import torch
from mistakes import Mistake
from parity import compare
from torch import nn

from snippets.toy.elman import Elman

MISTAKES = [
    Mistake("No squashing", {"torch.tanh(": "("}, "The state `grows`.", "some/where#1"),
    Mistake("Sine", {"torch.tanh(": "torch.sin("}, "Little."),
    Mistake("Sigmoid", {"torch.tanh(": "torch.sigmoid("}, "Little."),
    Mistake("News doubled", {"SCALE * self": "2 * self"}, "Little."),
    Mistake("News negated", {"SCALE * self": "-1 * self"}, "Little."),
    Mistake("Sum doubled", {"torch.tanh(": "torch.tanh(2 * "}, "Little."),
    Mistake("Difference", {"torch.tanh(": "torch.tanh(-2 * parts[1] + "}, "Little."),
    Mistake("Last first", {"stack(shown[:T]": "stack(shown[::-1]"}, "Little."),
]


def copy_weights(theirs):
    return {
        "start": 0 * theirs["bias_ih_l0"],
        "cell.from_input.weight": theirs["weight_ih_l0"],
        "cell.from_input.bias": theirs["bias_ih_l0"],
        "cell.from_hidden.weight": theirs["weight_hh_l0"],
        "cell.from_hidden.bias": theirs["bias_hh_l0"],
    }


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_equals_torch(dtype):
    torch.manual_seed(0)
    compare(
        Elman(5, 3),
        nn.RNN(5, 3, batch_first=True),
        copy_weights,
        (torch.randn(2, 7, 5),),
        dtype=dtype,
        extra_parameters=-3,
        run_reference=lambda module, inputs: (
            module(inputs)[0], module(inputs)[1].squeeze(0)
        ),
    )


def test_something_else():
    pass
"""
CHOICES = """\
choices:
  - asks: data
    answers: [table, text, image, signal]
    verdict: for
    because: It `nets` all of them.
    shows: Inputs and outputs
  - asks: task
    answers: [class, number, generate, rewrite, search, fill]
    verdict: against
    because: It fishes for more than that.
    shows: Origin and intuition
"""
PAGE = (
    """\
---
title: A net
tagline: It nets.
also_known_as: []
year: 1990
paper: one
level: introductory
modalities: [text]
tasks: [fishing]
snippets: [toy/elman]
predecessors: []
related: []
objective: the size of the fish
complexity: {time: O(T), memory: O(1), generating: null, path: O(T), parallel: false}
key_ideas: [One., Two., Three.]
"""
    + CHOICES
    + """\
---

## Origin and intuition

## Inputs and outputs

## Architecture diagram

```snippet
toy/elman.py
```

## Training objective

## Variants and refinements

## Practical considerations

```verification
toy/elman
```

## Real-world deployments

## Related architectures

### Check yourself

??? question "Why is the state squashed?"

    So that it stays small.

??? question "What happens without the squashing?"

    Take it out of [this line](#elman.py-L1) and run it.

??? question "What goes in?"

    A sequence.

??? question "What comes out?"

    Another one.
"""
)
BIB = (
    "@misc{one, author={Bee, A.}, title={T}, year={1}, howpublished={x}, "
    "url={https://x.y}}\n"
)


def make_toy(root: Path) -> Project:
    """Make the project; nothing is measured yet."""
    project = make_project(root)
    shutil.rmtree(root / "snippets")
    for name, text in {
        f"snippets/{NAME}.py": SPECIMEN.read_text(),
        "tests/snippets/toy/test_elman.py": TESTS,
        f"docs/architectures/{NAME}.md": PAGE,
        "docs/references.bib": BIB,
        "docs/verification.md": "# Verification\n\n```verification\nall\n```\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name in TOOLS:
        shutil.copy(ROOT / "tests" / f"{name}.py", root / "tests")
    shutil.copy(ROOT / "pyproject.toml", root)
    return project


def save_record(root: Path) -> Proof:
    """Write a record as a run would have, without a run."""
    theirs = "torch.nn.modules.rnn.RNN"
    comparisons = [
        Comparison(
            test=f"test_equals_torch[{dtype}]",
            reference=reference,
            dtype=dtype,
            tolerance=1e-5,
            errors={"output 0": error, "gradient of input 0": error / 2},
        )
        for reference, dtype, error in (
            (theirs, "float32", 1e-7),
            (theirs, "float64", 2.22e-16),
            (theirs, "float32", 3.4e-7),
            ("references.elman.Paper", "float64", 0.0),
        )
    ]
    proof = Proof(
        snippet=NAME,
        identity=identity((root / f"snippets/{NAME}.py").read_text()),
        measured_by=measured_by(root, NAME),
        checked_against="torch.nn.RNN",
        references=[Reference(name="torch.nn.RNN", version="2.13.0+cpu")],
        tests=3,
        comparisons=comparisons,
        mistakes=[
            Caught(
                what="No `tanh`",
                seen="It grows <without> end.",
                report="some/where#1",
                by="test_equals_torch[float64]",
            )
        ],
        environment={"torch": "2.13.0+cpu", "python": "3.11.7", "platform": "Linux x"},
        date="2026-01-02",
        commit="0123456789abcdef",
        dirty=False,
    )
    write(root, proof)
    return proof
