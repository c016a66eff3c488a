"""Diffusion: learns to take a little noise away, and so turns noise into data.

Source: Ho, Jain and Abbeel, 2020, arXiv 2006.11239 (DDPM), with its equations'
    numbers. Large steps: Song, Meng and Ermon, 2020, 2010.02502 (DDIM). Cosine:
    Nichol and Dhariwal, 2021, 2102.09672. Velocity: Salimans and Ho, 2022,
    2202.00512. Guidance: Ho and Salimans, 2022, 2207.12598.
Differs from the paper:
    - each step back is DDIM's eq. 12; with eta = 1, the DDPM's smaller variance
    - also predicts the clean data or the velocity; a guidance of 1 is none
Checked against: diffusers.DDPMScheduler, diffusers.DDIMScheduler
Torch versions: 2.13.0
Dimensions: B batch, D features of the data, T steps of noise, W width.
SPDX: MIT
"""

import math

import torch
from torch import Tensor, nn

FIRST = 1e-4  # β of the first step, section 4
LAST = 0.02  # β of the last step, ibid.
OFFSET = 0.008  # s of the cosine schedule, arXiv 2102.09672, eq. 17
LIMIT = 0.999  # the largest β of the cosine schedule, ibid.
LONGEST = 10_000  # the slowest wave's period over 2π: arXiv 1706.03762, 3.5
DEPTH = 2  # layers of the small network, our choice
PREDICTIONS = ("noise", "clean", "velocity")


# Same as: attention/gpt.py::_require
def _require(fits: bool, wanted: str, found: object) -> None:
    """Raise ValueError where something does not fit."""
    if not fits:
        raise ValueError(f"expected {wanted}, got {found}")


