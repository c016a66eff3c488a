# ---
# title: Diffusion from an empty file
# tagline: Ruin data with noise, learn to guess what was there, and walk back.
# outcomes:
#   - write the whole of diffusion, schedule, loss and sampler, in about forty lines
#   - say what the network is asked for, and why the perfect answer would be useless
#   - tell a model that makes new data from one that copies its training data
#   - draw pictures of a wished-for kind, and push them with guidance
# needs:
#   - Python and the first steps with PyTorch (tensors, modules, an optimiser)
#   - what a mean, a spread and a normal distribution are
# builds_on: [generative/diffusion]
# minutes: 60
# numbers:
#   - {text: 60 points, reason: the size of the training set that we chose}
#   - {text: 6 points, reason: a change that we chose to make}
#   - {text: 20 steps, reason: a number that we chose}
# limits: {block: 240, page: 480}
# ---

# %% [markdown]
# ## Data that can be seen whole
#
# Diffusion is about distributions, and two numbers a datum are enough to see one. Ours
# lies on a spiral. We take 60 points for training; the spiral itself, which no model is
# shown, is the truth that we measure against.

# %% output="none"
import itertools
import math

import matplotlib.pyplot as plt
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F

from site_src import claim, figure, table
from snippets.generative import diffusion as tested


def spiral(places):
    """Points of the curve at places from 0 to 1: (N) -> (N, 2), spread about 1."""
    angle = 3 * math.pi * places.sqrt()
    return torch.stack([angle * angle.cos(), angle * angle.sin()], 1) / 5


def away(points, others):
    """Mean distance of points to the nearest of some others."""
    return torch.cdist(points, others).amin(1).mean().item()


def same(name, one, other):
    difference = (one - other).abs().max().item()
    assert difference < 1e-4, f"{name}: {difference}"
    print(f"{name}: equal to {difference:.0e}")


# %%
curve = spiral(torch.linspace(0, 1, 4000))
data = spiral(torch.rand(60))
fresh = spiral(torch.rand(2000))
between = away(fresh, data)
print(f"new points of the spiral: {away(fresh, curve):.3f} from the curve,")
print(f"{between:.3f} from the nearest training point")
claim("between", between, spec=".3f", holds=between > 0.01)

# %% [markdown]
# Remember the second number, {claim:between}: **new** data are about that far from the
# training data. A model whose samples are much closer has copied.
#
# ## Ruin
#
# Noise is added in $T$ small steps: at each the datum shrinks a little and some normal
# noise is added, so that the spread stays 1. After $t$ steps that is
#
# $$x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \varepsilon,$$
#
# where $\bar\alpha_t$ is the share of the signal that is left [@ho2020denoising].
# Nobody needs the small steps: sums of normal noise are normal noise, and one jump
# does. We let the signal fall as a cosine [@nichol2021improved], from 1 to nearly
# nothing.

# %%
T = 100
times = torch.arange(T + 1) / T
level = ((times + 0.008) / 1.008 * math.pi / 2).cos() ** 2
steps = (level[1:] / level[:-1]).clamp(min=0.001)  # what each step leaves, 1 - β
signal = torch.cat([torch.ones(1), steps.cumprod(0)]).sqrt()  # √ᾱ, (T + 1)
noise = (1 - signal**2).sqrt()  # √(1 - ᾱ)

theirs = tested.Diffusion(nn.Identity(), tested.schedule("cosine", T), predicts="clean")
same("schedule", torch.stack([signal, noise]), theirs.rates)


def ruin(clean, t, drawn):
    """Noisy data at times t (B)."""
    return signal[t, None] * clean + noise[t, None] * drawn


walk = torch.full((20000, 2), 1.5)
for left in steps[:60]:
    walk = left.sqrt() * walk + (1 - left).sqrt() * torch.randn_like(walk)
jump = ruin(torch.full((1, 2), 1.5), torch.tensor([60]), torch.zeros(1, 2))
print(f"60 steps: mean {walk.mean():.3f}, spread {walk.std():.3f}")
print(f"one jump: mean {jump.mean():.3f}, spread {noise[60]:.3f}")
assert abs(walk.mean() - jump.mean()) < 0.02
assert abs(walk.std() - noise[60]) < 0.02

# %% [markdown]
# ## The best guess, without a network
#
# Somebody shows you $x_t$. What was $x_0$? Many answers are possible; the one with the
# smallest squared error is their **mean**. For a training set that mean is a formula:
# each training point gets a share by how well it explains $x_t$, a softmax of squared
# distances, and the guess is the mean of the points in these shares. (Compare it with
# attention: $x_t$ is the query, the data are keys and values.)


