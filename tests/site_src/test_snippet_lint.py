"""Every rule for snippets is seen to fail once, at the right line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from site_src.lint.shape_comments import shape_comments
from site_src.lint.snippet import style
from site_src.problem import Problem

SPECIMEN = Path(__file__).parents[1] / "specimen.py"
NAME = "snippets/toy/elman.py"


class Fault(NamedTuple):
    """A violation, planted by replacing text.

    Args:
        old: What stands in the specimen, once.
        new: What stands there instead.
        at: Words on the first line that has to be reported.
        says: Words of the message.
        also: Problems that follow from it on other lines.
    """

    old: str
    new: str
    at: str
    says: str
    also: int = 0


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
        'tanh.\n    """\n\n    def __init__(\n        self,\n        input_width: int,\n'
        "        hidden_width: int,\n        *,\n        rectify: bool,\n",
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
SHAPES = {
    "wrong size": Fault(
        "dim=-1)  # (B, 2*H)", "dim=-1)  # (B, 3*H)", "3*H", "is 6, the comment says 9"
    ),
    "wrong rank": Fault(
        "# (B, 2*H)", "# (B, 1, 2*H)", "both =", "has 3 sizes, got (2, 6)"
    ),
    "swapped letters": Fault(
        "# (B, T, H)\n        return outputs",
        "# (T, B, H)\n        return outputs",
        "# (T, B, H)",
        "dimension 0 of (2, 7, 3) is 2, the comment says 7",
    ),
    "two values in one call": Fault(
        "shown = []",
        "first = inputs[:, 0]  # (B, H)\n        shown = []",
        "first =",
        "dimension 1 of (2, 5) is 5, the comment says 3",
    ),
    "a size that changed": Fault(
        "shown = []",
        "B = 9\n        part = inputs[:, 0]  # (B, D)\n        shown = []",
        "part =",
        "B is 2 and 9 in one call",
        also=1,
    ),
    "wrong count": Fault(
        "# 2 x (B, H)",
        "# 3 x (B, H)",
        "# 3 x (B, H)",
        "the count is 2, the comment says 3",
    ),
    "a tensor for a sequence": Fault(
        "dim=-1)  # (B, 2*H)",
        "dim=-1)  # 2 x (B, 2*H)",
        "# 2 x (B, 2*H)",
        "the comment says a sequence, got Tensor",
    ),
    "no tensor": Fault(
        "shown = []",
        "shown = None  # (B, H)\n        shown = []",
        "shown = None",
        "the comment says a tensor, got NoneType",
    ),
    "wrong number of shapes": Fault(
        "# 2 x (B, H)", "# (B, H), (B, H), (B, H)", "both.chunk", "has 3 shapes, got 2"
    ),
    "wrong in a list of shapes": Fault(
        "# 2 x (B, H)", "# (B, H), (B, 2*H)", "both.chunk", "is 3, the comment says 6"
    ),
    "letter without legend": Fault(
        "# (B, 2*H)", "# (B, 2*K)", "2*K", "K is not in the header's Dimensions"
    ),
    "unknown word": Fault(
        "# (B, 2*H)", "# (B, twice)", "twice", "twice is no size in this call"
    ),
    "a word that is no size": Fault(
        "# (B, 2*H)", "# (B, hidden)", "both =", "hidden is no size in this call"
    ),
    "two unknowns": Fault(
        "        news = SCALE * self.from_input(token)  # (B, H)",
        "        news = SCALE * self.from_input(token)  # (T*H, D)",
        "T*H",
        "H and T of T*H are not known here",
    ),
    "no solution": Fault(
        "        news = SCALE * self.from_input(token)  # (B, H)",
        "        news = SCALE * self.from_input(token)  # (B, 2*H)",
        "news =",
        "no one H makes it 2*H",
    ),
    "wrong return": Fault(
        "return torch.tanh(parts[0] + parts[1])  # (B, H)",
        "return torch.tanh(parts[0] + parts[1])  # (H, B)",
        "# (H, B)",
        "the comment says",
    ),
    "wrong behind a flag": Fault(
        "return torch.relu(parts[0] + parts[1])  # (B, H)",
        "return torch.relu(parts[0] + parts[1])  # (B, H, 1)",
        "# (B, H, 1)",
        "has 3 sizes, got (2, 3)",
    ),
    "wrong in a step": Fault(
        "output = outputs[:, 0]  # (B, H)",
        "output = outputs[:, 0]  # (B, 1, H)",
        "# (B, 1, H)",
        "has 3 sizes, got (2, 3)",
    ),
    "never ran": Fault(
        "shown = []",
        "if T > 99:\n            inputs = inputs.neg()  # (B, T, D)\n        shown = []",
        "inputs.neg()",
        "never ran",
    ),
    "not at the end of a statement": Fault(
        "shown = []",
        "shown = [  # (B, H)\n        ]",
        "shown = [",
        "where an assignment",
    ),
    "on a line of its own": Fault(
        "shown = []", "# (B, H)\n        shown = []", "        # (B, H)", "where an"
    ),
    "not readable": Fault(
        "# (B, 2*H)", "# (B, 2H)", "2H)", "cannot read the shape comment '(B, 2H)'"
    ),
    "with words behind": Fault(
        "# (B, 2*H)", "# (B, 2*H) in all", "in all", "cannot read the shape comment"
    ),
    "division": Fault(
        "# (B, 2*H)", "# (B, 5*H//2)", "5*H//2", "is 6, the comment says 7"
    ),
    "an example that fails": Fault(
        "shown = []", "shown = [1 // 0]", "1 // 0", "ZeroDivisionError"
    ),
}


def plant(folder: Path, fault: Fault | None = None) -> tuple[Path, int]:
    """Write a copy with a fault; return it and the line to be reported."""
    text = SPECIMEN.read_text()
    if fault is not None:
        assert text.count(fault.old) == 1, f"{text.count(fault.old)} x {fault.old}"
        text = text.replace(fault.old, fault.new)
    path = folder / NAME
    path.parent.mkdir(parents=True)
    path.write_text(text)
    (path.parent / "other.py").write_text(
        '"""Another."""\n\n\ndef twice(size: int) -> int:\n    """Double.\n\n'
        '    Args:\n        size: a size.\n    """\n    return 2 * size\n'
    )
    lines = text.splitlines()
    at = fault.at if fault else ""
    return path, next(n for n, line in enumerate(lines, start=1) if at in line)


def check(problems: list[Problem], line: int, fault: Fault) -> None:
    """The fault is reported at its line, in its words, and little else is."""
    shown = [str(problem) for problem in problems]
    assert len(problems) == 1 + fault.also, shown
    found = [problem for problem in problems if fault.says in problem.message]
    assert [(p.path, p.line) for p in found[:1]] == [(NAME, line)], shown


def test_the_specimen_keeps_every_rule(tmp_path: Path) -> None:
    path, _ = plant(tmp_path)
    assert style(path) == []
    assert shape_comments(path) == []


@pytest.mark.parametrize("name", STYLE)
def test_style_reports(name: str, tmp_path: Path) -> None:
    path, line = plant(tmp_path, STYLE[name])
    check(style(path), line, STYLE[name])


@pytest.mark.parametrize("name", SHAPES)
def test_shape_comments_report(name: str, tmp_path: Path) -> None:
    path, line = plant(tmp_path, SHAPES[name])
    check(shape_comments(path), line, SHAPES[name])


def test_a_declared_copy_is_welcome(tmp_path: Path) -> None:
    fault = STYLE["copy that is not declared"]
    declared = fault.new.replace(
        "def twice", "# Same as: toy/other.py::twice\ndef twice"
    )
    path, _ = plant(tmp_path, fault._replace(new=declared))
    assert style(path) == []


def test_a_name_in_a_comment_may_be_an_attribute(tmp_path: Path) -> None:
    fault = Fault(
        "shown = []",
        "flat = inputs.flatten(0, 1)  # (B*T, input_width)\n        shown = []",
        "",
        "",
    )
    path, _ = plant(tmp_path, fault)
    assert shape_comments(path) == []
