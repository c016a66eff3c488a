"""The valid results of pages, with an identity; looked up again when a file changed."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from site_src.execution.fingerprint import changed, data_hash, versions
from site_src.execution.schedule import store_of, wanted_of
from site_src.kept import content, stamp
from site_src.page import Page

Found = tuple[dict[str, Any] | None, str]

# Page → when it was looked up: its blocks, the files that were looked at, their
# stamps, and what was found. It spares a server that builds again and again.
_Looked = tuple[list[str], list[Path], list[tuple[int, ...]], Found]
_found: dict[Path, _Looked] = {}


def find(page: Page) -> Found:
    """A page's valid result from whatever device, and its identity; None and ""."""
    wanted = {name: v for name, v in wanted_of(page).items() if name != "device"}
    place = page.root / page.path
    if place in _found:
        blocks, files, stamps, before = _found[place]
        if blocks == wanted["blocks"] and stamps == list(map(stamp, files)):
            return before
    store = store_of(page.root)
    folder = store.folder / "pages" / page.slug
    files = [folder]
    stamps, found = [stamp(folder)], None
    for result in store.results("pages", page.slug):
        inputs = result["inputs"]
        path = folder / f"{data_hash(inputs)[:24]}.json"
        used = [path, *(page.root / name for name in _names(inputs))]
        files += used
        stamps += map(stamp, used)
        bare = inputs | {"distributions": {}}
        if not changed(bare, wanted, page.root) and _installed(inputs):
            found = result, content(path)
            break
    _found[place] = wanted["blocks"], files, stamps, found or (None, "")
    return _found[place][3]


def _names(inputs: dict[str, Any]) -> Iterable[str]:
    return (*inputs["modules"], *inputs["data"])


def _installed(inputs: dict[str, Any]) -> bool:
    """Whether the versions of packages are those of a result."""
    needed = inputs["distributions"].items()
    return all(_version(name) == version for name, version in needed)


@functools.cache
def _version(name: str) -> str:
    return versions([name], {name: [name]})[name]