# %%
def best_guess(noisy, t):
    """The mean of all training points that may lie under noisy data (B, 2)."""
    squares = torch.cdist(noisy, signal[t] * data).square()
    shares = (-squares / (2 * noise[t] ** 2)).softmax(1)  # (B, N)
    return shares @ data


def log_density(noisy, t):
    """How likely noisy data are, up to a constant."""
    squares = torch.cdist(noisy, signal[t] * data).square()
    return (-squares / (2 * noise[t] ** 2)).logsumexp(1).sum()


seen = torch.randn(500, 2)
guess = best_guess(seen, 40)
uphill = torch.func.grad(log_density)(seen, 40)
same("guess and slope", guess, (seen + noise[40] ** 2 * uphill) / signal[40])

# %% [markdown]
# The check is a small theorem. The guess and the *score*, the direction in which noisy
# data become likelier, are the same thing in two coordinates: who can denoise knows
# where the data lie [@vincent2011connection]. Automatic differentiation of the density
# agrees with our softmax.
#
# ## Back
#
# To walk back from time $t$ to an earlier $s$: guess the clean datum; work out which
# noise it implies; put *the same noise* back on the guess, less of
# it [@song2021denoising]. One step to the end would give the guess itself, which is a
# blur. Many steps let the guess change its mind.


# %%
def back(noisy, clean, now, then):
    """One step back, given a guess of the clean data."""
    implied = (noisy - signal[now] * clean) / noise[now]
    return signal[then] * clean + noise[then] * implied


def walk_back(guesser, noisy, count):
    """Noise to data in `count` steps."""
    stops = torch.linspace(T, 0, count + 1).round().long().tolist()
    for now, then in itertools.pairwise(stops):
        noisy = back(noisy, guesser(noisy, now), now, then)
    return noisy


now, then = torch.full((500,), 40), torch.full((500,), 30)
same("a step", back(seen, guess, 40, 30), theirs.back(seen, guess, now, then))

start = torch.randn(1000, 2)
copied = walk_back(best_guess, start, T)
print(f"{away(copied, curve):.4f} from the curve")
print(f"{away(copied, data):.4f} from the nearest training point")
near = away(copied, data)
claim("copied", near, spec=".3f", holds=near < between / 5)

# %% [markdown]
# It works, and it is worthless. Every sample is a training point, to within
# {claim:copied}, where new data would be {claim:between} away. The perfect solution of
# the task is a copying machine; no mistake was made. **What makes diffusion useful is
# that a network cannot give the perfect answer**: it has to guess smoothly, and fills
# the gaps between the points.
#
# ## A network
#
# It gets noisy data and the time. The time goes in as waves of several lengths, so that
# neighbouring times look alike and distant ones do not.
#
# What should it answer? Not the clean datum itself: where there is little noise, the
# answer is nearly what it sees, and a network is bad at copying exactly. Asked for the
# *velocity* $v = \sqrt{\bar\alpha}\, \varepsilon - \sqrt{1 - \bar\alpha}\,
# x_0$ [@salimans2022progressive], it gives a correction, because $x_0 =
# \sqrt{\bar\alpha}\, x_t - \sqrt{1 - \bar\alpha}\, v$: the less noise, the less its
# error counts.


# %%
class Guesser(nn.Module):
    def __init__(self, features=2, width=128, told=True):
        super().__init__()
        self.told = told
        self.label = nn.Embedding(11, width)
        self.time = nn.Linear(16, width)
        self.first = nn.Linear(features, width)
        self.second = nn.Linear(width, width)
        self.third = nn.Linear(width, width)
        self.last = nn.Linear(width, features)

    def forward(self, noisy, times, labels):
        angles = times[:, None] / T * 2.0 ** torch.arange(8)
        waves = torch.cat([angles.sin(), angles.cos()], 1) * self.told
        told = self.time(waves) + self.label(labels)
        hidden = F.silu(self.first(noisy) + told)
        hidden = hidden + F.silu(self.second(hidden))
        hidden = hidden + F.silu(self.third(hidden))
        return self.last(hidden)


def loss_of(network, clean, labels, t, drawn):
    """Mean squared error of the velocity at times t (B)."""
    velocity = signal[t, None] * drawn - noise[t, None] * clean
    return (network(ruin(clean, t, drawn), t - 1, labels) - velocity).square().mean()


