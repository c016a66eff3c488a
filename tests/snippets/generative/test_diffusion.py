"""Diffusion equals the schedulers of diffusers, and closed forms on normal data."""

from __future__ import annotations

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from recording import note
from references import diffusion as theirs
from references.diffusion import Exact
from references.diffusion_mistakes import MISTAKES as MISTAKES  # planted in copies

from snippets.generative.diffusion import Denoiser, Diffusion, example, schedule

B, D, T = 3, 5, 60
KINDS = ("noise", "clean", "velocity")


@pytest.fixture(autouse=True)
def _double():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def build(predicts: str = "noise", kind: str = "linear") -> Diffusion:
    """A network with weights that are not small, in double precision."""
    network = Denoiser(D, 8, 4)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return Diffusion(network, schedule(kind, T), predicts=predicts, untold=3).eval()


def close(found, right, tolerance: float = 1e-10) -> float:
    """Relative error, which has to be small."""
    error = float(((found - right).abs().max() / right.abs().max()).detach())
    assert error < tolerance, error
    return error


def record(reference: str, error: float, tolerance: float = 1e-10) -> None:
    note(
        "comparison",
        reference=f"diffusers.{reference}",
        dtype="float64",
        tolerance=tolerance,
        errors={"samples": error},
    )


@pytest.mark.parametrize("kind", ["linear", "cosine"])
@pytest.mark.parametrize("scheduler", [DDPMScheduler, DDIMScheduler])
def test_schedules_equal_those_of_diffusers(kind, scheduler) -> None:
    right = theirs.build(scheduler, kind, "noise")
    close(schedule(kind, T), right.betas.double(), 1e-5)
    rates = build(kind=kind).rates
    close(rates[0, 1:] ** 2, right.alphas_cumprod.double(), 1e-4)
    close((rates**2).sum(0), torch.ones(T + 1), 1e-12)
    assert rates[:, 0].tolist() == [1, 0]


