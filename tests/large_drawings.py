"""Larger layouts: two towers, and a network in the shape of a U."""

from __future__ import annotations

from drawings import HEAD, LOOP, RESIDUAL, Drawing

TOWERS = Drawing(
    code=f'''"""A translator: one tower reads, one writes.

Dimensions: B batch, S source tokens, T target tokens, D width, N layers,
    V vocabulary.
"""
{HEAD}

class Reader(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.attention = nn.Linear(width, width)
        self.feed_forward = nn.Linear(width, width)

    def forward(self, source):
        met = source + self.attention(source)
        read = met + self.feed_forward(met)
        return read


class Writer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.attention = nn.Linear(width, width)
        self.cross = nn.Linear(width, width)
        self.feed_forward = nn.Linear(width, width)

    def forward(self, target, memory):
        met = target + self.attention(target)
        asked = met + self.cross(memory).mean(1, keepdim=True)
        written = asked + self.feed_forward(asked)
        return written


class Translator(nn.Module):
    def __init__(self, vocabulary, width, layers):
        super().__init__()
        self.source_embedding = nn.Embedding(vocabulary, width)
        self.target_embedding = nn.Embedding(vocabulary, width)
        self.readers = nn.ModuleList([Reader(width) for _ in range(layers)])
        self.writers = nn.ModuleList([Writer(width) for _ in range(layers)])
        self.head = nn.Linear(width, vocabulary)

    def forward(self, source, target):
        memory = self.source_embedding(source)  # (B, S, D)
        hidden = self.target_embedding(target)  # (B, T, D)
        for reader in self.readers:
            memory = reader(memory)
        for writer in self.writers:
            hidden = writer(hidden, memory)
        logits = self.head(hidden)  # (B, T, V)
        return logits


def example(*, batch=2, source_tokens=7, target_tokens=5, vocabulary=13, layers=3):
    source = torch.randint(vocabulary, (batch, source_tokens))
    target = torch.randint(vocabulary, (batch, target_tokens))
    return Translator(vocabulary, 8, layers), (source, target)
''',
    grid="""
        .    source  .     .     target .
        .    embed   .     .     learn .
        .a1  .a0     .     .     .d0    .d1
        .    look    .     .     back  .
        .a2  add     .     .     plus   .d2
        .b1  .b0     .     .     .e0    .e1
        .    think   .     .c1   cross  .
        .b2  done    .     .m1   more   .e2
        .    .       .     .     .g0    .g1
        .    .       .     .     muse .
        .    .       .     .     wrote  .g2
        .    .       .     .     head   .
        .    .       .     .     scores .
    """,
    boxes="""
        source | source // (B, S)     | source                | 0 | What is read.
        embed  | [embedding]          | self.source_embedding | 1 | Looks up vectors.
        look   | [self-attention]     | self.attention        | 4 | Looks around.
        add    | (+)                  | met                   | 1 | Keeps.
        think  | [feed-forward]       | self.feed_forward     | 3 | Thinks.
        done   | (+)                  | read                  | 1 | Keeps.
        target | target // (B, T)     | target                | 0 | What was written.
        learn | [embedding]          | self.target_embedding | 1 | Looks up vectors.
        back  | [masked self-attention] | self.attention     | 4 | Looks back.
        plus   | (+)                  | met                   | 1 | Keeps.
        cross  | [cross-attention]    | self.cross            | 6 | Looks at the source.
        more   | (+)                  | asked                 | 1 | Keeps.
        muse | [feed-forward]       | self.feed_forward     | 3 | Thinks.
        wrote  | (+)                  | written               | 1 | Keeps.
        head   | [linear]             | self.head             | 1 | Scores.
        scores | scores // (B, T, V)  | logits                | 0 | What comes next.
    """,
    arrows="""
        source -> embed => .a0 | 1
        .a0 -> look -> add | 4
        .a0 => .a1 => .a2 => add => .b0 | 1
        .b0 -> think -> done | 3
        .b0 => .b1 => .b2 => done | 1
        done => .m1 => .c1 => cross : (B, S, D) | 1
        target -> learn => .d0 | 1
        .d0 -> back -> plus | 4
        .d0 => .d1 => .d2 => plus => .e0 | 1
        .e0 -> cross -> more | 6
        .e0 => .e1 => .e2 => more => .g0 | 1
        .g0 -> muse -> wrote | 3
        .g0 => .g1 => .g2 => wrote => head -> scores | 1
    """,
    groups="""
        encoder | × N | self.readers | .a0 .a1 look add .b0 think .b2 done
        decoder | × N | self.writers | .d0 back plus .e0 cross more .g0 muse wrote .g2
    """,
)

