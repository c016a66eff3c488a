"""Do the claims of a page survive other seeds?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from site_src.execution.schedule import Listener, Options, run
from site_src.page import Page
from site_src.problem import Problem


def fragile_claims(
    root: Path,
    pages: Sequence[Page],
    seeds: Sequence[int],
    options: Options,
    listen: Listener,
) -> list[Problem]:
    """Run pages under other seeds and list the claims that stop holding.

    Args:
        root: The repository.
        pages: Pages to run; experiments are kept under each seed.
        seeds: The other seeds.
        options: How to run; its seed is not used.
        listen: See `site_src.execution.schedule.run`.

    Returns:
        One problem for each claim and seed, at the block that makes the claim.
    """
    found = []
    for seed in seeds:
        other = replace(options, seed=seed, force=True, tolerant=True)
        outcome = run(root, pages, other, listen)
        found += outcome.problems
        by_slug = {page.slug: page for page in pages}
        for slug, blocks in outcome.claims.items():
            page = by_slug[slug]
            for block, claims in zip(page.blocks, blocks, strict=True):
                for name, claim in claims.items():
                    if not claim["holds"]:
                        text = f"with seed {seed} the claim {name} does not hold: "
                        text += f"it is {claim['text']}"
                        found.append(Problem(page.path, block.line, text))
    return found
