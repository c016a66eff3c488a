"""Replace parts of a snippet in a copy: what breaks when a box is taken away?"""

from __future__ import annotations

import difflib
import hashlib
import html
import sys
import types
from collections.abc import Mapping
from pathlib import Path


def replaced(source: str, replace: Mapping[str, str], name: str) -> str:
    """The source with each old text, which must occur once, replaced by the new one.

    Raises:
        ValueError: When an old text does not occur exactly once, or nothing changes.
    """
    for old, new in replace.items():
        count = source.count(old)
        if count != 1:
            raise ValueError(f"{old!r} occurs {count} times in {name}, not once")
        if old == new:
            raise ValueError(f"{old!r} is replaced by itself")
        source = source.replace(old, new)
    return source


def load(snippet: str, replace: Mapping[str, str]) -> types.ModuleType:
    """Execute the changed copy as a module (see `site_src.ablated`)."""
    path = _path(snippet)
    source = replaced(_read(path), replace, snippet)
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]
    name = f"ablated_{path.stem}_{digest}"
    module = types.ModuleType(name)
    module.__dict__["__ablation__"] = (f"snippets/{snippet}", digest)
    sys.modules[name] = module
    exec(compile(source, f"<{snippet}, ablated>", "exec"), module.__dict__)
    return module


def show_diff(snippet: str, replace: Mapping[str, str]) -> None:
    """Print the difference as HTML (see `site_src.diff`)."""
    from site_src.execution import session

    session.require().need_html("diff")
    before = _read(_path(snippet))
    after = replaced(before, replace, snippet)
    rows = []
    for line in difflib.unified_diff(
        before.splitlines(), after.splitlines(), lineterm="", n=1
    ):
        if line.startswith(("---", "+++")):
            continue
        kind = {"+": "ins", "-": "del", "@": "at"}.get(line[:1], "same")
        text = html.escape(line) or " "
        rows.append(f'<span class="diff-{kind}">{text}</span>')
    label = f"Change to {snippet}"
    body = "".join(rows)
    print(
        f'<figure class="diff"><figcaption>{html.escape(label)}</figcaption>'
        f'<pre tabindex="0"><code>{body}</code></pre></figure>'
    )


def _path(snippet: str) -> Path:
    from site_src.execution import session

    path = session.require().root / "snippets" / snippet
    if not path.is_file():
        raise FileNotFoundError(f"there is no snippet {snippet}")
    return path


def _read(path: Path) -> str:
    from site_src.execution import session

    session.require().guard.data.add(str(path))
    return path.read_text(encoding="utf-8")