network = Guesser()
chosen, t = data[:50], torch.randint(1, T + 1, (50,))
drawn = torch.randn(50, 2)
betas = tested.schedule("cosine", T)
theirs = tested.Diffusion(network, betas, predicts="velocity", forgets=0.0)
labels = torch.zeros(50, dtype=torch.long)
expected = theirs(chosen, t, drawn, labels).mean()
same("loss", loss_of(network, chosen, labels, t, drawn), expected)

# %% [markdown]
# Our loss is the loss of the [tested file](../architectures/generative/diffusion.md).
# Training is a loop: draw data, times and noise; take a step. The *labels* say what
# kind of datum is wanted. The spiral has no kinds, so all say "untold"; they come into
# play with the pictures below.


# %%
UNTOLD = torch.tensor(10)  # the label after ten kinds


def learn(network, points, labels, count=1500, rate=3e-3, rows=256, loss_of=loss_of):
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, count)
    for _ in range(count):
        chosen = torch.randint(len(points), (rows,))
        clean, told = points[chosen], labels[chosen]
        told = torch.where(torch.rand(rows) < 0.1, UNTOLD, told)
        t = torch.randint(1, T + 1, (rows,))
        loss = loss_of(network, clean, told, t, torch.randn_like(clean))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network


def guesser(network, labels):
    """The clean data that the network believes in, at one time for all."""

    @torch.no_grad()
    def guess(noisy, now):
        velocity = network(noisy, torch.full((len(noisy),), now - 1), labels)
        return signal[now] * noisy - noise[now] * velocity

    return guess


torch.manual_seed(1)
learn(network, data, UNTOLD.expand(60), count=2000)
trained = guesser(network, UNTOLD.expand(1000))
made = walk_back(trained, start, T)
print(f"{away(made, curve):.3f} from the curve")
print(f"{away(made, data):.3f} from the nearest training point")
claim("made-data", away(made, data), spec=".3f", holds=away(made, data) > between)
claim("made-curve", away(made, curve), spec=".3f", holds=away(made, curve) < 0.1)

# %% html="1"
drawing, axes = plt.subplots(1, 3, figsize=(7.2, 2.7), sharex=True, sharey=True)
shown = {"60 data": data, "perfect guess": copied[:500], "network": made[:500]}
for place, (name, points) in zip(axes, shown.items(), strict=True):
    place.scatter(*points.T, s=5, rasterized=True)
    place.set(title=name, aspect="equal", xticks=[], yticks=[])
figure(
    drawing,
    alt="Three spirals of points. The data: a broken line of dots. The perfect guess: "
    "the same dots. The network: a line that follows the spiral through the gaps.",
    caption="Samples of the perfect guess are the data; the network's fill the gaps.",
)

# %% [markdown]
# The network's samples are {claim:made-data} from the nearest training point, farther
# than new data would be, so nothing is copied; and they are {claim:made-curve} from the
# curve that nobody showed it. Some lie between the arms: what fills the gaps that
# should be filled fills others, too.
#
# How many steps does the way back need? The *gap* counts both ways: how far samples are
# from the curve, and how far places of the curve are from a sample. A model that made
# one good point again and again would fail the second half.

# %% html="1"


def gap(points):
    """How far from the truth: samples from the curve, and the curve from samples."""
    return (away(points, curve) + away(curve, points)) / 2


by_steps = {
    count: gap(walk_back(trained, start, count))
    for count in (1, 2, 3, 5, 10, 20, 50, 100)
}
drawing, axes = plt.subplots(figsize=(5.2, 3.0))
axes.loglog(list(by_steps), list(by_steps.values()), "o-")
axes.set(xlabel="steps back", ylabel="gap to the curve")
axes.set_xticks(list(by_steps), [str(count) for count in by_steps])
axes.minorticks_off()
figure(
    drawing,
    alt="Distance of the samples to the curve against the number of steps, both "
    "logarithmic: a fall by an order of magnitude, flat from about twenty steps on.",
    caption="One step gives the mean of everything; a few steps find the spiral.",
)
for count in (1, 5, 20):
    claim(f"steps-{count}", by_steps[count], spec=".3f", holds=True)
better = by_steps[20] / by_steps[100]
claim("all-steps", T, spec="d", holds=True)
claim("steps-enough", better, spec=".2f", holds=better < 2)

