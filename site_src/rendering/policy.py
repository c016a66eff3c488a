"""The Content-Security-Policy of the built site, and what HTML must do to live with it.

Scripts run only from the site's own files or when their hash is listed; styles come
only from files, so that inline ones become classes in one file. A page lists the hashes
of the inline scripts that it holds, and holds none but those of the theme, which
`SCRIPTS` knows.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable
from pathlib import Path

STYLES = "assets/inline.css"

# The inline scripts that a page may hold: SHA-256 of each without its relative address.
SCRIPTS = frozenset(
    (
        # Material, where the site lies, and what it keeps in the browser
        "7fda2510d7f888c905e05f9136f07cd0a85c9feb111fb38090fcbb85bda6aa6b",
        # partials/javascripts/palette.html
        "62b0730549528fac25d464a5ab4508aeb7fc0067428be1834c4e4b45e48b054e",
        # Material, opens the tab that an address names
        "ffcc0f7735fdab434d257c80e65cec2e88d716991e69757185b7e450e41a5b2f",
        # main.html
        "780e02b193ae2f179e7707980a706f7e40bd90557af05bb273bbdf267d1f694f",
    )
)

_TAG = re.compile(r'<(?!/)[\w-]+(?:\s+[^\s=>]+(?:="[^"]*"|=[^\s>"]+)?)*\s*/?>')
_STYLE = re.compile(r'\s+style="([^"]*)"')
_CLASS = re.compile(r'\sclass="([^"]*)"')
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL)
_CHARSET = re.compile(r"<meta charset=[^>]*>")
_PLACE = re.compile(r'new URL\("[^"]*",location\)')


def harden(folder: Path, *, meta: bool) -> list[str]:
    """Move inline styles of a built site into one file and set the policy of its pages.

    Args:
        folder: The built site.
        meta: Whether to set the policy; a server that injects a script of its own,
            as live reload does, cannot live with it.

    Returns:
        A line for each inline script that is not one of `SCRIPTS`.
    """
    rules: dict[str, str] = {}
    strangers: dict[str, str] = {}
    for path in sorted(folder.rglob("*.html")):
        text = path.read_text("utf-8")
        scripts = inline_scripts(text)
        for script in scripts:
            name = hashlib.sha256(_PLACE.sub("", script).encode()).hexdigest()
            if name not in SCRIPTS:
                where = path.relative_to(folder).as_posix()
                strangers.setdefault(name, f"{where} holds the script {script[:60]!r}")
        text = _TAG.sub(lambda tag: _without_style(tag[0], rules), text)
        path.write_text(_with_policy(text, scripts) if meta else text, "utf-8")
    lines = [f".{name}{{{style}}}\n" for name, style in sorted(rules.items())]
    (folder / STYLES).write_text("".join(lines), "utf-8")
    return [
        f"{where}, which is not on the list of site_src/rendering/policy.py ({name})"
        for name, where in strangers.items()
    ]


def inline_scripts(text: str) -> list[str]:
    """The inline scripts of a page that a browser would run."""
    return [
        body
        for attributes, body in _SCRIPT.findall(text)
        if "src=" not in attributes and "application/json" not in attributes
    ]


def policy(scripts: Iterable[str]) -> str:
    """The policy, with these inline scripts allowed."""
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    hashes = {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}
    allowed = " ".join(["'self'", "'wasm-unsafe-eval'", *sorted(hashes)])
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {allowed}",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _with_policy(text: str, scripts: list[str]) -> str:
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy(scripts)}">'
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
