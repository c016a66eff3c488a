"""Which commit a result was made from."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def commit(root: Path, paths: Sequence[str] = ()) -> tuple[str, bool]:
    """The commit at hand, and whether files differ from it.

    Args:
        root: The repository.
        paths: The files to look at; all of them without any.

    Returns:
        The commit, or "" where there is none, and whether anything differs.
    """

    def git(*words: str) -> str:
        command = ["git", "-C", str(root), *words]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        return answer.stdout.strip() if answer.returncode == 0 else ""

    try:
        changed = git("status", "--porcelain", "--", *paths)
        return git("rev-parse", "HEAD"), bool(changed)
    except FileNotFoundError:
        return "", False
