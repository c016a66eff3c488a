"""What programs read: architectures.json, llms.txt, Markdown twins, all snippets."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

from site_src import catalogue, front_matter
from site_src.choices import CLAIM, Choice
from site_src.front_matter import Complexity, Predecessor, Relation
from site_src.page import Page
from site_src.proof.identity import identity
from site_src.rendering import copies, extension, measured, twin
from site_src.rendering.measured import Measured, Published
from site_src.rendering.state import Site, site

CATALOGUE, SCHEMA = "architectures.json", "architectures.schema.json"
ARCHIVE = "snippets.zip"
_DAWN = (1980, 1, 1, 0, 0, 0)  # of zip's calendar: an archive holds no time of its own


class Paper(Published):
    """Where an architecture was described first."""

    key: str
    title: str
    authors: list[str]
    year: str
    address: str


class Snippet(Published):
    """A file to copy: where it is, what it does as one hash, what was measured."""

    name: str
    address: str
    sha256: str
    identity: str
    measured: Measured


class Architecture(Published):
    """What a page says of its architecture; addresses are relative to the site."""

    name: str
    family: str
    title: str
    tagline: str
    also_known_as: list[str]
    year: int
    paper: Paper
    level: str
    modalities: list[str]
    tasks: list[str]
    predecessors: list[Predecessor]
    related: list[Relation]
    objective: str
    complexity: Complexity
    key_ideas: list[str]
    choices: list[Choice]
    snippets: list[Snippet]
    claims: dict[str, str]
    page: str
    markdown: str


class Catalogue(Published):
    """All architectures, in the order in which one led to the next."""

    licence: str
    architectures: list[Architecture]


def keep(page: Page, content: str) -> None:
    """Keep a page's HTML, formulas still as TeX, for its twin."""
    text = extension.numbered(content, site().states[page.uri])
    site().texts[page.path] = text


def write(folder: Path, about: str) -> None:
    """Write everything into a built site.

    Args:
        folder: The site.
        about: What it is, in one sentence.
    """
    current = site()
    for path, text in current.texts.items():
        page = current.pages[path]
        content = text + extension.references(page.uri)
        current.twins[path] = current.kept.of(
            "twin",
            (content, page.meta),
            functools.partial(twin.markdown, page, content),
        )
    for path, whole in current.twins.items():
        (folder / _twin(current, path)).write_text(whole, "utf-8")
    found = _catalogue(current)
    schema = Catalogue.model_json_schema(mode="serialization")
    for name, data in ((CATALOGUE, found.model_dump()), (SCHEMA, schema)):
        written = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        (folder / name).write_text(written, "utf-8")
    contents = _contents(current, found, about)
    (folder / "llms.txt").write_text(contents, "utf-8")
    (folder / ARCHIVE).write_bytes(_archive(current.root))
    bibliography = current.root / current.bibliography.path
    if bibliography.exists():
        (folder / bibliography.name).write_bytes(bibliography.read_bytes())


def _twin(current: Site, path: str) -> str:
    return f"{current.addresses[path].removeprefix('./')}index.md"


def _catalogue(current: Site) -> Catalogue:
    pages = catalogue.in_order(current.pages.values())
    return Catalogue(
        licence="text and figures CC BY 4.0, code MIT",
        architectures=[architecture(current, page) for page in pages],
    )


def architecture(current: Site, page: Page) -> Architecture:
    """What is published of an architecture whose front matter is good."""
    facts = front_matter.record(page)
    apart = {"numbers", "limits", "paper", "snippets", "choices"}
    said = facts.model_dump(exclude=apart)
    entry = current.bibliography.entries[facts.paper]
    paper = Paper(
        key=entry.key,
        title=entry.title,
        authors=list(entry.authors),
        year=entry.year,
        address=entry.address,
    )
    claims = {name: text for name, (_, text) in current.claims_of(page).items()}
    found = measured.of_page(current, page)
    return Architecture(
        **said,
        name=page.name,
        family=page.name.partition("/")[0],
        paper=paper,
        choices=[_in_words(current, page, choice) for choice in facts.choices],
        snippets=[_snippet(current.root, name, found[name]) for name in found],
        claims=claims,
        page=current.addresses[page.path],
        markdown=_twin(current, page.path),
    )


def _in_words(current: Site, page: Page, choice: Choice) -> Choice:
    """A reason with the values of its claims in it."""

    def value(match: re.Match[str]) -> str:
        found = current.claim(page, match[1])
        return found[1] if found else "…"

    return choice.model_copy(update={"because": CLAIM.sub(value, choice.because)})


def _snippet(root: Path, name: str, found: Measured) -> Snippet:
    code = (root / "snippets" / f"{name}.py").read_text("utf-8")
    return Snippet(
        name=name,
        address=f"snippets/{name}.py",
        sha256=hashlib.sha256(copies.credited(name).encode()).hexdigest(),
        identity=identity(code),
        measured=found,
    )


def _contents(current: Site, found: Catalogue, about: str) -> str:
    """The file llms.txt: what there is, with links to the Markdown of each page."""
    lines = ["# Blueprints", "", f"> {about}", ""]
    lines += ["## Architectures", ""]
    lines += [f"- [{a.title}]({a.markdown}): {a.tagline}" for a in found.architectures]
    lines += ["", "## More", ""]
    others = [page for page in current.pages.values() if not page.is_architecture]
    for page in others:
        line = f"- [{page.meta.get('title', page.slug)}]({_twin(current, page.path)})"
        tagline = page.meta.get("tagline")
        lines.append(f"{line}: {tagline}" if tagline else line)
    lines += [f"- [All facts as JSON]({CATALOGUE}), with its [schema]({SCHEMA})"]
    lines += [f"- [All snippets]({ARCHIVE}): Python on PyTorch alone, MIT"]
    lines += ["- [The bibliography](references.bib): BibTeX"]
    return "\n".join(lines) + "\n"


def _archive(root: Path) -> bytes:
    """All snippets with their licence and checksums; the same bytes each time."""
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / "snippets").glob("*/*.py"))
    }
    sums = [f"{hashlib.sha256(b).hexdigest()}  {name}" for name, b in files.items()]
    files["SHA256SUMS"] = ("\n".join(sums) + "\n").encode()
    licence = root / "LICENSE"
    if licence.exists():
        files["LICENSE"] = licence.read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"blueprints/{name}", _DAWN)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()