@pytest.mark.parametrize("predicts", KINDS)
@pytest.mark.parametrize("eta", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("steps", [1, 6, 20, T])
@pytest.mark.parametrize("limit", [None, 0.8])
def test_samples_equal_those_of_ddim(predicts, eta, steps, limit) -> None:
    module, noise, labels = build(predicts), torch.randn(B, D), torch.arange(B)
    cut = {} if limit is None else {"clip_sample": True, "clip_sample_range": limit}
    torch.manual_seed(3)
    fresh = [torch.randn_like(noise) for _ in range(steps)]

    def network(noisy, times):
        return module.network(noisy, times, labels)

    with torch.no_grad():
        right = theirs.ddim(network, noise, steps, predicts, eta, fresh, **cut)
    torch.manual_seed(3)
    knobs = {"eta": eta} | ({} if limit is None else {"limit": limit})
    found = module.sample(noise, labels, steps, **knobs)
    record("DDIMScheduler", close(found, right, 1e-9), 1e-9)


@pytest.mark.parametrize("predicts", KINDS)
@pytest.mark.parametrize("limit", [None, 0.8])
def test_samples_with_all_steps_and_noise_equal_those_of_ddpm(predicts, limit) -> None:
    module, noise, labels = build(predicts), torch.randn(B, D), torch.arange(B)
    cut = {} if limit is None else {"clip_sample": True, "clip_sample_range": limit}

    def network(noisy, times):
        return module.network(noisy, times, labels)

    torch.manual_seed(3)
    with torch.no_grad():
        right = theirs.ddpm(network, noise, predicts, **cut)
    torch.manual_seed(3)
    knobs = {} if limit is None else {"limit": limit}
    found = module.sample(noise, labels, T, eta=1.0, **knobs)
    record("DDPMScheduler", close(found, right, 1e-8), 1e-8)


@pytest.mark.parametrize("predicts", KINDS)
def test_losses_equal_those_of_diffusers(predicts) -> None:
    module, reference = build(predicts), theirs.build(DDPMScheduler, "linear", predicts)
    clean, noise = torch.randn(2, B, D)
    times, labels = torch.tensor([1, 30, T]), torch.tensor([2, 0, 1])
    noisy = reference.add_noise(clean, noise, times - 1)
    target = {
        "noise": noise,
        "clean": clean,
        "velocity": reference.get_velocity(clean, noise, times - 1),
    }[predicts]
    right = (module.network(noisy, times - 1, labels) - target).square().mean(1)
    found = module(clean, times, noise, labels)
    record("DDPMScheduler", close(found, right, 1e-12), 1e-12)
    leaves = list(module.parameters())
    for ours, wanted in zip(
        torch.autograd.grad(found.sum(), leaves),
        torch.autograd.grad(right.sum(), leaves),
        strict=True,
    ):
        close(ours, wanted, 1e-9)


def test_jumping_equals_walking() -> None:
    """Eq. 4 is what T times eq. 2 gives: the same mean and the same variance."""
    betas, rates = schedule("cosine", T), build(kind="cosine").rates
    mean, variance = 1.0, 0.0
    for step, beta in enumerate(betas.tolist(), 1):
        mean, variance = (1 - beta) ** 0.5 * mean, (1 - beta) * variance + beta
        assert abs(rates[0, step].item() - mean) < 1e-12
        assert abs(rates[1, step].item() - variance**0.5) < 1e-12


def test_the_score_of_normal_data_is_exact() -> None:
    module = build()
    mean, variance = torch.randn(D), torch.rand(D) + 0.1
    module.network = Exact(module.rates, mean, variance)
    noisy, labels = torch.randn(B, D), torch.zeros(B, dtype=torch.long)
    times = torch.tensor([1, 20, T])
    found = module.score(noisy, module.denoise(noisy, times, labels), times)
    signal, rate = module.rates[:, times, None]
    right = -(noisy - signal * mean) / (signal**2 * variance + rate**2)
    close(found, right, 1e-9)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_normal_data_come_out_with_their_mean_and_spread(eta) -> None:
    """With the best network, sampling gives back the data's own distribution."""
    module = Diffusion(Denoiser(D, 8, 4), schedule("cosine", 400))
    mean, variance = torch.tensor([2.0, -1.0]), torch.tensor([0.25, 2.0])
    module.network = Exact(module.rates, mean, variance)
    labels = torch.zeros(40_000, dtype=torch.long)
    found = module.sample(torch.randn(40_000, 2), labels, 400, eta=eta)
    assert (found.mean(0) - mean).abs().max() < 0.03
    assert (found.var(0) / variance - 1).abs().max() < 0.04


@pytest.mark.parametrize("predicts", KINDS)
def test_guidance_is_linear_and_arrives_at_one(predicts) -> None:
    module, noisy = build(predicts), torch.randn(B, D)
    times, labels = torch.tensor([1, 30, T]), torch.arange(B)
    untold = torch.full((B,), 3)
    asked = {
        g: module.denoise(noisy, times, labels, guidance=g) for g in (0.0, 1.0, 3.0)
    }
    close(asked[0.0], module.denoise(noisy, times, untold))
    close(asked[1.0], module.denoise(noisy, times, labels))
    close(asked[3.0], asked[0.0] + 3 * (asked[1.0] - asked[0.0]))
    each = torch.tensor([[0.0], [1.0], [3.0]])
    mixed = module.denoise(noisy, times, labels, guidance=each)
    for row, g in enumerate((0.0, 1.0, 3.0)):
        close(mixed[row], asked[g][row])
    guided = module.sample(noisy, labels, 4, guidance=1.0)
    close(guided, module.sample(noisy, labels, 4))
    assert not torch.allclose(guided, module.sample(noisy, labels, 4, guidance=3.0))


def test_training_forgets_some_classes_each_by_itself() -> None:
    seen = []

    class Listener(Denoiser):
        def forward(self, noisy, times, labels):
            seen.append(labels)
            return super().forward(noisy, times, labels)

    module = Diffusion(Listener(D, 8, 4), schedule("linear", T), untold=3, forgets=0.3)
    clean, noise = torch.randn(2, 4000, D)
    labels = torch.arange(4000) % 3
    for training in (True, False):
        module.train(training)(clean, torch.ones(4000).long(), noise, labels)
    forgotten = seen[0] == 3
    assert 0.26 < forgotten.double().mean() < 0.34
    assert torch.equal(seen[0][~forgotten], labels[~forgotten])
    assert torch.equal(seen[1], labels)


def test_images_are_taken_as_well_as_rows() -> None:
    class Zero(torch.nn.Module):
        def forward(self, noisy, times, labels):
            return 0 * noisy

    module = Diffusion(Zero(), schedule("cosine", T), predicts="clean").eval()
    clean, noise = torch.randn(2, B, 1, 4, 6)
    losses = module(clean, torch.tensor([1, 2, 3]), noise, torch.zeros(B).long())
    close(losses, clean.square().mean((1, 2, 3)))
    assert not module.sample(noise, torch.zeros(B).long(), 7).any()


def test_wrong_sizes_say_what_was_expected_and_found() -> None:
    module, (clean, times, noise, labels) = example()
    for words, call in {
        r"\(\[2, 5\]\), got .*\[1, 5\]": lambda: module(
            clean, times, noise[:1], labels
        ),
        "one for each of 2, got": lambda: module(clean, times[:1], noise, labels),
        "1 to 7 steps, got 8": lambda: module.sample(noise, labels, 8),
        "1 to 7 steps, got 0": lambda: module.sample(noise, labels, 0),
        "fresh noise, got None": lambda: module.back(
            noise, clean, times, times - 1, eta=1.0
        ),
        "noise, got None": lambda: module.sample(noise, labels, 3, eta=-1),
        "an even width above 3, got 7": lambda: Denoiser(2, 7, 3),
        "linear or cosine, got square": lambda: schedule("square", 3),
        "one of .* got score": lambda: Diffusion(
            module.network, schedule("cosine", 3), predicts="score"
        ),
    }.items():
        with pytest.raises(ValueError, match=words):
            call()


def test_the_example_is_sized_as_asked() -> None:
    module, inputs = example(batch=3, features=2, width=8)
    assert module(*inputs).shape == (3,)
    assert module.rates.shape == (2, 8)
    assert module.sample(inputs[2], inputs[3], 2).shape == (3, 2)
