"""The Content-Security-Policy of the built site, and what HTML must do to live with it.

Scripts run only from the site's own files or when their hash is listed; styles come
only from files, so that inline ones become classes in one file. Every page carries the
hashes of all pages, for instant navigation keeps the policy of the first one visited.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path

STYLES = "assets/inline.css"

_TAG = re.compile(r'<(?!/)[\w-]+(?:\s+[^\s=>]+(?:="[^"]*"|=[^\s>"]+)?)*\s*/?>')
_STYLE = re.compile(r'\s+style="([^"]*)"')
_CLASS = re.compile(r'\sclass="([^"]*)"')
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL)
_CHARSET = re.compile(r"<meta charset=[^>]*>")


def harden(folder: Path, *, meta: bool) -> None:
    """Move inline styles of a built site into one file and set its policy.

    Args:
        folder: The built site.
        meta: Whether to set the policy; a server that injects a script of its own,
            as live reload does, cannot live with it.
    """
    pages = {path: path.read_text("utf-8") for path in sorted(folder.rglob("*.html"))}
    rules: dict[str, str] = {}
    hashes: set[str] = set()
    for path, text in pages.items():
        pages[path] = _TAG.sub(lambda tag: _without_style(tag[0], rules), text)
        hashes |= script_hashes(text)
    for path, text in pages.items():
        path.write_text(_with_policy(text, hashes) if meta else text, "utf-8")
    lines = [f".{name}{{{style}}}\n" for name, style in sorted(rules.items())]
    (folder / STYLES).write_text("".join(lines), "utf-8")


def script_hashes(text: str) -> set[str]:
    """What the policy calls the inline scripts of a page that a browser would run."""
    found = set()
    for attributes, body in _SCRIPT.findall(text):
        if "src=" not in attributes and "application/json" not in attributes:
            digest = hashlib.sha256(body.encode()).digest()
            found.add(f"'sha256-{base64.b64encode(digest).decode()}'")
    return found


def policy(hashes: set[str]) -> str:
    """The policy, with these inline scripts allowed."""
    scripts = " ".join(["'self'", "'wasm-unsafe-eval'", *sorted(hashes)])
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _with_policy(text: str, hashes: set[str]) -> str:
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy(hashes)}">'
    return _CHARSET.sub(lambda found: found[0] + tag, text, count=1)


def _without_style(tag: str, rules: dict[str, str]) -> str:
    """A tag with its style as a class; the rule is added to `rules`."""
    match = _STYLE.search(tag)
    if match is None:
        return tag
    tight = re.sub(r"\s*([:;])\s*", r"\1", html.unescape(match[1])).strip()
    # An inline style wins over every file, and so must the class.
    style = ";".join(f"{part}!important" for part in tight.split(";") if part)
    name = "s" + hashlib.sha256(style.encode()).hexdigest()[:8]
    rules[name] = style
    bare = tag.replace(match[0], "", 1)
    if _CLASS.search(bare):
        return _CLASS.sub(lambda found: f'{found[0][:-1]} {name}"', bare, count=1)
    return re.sub(r"^<[\w-]+", lambda found: f'{found[0]} class="{name}"', bare)
