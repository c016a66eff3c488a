"""The schedulers of diffusers in double precision, driven as their pipelines do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from torch import Tensor, nn

SHARED = {"num_train_timesteps": 60, "timestep_spacing": "trailing"}
KINDS = {"noise": "epsilon", "clean": "sample", "velocity": "v_prediction"}
NAMES = {"linear": "linear", "cosine": "squaredcos_cap_v2"}


def build(kind: type, schedule: str, predicts: str, **other: Any) -> Any:
    """A scheduler; its table is recomputed from its own β in double precision."""
    scheduler = kind(
        **SHARED,
        beta_schedule=NAMES[schedule],
        beta_start=1e-4,
        beta_end=0.02,
        prediction_type=KINDS[predicts],
        **({"clip_sample": False} | other),
    )
    if schedule == "linear":
        betas = torch.from_numpy(numpy.linspace(1e-4, 0.02, 60))
        scheduler.betas, scheduler.alphas = betas, 1 - betas
        scheduler.alphas_cumprod = torch.cumprod(1 - betas, 0)
        scheduler.one = scheduler.final_alpha_cumprod = torch.ones(
            (), dtype=torch.double
        )
    return scheduler


def ddim(
    network: Callable[[Tensor, Tensor], Tensor],
    noise: Tensor,
    steps: int,
    predicts: str,
    eta: float,
    fresh: list[Tensor],
    **other: Any,
) -> Tensor:
    """Sample as DDIMPipeline does, with the noise given."""
    scheduler = build(DDIMScheduler, "linear", predicts, **other)
    scheduler.set_timesteps(steps)
    noisy = noise
    for time, drawn in zip(scheduler.timesteps, fresh, strict=True):
        given = network(noisy, time.expand(len(noise)))
        knobs = {"eta": eta, "use_clipped_model_output": True}
        drawn = drawn if eta > 0 else None
        noisy = scheduler.step(
            given, int(time), noisy, **knobs, variance_noise=drawn
        ).prev_sample
    return noisy


def ddpm(
    network: Callable[[Tensor, Tensor], Tensor],
    noise: Tensor,
    predicts: str,
    **other: Any,
) -> Tensor:
    """Sample as DDPMPipeline does; it draws from torch's own generator."""
    scheduler = build(
        DDPMScheduler, "linear", predicts, variance_type="fixed_small", **other
    )
    scheduler.set_timesteps(60)
    noisy = noise
    for time in scheduler.timesteps:
        given = network(noisy, time.expand(len(noise)))
        noisy = scheduler.step(given, int(time), noisy).prev_sample
    return noisy


class Exact(nn.Module):
    """The best guess of the noise for normal data, from their mean and variance.

    Args:
        rates: √ᾱ and √(1-ᾱ) from step 0 on, (2, T + 1).
        mean: of the data, (D).
        variance: of each feature, (D).
    """

    def __init__(self, rates: Tensor, mean: Tensor, variance: Tensor) -> None:
        super().__init__()
        self.table, self.mean, self.variance = rates, mean, variance

    def forward(self, noisy: Tensor, times: Tensor, labels: Tensor) -> Tensor:
        """√(1-ᾱ) (x - √ᾱ m) / (ᾱ s² + 1 - ᾱ)."""
        signal, rate = self.table[:, times + 1, None]
        total = signal**2 * self.variance + rate**2
        return rate * (noisy - signal * self.mean) / total