# %% [markdown]
# One step back leaves a gap of {claim:steps-1}: all samples are the mean of all data,
# which is no datum. Five reach {claim:steps-5}, 20 steps {claim:steps-20}, which is
# {claim:steps-enough} times the gap after all {claim:all-steps}.

# %% [markdown]
# ## Pictures, and wishes
#
# Nothing of this was about points. A picture is a list of numbers, too: the loss, the
# training and the walk back stay as they are, to the letter. The pictures: digits in
# the typefaces that come with Matplotlib, turned and moved a little. Two of the twelve
# typefaces are kept for testing. (For larger pictures one takes a network that knows
# what a neighbouring pixel is, such as the
# [U-Net](../architectures/generative/diffusion.md).)

# %%
SIDE, LARGE = 10, 40
FACES = [
    {"family": family, "weight": weight, "style": style}
    for family in ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono")
    for weight in ("normal", "bold")
    for style in ("normal", "italic")
]


def printed(digit, face):
    """A digit in black on white, as numbers from -1 to 1: (LARGE, LARGE)."""
    sheet = Figure(figsize=(1, 1), dpi=LARGE, facecolor="white", layout="none")
    canvas = FigureCanvasAgg(sheet)
    centre = {"ha": "center", "va": "center_baseline", "color": "black"}
    sheet.text(0.5, 0.5, str(digit), fontsize=54, **centre, **face)
    canvas.draw()
    shades = torch.frombuffer(bytearray(canvas.buffer_rgba()), dtype=torch.uint8)
    return 1 - shades.view(LARGE, LARGE, 4)[..., 0] / 127.5


