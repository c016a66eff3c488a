"""The render stage, step by step, as MkDocs goes through it."""

from __future__ import annotations

import html
import logging
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import FileSystemBytecodeCache
from markdown_exec import markdown_config
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, InclusionLevel

from site_src import addresses, catalogue
from site_src.lint import pages
from site_src.problem import Problem
from site_src.rendering import (
    benchmarks,
    binding,
    copies,
    demos,
    extension,
    fonts,
    labs,
    machines,
    markup,
    maths,
    policy,
    reference,
    search,
    state,
    styles,
    terms,
    tracks,
    unchanged,
)

_PUBLISHED = frozenset((".md", ".json", ".png", ".jpg", ".jpeg", ".webp"))

# Names, numbers, punctuation and blanks look as code does anyway; marking each of
# them takes a tenth of a page's bytes.
_AS_CODE = re.compile(r'<span class="(?:n|p|o|w|nn|nb|bp|sa|si|mi|mf)">([^<]*)</span>')
# In HTML, drawings and formulas need no namespace; the TeX is in the page's twin.
_NOT_NEEDED = re.compile(
    r' xmlns(?::xlink)?="[^"]*"|<annotation encoding="application/x-tex">[^<]*'
    "</annotation>"
)

# A table of Markdown's gets what a computed one has; left alone, Material would wrap it
# when the page loads, and the browser would style everything twice.
_PLAIN_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)

# Equal pictures have equal masks; one is enough for all.
_MASK = re.compile(r'<mask id="([^"]+)">.*?</mask>', re.DOTALL)

_renderer: maths.Renderer | None = None


class _Count(logging.Handler):
    """Counts what MkDocs warns of."""

    def emit(self, record: logging.LogRecord) -> None:
        if state.current:
            state.current.warnings += 1


_count = _Count(logging.WARNING)


def begin(config: Any) -> Any:
    """Read the site anew and hand the Markdown configuration to markdown-exec."""
    global _renderer
    root = Path(config.config_file_path).parent
    state.current = state.Site(root, pending=bool(os.environ.get("BLUEPRINTS_PENDING")))
    state.current.address = config.site_url or ""
    if not state.current.pending:  # whoever edits waits for what he edits alone
        state.current.add(reference.pages(state.current))
    styles.gather(config)
    if config.nav is None:
        config.nav = catalogue.navigation(state.current.pages.values())
    markdown_config.save(config.markdown_extensions, config.mdx_configs)
    if _renderer is None:
        _renderer = maths.Renderer(root)
    logging.getLogger("mkdocs").addHandler(_count)  # once, however often it is called
    return config


def add_files(files: Any, config: Any) -> Any:
    """Publish snippets, measured times, fonts, and what live demos load."""
    root = state.site().root
    for name, path in fonts.files(root / "node_modules"):
        if path.exists():
            files.append(File.generated(config, name, abs_src_path=str(path)))
    labs.add_files(files, config)
    for file in files:
        if file.src_dir == config.docs_dir and not _publishable(file):
            name = f"docs/{file.src_uri}"
            message = f"docs/ holds no {Path(name).suffix or 'such'} files"
            state.site().report(name, 1, message)
    benchmarks.add_files(files, config)
    demos.add_files(files, config)
    for page in state.site().pages.values():
        if reference.holds(page):
            uri = page.path.removeprefix("docs/")
            files.append(File.generated(config, uri, content=page.text))
    places = state.site().addresses
    for file in files.documentation_pages():
        places[state.site().page_at(file.src_uri).path] = file.url
    labs.add_notebooks(files, config)
    for name in copies.all_names(root):
        for suffix, content in ((".py", copies.credited), (".ipynb", copies.notebook)):
            uri = f"snippets/{name}{suffix}"
            files.append(File.generated(config, uri, content=content(name)))
    current = state.site()
    current.unchanged = unchanged.Unchanged(current, files, config)
    return files


def _publishable(file: File) -> bool:
    """Whether a file of docs/ can be served as it is: it holds nothing that runs."""
    excluded = file.inclusion is InclusionLevel.EXCLUDED
    return excluded or Path(file.src_uri).suffix in _PUBLISHED


def begin_page(markdown: str, page: Any) -> str:
    """Start a page; its executed fences will ask for it."""
    site = state.site()
    current = site.begin(page.file.src_uri)
    if site.pending:
        site.problems += pages.check_page(current.page, site.bibliography)
    return markdown


