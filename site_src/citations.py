"""The bibliography: read with pybtex, numbered by page, written as HTML."""

from __future__ import annotations

import difflib
import functools
import html
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from site_src.kept import Kept
from site_src.problem import Problem

CITATION = re.compile(r"\[(@[\w:.-]+(?:\s*;\s*@[\w:.-]+)*)\]")
_ENTRY = re.compile(r"^@(\w+)\s*\{\s*([^,\s]+)\s*,", re.MULTILINE)
OTHERS = "others"  # how BibTeX shortens a list of authors
_NEEDED = ("title", "author", "year")


@dataclass(frozen=True)
class Entry:
    """One work.

    Args:
        key: Its key in references.bib.
        authors: Last names, in order.
        title: As published.
        year: As published.
        venue: Journal, proceedings, or archive.
        address: Where it is found on the web.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: str
    venue: str
    address: str

    @property
    def short(self) -> str:
        """Authors and year: "Hochreiter and Schmidhuber, 1997"."""
        if len(self.authors) > 2 or self.authors[1:] == (OTHERS,):
            names = f"{self.authors[0]} et al."
        else:
            names = " and ".join(self.authors)
        return f"{names}, {self.year}"

    @property
    def html(self) -> str:
        """The whole entry with its link."""
        known = [name for name in self.authors if name != OTHERS]
        names = ", ".join(known[:6] if len(known) > 8 else known)
        if len(known) > 8 or OTHERS in self.authors:
            names += " et al."
        title = (
            f'<a href="{html.escape(self.address, quote=True)}">'
            f"{html.escape(self.title)}</a>"
        )
        venue = f" <i>{html.escape(self.venue)}</i>," if self.venue else ""
        return f"{html.escape(names)}: {title}.{venue} {html.escape(self.year)}."


@dataclass
class Bibliography:
    """All works that pages may cite.

    Args:
        path: The file, relative to the repository.
        entries: Key → work.
        lines: Key → line of the entry.
        problems: What is wrong with the file.
    """

    path: str
    entries: dict[str, Entry] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def nearest(self, key: str) -> str:
        """A hint for a key that does not exist."""
        near = difflib.get_close_matches(key, self.entries, 1)
        return f"; did you mean [@{near[0]}]?" if near else f"; add it to {self.path}"


def read_bibliography(root: Path, kept: Kept | None = None) -> Bibliography:
    """Read docs/references.bib; a defect becomes a problem with its line.

    Args:
        root: The repository.
        kept: What earlier builds made, which spares most of a second.
    """
    path = root / "docs" / "references.bib"
    if not path.exists():
        return Bibliography("docs/references.bib")
    text = path.read_text(encoding="utf-8")
    if kept is None:
        return _read(text)
    made = kept.of("bibliography", text, lambda: asdict(_read(text)))
    return Bibliography(
        path=made["path"],
        entries={
            key: Entry(**entry | {"authors": tuple(entry["authors"])})
            for key, entry in made["entries"].items()
        },
        lines=made["lines"],
        problems=[Problem(**problem) for problem in made["problems"]],
    )


@functools.lru_cache(maxsize=1)
def _read(text: str) -> Bibliography:
    from pybtex.database import BibliographyDataError, parse_string
    from pybtex.scanner import PybtexSyntaxError

    book = Bibliography("docs/references.bib")
    for match in _ENTRY.finditer(text):
        key, line = match[2], text.count("\n", 0, match.start()) + 1
        if key in book.lines:
            book.problems.append(Problem(book.path, line, f"{key} stands twice"))
        book.lines.setdefault(key, line)
    if book.problems:
        return book
    try:
        data = parse_string(text, "bibtex")
    except PybtexSyntaxError as error:
        message = f"not BibTeX: {str(error).splitlines()[0]}"
        book.problems.append(Problem(book.path, error.lineno or 1, message))
        return book
    except BibliographyDataError as error:
        book.problems.append(Problem(book.path, 1, str(error)))
        return book
    for key, raw in data.entries.items():
        _add(book, key, raw)
    return book


def _add(book: Bibliography, key: str, raw: object) -> None:
    fields = {
        k.lower(): v.strip() if k.lower() == "url" else _plain(v)
        for k, v in raw.fields.items()  # type: ignore[attr-defined]
    }
    people = raw.persons.get("author", [])  # type: ignore[attr-defined]
    names = tuple(
        _plain(" ".join([*person.prelast_names, *person.last_names]))
        for person in people
    )
    line = book.lines.get(key, 1)
    have = set(fields) | ({"author"} if names else set())
    for name in _NEEDED:
        if name not in have:
            book.problems.append(Problem(book.path, line, f"{key} has no {name}"))
    address = fields.get("url") or ""
    if fields.get("doi"):
        address = f"https://doi.org/{fields['doi']}"
    elif fields.get("eprint"):
        address = f"https://arxiv.org/abs/{fields['eprint']}"
    elif address and not address.startswith(("https://", "http://")):
        text = f"the url of {key} is no web address: {address[:40]}"
        book.problems.append(Problem(book.path, line, text))
    if not address:
        text = f"{key} has no doi, eprint or url"
        book.problems.append(Problem(book.path, line, text))
    venue = next((fields[n] for n in _VENUES if fields.get(n)), "")
    if not venue and fields.get("eprint"):
        venue = f"arXiv:{fields['eprint']}"
    if not venue:
        text = f"{key} has no journal, booktitle, publisher, howpublished or eprint"
        book.problems.append(Problem(book.path, line, text))
    book.entries[key] = Entry(
        key, names, fields.get("title", ""), fields.get("year", ""), venue, address
    )


_VENUES = (
    "journal",
    "booktitle",
    "publisher",
    "school",
    "howpublished",
    "organization",
)


def _plain(text: str) -> str:
    """BibTeX's accents and braces as plain text."""
    from pybtex.richtext import Text

    return str(Text.from_latex(text)).strip()
