"""Pages whose HTML is as it was are not rendered again, in this build or a later one.

MkDocs leaves out a page when its file says that it was not modified. Here a file says
so by the fingerprint of its page. What a rendered page leaves behind beside its HTML is
kept with it: title, entries of the search, ids and links that MkDocs checks, terms and
claims that it names.
"""

from __future__ import annotations

import base64
import json
import urllib.parse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from site_src.execution.store import write_atomically
from site_src.rendering import fingerprints
from site_src.rendering.policy import Hardened
from site_src.rendering.state import Site

# What mkdocstrings writes for the pages that it had a part in, if there was one.
_BESIDE = ("objects.inv", "assets/_mkdocstrings.css")


@dataclass
class Finished:
    """A page when it was rendered, and what it left behind.

    Args:
        key: Its fingerprint.
        title: As the menu shows it.
        html: The whole page.
        anchors: Its ids.
        links: Its links to ids: by source of the page that they lead to.
        entries: Its part of the search index.
        terms: Ids of the glossary's terms that it uses.
        claims: Page and name of each claim that it names.
        twin: The page as Markdown; empty where it is only served.
        beside: Files that were written with it, as Base64.
    """

    key: str
    title: str
    html: Hardened
    anchors: list[str]
    links: dict[str, dict[str, str]]
    entries: list[dict[str, Any]]
    terms: list[str]
    claims: list[tuple[str, str]]
    twin: str
    beside: dict[str, str]


_known: dict[Path, Finished] = {}  # what this process has read or written
_published: dict[str, set[Path]] = {}  # folder of a site → the files of its last build


class Unchanged:
    """The pages of a build that an earlier one has rendered.

    Args:
        current: The site.
        files: All its files, as MkDocs has them.
        config: MkDocs' configuration.
    """

    def __init__(self, current: Site, files: Any, config: Any) -> None:
        self._site, self._files = current, files
        self._target = Path(config.site_dir)
        kind = "served" if current.pending else "rendered"
        self._folder = current.root / ".build" / kind
        self._keys = fingerprints.of_pages(current, files, config)
        self.pages: dict[str, Finished] = {}  # by source
        for file in files:
            if file.is_documentation_page():
                self._look_up(file)
            else:
                file.is_modified = lambda file=file: not _is_there(file)
        now = {Path(file.abs_dest_path) for file in files}
        for path in _published.get(config.site_dir, set()) - now:
            path.unlink(missing_ok=True)
        _published[config.site_dir] = now
        self._sound, current.last_noted = True, current.noted

    def _look_up(self, file: Any) -> None:
        path = self._site.page_at(file.src_uri).path
        kept = self._find(path)
        if kept is None or kept.key != self._keys.get(path):
            file.is_modified = lambda: True
            return
        file.is_modified = lambda: False
        self.pages[file.src_uri] = kept
        for term in kept.terms:
            self._site.uses.setdefault(term, {})[path] = None
        self._site.used_claims.update((page, name) for page, name in kept.claims)
        self._site.twins[path] = kept.twin

    def complete(self) -> None:
        """Tell MkDocs what it would know if it had read these pages."""
        # What is wrong with a page may show only when all pages are read.
        self._sound = self._site.noted == self._site.last_noted
        at = self._files.get_file_from_path
        for source, kept in self.pages.items():
            page = at(source).page
            page.title, page.meta = kept.title, dict(self._site.page_at(source).meta)
            page.present_anchor_ids = set(kept.anchors)
            page.links_to_anchors = {at(to): each for to, each in kept.links.items()}

    def entries(self) -> list[dict[str, Any]]:
        """The whole index of the search, page after page."""
        found = []
        for file in self._files.documentation_pages():
            if kept := self.pages.get(file.src_uri):
                found += kept.entries
            elif state := self._site.states.get(file.src_uri):
                found += state.entries
        return found

    def html(self) -> dict[Path, Hardened]:
        """The finished pages, by their files; also writes what lies beside them."""
        for kept in self.pages.values():
            for name, content in kept.beside.items():
                (self._target / name).write_bytes(base64.b64decode(content))
        at = self._files.get_file_from_path
        return {
            Path(at(source).abs_dest_path): kept.html
            for source, kept in self.pages.items()
        }

    def keep(self, html: dict[Path, Hardened]) -> None:
        """Keep the pages that this build has rendered, if nothing was wrong with them.

        Args:
            html: All pages of the site, by their files.
        """
        if not (self._sound and self._keys):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        places = set(map(self._place, self._site.pages))
        for place in set(self._folder.iterdir()) - places:
            place.unlink(missing_ok=True)
        with_docstrings = fingerprints.from_docstrings(self._site.pages.values())
        for file in self._files.documentation_pages():
            state = self._site.states.get(file.src_uri)
            if state is None or not state.clean:
                continue
            path = state.page.path
            linked = file.page.links_to_anchors or {}
            kept = Finished(
                key=self._keys[path],
                title=file.page.title,
                html=html[Path(file.abs_dest_path)],
                anchors=sorted(file.page.present_anchor_ids),
                links={to.src_uri: links for to, links in linked.items()},
                entries=state.entries,
                terms=[t for t, pages in self._site.uses.items() if path in pages],
                claims=sorted(state.claims),
                twin=self._site.twins.get(path, ""),
                beside=self._beside() if state.page in with_docstrings else {},
            )
            place = self._place(path)
            write_atomically(place, json.dumps(asdict(kept)))
            _known[place] = kept

    def _beside(self) -> dict[str, str]:
        files = [self._target / name for name in _BESIDE]
        return {
            path.relative_to(self._target).as_posix(): base64.b64encode(
                path.read_bytes()
            ).decode()
            for path in files
            if path.exists()
        }

    def _find(self, path: str) -> Finished | None:
        place = self._place(path)
        if place not in _known:
            try:
                data = json.loads(place.read_text("utf-8"))
                _known[place] = Finished(**data | {"html": Hardened(**data["html"])})
            except (OSError, ValueError, TypeError, KeyError):
                return None
        return _known[place]

    def _place(self, path: str) -> Path:
        return self._folder / f"{urllib.parse.quote(path, safe='')}.json"


def _is_there(file: Any) -> bool:
    """Whether a file that is only copied lies in its place already."""
    place = Path(file.abs_dest_path)
    return place.is_file() and place.read_bytes() == file.content_bytes
