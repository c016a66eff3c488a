"""One style sheet for the whole site: a reader on a slow line waits for one file."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

SHEET = "assets/site.css"

_THEME = ("assets/stylesheets/main.*.css", "assets/stylesheets/palette.*.css")
_ADDRESS = re.compile(r"""url\((["']?)(?!data:|["'])([^)"']+)\1\)""")
_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/")


def gather(config: Any) -> None:
    """Have pages ask for one sheet in place of those of mkdocs.yml and of plugins.

    Args:
        config: MkDocs' configuration; what it named is kept in its `extra`. The theme's
            own sheets are left out by main.html.
    """
    config.extra.setdefault("sheets", [str(sheet) for sheet in config.extra_css])
    config.extra_css = [SHEET]


def merge(folder: Path, config: Any) -> None:
    """Write the sheet of a built site, from those that it takes the place of."""
    theme = [path for pattern in _THEME for path in sorted(folder.glob(pattern))]
    sheets = [*theme, *(folder / name for name in config.extra["sheets"])]
    merged = "\n".join(_placed(path, folder) for path in sheets)
    (folder / SHEET).write_text(merged, "utf-8")


def _placed(path: Path, folder: Path) -> str:
    """A sheet with its addresses as they have to stand in the one sheet."""
    there = path.parent.relative_to(folder).as_posix()

    def moved(found: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join(there, found[2]))
        return f'url("{posixpath.relpath(place, posixpath.dirname(SHEET))}")'

    return _ADDRESS.sub(moved, _MAP.sub("", path.read_text("utf-8")))
