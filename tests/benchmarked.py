"""A block of a page that measures the toy snippet."""

BLOCK = """\
```python exec="1" html="1"
import torch
from torch import nn

from site_src import benchmark, claim

SIZES = [2, 4, 8]


def torch_rnn(batch, tokens):
    return nn.RNN(5, 3, batch_first=True), (torch.randn(batch, tokens, 5),)


def unrelated():
    return 1


cost = benchmark(
    "toy/elman",
    vary={"tokens": SIZES},
    fixed={"batch": 2},
    against={"torch.nn.RNN": torch_rnn},
    caption="A toy",
)
claim("ratio", cost.ratio("torch.nn.RNN"), holds=0 < cost.ratio("torch.nn.RNN") < 1000)
```
"""