def pictures(faces, copies):
    """Digits in some typefaces, each turned and moved: (N, SIDE²), and labels (N)."""
    sheets = torch.stack([printed(d, face) for face in faces for d in range(10)])
    sheets = sheets.repeat(copies, 1, 1)[:, None]
    N = len(sheets)
    angle, size = 0.2 * torch.randn(N), 1 + 0.1 * torch.randn(N)
    along, across = angle.cos() * size, angle.sin() * size
    turned = torch.stack([along, -across, across, along], 1).view(N, 2, 2)
    ways = torch.cat([turned, 0.06 * torch.randn(N, 2, 1)], 2)
    grid = F.affine_grid(ways, [N, 1, LARGE, LARGE], align_corners=False)
    moved = F.grid_sample(sheets + 1, grid, align_corners=False) - 1
    small = F.avg_pool2d(moved, LARGE // SIDE)
    return small.flatten(1), torch.arange(10).repeat(N // 10)


torch.manual_seed(5)
images, kinds = pictures(FACES[:5] + FACES[6:11], copies=30)
unseen, unseen_kinds = pictures([FACES[5], FACES[11]], copies=30)


def nearest(points):
    """The label of the nearest training picture, and how far it is: (N) each."""
    distances, places = torch.cdist(points, images).min(1)
    return kinds[places], distances


judged, far = nearest(unseen)
print(f"{len(images)} pictures to train on, {len(unseen)} to test on")
trust = (judged == unseen_kinds).float().mean().item()
claim("trust", trust, spec=".0%", holds=trust > 0.9)
claim("unseen-far", far.mean().item(), spec=".1f", holds=True)

# %% [markdown]
# Two measures of a drawn picture, both from the nearest training picture: its label
# says which digit it looks like (right for {claim:trust} of the unseen typefaces), and
# its distance tells copying from drawing (unseen pictures are {claim:unseen-far} away).


# %% output="none"
torch.manual_seed(6)
painter = Guesser(SIDE * SIDE, 256)
learn(painter, images, kinds, count=3000, rate=2e-3, rows=64)


def wishing(network, labels, strength):
    """A guesser that goes from the untold guess towards the told one, and beyond."""
    told, plain = guesser(network, labels), guesser(network, UNTOLD.expand(len(labels)))

    def guess(noisy, now):
        away_from = plain(noisy, now)
        wished = away_from + strength * (told(noisy, now) - away_from)
        return wished.clamp(-1, 1)

    return guess


wanted = torch.arange(10).repeat_interleave(20)
begin = torch.randn(200, SIDE * SIDE)
drawn = {s: walk_back(wishing(painter, wanted, s), begin, 20) for s in (0, 1, 3)}

# %% html="1"
drawing, axes = plt.subplots(figsize=(5.6, 3.2))
rows = [unseen[:10], *(pixels[::20] for pixels in drawn.values())]
tiles = F.pad(torch.stack(rows).view(4, 10, SIDE, SIDE), (1, 1, 1, 1), value=-1)
sheet = tiles.transpose(1, 2).flatten(2).flatten(0, 1)
axes.imshow(sheet, cmap="gray_r", interpolation="nearest")
names = ["unseen", "no wish", "wish", "wish × 3"]
middles = [(SIDE + 2) * (k + 0.5) for k in range(10)]
axes.set_yticks(middles[:4], names)
axes.set_xticks(middles, [str(digit) for digit in range(10)])
axes.tick_params(length=0)
axes.grid(False)
figure(
    drawing,
    alt="Four rows of ten small digits. Unseen typefaces; samples without a wish, "
    "which are digits in no order; samples with a wish, mostly the digit asked for; "
    "samples with three times the wish, bolder and clearer.",
    caption="Each column asks for the digit below it; the second row was not told.",
)

# %% html="1"
rows = []
for strength, pixels in drawn.items():
    judged, far = nearest(pixels)
    right = (judged == wanted).float().mean().item()
    rows.append([strength, f"{right:.0%}", f"{far.mean():.1f}"])
    obeys = right > 0.5 if strength else right < 0.3
    claim(f"right-{strength}", right, spec=".0%", holds=obeys)
    if strength:
        claim(f"far-{strength}", far.mean().item(), spec=".1f", holds=True)
table(
    rows,
    header=["strength", "as wished", "to the nearest picture"],
    caption="Guidance buys obedience: 200 pictures each, 20 steps back",
)

# %% [markdown]
# In training one label in ten was left out, so one network knows both what digits look
# like and what a given digit looks like. *Guidance* goes from the first guess to the
# second and beyond [@ho2022classifierfree]. Without a wish {claim:right-0} are what the
# column says, as chance has it; with it {claim:right-1}; at three times the strength
# {claim:right-3}.
#
# They can be told from print: samples with a wish are {claim:far-1} from the nearest
# training picture, unseen pictures {claim:unseen-far}. At three times the strength it
# is {claim:far-3}: the price of being pushed beyond what the network has seen.
#
# ## What to try next
#
# Change one thing in the network for the spiral, predict, and run again. Three changes,
# and what we found (20 steps back):
#
# 1. **Ask for the clean datum** instead of the velocity: the gap to the curve is
#    {claim:gap-clean} instead of {claim:gap-plain}.
# 2. **Do not tell it the time**: {claim:gap-timeless}.
# 3. **Give it 6 points** instead of 60: its samples are {claim:copies-few} from the
#    nearest of them, where new points of the spiral would be {claim:between-few}. Few
#    data, and a network large enough to give the perfect answer, make the copying
#    machine after all.
#
# The code of these trainings:


# %% html="1"
def clean_loss(network, clean, labels, t, drawn):
    return (network(ruin(clean, t, drawn), t - 1, labels) - clean).square().mean()


def clean_guesser(network, labels):
    def guess(noisy, now):
        return network(noisy, torch.full((len(noisy),), now - 1), labels)

    return torch.no_grad()(guess)


def variation(points=data, told=True, ask=(loss_of, guesser)):
    """Gap of samples to the curve, and their distance to the training points."""
    torch.manual_seed(7)
    asked, answered = ask
    network = learn(Guesser(told=told), points, UNTOLD.expand(60), loss_of=asked)
    found = walk_back(answered(network, UNTOLD.expand(1000)), start, 20)
    return gap(found), away(found, points)


changes = {
    "plain": ("as it is", variation()),
    "clean": ("the clean datum", variation(ask=(clean_loss, clean_guesser))),
    "timeless": ("no time", variation(told=False)),
    "few": ("6 points", variation(points=data[:6])),
}
table(
    [[name, f"{far:.3f}", f"{near:.3f}"] for name, (far, near) in changes.values()],
    header=["change", "gap to the curve", "to the nearest training point"],
    caption="The spiral after 1,500 steps of training, one seed each",
)
plain = changes["plain"][1][0]
claim("gap-plain", plain, spec=".3f", holds=plain < 0.1)
for key in ("clean", "timeless"):
    worse = changes[key][1][0]
    claim(f"gap-{key}", worse, spec=".3f", holds=worse > 1.2 * plain)
copies, new = changes["few"][1][1], away(fresh, data[:6])
claim("copies-few", copies, spec=".2f", holds=copies < new / 3)
claim("between-few", new, spec=".2f", holds=new > 5 * between)