# Same as: generative/unet.py::_waves
def _waves(times: Tensor, width: int) -> Tensor:
    """Turn times (B) into waves (B, W), each slower than the one before."""
    # sin(t / 10000^(k / (W/2 - 1))), then the same with cos
    places = torch.arange(width // 2, device=times.device).float()
    rates = torch.exp(-math.log(LONGEST) * places / (width // 2 - 1))
    angles = times.float()[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def schedule(kind: str, steps: int) -> Tensor:
    """The share of noise β that each step adds.

    Args:
        kind: "linear", made for T = 1000, or "cosine".
        steps: how many, T.
    """
    if kind == "linear":
        return torch.linspace(FIRST, LAST, steps, dtype=torch.float64)
    _require(kind == "cosine", "linear or cosine", kind)
    shares = torch.arange(steps + 1, dtype=torch.float64) / steps
    # ᾱ_t = f(t) / f(0),   f(t) = cos²((t/T + s) / (1 + s) · π/2)
    signal = ((shares + OFFSET) / (1 + OFFSET) * math.pi / 2).cos() ** 2
    return (1 - signal[1:] / signal[:-1]).clamp(max=LIMIT)


class Denoiser(nn.Module):
    """A small residual network for data of D features; any other will do.

    Args:
        features: of the data, at least 1.
        width: features inside, even and at least 4.
        classes: how many it can be told, "none" among them.
    """

    def __init__(self, features: int, width: int, classes: int) -> None:
        super().__init__()
        _require(width > 3 and width % 2 == 0, "an even width above 3", width)
        self.time_first = nn.Linear(width, width)
        self.time_second = nn.Linear(width, width)
        self.class_embedding = nn.Embedding(classes, width)
        self.first = nn.Linear(features, width)
        self.layers = nn.ModuleList()
        for _ in range(DEPTH):
            ways = nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
            self.layers.append(nn.Sequential(nn.LayerNorm(width), *ways))
        self.final = nn.Linear(width, features)

    def forward(self, noisy: Tensor, times: Tensor, labels: Tensor) -> Tensor:
        """Make a number for each feature.

        Args:
            noisy: noisy data.
            times: how noisy each is, as a step, counted from 0.
            labels: a class for each.

        Shape:
            noisy (B, D), times (B), labels (B) -> guess (B, D)
        """
        waves = _waves(times, self.time_first.in_features).to(noisy)  # (B, W)
        told = self.time_second(nn.functional.silu(self.time_first(waves)))
        told = told + self.class_embedding(labels)  # (B, W)
        hidden = self.first(noisy)  # (B, W)
        for layer in self.layers:
            hidden = hidden + layer(hidden + told)  # (B, W)
        guess: Tensor = self.final(hidden)
        return guess


class Diffusion(nn.Module):
    """A schedule of noise, and a network that learns to see through it.

    Args:
        network: gives for noisy data, times from 0 and labels as many numbers.
        betas: share of noise that each step adds, in (0, 1).
        predicts: what the numbers are: "noise", "clean" or "velocity".
        untold: the label that stands for no class.
        forgets: how often training tells no class, in [0, 1].
    """

    def __init__(
        self,
        network: nn.Module,
        betas: Tensor,
        *,
        predicts: str = "noise",
        untold: int = 0,
        forgets: float = 0.1,
    ) -> None:
        super().__init__()
        _require(predicts in PREDICTIONS, f"one of {PREDICTIONS}", predicts)
        self.network, self.predicts = network, predicts
        self.untold, self.forgets = untold, forgets
        # ᾱ_t = (1-β₁) ... (1-β_t),   ᾱ₀ = 1
        signal = torch.cat([betas.new_ones(1), (1 - betas).cumprod(0)])
        roots = torch.stack([signal, 1 - signal]).sqrt()  # (2, T + 1)
        self.rates = nn.Buffer(roots.to(torch.get_default_dtype()))

    def _rates(self, times: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """√ᾱ and √(1-ᾱ) at times (B), in a shape that multiplies data."""
        signal, noise = self.rates[:, times]
        shape = (-1, *[1] * (like.dim() - 1))
        return signal.view(shape), noise.view(shape)

    def forward(
        self, clean: Tensor, times: Tensor, noise: Tensor, labels: Tensor
    ) -> Tensor:
        """Add noise, let the network look, and say how far it is off.

        Args:
            clean: the data.
            times: steps from 1 to T, drawn at random.
            noise: normal, of the data's shape.
            labels: a class for each; in training some are not told.

        Shape:
            clean (B, D), times (B), noise (B, D), labels (B) -> losses (B)
        """
        B, *_ = clean.shape
        _require(noise.shape == clean.shape, f"{clean.shape}", noise.shape)
        for given in (times, labels):
            _require(given.shape == (B,), f"one for each of {B}", given.shape)
        if self.training:
            forgotten = torch.rand(B, device=clean.device) < self.forgets
            labels = labels.masked_fill(forgotten, self.untold)
        signal_rate, noise_rate = self._rates(times, clean)
        noisy = signal_rate * clean + noise_rate * noise  # (B, D)
        guess: Tensor = self.network(noisy, times - 1, labels)
        # x_t = √ᾱ x₀ + √(1-ᾱ) ε, eq. 4,   v = √ᾱ ε - √(1-ᾱ) x₀
        velocity = signal_rate * noise - noise_rate * clean
        wanted = {"noise": noise, "clean": clean, "velocity": velocity}
        # L_simple, eq. 14, for the noise
        errors = (guess - wanted[self.predicts]).square().flatten(1)
        return errors.mean(1)  # (B)

    def denoise(
        self,
        noisy: Tensor,
        times: Tensor,
        labels: Tensor,
        *,
        guidance: float | Tensor | None = None,
    ) -> Tensor:
        """What the network believes the clean data to be: a mean.

        Args:
            noisy: noisy data.
            times: steps from 1 to T.
            labels: a class for each.
            guidance: 0 is the answer untold, 1 told, more goes beyond told.
        """
        guess: Tensor = self.network(noisy, times - 1, labels)
        if guidance is not None:
            untold = torch.full_like(labels, self.untold)
            plain = self.network(noisy, times - 1, untold)
            guess = plain + guidance * (guess - plain)
        signal_rate, noise_rate = self._rates(times, noisy)
        return {
            "noise": (noisy - noise_rate * guess) / signal_rate,  # eq. 4
            "clean": guess,
            "velocity": signal_rate * noisy - noise_rate * guess,
        }[self.predicts]

    def score(self, noisy: Tensor, clean: Tensor, times: Tensor) -> Tensor:
        """Where noisy data become likelier: an estimate of ∇ log p(x_t).

        Args:
            noisy: noisy data.
            clean: what `denoise` says of them.
            times: steps from 1 to T.
        """
        signal, rate = self._rates(times, noisy)
        # -ε / √(1-ᾱ),   ε = (x_t - √ᾱ x₀) / √(1-ᾱ)
        return (signal * clean - noisy) / rate**2

    def back(
        self,
        noisy: Tensor,
        clean: Tensor,
        now: Tensor,
        then: Tensor,
        *,
        eta: float = 0.0,
        fresh: Tensor | None = None,
    ) -> Tensor:
        """Go back from one time to an earlier one.

        Args:
            noisy: the data now.
            clean: what `denoise` says of them.
            now: steps from 1 to T.
            then: earlier ones, down to 0.
            eta: how much of the DDPM's noise is added anew, in [0, 1].
            fresh: that noise, normal; needed where eta is not 0.
        """
        _require(eta == 0 or fresh is not None, "fresh noise", fresh)
        signal, rate = self._rates(now, noisy)
        signal_then, rate_then = self._rates(then, noisy)
        noise = (noisy - signal * clean) / rate
        # σ = η √((1-ᾱ_s) / (1-ᾱ_t)) √(1 - ᾱ_t / ᾱ_s), DDIM, eq. 16
        step = (1 - (signal / signal_then) ** 2).sqrt()
        spread = eta * rate_then / rate * step
        # x_s = √ᾱ_s x₀ + √(1-ᾱ_s-σ²) ε + σ z, DDIM, eq. 12
        kept = (rate_then**2 - spread**2).clamp(min=0).sqrt()
        calm = signal_then * clean + kept * noise
        return calm if fresh is None else calm + spread * fresh

    @torch.no_grad()
    def sample(
        self,
        noisy: Tensor,
        labels: Tensor,
        steps: int,
        *,
        guidance: float | None = None,
        eta: float = 0.0,
        limit: float = math.inf,
    ) -> Tensor:
        """Turn noise into data.

        Args:
            noisy: pure noise, normal, of the shape of the data.
            labels: a class for each.
            steps: how many of the T are gone, at least 1.
            guidance: see `denoise`.
            eta: see `back`; 1 with all steps is the DDPM, 0 the DDIM.
            limit: how large the data can be; beliefs are cut to it.
        """
        T = self.rates.shape[1] - 1
        _require(0 < steps <= T, f"1 to {T} steps", steps)
        stops = torch.linspace(T, 0, steps + 1, device=noisy.device)
        times = stops.round().long().expand(len(noisy), -1).unbind(1)
        for place in range(steps):
            now, then = times[place : place + 2]
            clean = self.denoise(noisy, now, labels, guidance=guidance)
            clean = clean.clamp(-limit, limit)
            fresh = torch.randn_like(noisy) if eta > 0 else None
            noisy = self.back(noisy, clean, now, then, eta=eta, fresh=fresh)
        return noisy


def example(
    *, batch: int = 2, features: int = 5, width: int = 6
) -> tuple[Diffusion, tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Build a tiny network for three classes, and data for it.

    Args:
        batch: examples.
        features: of each.
        width: of the network.

    Shape:
        () -> Diffusion, (clean (B, D), times (B), noise (B, D), labels (B))
    """
    network = Denoiser(features, width, 4)
    module = Diffusion(network, schedule("cosine", 7), untold=3)
    clean, noise = torch.randn(2, batch, features).unbind(0)
    number = torch.arange(batch)
    return module, (clean, 1 + number % 7, noise, number % 3)


if __name__ == "__main__":
    module, (_, _, noise, labels) = example()
    print(module.sample(noise, labels, 7))
