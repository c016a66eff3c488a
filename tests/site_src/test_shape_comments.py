"""Shape comments that are wrong, or cannot be checked, are reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from planting import Fault, assert_reported, plant

from site_src.lint.shape_comments import shape_comments

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
        "if T > 99:\n            D = inputs.neg()  # (B, T, D)\n        shown = []",
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


def test_the_specimen_tells_the_truth(tmp_path: Path) -> None:
    assert shape_comments(plant(tmp_path, Fault())) == []


@pytest.mark.parametrize("name", SHAPES)
def test_shape_comments_report(name: str, tmp_path: Path) -> None:
    path = plant(tmp_path, SHAPES[name])
    assert_reported(shape_comments(path), path, SHAPES[name])


@pytest.mark.parametrize(
    "line",
    [
        "flat = inputs.flatten(0, 1)  # (B*T, input_width)",
        "flat = inputs.flatten()  # (B*T*D,)",
        "total = inputs.sum()  # ()",
        "total: Tensor = inputs.sum(2)  # (B, T)",
        "halves = inputs.split([2, 3], -1)  # (B, T, 2), (B, T, D-2)",
        "pair = [inputs, inputs]  # 2 x (B, T, D)",
        "self.seen = inputs  # (B, T, D)",
        "seen = inputs  # like (B, T, D), but seen",
    ],
)
def test_true_comments_are_welcome(line: str, tmp_path: Path) -> None:
    fault = Fault("shown = []", f"{line}\n        shown = []")
    assert shape_comments(plant(tmp_path, fault)) == []


def test_the_file_is_left_alone(tmp_path: Path) -> None:
    path = plant(tmp_path, Fault())
    before = path.read_bytes()
    shape_comments(path)
    assert path.read_bytes() == before
