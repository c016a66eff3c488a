# ---
# title: A GPT from an empty file
# tagline: Attention, block, model, training, sampling; each checked as it is made.
# outcomes:
#   - write causal attention from memory, first as a loop, then as two matrix products
#   - put a GPT together and know for every part what goes wrong without it
#   - check a model before you train it, with tests that take a second
#   - train it, judge its loss against counting, and draw text from it
# needs:
#   - Python and the first steps with PyTorch (tensors, modules, an optimiser)
#   - what a matrix product and a probability are
# builds_on: [attention/gpt, attention/attention]
# minutes: 60
# numbers:
#   - {text: 64 characters, reason: the context that we chose}
#   - {text: 50 characters, reason: the length of a stretch that we chose}
# limits: {block: 240, page: 480}
# ---

# %% [markdown]
# ## A text, and a number to beat
#
# A GPT predicts the next token of a text. We need a text that every computer has: the
# help texts that come with Python. A token is a character here, so the *vocabulary* is
# the set of characters that occur.
#
# Every eighth help text is kept for testing. The texts repeat each other, so a
# paragraph that shares a stretch of 50 characters with a test text is not trained on;
# otherwise learning by heart would look like understanding.

# %% output="none"
import math
from pydoc_data.topics import topics

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F

from site_src import claim, figure, table
from snippets.attention import gpt as tested

names = sorted(topics)
held_out = names[::8]


def paragraphs(chosen):
    """The paragraphs of some help texts, each on one line."""
    parts = [part for name in chosen for part in topics[name].split("\n\n")]
    return [" ".join(part.split()) for part in parts]


def stretches(text, length=50):
    return {text[k : k + length] for k in range(max(1, len(text) - length + 1))}


unseen = set().union(*map(stretches, paragraphs(held_out)))
others = paragraphs([name for name in names if name not in held_out])
train_text = "\n".join(p for p in others if unseen.isdisjoint(stretches(p)))
test_text = "\n".join(paragraphs(held_out))
vocabulary = sorted(set(train_text + test_text))
V = len(vocabulary)
place = {character: index for index, character in enumerate(vocabulary)}


def encode(text):
    return torch.tensor([place[character] for character in text])


def decode(tokens):
    return "".join(vocabulary[token] for token in tokens)


# %%
train, test = encode(train_text), encode(test_text)
print(f"{len(train):,} characters to train on, {len(test):,} to test on, {V} kinds")
print(train[:16].tolist(), repr(decode(train[:16])))
assert decode(encode(test_text)) == test_text

# %% [markdown]
# What would a good prediction be worth? The measure is the mean *surprise* in bits: a
# character that was given the probability $p$ costs $-\log_2 p$. Whoever knows nothing
# pays $\log_2 V$ for each. Counting which character follows which is the oldest
# language model there is; counting what follows each *pair* is better. Both are a table
# of counts, with a tenth of a count added everywhere so that nothing is impossible.


# %%
def counted(length):
    """Bits a character of the test text, from what follows `length` characters."""

    def contexts(text):
        found = torch.zeros(len(text) - length, dtype=torch.long)
        for k in range(length):
            found = found * V + text[k : k - length]
        return found

    counts = torch.full((V**length, V), 0.1)
    one = torch.ones(())
    counts.index_put_((contexts(train), train[length:]), one, accumulate=True)
    chances = counts[contexts(test), test[length:]] / counts.sum(1)[contexts(test)]
    return -chances.log2().mean().item()


knowing_nothing, after_one, after_two = math.log2(V), counted(1), counted(2)
print(f"{knowing_nothing:.2f} bits, {after_one:.2f} and {after_two:.2f}")
claim("nothing", knowing_nothing, spec=".2f", holds=True)
claim("after-one", after_one, spec=".2f", holds=3 < after_one < 4)
claim("after-two", after_two, spec=".2f", holds=after_two < after_one)

