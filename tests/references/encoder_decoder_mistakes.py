"""What people get wrong in an encoder-decoder and in its search."""

from __future__ import annotations

from mistakes import Mistake

MISTAKES = [
    Mistake(
        "The writing starts from zeros instead of the vector",
        {
            "scores = (vector, vector), []": "scores = (0 * vector, vector), []",
        },
        "With the vector at every step the source still arrives, and it trains. "
        "Without it nothing does: fluent targets that belong to other sources.",
    ),
    Mistake(
        "In use, the vector follows the state of the writer",
        {"hidden = hidden[rows]": "hidden = vector = hidden[rows]"},
        "Training is right, and so is the first word of a translation. From the second "
        "on, the source is known only by what the state still holds.",
        "d2l-ai/d2l-en#2134",
    ),
    Mistake(
        "The writer's state is not handed on",
        {
            "logits, state = self.write(word, state)\n            scores": (
                "logits, _ = self.write(word, state)\n            scores"
            )
        },
        "The loss falls nearly as far: each word is scored from the true one before it "
        "and the vector. A search, which does hand the state on, writes nonsense.",
        "pytorch/examples#88",
    ),
    Mistake(
        "Target not shifted: the word to be scored is what is read",
        {"for word in target.unbind(1):": "for word in target.roll(-1, 1).unbind(1):"},
        "The loss falls to almost nothing, for the answer is in the question. A search "
        "writes the end at once: the network has learned to copy what it reads.",
    ),
    Mistake(
        "What fills up a short source is read as well",
        {"(place < lengths)": "(place < lengths + len(steps))"},
        "Right in batches of one length. In mixed ones the same source translates "
        "differently beside a longer one.",
    ),
    Mistake(
        "A source that is read from its end keeps the state before the end",
        {"(place < lengths)": "(place <= lengths)"},
        "Almost right: one filler is read, and only where a source is short.",
    ),
    Mistake(
        "Source not reversed where it should be",
        {"reversed(steps) if self.reverse else steps": "steps"},
        "Trains. Weights from a model that read backwards translate into nonsense.",
    ),
    Mistake(
        "The reader's embedding also used for the target",
        {"seen = self.target_embedding(word)": "seen = self.source_embedding(word)"},
        "No error where the target's vocabulary is the smaller one; the words written "
        "stand for other words.",
    ),
    Mistake(
        "Reader and writer share their recurrent weights",
        {
            "hidden = self.writer(self.writer.from_input(seen), hidden)": (
                "reader = self.reader\n"
                "        gates = self.writer.gates_from_hidden\n"
                "        self.writer.gates_from_hidden = reader.gates_from_hidden\n"
                "        hidden = self.writer(self.writer.from_input(seen), hidden)\n"
                "        self.writer.gates_from_hidden = gates"
            )
        },
        "Trains, with one matrix for two jobs; the other's weights get no gradient.",
    ),
    Mistake(
        "Teacher forcing feeds the model's own words",
        {
            "logits, state = self.write(word, state)\n            scores.append": (
                "word = logits.argmax(-1) if scores else word\n"
                "            logits, state = self.write(word, state)\n"
                "            scores.append"
            )
        },
        "Trains, but more slowly: most of the words that it reads are wrong at first.",
    ),
    Mistake(
        "Beams do not take their states with them",
        {"hidden = hidden[rows]": "hidden = hidden"},
        "Greedy search is right. A wider beam continues one beginning with the state "
        "of another: it gets worse with its width.",
    ),
    Mistake(
        "Beams do not take their words with them",
        {"torch.cat([targets[rows], word": "torch.cat([targets, word"},
        "Greedy search is right. A wider beam returns mixed targets with the "
        "probabilities of others.",
    ),
    Mistake(
        "All beams start with probability one",
        {"totals[:, 0] = 0.0": "totals[:] = 0.0"},
        "Every beam holds the same target: a wide search is a slow greedy one.",
    ),
    Mistake(
        "Ended targets are continued",
        {"torch.where(ended[:, None], closing, gains)": "gains"},
        "Words follow behind the end, and cost the short targets their probability.",
    ),
    Mistake(
        "Beams forget that they have ended",
        {"ended = ended[rows] | (word == last)": "ended = ended | (word == last)"},
        "A beam that takes the place of an ended one is never continued.",
    ),
    Mistake(
        "Logits instead of log-probabilities are summed",
        {"logits.log_softmax(-1, dtype=exact)": "logits.to(exact)"},
        "Greedy search is right. A wider beam compares numbers of different scales.",
    ),
    Mistake(
        "Rows of different sources mixed",
        {"rows = (start + best // V)": "rows = (start * 0 + best // V)"},
        "A single source is right. In a batch all translations are those of the first.",
    ),
]
