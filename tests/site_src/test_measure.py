"""Samples, quartiles and exponents, on a clock that says what the test tells it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from specimen import example
from torch import nn

from site_src.measure import counting, growth, sweep, tables
from site_src.measure.devices import FLOAT32, Precision
from site_src.measure.runs import Case, Run, Spread
from site_src.measure.sweep import Sweep, TooSlow

OTHER = "torch.nn.RNN"


def torch_rnn(batch: int, tokens: int) -> tuple[nn.Module, tuple[torch.Tensor]]:
    return nn.RNN(5, 3, batch_first=True), (torch.randn(batch, tokens, 5),)


def absent(batch: int, tokens: int) -> tuple[nn.Module, tuple[torch.Tensor]]:
    import no_such_package  # noqa: F401

    return torch_rnn(batch, tokens)


class Script:
    """A clock that runs each call and says that it took what the script says."""

    kind = "cpu"

    def __init__(self, cost: Callable[[nn.Module, int, str], float]) -> None:
        self.cost, self.calls, self.time = cost, list[tuple[str, int, str]](), 0.0

    def seconds(self, call: Callable[[], object]) -> float:
        case = call.__self__  # type: ignore[attr-defined]
        gradients = [p.grad for p in case.module.parameters()]
        assert gradients == [None] * len(gradients), "old gradients were dropped"
        assert case.module.training == (call.__name__ == "training")
        call()
        self.calls.append((case.name, case.value, call.__name__))
        taken = self.cost(case.name, case.value, call.__name__)
        self.time += taken
        return taken

    def peak(self, call: Callable[[], object]) -> int | None:
        call()
        return 1234


def cost(name: str, value: int, kind: str) -> float:
    return 1e-3 * value * (3 if kind == "training" else 1) / (2 if name == OTHER else 1)


PLAN = Sweep("toy/elman", "tokens", (2, 4, 8), {"batch": 2}, {
    "toy/elman": example, OTHER: torch_rnn, "no_such_package.RNN": absent
})  # fmt: skip


def taken(clock: Script, seconds: float = 1.0) -> dict[str, object]:
    return sweep.take(PLAN, FLOAT32, clock, seconds=seconds, now=lambda: clock.time)


def run_of(cases: list[Case]) -> Run:
    facts = {"kind": "cpu", "device": "A processor", "torch": "2.13.0", "threads": "1"}
    return Run(
        *("toy/elman", "float32", "tokens", {"batch": 2}, {"a.py": "1"}, facts),
        *("2026-01-02", "0123456789", False, {}, cases),
    )


def test_everyone_takes_turns_and_who_comes_first_changes() -> None:
    clock = Script(cost)
    taken(clock)
    one_round = [
        (name, value, kind)
        for value in PLAN.values
        for name in ("toy/elman", OTHER)
        for kind in ("forward", "training")
    ]
    assert clock.calls[:12] == one_round
    back = clock.calls[12:24]
    assert back != one_round
    assert sorted(back) == sorted(one_round)
    assert back[0][:2] == (OTHER, 8)


def test_rounds_are_whole_and_fill_the_time() -> None:
    one_round = sum(cost(n, v, k) for n in ("toy/elman", OTHER) for v in PLAN.values
                    for k in ("forward", "training"))  # fmt: skip
    for lasting, rounds in ((1.0, 5), (10.5, 11), (99.0, 25)):
        clock = Script(cost)
        found = taken(clock, lasting * one_round)
        assert {len(c["forward"]) for c in found["cases"]} == {rounds}
        assert len(clock.calls) == rounds * 12


def test_sizes_that_take_far_too_long_are_given_up() -> None:
    with pytest.raises(
        TooSlow, match=r"toy/elman: 1 of 5 rounds took .* smaller sizes"
    ):
        taken(Script(lambda *_: 100.0))


def test_who_is_not_installed_is_left_out_by_name() -> None:
    found = taken(Script(cost))
    assert found["left_out"] == {
        "no_such_package.RNN": "no_such_package is not installed"
    }
    assert {case["name"] for case in found["cases"]} == {"toy/elman", OTHER}


def test_what_can_be_counted_is() -> None:
    first = taken(Script(cost))["cases"][0]
    module, _ = example(batch=2, tokens=2)
    assert first["parameters"] == sum(p.numel() for p in module.parameters())
    assert first["peak"] == 1234
    assert first["operations"] == 2 * 2 * 2 * 3 * (5 + 3), "2·B·T·H·(D + H)"
    linear = nn.Linear(4, 6)
    kept = nn.Sequential(linear, nn.Tanh(), nn.Tanh())
    assert counting.kept_bytes(kept, (torch.randn(3, 4),)) == 2 * 3 * 6 * 4
    assert counting.operations(kept, (torch.randn(3, 4),)) == 2 * 3 * 4 * 6


def test_fused_attention_counts_as_if_it_were_spelled_out() -> None:
    class Attend(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)

    assert counting.operations(Attend(), (torch.randn(2, 3, 8, 4),)) == 4 * 6 * 64 * 4


def test_numbers_take_the_precision_and_indices_stay_whole() -> None:
    seen = []

    class Look(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(5, 4)

        def forward(self, tokens: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
            seen.append((tokens.dtype, scale.dtype, self.embed.weight.dtype))
            return self.embed(tokens) * scale

    def look(tokens: int) -> tuple[nn.Module, tuple[torch.Tensor, torch.Tensor]]:
        return Look(), (torch.zeros(2, tokens, dtype=torch.long), torch.ones(1))

    plan = Sweep("toy/look", "tokens", (2, 4), {}, {"toy/look": look})
    half = Precision("bfloat16", "bfloat16")
    sweep.take(plan, half, Script(cost), seconds=1.0, now=lambda: 0.0)
    assert set(seen) == {(torch.int64, torch.bfloat16, torch.bfloat16)}


def test_who_does_not_fit_into_memory_is_named_and_the_rest_goes_on() -> None:
    class Huge(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if len(x) > 4:
                raise torch.OutOfMemoryError("too much")
            return super().forward(x)

    def huge(tokens: int) -> tuple[nn.Module, tuple[torch.Tensor]]:
        return Huge(3, 3), (torch.randn(tokens, 3),)

    plan = Sweep("toy/huge", "tokens", (2, 4, 8), {}, {"toy/huge": huge})
    found = sweep.take(plan, FLOAT32, Script(cost), seconds=1.0, now=lambda: 0.0)
    cases = [Case(**case) for case in found["cases"]]
    assert [case.failed for case in cases] == ["", "", "out of memory"]
    run = replace(run_of(cases), snippet="toy/huge")
    assert run.largest == 4
    assert tables.every(run)[-1] == ["toy/huge", "8", "out of memory", "", ""]


def test_medians_and_quartiles_ignore_what_stands_out() -> None:
    assert Spread.of([5.0, 1.0, 2.0, 99.0, 3.0]) == Spread(2.0, 3.0, 5.0)
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 7.0)


def test_a_ratio_is_of_the_same_round() -> None:
    """The machine slows down threefold half-way; the ratio does not see it."""
    slow = [1.0, 1.0, 3.0, 3.0, 3.0]
    theirs = [time / 4 for time in slow]
    ours = Case("toy/elman", 8, 1, forward=slow, training=[9.0, *slow[1:]])
    run = run_of([ours, Case(OTHER, 8, 1, forward=theirs, training=theirs)])
    assert run.ratio(OTHER, "forward") == Spread(4.0, 4.0, 4.0)
    assert run.ratio(OTHER) == Spread(4.0, 4.0, 4.0), "one round that stands out"
    theirs = [time / ratio for time, ratio in zip(slow, (2, 6, 3, 5, 4), strict=True)]
    run = run_of([ours, Case(OTHER, 8, 1, forward=theirs, training=theirs)])
    found = run.ratio(OTHER, "forward")
    assert found is not None
    assert (found.low, found.median, found.high) == pytest.approx((3, 4, 5))
    assert run.ratio("nobody") is None


@pytest.mark.parametrize("exponent", [0.8, 1.0, 2.0])
def test_a_power_law_is_found_exactly(exponent: float) -> None:
    sizes = [16, 32, 64, 128]
    found = growth.fit(sizes, [3e-4 * size**exponent for size in sizes])
    assert found is not None
    assert found.exponent == pytest.approx(exponent)
    assert found.error == pytest.approx(0, abs=1e-9)


def test_the_error_is_that_of_least_squares() -> None:
    """Against the textbook: x = 0, 1, 2, 3, y = x plus 0.1, -0.1, -0.1, 0.1."""
    sizes = [math.e**x for x in range(4)]
    costs = [math.e ** (x + miss) for x, miss in enumerate((0.1, -0.1, -0.1, 0.1))]
    found = growth.fit(sizes, costs)  # type: ignore[arg-type]
    assert found is not None
    assert found.exponent == pytest.approx(1.0)
    assert found.error == pytest.approx(math.sqrt(0.04 / 2 / 5))


def test_a_fixed_cost_does_not_flatten_the_exponent() -> None:
    sizes = [1, 2, 4, 8, 64, 128, 256, 512]
    found = growth.fit(sizes, [1.0 + 0.1 * size for size in sizes])
    assert found is not None
    assert found.sizes == (8, 64, 128, 256, 512)
    assert growth.fit([1, 2, 4], [1.0, 1.0, 1.0]) is None
    assert growth.fit([1, 2], [1.0, 2.0]) is None


def test_a_run_survives_json() -> None:
    cases = [Case(**case) for case in taken(Script(cost))["cases"]]
    run = run_of(cases)
    assert Run.read(run.as_json()) == run
    assert run.growth().exponent == pytest.approx(1.0)  # type: ignore[union-attr]
    with pytest.raises(ValueError, match=r"no run of a benchmark: .*unheard"):
        Run.read(run.as_json() | {"unheard": 1})


def test_a_table_says_what_was_measured_where() -> None:
    ours = Case("toy/elman", 8, 1234, 10**9, 2**21, None, [0.1] * 5, [0.25] * 5)
    theirs = Case(OTHER, 8, 99, None, 512, None, [0.01] * 5, [0.05] * 5)
    run = run_of([ours, theirs])
    assert tables.where(run) == (
        "float32 on A processor, torch 2.13.0, 1 thread, 2026-01-02, commit 0123456"
    )
    few = "too few sizes"
    assert tables.rows(run) == [
        ["toy/elman", "100 (100–100)", "250 (250–250)", "", few, "2.00 MiB", ""],
        [OTHER, "10.0 (10.0–10.0)", "50.0 (50.0–50.0)", "5.00 (5.00–5.00)", few,
         "512 B", ""],
    ]  # fmt: skip
    assert tables.operations(10**9) == "1.00 GFLOP"
