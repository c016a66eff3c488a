"""The first files of an architecture: a page, a snippet and a test that already run."""

from __future__ import annotations

import datetime
import importlib.metadata
import re
from pathlib import Path

from site_src import addresses

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*/[a-z][a-z0-9]*(_[a-z0-9]+)*")
_HERE = Path(__file__).parent
_FILES = {
    "snippet.py.in": "snippets/{name}.py",
    "test.py.in": "tests/snippets/{family}/test_{slug}.py",
    "page.md.in": "docs/architectures/{name}.md",
}


def write(root: Path, name: str, title: str = "") -> list[Path]:
    """Write the files of an architecture that is not there yet, and note its addresses.

    Args:
        root: The repository.
        name: Of the page and its snippet, such as "family/slug".
        title: In words; without it, the slug's words.

    Returns:
        What was written.

    Raises:
        ValueError: For a name that is none, or where one of the files is there;
            nothing is written then.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"a page is named family/slug in lower-case, not {name!r}")
    family, slug = name.split("/")
    files = {
        template: root / path.format(name=name, family=family, slug=slug)
        for template, path in _FILES.items()
    }
    for path in files.values():
        if path.exists():
            there = path.relative_to(root).as_posix()
            raise ValueError(f"{there} is there already; nothing was written")
    words = {
        "name": name,
        "family": family,
        "slug": slug,
        "file": f"{slug}.py",
        "title": title or slug.replace("_", " ").capitalize(),
        "class": "".join(part.capitalize() for part in slug.split("_")),
        "year": str(datetime.datetime.now(datetime.UTC).year),
        "torch": importlib.metadata.version("torch").partition("+")[0],
    }
    for template, path in files.items():
        text = (_HERE / template).read_text("utf-8")
        for key, value in words.items():
            text = text.replace(f"«{key}»", value)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    addresses.record(root, [f"architectures/{name}/", f"reference/{name}/"])
    return list(files.values())
