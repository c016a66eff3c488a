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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from site_src.rendering import markup

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


@dataclass
class Hardened:
    """A page as it is published.

    Args:
        text: The page, without inline styles and with its policy.
        rules: By name of a class the style that it stands for.
        scripts: Its inline scripts.
        around: What stands around its article that no theme would put there.
        count: How many scripts it has.
    """

    text: str
    rules: dict[str, str]
    scripts: list[str]
    around: list[str]
    count: int


def hardened(text: str, *, meta: bool) -> Hardened:
    """A built page with its inline styles moved out and its policy set.

    Args:
        text: The page.
        meta: Whether to set the policy; a server that injects a script of its own,
            as live reload does, cannot live with it.
    """
    rules: dict[str, str] = {}
    scripts = inline_scripts(text)
    bare = _TAG.sub(lambda tag: _without_style(tag[0], rules), text)
    whole = _with_policy(bare, scripts) if meta else bare
    return Hardened(whole, rules, scripts, markup.around(text), markup.scripts(text))


def harden(
    folder: Path, *, meta: bool, known: Mapping[Path, Hardened] = MappingProxyType({})
) -> dict[Path, Hardened]:
    """Move inline styles of a built site into one file and set the policy of its pages.

    Args:
        folder: The built site.
        meta: As of `hardened`.
        known: Pages that an earlier build has hardened; they are written here.

    Returns:
        All pages by their files.
    """
    pages = dict(known)
    for path in sorted(set(folder.rglob("*.html")) - known.keys()):
        pages[path] = hardened(path.read_text("utf-8"), meta=meta)
    for path, page in pages.items():
        if not path.exists() or path.read_text("utf-8") != page.text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page.text, "utf-8")
    rules = {name: rule for page in pages.values() for name, rule in page.rules.items()}
    lines = [f".{name}{{{style}}}\n" for name, style in sorted(rules.items())]
    (folder / STYLES).write_text("".join(lines), "utf-8")
    return pages


def strangers(folder: Path, pages: Mapping[Path, Hardened]) -> list[str]:
    """A line for each inline script of a built site that is not one of `SCRIPTS`."""
    found: dict[str, str] = {}
    for path, page in sorted(pages.items()):
        for script in page.scripts:
            name = hashlib.sha256(_PLACE.sub("", script).encode()).hexdigest()
            if name not in SCRIPTS:
                where = path.relative_to(folder).as_posix()
                found.setdefault(name, f"{where} holds the script {script[:60]!r}")
    return [
        f"{where}, which is not on the list of site_src/rendering/policy.py ({name})"
        for name, where in found.items()
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
