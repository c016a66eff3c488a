"""What people get wrong in diffusion; test_diffusion.py has no room for the list."""

from __future__ import annotations

from mistakes import Mistake

MISTAKES = [
    Mistake(
        "Noise added with the variance 1-ᾱ instead of its root",
        {
            "noisy = signal_rate * clean + noise_rate * noise": (
                "noisy = signal_rate * clean + noise_rate**2 * noise"
            )
        },
        "Trains; at all times but the last, sampling brings more noise than training "
        "showed.",
    ),
    Mistake(
        "ᾱ is the sum of the β instead of the product of the 1-β",
        {"(1 - betas).cumprod(0)": "(1 - betas.cumsum(0)).clamp(min=0)"},
        "Nearly right while the β are small; the last steps hold no signal at all, and "
        "sampling divides by zero.",
    ),
    Mistake(
        "ᾱ off by one step",
        {
            "torch.cat([betas.new_ones(1), (1 - betas).cumprod(0)])": (
                "torch.cat([(1 - betas).cumprod(0), betas.new_zeros(1)])"
            )
        },
        "Trains about as well; the last step back leaves a little noise in the image.",
    ),
    Mistake(
        "The network is told times from 1 where published weights count from 0",
        {
            "guess: Tensor = self.network(noisy, times - 1, labels)\n        if": (
                "guess: Tensor = self.network(noisy, times, labels)\n        if"
            )
        },
        "Trained and asked differently, or published weights: a little blur or noise.",
    ),
    Mistake(
        "Velocity with the wrong sign",
        {
            "velocity = signal_rate * noise - noise_rate * clean": (
                "velocity = noise_rate * clean - signal_rate * noise"
            )
        },
        "The loss falls as ever, and sampling runs away from the data.",
    ),
    Mistake(
        "The guess of the clean data is not divided by √ᾱ",
        {"(noisy - noise_rate * guess) / signal_rate": "(noisy - noise_rate * guess)"},
        "Grey samples: the signal is shrunk at every step.",
    ),
    Mistake(
        "Guidance the wrong way round",
        {"plain + guidance * (guess - plain)": "guess + guidance * (plain - guess)"},
        "More guidance gives less of the class.",
    ),
    Mistake(
        "Guidance counted from 0 where 1 was meant",
        {
            "plain + guidance * (guess - plain)": (
                "plain + (1 + guidance) * (guess - plain)"
            )
        },
        "Everything works, with one more of guidance than was asked for.",
    ),
    Mistake(
        "Told and untold swapped when guidance asks twice",
        {
            "plain = self.network(noisy, times - 1, untold)": (
                "plain = self.network(noisy, times - 1, labels)"
            )
        },
        "Guidance changes nothing.",
    ),
    Mistake(
        "No class is ever left untold in training",
        {"< self.forgets": "< 0 * self.forgets"},
        "Trains as well; with guidance, samples of a class that was never "
        "learned are subtracted.",
    ),
    Mistake(
        "One coin for the whole batch decides whether classes are told",
        {"torch.rand(B, device": "torch.rand(1, device"},
        "Trains, with a noisier gradient.",
    ),
    Mistake(
        "Fresh noise at the last step too",
        {"spread = eta * rate_then / rate * step": "spread = eta * step"},
        "Samples with a veil of noise, whatever the training.",
    ),
    Mistake(
        "The old noise is not made smaller for the fresh one",
        {"(rate_then**2 - spread**2)": "(rate_then**2)"},
        "Samples of the DDPM are noisier than those of the DDIM.",
    ),
    Mistake(
        "The noise is taken from the network although its clean guess was cut",
        {
            "clean = clean.clamp(-limit, limit)": (
                "clean, cut = clean, clean.clamp(-limit, limit)"
            ),
            "now, then, eta=eta, fresh=fresh)\n": (
                "now, then, eta=eta, fresh=fresh)\n"
                "            noisy += self._rates(then, noisy)[0] * (cut - clean)\n"
            ),
        },
        "Nothing where nothing is cut; elsewhere other samples, those that diffusers "
        "gives by default.",
    ),
    Mistake(
        "Rates kept in half precision with the network",
        {"roots.to(torch.get_default_dtype())": "roots.to(torch.bfloat16)"},
        "Samples in 200 steps are a little worse; of 1,000 steps, most have the same "
        "rate of noise as the one before.",
        "AUTOMATIC1111/stable-diffusion-webui#14071",
    ),
    Mistake(
        "Cosine schedule without its offset",
        {"OFFSET = 0.008": "OFFSET = 0.0"},
        "The first steps add almost no noise, and are hard to predict.",
    ),
    Mistake(
        "Cosine schedule without the limit",
        {".clamp(max=LIMIT)": ".clamp(max=1.0)"},
        "At the last step no signal is left: a division by zero, samples of NaN.",
    ),
    Mistake(
        "Steps left out from the wrong end",
        {"torch.linspace(T, 0, steps + 1": "torch.linspace(T, 1, steps + 1"},
        "The last step is never taken: a little noise stays.",
    ),
    Mistake(
        "The score without its scale",
        {"(signal * clean - noisy) / rate**2": "(signal * clean - noisy) / rate"},
        "It points where it should, and is too short.",
    ),
]