def finish_page(content: str, page: Any) -> str:
    """Formulas, references, and the count of executed blocks."""
    site, source = state.site(), page.file.src_uri
    current = site.states[source]
    assert _renderer is not None
    machines.keep(current.page, content)
    text = binding.with_units(maths.render_page(content, current, _renderer))
    text = extension.numbered(text, current)
    text = demos.with_sizes(text, current)
    if current.next_block != len(current.page.blocks):
        line = current.page.blocks[
            min(current.next_block, len(current.page.blocks) - 1)
        ]
        state.site().report(
            current.page.path,
            line.line,
            f"the scan sees {len(current.page.blocks)} executed blocks, "
            f"Markdown {current.next_block}",
        )
    if "{claim:" in re.sub(r"<code.*?</code>", "", text, flags=re.DOTALL):
        line_number = current.line_with("{claim:")
        state.site().report(
            current.page.path, line_number, "a {claim:…} was left as it is"
        )
    faults = site.kept.of("faults", content, lambda: list(markup.faults(content)))
    for needle, message in faults:
        state.site().report(current.page.path, current.source_of(needle), message)
    _check_links(text, current)
    noted = [p for p in state.site().problems if p.path == current.page.path]
    if state.site().pending and noted:
        text = _notice(noted) + text
    text = _NOT_NEEDED.sub("", _AS_CODE.sub(r"\1", text))
    text = _PLAIN_TABLE.sub(
        r'<div class="wide"><table class="values">\1</table></div>', text
    )
    known: set[str] = set()
    text = _MASK.sub(lambda mask: _once(mask[1], known) and mask[0], text)
    site.finish()
    return text + extension.references(source)


def _once(name: str, known: set[str]) -> str:
    """The name when it is new, and nothing when it is known."""
    if name in known:
        return ""
    known.add(name)
    return name


def _check_links(text: str, current: state.PageState) -> None:
    """Links that blocks print lead somewhere; MkDocs does not look into them."""
    ids = set(re.findall(r' id="([^"]+)"', text))
    lost: dict[tuple[int, str], str] = {}
    for line, name in current.links:
        if name not in ids:
            file = name.rpartition("-L")[0].partition("-L")[0] or name
            lost.setdefault((line, file), name)
    for (line, _), name in lost.items():
        what = f"a block links to #{name}, which this page does not have"
        if ".py-L" in name:
            what += "; show the file whole in a fence ```snippet"
        state.site().report(current.page.path, line, what)


def _notice(faults: list[Problem]) -> str:
    lines = html.escape("\n".join(map(str, sorted(set(faults)))))
    return (
        '<div class="admonition failure"><p class="admonition-title">'
        f"This page cannot be published yet</p><pre>{lines}</pre></div>"
    )


def _check_templates(folder: Path, pages: Mapping[Path, policy.Hardened]) -> None:
    """A page's texts stand in the theme's templates: did one of them get out?"""
    usual = pages[folder / "404.html"].count
    for path, page in pages.items():
        found = list(page.around)
        if page.count != usual:
            found.append(f"{page.count} scripts instead of {usual}")
        for what in found:
            name = path.relative_to(folder).as_posix()
            message = f"built {name} holds {what}, which the theme did not put there"
            state.site().report("mkdocs.yml", 1, message)


def templates(env: Any, config: Any) -> Any:
    """The theme's templates, compiled once; by now MkDocs has read all pages."""
    folder = Path(config.config_file_path).parent / ".build" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(folder))
    state.site().unchanged.complete()
    return env


def page_context(context: Any, page: Any) -> Any:
    """The whole page again, and its card if it has one."""
    source = page.file.src_uri
    page.content = search.shown(page)
    context["card"] = extension.card(source)
    page_shown = state.site().page_at(source)
    page.meta["description"] = page_shown.meta.get("tagline")
    context["slug"] = page_shown.slug
    context["tracks"] = tracks.around(page_shown)
    context["lab"] = labs.card(source)
    return context


def end(config: Any) -> None:
    """Set the policy, and raise with everything that was noted.

    Raises:
        PluginError: Ends the build with an exit code, whatever the verbosity.
    """
    current, folder = state.site(), Path(config.site_dir)
    moved = {
        folder / old / "index.html": (old, new)
        for old, new in addresses.moved(current.root).items()
    }
    for path, (old, new) in moved.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(addresses.redirect(old, new), "utf-8")
    known = current.unchanged.html()
    pages = policy.harden(folder, meta=not current.pending, known=known)
    styles.merge(folder, config)
    for stranger in policy.strangers(folder, pages):
        current.report("site_src/theme/main.html", 1, stranger)
    of_theme = {path: page for path, page in pages.items() if path not in moved}
    _check_templates(folder, of_theme)
    terms.add_uses(folder)
    if current.pending:
        for problem in sorted(set(current.problems)):
            print(problem, file=sys.stderr)
    else:
        current.end()
        if not current.problems:
            machines.write(folder, config.site_description or "")
            fonts.fit(folder, current.root / ".build" / "fonts")
    current.kept.save(all_pages=not (current.pending or current.unchanged.pages))
    if current.problems and not current.pending:
        raise PluginError("\n".join(map(str, sorted(set(current.problems)))))
    current.unchanged.keep(pages)