U_SHAPED = Drawing(
    code=f'''"""A network in the shape of a U.

Dimensions: B batch, C channels, W width.
"""
{HEAD}

class UNet(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.down = nn.ModuleList([
            nn.Conv1d(1, channels, 3, padding=1),
            nn.Conv1d(channels, 2 * channels, 3, padding=1),
        ])
        self.bottom = nn.Conv1d(2 * channels, 2 * channels, 3, padding=1)
        self.up = nn.ModuleList([
            nn.Conv1d(4 * channels, channels, 3, padding=1),
            nn.Conv1d(2 * channels, 1, 3, padding=1),
        ])

    def forward(self, images):
        fine = self.down[0](images)
        halved = nn.functional.max_pool1d(fine, 2)
        coarse = self.down[1](halved)
        lowest = nn.functional.max_pool1d(coarse, 2)
        thought = self.bottom(lowest)
        raised = nn.functional.interpolate(thought, scale_factor=2)
        beside = torch.cat([coarse, raised], 1)
        joined = self.up[0](beside)
        widened = nn.functional.interpolate(joined, scale_factor=2)
        together = torch.cat([fine, widened], 1)
        outputs = self.up[1](together)
        return outputs


def example(*, batch=2, channels=5, width=16):
    return UNet(channels), (torch.randn(batch, 1, width),)
''',
    grid="""
        images  .       .       .       outputs
        fine    .       .       .       last
        .f0     .       .       .       together
        halve   .       .       .       widen
        .       coarse  .       joined  .join
        .       .c0     .       beside  .
        .       lower   .       raise   .
        .       .low    bottom  .up     .
    """,
    boxes="""
        images  | images            | images      | 0 | What comes in.
        fine    | [conv]            | self.down.0 | 1 | Fine detail.
        halve   | (pool)            | halved      | 0 | Half the places.
        coarse  | [conv]            | self.down.1 | 2 | Coarser.
        lower   | (pool)            | lowest      | 0 | Half again.
        bottom  | [conv]            | self.bottom | 3 | Sees the whole.
        raise   | (enlarge)         | raised      | 0 | Twice the places.
        beside  | (concat)          | beside      | 2 | Detail comes back.
        joined  | [conv]            | self.up.0   | 2 | Joins.
        widen   | (enlarge)         | widened     | 0 | Twice the places.
        together | (concat)         | together    | 1 | Detail comes back.
        last    | [conv]            | self.up.1   | 1 | Joins.
        outputs | outputs           | outputs     | 0 | What goes out.
    """,
    arrows="""
        images -> fine -> .f0 -> halve | 1
        halve |- coarse | 1
        coarse -> .c0 -> lower -> .low -> bottom | 2
        bottom -> .up -> raise -> beside -> joined | 3
        .c0 => beside : (B, 2*C, 8) | 2
        joined -> .join -> widen -> together -> last -> outputs | 2
        .f0 => together : (B, C, W) | 1
    """,
)

DRAWINGS = {
    "loop": LOOP,
    "residual": RESIDUAL,
    "towers": TOWERS,
    "u_shaped": U_SHAPED,
}