# %% [markdown]
# So: {claim:nothing} bits for knowing nothing, {claim:after-one} after one character,
# {claim:after-two} after two. Tables stop here: one more character makes the table a
# hundred times as large, and most of it stays empty. A network has to beat
# {claim:after-two}.
#
# ## One place looks back
#
# A place of the text needs what stands before it, and cannot know beforehand where.
# *Attention* lets it ask. Each place makes three vectors: a **query**, what it is
# looking for; a **key**, what it can be found by; a **value**, what it has to say. The
# place compares its query with the keys of all places up to itself, turns the scores
# into shares, and takes the mean of the values in these shares [@vaswani2017attention].
#
# Written as what it is, a loop over places:


# %% output="none"
def attend_by_loop(query, key, value):
    """Causal attention, one place after the other: (T, K) each -> (T, K)."""
    outputs = []
    for t in range(len(query)):
        scores = key[: t + 1] @ query[t] / query.shape[1] ** 0.5  # (t + 1)
        shares = scores.softmax(0)
        outputs.append(shares @ value[: t + 1])
    return torch.stack(outputs)


# %% [markdown]
# The loop is easy to read and slow. All scores at once are one matrix product; what a
# place may not see gets the score $-\infty$, whose share is exactly zero. Then
# sequences and heads are further dimensions in front, and the code does not change.


# %%
def attend(query, key, value):
    """The same for all places at once: (..., T, K) each -> (..., T, K)."""
    T, K = query.shape[-2:]
    scores = query @ key.mT / K**0.5  # (..., T, T)
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    shares = scores.masked_fill(future, -torch.inf).softmax(-1)
    return shares @ value


def apart(one, other):
    """The largest difference between two tensors."""
    return (one - other).abs().max().item()


def same(name, one, other):
    difference = apart(one, other)
    assert difference < 1e-4, f"{name}: {difference}"
    print(f"{name}: equal to {difference:.0e}")


parts = torch.randn(3, 7, 5).unbind(0)
same("loop", attend(*parts), attend_by_loop(*parts))
kernel = F.scaled_dot_product_attention(*(p[None] for p in parts), is_causal=True)
same("torch", attend(*parts), kernel[0])

# %% [markdown]
# Two independent witnesses agree: our own loop, and torch's kernel. The habit is worth
# more than the code: **after every piece, one line that would fail if it were wrong.**
#
# Why divide by $\sqrt{K}$? The score is a sum of $K$ products, so it grows with the
# width, and the softmax of large scores puts everything on one place. There the
# gradient is nearly zero, and nothing is learned.

# %%
largest = {}
for K in (4, 64, 1024):
    query, key = torch.randn(2, 200, 64, K)
    for name, scale in (("raw", 1), ("scaled", K**0.5)):
        scores = query @ key.mT / scale  # (200, 64, 64)
        largest[name, K] = scores.softmax(-1).amax(-1).mean().item()
    print(f"K = {K}: {largest['raw', K]:.2f} raw, {largest['scaled', K]:.2f} scaled")
claim("raw-share", largest["raw", 1024], spec=".0%", holds=largest["raw", 1024] > 0.8)
held = max(largest["scaled", K] for K in (4, 64, 1024))
claim("scaled-share", held, spec=".0%", holds=held < 0.25)

# %% [markdown]
# The mean of the largest share among 64 random keys: with raw scores it reaches
# {claim:raw-share} at the width 1024, so the softmax has become a hard choice before
# anything was learned. Divided by $\sqrt{K}$ it stays at {claim:scaled-share} or below.
#
# ## A block: look, then think
#
# A block changes the vectors of a text twice. First the places look at each other, with
# several *heads* side by side, each with a part of the width, because one softmax can
# look for one thing only. Then each place thinks for itself, in a layer four times as
# wide. Both times the result is *added* to what was there, and both times what is read
# is first brought to one scale (`LayerNorm`).


