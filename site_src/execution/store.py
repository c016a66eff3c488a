"""Results on disk, by what they were made from. Written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from site_src.execution.fingerprint import changed, data_hash

# Results kept of one owner: a page goes back and forth between a few states, an
# experiment is called with many arguments, a demo holds the file of a model.
KEEP = {"pages": 4, "units": 100, "demos": 4}


class Store:
    """A folder of JSON results.

    A result lies under `<kind>/<owner>/<key>.json`, where the key is the hash of its
    inputs: two machines that made the same thing agree on the name, so that stores
    are merged by copying one over the other.

    Args:
        folder: Where the results are kept; made when something is first written.
        root: The repository, which the paths in a result are relative to.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root = folder, root

    def find(
        self, kind: str, owner: str, wanted: Mapping[str, Any]
    ) -> tuple[dict[str, Any] | None, str]:
        """The result of `owner` that still holds.

        Returns:
            The result and "", or None and the reason why there is none.
        """
        reason = "never run"
        for number, result in enumerate(self.results(kind, owner)):
            difference = changed(result["inputs"], wanted, self.root)
            if not difference:
                return result, ""
            if number == 0:
                reason = difference
        return None, reason

    def save(self, kind: str, owner: str, result: dict[str, Any]) -> Path:
        """Keep a result atomically and let the oldest ones of its owner go."""
        folder = self.folder / kind / owner
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{data_hash(result['inputs'])[:24]}.json"
        # Not sorted: a result that is read is in the order in which it was made.
        write_atomically(path, json.dumps(result, indent=1))
        for old in sorted(folder.glob("*.json"), key=_age, reverse=True)[KEEP[kind] :]:
            old.unlink(missing_ok=True)
        return path

    def results(self, kind: str, owner: str) -> Iterator[dict[str, Any]]:
        """All kept results of an owner, the newest first, whether they hold or not."""
        paths = (self.folder / kind / owner).glob("*.json")
        for path in sorted(paths, key=_age, reverse=True):
            try:
                result = json.loads(path.read_text())
                if path.stem == data_hash(result["inputs"])[:24]:
                    yield result
            except (ValueError, KeyError, TypeError, OSError):
                continue  # a damaged file is as good as none: the page runs again


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that a reader sees the old one or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).chmod(0o644)
    Path(name).replace(path)
