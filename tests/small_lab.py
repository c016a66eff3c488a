"""A small lab, a page that it belongs to, and what both cite."""

from __future__ import annotations

from pathlib import Path

HEADER = """\
# ---
# title: A small lab
# tagline: It adds.
# outcomes: [add, add again]
# needs: [two numbers]
# builds_on: [other/small]
# minutes: 5
# ---
"""
END = """
# %% [markdown]
# ## What to try next
#
# Add {claim:sum} once more.
"""
LAB = (
    HEADER
    + """
# %% [markdown]
# ## Adding
#
# See [the page](../other/small.md#top), $x^2$ and [@one].

# %% output="none"
import matplotlib.pyplot as plt
import torch

from site_src import claim, experiment, figure, table
from snippets.recurrent import rnn
from snippets.recurrent.lstm import LSTM


@experiment
def add(one, two):
    return {1: one + two, "drawn": torch.rand(()).item()}


# %%
torch.manual_seed(9)
found = add(2, 3)
print("the sum is", found["1"], LSTM.__name__, rnn.RNN.__name__)
claim("sum", found["1"], spec="d", holds=found["1"] == 5)

# %% html="1"
drawing, axes = plt.subplots()
axes.plot([1, 2])
figure(drawing, alt="A line", caption="It rises")
table([["drawn", f"{found['drawn']:.4f}"]], header=["what", "value"], caption="One")
"""
    + END
)
BIB = """\
@article{one, author = {Bee, Anna}, title = {On Ones}, journal = {Journal of Ones},
year = {1999}, doi = {10.1000/1}}
"""
SMALL = """\
---
title: Small
---
## Top

See [the lab](../labs/adding.md#adding): {claim:labs/adding#sum}.
"""


def lab(root: Path, text: str, name: str = "adding") -> Path:
    """Write docs/labs/<name>.py."""
    path = root / "docs" / "labs" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