# %%
class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_projection = nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.expansion = nn.Linear(width, 4 * width)
        self.feed_forward_projection = nn.Linear(4 * width, width)

    def look(self, x):
        B, T, D = x.shape
        packed = self.query_key_value(x).view(B, T, 3, self.heads, D // self.heads)
        query, key, value = packed.permute(2, 0, 3, 1, 4)  # each (B, H, T, K)
        mixed = attend(query, key, value).transpose(1, 2).reshape(B, T, D)
        return self.attention_projection(mixed)

    def think(self, x):
        return self.feed_forward_projection(
            F.gelu(self.expansion(x), approximate="tanh")
        )

    def forward(self, x):
        x = x + self.look(self.attention_norm(x))
        return x + self.think(self.feed_forward_norm(x))


theirs = tested.Block(24, 4, fused=True)
ours = Block(24, 4)
ours.load_state_dict(theirs.state_dict())
x = torch.randn(2, 9, 24)
same("block", ours(x), theirs(x, None)[0])

changed = x.clone()
changed[:, 6] += 1.0
moved = (ours(changed) - ours(x)).abs().amax((0, 2))
print("places that move when place 6 changes:", moved.nonzero().flatten().tolist())
assert not moved[:6].any(), "the past has moved"
assert moved[6:].all(), "something is not seen"

# %% [markdown]
# Three checks in a row. The weights of the [tested
# file](../architectures/attention/gpt.md) fit without renaming; the outputs agree; and
# a change at one place moves that place and later ones, never earlier ones. The last is
# the most valuable: a leak of the future makes the training loss *wonderful*, and
# nothing else tells you.
#
# ## The whole model
#
# In front of the blocks stands a table with a vector for each token, and another with a
# vector for each position: attention alone does not know order. Behind them a last
# norm; then each token is scored by how well its own vector fits. The table is used
# twice.


# %% output="none"
class GPT(nn.Module):
    def __init__(
        self, context=64, width=64, layers=2, heads=4, spread=0.02, block=Block
    ):
        super().__init__()
        self.context = context
        self.token_embedding = nn.Embedding(V, width)
        self.position_embedding = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(block(width, heads) for _ in range(layers))
        self.final_norm = nn.LayerNorm(width)
        for embedding in (self.token_embedding, self.position_embedding):
            nn.init.normal_(embedding.weight, std=spread)

    def forward(self, tokens):
        T = tokens.shape[1]
        x = self.token_embedding(tokens) + self.position_embedding.weight[:T]
        for block in self.blocks:
            x = block(x)
        return self.final_norm(x) @ self.token_embedding.weight.T


def bits(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten()) / math.log(2)


def draw(text, rows, length=64):
    """Random windows of a text, and for each place the token that comes next."""
    starts = torch.randint(len(text) - length, (rows, 1))
    window = text[starts + torch.arange(length + 1)]
    return window[:, :-1], window[:, 1:]


# %%
sizes = {"context": 64, "width": 64, "layers": 2, "heads": 4}
theirs, ours = tested.GPT(vocabulary=V, **sizes), GPT(**sizes)
ours.load_state_dict(theirs.state_dict())
tokens, targets = draw(train, 8)
same("scores", ours(tokens), theirs(tokens)[0])
bits(ours(tokens), targets).backward()
bits(theirs(tokens)[0], targets).backward()
slopes = [torch.cat([w.grad.flatten() for w in m.parameters()]) for m in (ours, theirs)]
same("gradients", *slopes)
print(f"{sum(w.numel() for w in ours.parameters()):,} parameters")

# %% [markdown]
# Scores and the gradient of every parameter agree with the tested file.
#
# ## Before you train: two checks
#
# **The first loss.** A model that has learned nothing should know nothing, and say so:
# its loss should be $\log_2 V$, {claim:nothing} bits. PyTorch starts an embedding with
# numbers of spread 1. As our table also scores the tokens, that is a loud opinion about
# everything:

# %%
for name, spread in (("quiet", 0.02), ("loud", 1.0)):
    with torch.no_grad():
        loss = bits(GPT(spread=spread)(tokens), targets).item()
    print(f"spread {spread}: {loss:.2f} bits")
    claim(f"first-{name}", loss, spec=".1f", holds=(loss < 7) == (name == "quiet"))

# %% [markdown]
# {claim:first-loud} bits instead of {claim:first-quiet}: the loud one has to unlearn
# first. The tested file starts with the small spread, too.
#
# **One batch by heart.** A model that cannot learn eight lines by heart will not learn
# a language. If this fails, the fault is in the code, not in the data.

# %%
torch.manual_seed(1)
small = GPT()
optimiser = torch.optim.AdamW(small.parameters(), lr=3e-3)
for step in range(151):
    loss = bits(small(tokens), targets)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step % 50 == 0:
        print(f"step {step}: {loss.item():.2f} bits")
claim("by-heart", loss.item(), spec=".2f", holds=loss.item() < 1.2)

# %% [markdown]
# Down to {claim:by-heart} bits on its own eight windows: gradients arrive everywhere.
#
# ## Train
#
# Now windows of 64 characters from anywhere. Three details that matter at any size: the
# gradient is cut to a length of 1, so that one strange batch cannot undo what was
# learned; the step size rises and falls; and the test text is looked at without
# gradients.


# %% output="none"
@torch.no_grad()
def unseen_bits(model, rows=128):
    """Bits at each place of fixed windows of the test text: (T)."""
    starts = torch.linspace(0, len(test) - 65, rows).long()[:, None]
    window = test[starts + torch.arange(65)]
    scores = model(window[:, :-1]).log_softmax(-1)
    return -scores.gather(2, window[:, 1:, None]).mean((0, 2)) / math.log(2)


def learn(model, steps, rate=3e-3, rows=24, every=50, drawing=draw):
    """Train, and note the loss on the test text every so often."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps)
    noted = []
    for step in range(steps):
        if step % every == 0:
            noted.append((step, unseen_bits(model).mean().item()))
        tokens, targets = drawing(train, rows)
        loss = bits(model(tokens), targets)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return [*noted, (steps, unseen_bits(model).mean().item())]


# %%
torch.manual_seed(2)
model = GPT()
noted = learn(model, steps=800)
for step, found in noted[::4]:
    print(f"step {step}: {found:.2f} bits")
final = noted[-1][1]
claim("trained", final, spec=".2f", holds=final < after_two - 0.1)

# %% html="1"
drawing, axes = plt.subplots(figsize=(5.2, 3.2))
axes.plot([step for step, _ in noted], [found for _, found in noted])
for name, value in (("one character", after_one), ("two characters", after_two)):
    axes.axhline(value, color=plt.rcParams["text.color"], linewidth=1, linestyle=":")
    axes.text(noted[-1][0], value + 0.05, f"counted, {name}", ha="right")
axes.set(xlabel="training steps", ylabel="bits a character, unseen text")
figure(
    drawing,
    alt="Bits a character on unseen text against training steps: the curve falls fast "
    "below the line of counting after one character, then slowly below that of two.",
    caption="The GPT passes both tables of counts within one short training.",
)

# %% [markdown]
# {claim:trained} bits on text it has never seen, against {claim:after-two} for the
# table of pairs. The model is {claim:table-ratio} times smaller than that table,
# because it shares what it knows between contexts.
#
# Does it use its context? Ask it place by place. The first place of a window sees one
# character; the last sees 64 characters.

# %% html="1"
by_place = unseen_bits(model, rows=512)
first, late = by_place[0].item(), by_place[-32:].mean().item()
drawing, axes = plt.subplots(figsize=(5.2, 3.0))
axes.plot(range(1, 65), by_place)
axes.axhline(after_two, color=plt.rcParams["text.color"], linewidth=1, linestyle=":")
axes.text(64, after_two + 0.05, "counted, two characters", ha="right")
axes.set(xlabel="characters seen", ylabel="bits, unseen text")
figure(
    drawing,
    alt="Bits against the number of characters seen: high at one, a steep fall over "
    "the first ten, then a noisy level.",
    caption="What more context is worth: much over the first characters, little after.",
)
claim("place-first", first, spec=".2f", holds=first > late + 0.8)
claim("place-late", late, spec=".2f", holds=late < after_two)
ratio = V**3 / sum(w.numel() for w in model.parameters())
claim("table-ratio", ratio, spec=".0f", holds=ratio > 5)

# %% [markdown]
# With one character it pays {claim:place-first} bits, about what the table of single
# characters pays; from 32 on {claim:place-late}.
#
# ## Write
#
# To write is to draw the next token, append it, and read again. The *temperature*
# divides the scores first: below 1 the likely becomes likelier. Our loop reads
# everything anew for each token. The tested file keeps keys and values instead; it must
# write the same.


# %%
@torch.no_grad()
def write(model, start, length, temperature=0.7):
    tokens = encode(start)[None]
    for _ in range(length):
        scores = model(tokens[:, -model.context :])[:, -1]
        if temperature == 0:
            following = scores.argmax(-1, keepdim=True)
        else:
            chances = (scores / temperature).softmax(-1)
            following = torch.multinomial(chances, 1)
        tokens = torch.cat([tokens, following], 1)
    return decode(tokens[0])


theirs.load_state_dict(model.state_dict())
start = "The if statement "
greedy = theirs.generate(encode(start)[None], 40, temperature=0)
assert write(model, start, 40, temperature=0) == decode(greedy[0])
torch.manual_seed(3)
for temperature in (0.4, 0.8, 1.2):
    text = write(model, start, 160, temperature)
    print(f"temperature {temperature}: {text}\n")

# %% [markdown]
# Words and the look of a manual come first; sense does not come at this size. At a low
# temperature it keeps to common words, at a high one the spelling goes.
#
# ## What to try next
#
# Change one line, predict what will happen, and run the cells again from there. Three
# changes, and what we found in short trainings that give {claim:plain} bits unchanged:
#
# 1. **Ask for what was just read**: let `draw` return `window[:, :-1]` twice, a slip of
#    one place. The loss becomes wonderful, {claim:slip-asked} bits. What it knows of
#    the next character is {claim:slip} bits, worse than knowing nothing
#    ({claim:nothing}). A loss that is too good is a fault until shown otherwise.
# 2. **Replace instead of adding**: write `x = self.look(...)` and `return
#    self.think(...)` in the block. It stays at {claim:replace} bits: what a token is no
#    longer reaches the end unchanged, and the gradient no longer reaches the beginning.
# 3. **A step size a hundred times ours**: {claim:fast} bits. The loss explodes in the
#    first steps, and the rest of the training repairs.
#
# The code of these trainings, if you would rather not type:


# %% html="1"
class Replacing(Block):
    def forward(self, x):
        x = self.look(self.attention_norm(x))
        return self.think(self.feed_forward_norm(x))


def slipped(text, rows, length=64):
    window, _ = draw(text, rows, length)
    return window, window


def shortly(block=Block, rate=3e-3, drawing=draw):
    """Bits after a short training: of the next token, and of what was asked for."""
    torch.manual_seed(4)
    changed = GPT(block=block)
    learn(changed, steps=200, rate=rate, rows=16, every=200, drawing=drawing)
    with torch.no_grad():
        tokens, targets = drawing(test, 128)
        asked = bits(changed(tokens), targets).item()
    return unseen_bits(changed).mean().item(), asked


changes = {
    "as-it-is": shortly(),
    "slip": shortly(drawing=slipped),
    "replace": shortly(Replacing),
    "fast": shortly(rate=0.3),
}
table(
    [[name, f"{real:.2f}", f"{asked:.2f}"] for name, (real, asked) in changes.items()],
    header=["change", "bits, next character", "bits, what it was asked"],
    caption="Unseen text after 200 steps, one seed each",
)
plain = changes["as-it-is"][0]
for key in ("slip", "replace", "fast"):
    claim(key, changes[key][0], spec=".2f", holds=changes[key][0] > plain + 0.2)
asked = changes["slip"][1]
claim("slip-asked", asked, spec=".2f", holds=asked < 1)
claim("plain", plain, spec=".2f", holds=plain > final)
