"""Every rule of the house style is seen to fail once, at the right line."""

from __future__ import annotations

from pathlib import Path

import pytest
from planting import Fault, assert_reported, plant

from site_src.lint.snippet import style

MAIN = 'if __name__ == "__main__":'
FIRST = '"""The smallest snippet'
STYLE = {
    "long line": Fault(
        "shown = []",
        "shown = []  # " + "and so on " * 7,
        "and so on",
        "92 columns, 80 at most",
    ),
    "long file": Fault(
        "SCALE = 1.0",
        "MANY = (\n" + "    1,\n" * 250 + ")\nSCALE = 1.0",
        "print(",
        "250 at most",
    ),
    "long function": Fault(
        "    module.load_state_dict(renamed)",
        "    renamed |= {\n" + "        'a': 1,\n" * 28 + "    }",
        "def from_published(",
        "from_published has 41 lines, 40 at most",
    ),
    "no opening sentence": Fault(
        "plant faults in copies.", "plant faults", FIRST, "opens with one sentence"
    ),
    "no header entry": Fault(
        "Torch versions: 2.13.0\n", "", FIRST, "no entry Torch versions:"
    ),
    "header entries out of order": Fault(
        "Torch versions: 2.13.0\nDimensions: B batch, T tokens, D input width, H",
        "Dimensions: B batch, T tokens, D input width, H\nTorch versions: 2.13.0",
        "Torch versions",
        "Torch versions: stands before Dimensions:",
    ),
    "unknown header entry": Fault(
        "SPDX: MIT", "Author: me\nSPDX: MIT", "Author", "unknown header entry Author:"
    ),
    "source without year": Fault(
        "14(2), 1990.", "14(2).", "Source: Elman", "cannot read the entry Source:"
    ),
    "another licence": Fault(
        "SPDX: MIT", "SPDX: BSD", "SPDX", "cannot read the entry SPDX:"
    ),
    "foreign import": Fault(
        "import torch\n",
        "import torch\nimport numpy\n",
        "import numpy",
        "imports numpy",
    ),
    "import of another snippet": Fault(
        "import torch\n",
        "import torch\nfrom snippets.recurrent import lstm\n",
        "from snippets",
        "imports snippets.recurrent",
    ),
    "import in a function": Fault(
        "shown = []", "import os\n        shown = []", "import os", "imports os"
    ),
    "example above the architecture": Fault(
        "class Elman(nn.Module):",
        "def from_published_too() -> None:\n"
        '    """Do nothing."""\n\n\n'
        "class Elman(nn.Module):",
        "def from_published_too",
        "small functions stand before blocks",
    ),
    "statement that runs when loaded": Fault(
        MAIN, "torch.manual_seed(0)\n" + MAIN, "torch.manual_seed", "when loaded"
    ),
    "outer block above inner": Fault(
        "        self.rectify = rectify\n        self.from_input",
        "        self.rectify = Elman\n        self.from_input",
        "self.rectify = Elman",
        "Elman is used above its definition",
    ),
    "no main": Fault(
        "\n\n\n" + MAIN + "\n    module, inputs = example()\n"
        "    outputs, state = module(*inputs)\n"
        "    print(tuple(outputs.shape), tuple(state.shape))",
        "",
        "return module, (torch.randn(",
        "no `if __name__",
    ),
    "long main": Fault(
        "    module, inputs = example()\n",
        "    module, inputs = example()\n    module.eval()\n",
        MAIN,
        "4 statements under __main__",
    ),
    "positional default": Fault(
        "def check_width(found: int, expected: int)",
        "def check_width(found: int, expected: int = 3)",
        "def check_width",
        "an argument with a default is keyword-only",
    ),
    "open keywords": Fault(
        "def check_width(found: int, expected: int)",
        "def check_width(found: int, expected: int, **others: int)",
        "def check_width",
        "takes **others",
    ),
    "three flags": Fault(
        'tanh.\n    """\n\n    def __init__(\n        self,\n'
        "        input_width: int,\n        hidden_width: int,\n"
        "        *,\n        rectify: bool,\n",
        'tanh.\n        a: a.\n        b: b.\n    """\n\n    def __init__(\n'
        "        self,\n        input_width: int,\n        hidden_width: int,\n"
        "        *,\n        rectify: bool,\n        a: bool,\n        b: bool,\n",
        "def __init__",
        "3 boolean flags, 2 at most",
    ),
    "positional example": Fault(
        "def example(\n    *,\n", "def example(\n", "def example(", "keyword-only"
    ),
    "example without default": Fault(
        "    batch: int = 2,", "    batch: int,", "def example(", "each with a default"
    ),
    "example without types": Fault(
        ") -> tuple[Elman, tuple[Tensor]]:", "):", "def example(", "annotated"
    ),
    "no example": Fault(
        "def example(", "def sample(", "print(", "no function example", also=1
    ),
    "sizes not unpacked": Fault(
        "        B, T, D = inputs.shape\n",
        "        B = inputs.size(0)\n        T, D = inputs.shape[1:]\n",
        "B = inputs.size(0)",
        "forward opens by unpacking sizes",
    ),
    "assert": Fault(
        "shown = []", "assert T\n        shown = []", "assert T", "raise ValueError"
    ),
    "global": Fault(
        "shown = []", "global SCALE\n        shown = []", "global", "a global"
    ),
    "hook": Fault(
        "shown = []",
        "self.register_forward_hook(print)\n        shown = []",
        "register_forward_hook",
        "a hook",
    ),
    "indexed time": Fault(
        "for token in inputs.unbind(1):\n            hidden = self.cell(token, hidden)",
        "for t in range(T):\n            hidden = self.cell(inputs[:, t], hidden)",
        "inputs[:, t]",
        "inputs[:, t] in a loop",
    ),
    "module state": Fault(
        "SCALE = 1.0", "cache = []\nSCALE = 1.0", "cache = []", "module state: cache"
    ),
    "number without source": Fault(
        "  # no source: this is a specimen", "", "SCALE = 1.0", "no source on its line"
    ),
    "the reference itself": Fault(
        "        self.from_hidden = nn.Linear(hidden_width, hidden_width)",
        "        self.from_hidden = nn.RNN(hidden_width, hidden_width)",
        "nn.RNN(",
        "uses torch.nn.RNN",
    ),
    "a form of the reference": Fault(
        "from torch import Tensor, nn\n",
        "from torch import Tensor, nn\nfrom torch.nn import RNNCell as Box\n\nX = Box",
        "X = Box",
        "uses torch.nn.RNNCell, a form of RNN",
    ),
    "the reference as a function": Fault(
        "shown = []",
        "shown = [torch.rnn_tanh]",
        "torch.rnn_tanh",
        "a form of RNN",
    ),
    "no docstring": Fault(
        '        """Read one token.\n\n        Args:\n            token: the token.\n'
        "            hidden: the state before it.\n\n        Shape:\n"
        '            token (B, D), hidden (B, H) -> hidden (B, H)\n        """\n',
        "",
        "def forward(self, token",
        "forward has no docstring",
    ),
    "docstring without sentence": Fault(
        '"""One step.\n', '"""One step\n', '"""One step', "opens with one sentence"
    ),
    "argument not described": Fault(
        "    Args:\n        found: the width given.\n",
        "    Args:\n",
        '"""Refuse a width',
        "Args names expected; it takes found, expected",
    ),
    "error not described": Fault(
        "\n    Raises:\n        ValueError: the two differ.\n",
        "",
        '"""Refuse a width',
        "it raises and has no section Raises",
    ),
    "sections out of order": Fault(
        "    Args:\n        found: the width given.\n"
        "        expected: the width that fits.\n\n"
        "    Raises:\n        ValueError: the two differ.\n",
        "    Raises:\n        ValueError: the two differ.\n\n"
        "    Args:\n        found: the width given.\n"
        "        expected: the width that fits.\n",
        '"""Refuse a width',
        "the sections stand in the order",
    ),
    "shape not described": Fault(
        "\n    Shape:\n        () -> Elman, (inputs (B, T, D),)\n",
        "",
        '"""Build a tiny',
        "no section Shape",
    ),
    "syntax error": Fault(
        "class Cell(", "class Cell((", "class Cell((", "syntax error"
    ),
    "copy of nothing": Fault(
        "def check_width(",
        "# Same as: toy/other.py::nothing\ndef check_width(",
        "def check_width",
        "there is no toy/other.py::nothing",
    ),
    "copy that differs": Fault(
        "def check_width(",
        "# Same as: toy/other.py::twice\ndef check_width(",
        "def check_width",
        "toy/elman.py::check_width differs from toy/other.py::twice",
    ),
    "copy that is not declared": Fault(
        "class Cell(",
        'def twice(size: int) -> int:\n    """Double.\n\n    Args:\n'
        '        size: a size.\n    """\n    return 2 * size\n\n\nclass Cell(',
        "def twice",
        "equals toy/other.py::twice: declare one",
    ),
    "declaration in the air": Fault(
        "shown = []",
        "# Same as: toy/other.py::twice\n        shown = []",
        "# Same as",
        "stands above a definition",
    ),
}


def test_the_specimen_keeps_the_style(tmp_path: Path) -> None:
    assert style(plant(tmp_path, Fault())) == []


@pytest.mark.parametrize("name", STYLE)
def test_style_reports(name: str, tmp_path: Path) -> None:
    path = plant(tmp_path, STYLE[name])
    assert_reported(style(path), path, STYLE[name])


def test_a_declared_copy_is_welcome(tmp_path: Path) -> None:
    fault = STYLE["copy that is not declared"]
    comment = "# Same as: toy/other.py::twice\n"
    assert style(plant(tmp_path, fault._replace(new=comment + fault.new))) == []
