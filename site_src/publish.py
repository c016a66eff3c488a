"""Build the site beside the last good one and put it in its place only when it is."""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, ConfigurationError

from site_src.page import Page
from site_src.problem import Problem
from site_src.rendering import state

_DOC = re.compile(r"Doc file '([^']+)' contains (?:a|an \w+) link '([^']*)',? ?(.*)")


def publish(root: Path) -> list[Problem]:
    """Render all pages into site/.

    Args:
        root: The repository; every executed page has a valid result.

    Returns:
        What is wrong; then site/ is untouched.
    """
    (root / ".build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root / ".build", prefix="site-") as folder:
        fresh = Path(folder) / "site"
        problems = _render(root, fresh)
        if not problems:
            fresh.chmod(0o755)
            _swap(fresh, root / "site", Path(folder) / "old")
    return problems


def _render(root: Path, folder: Path) -> list[Problem]:
    warnings = _Warnings()
    logger = logging.getLogger("mkdocs")
    level = logger.level
    logger.addHandler(warnings)
    logger.setLevel(logging.WARNING)
    try:
        config = load_config(str(root / "mkdocs.yml"), site_dir=str(folder))
        build(config, dirty=True)  # unchanged.py says what needs no rendering
    except (Abort, ConfigurationError) as error:
        noted = state.current.problems if state.current else []
        return sorted({*noted, *warnings.problems}) or [
            Problem("mkdocs.yml", 1, str(error) or "mkdocs gave up")
        ]
    finally:
        logger.removeHandler(warnings)
        logger.setLevel(level)
    return warnings.problems


def _swap(fresh: Path, place: Path, aside: Path) -> None:
    if place.exists():
        place.rename(aside)
    fresh.rename(place)
    shutil.rmtree(aside, ignore_errors=True)


class _Warnings(logging.Handler):
    """Turns what MkDocs warns of into problems with a line."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.problems: list[Problem] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().strip()
        if text.startswith(state.DIRTY):
            return
        match = _DOC.match(text)
        if match is None:
            if record.levelno < logging.ERROR or "Aborted" not in text:
                first = text.splitlines()[0] if text else "a warning without a text"
                if not self._known(first):
                    self.problems.append(Problem("mkdocs.yml", 1, first))
            return
        page = state.site().page_at(match[1])
        why = match[3].split(", but ")[-1].strip() or "it leads nowhere"
        message = f"dead link {match[2]}: {why.removeprefix('but ').rstrip('.')}"
        self.problems.append(Problem(page.path, _line_of(page, match[2]), message))

    def _known(self, text: str) -> bool:
        noted = state.current.problems if state.current else []
        return (
            any(text.startswith(f"{p.path}:") for p in noted)
            or "Error building" in text
        )


def _line_of(page: Page, link: str) -> int:
    for number, line in enumerate(page.text.splitlines(), 1):
        if f"({link}" in line or f"<{link}" in line or f"]: {link}" in line:
            return number
    return 1
