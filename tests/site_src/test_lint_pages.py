"""Front matter, sections and citations: one line each, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy import CHOICES

from site_src.citations import read_bibliography
from site_src.lint.pages import SECTIONS, check
from site_src.page import read_pages
from site_src.problem import Problems

FRONT = (
    """\
---
title: A net
tagline: It nets.
also_known_as: []
year: 1997
paper: one
level: introductory
modalities: [text]
tasks: [fishing]
snippets: []
predecessors:
  - slug: family/older
    problem: It leaked.
related:
  - slug: family/other
    reason: It is next.
objective: the size of the fish
complexity: {time: O(T), memory: O(1), generating: null, path: O(T), parallel: false}
key_ideas: [One., Two., Three.]
"""
    + CHOICES
    + "---\n"
)
BODY = "".join(f"\n## {name}\n\nText.\n" for name in SECTIONS)
BIB = (
    "@misc{one, author={Bee, A.}, title={T}, year={1}, howpublished={x}, "
    "url={https://x.y}}\n"
)


def problems(tmp_path: Path, page: str, bib: str = BIB) -> list[str]:
    folder = tmp_path / "docs" / "architectures" / "family"
    folder.mkdir(parents=True)
    (folder / "net.md").write_text(page)
    (tmp_path / "docs" / "references.bib").write_text(bib)
    found = check(read_pages(tmp_path), read_bibliography(tmp_path))
    name = "docs/architectures/family/net.md"
    return [str(p).replace(name, "net.md") for p in sorted(found)]


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_good_page_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, FRONT + BODY) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "level: intro",
            "levle: x\nlevel: intro",
            "unknown key levle; did you mean level?",
        ),
        ("year: 1997", "year: soon", "year: input should be a valid integer"),
        ("year: 1997", "year: 97", "year: input should be greater than or equal to"),
        ("level: introductory", "level: easy", "level: input should be 'introductory'"),
        ("tasks: [fishing]", "tasks: fishing", "tasks: input should be a valid list"),
        (
            "slug: family/older",
            "slug: Older",
            "predecessors.0.slug: string should match",
        ),
        ("reason: It", "raeson: It", "unknown key related.0.raeson"),
        ("[One., Two., Three.]", "[One.]", "key_ideas: list should have at least 3"),
    ],
)
def test_front_matter(tmp_path: Path, old: str, new: str, message: str) -> None:
    page = FRONT.replace(old, new) + BODY
    at = line_of(page, new.splitlines()[0].split(",")[0])
    found = problems(tmp_path, page)
    assert f"net.md:{at}: front matter: {message}" in "\n".join(found)


def test_an_address_keeps_its_tilde(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    text = BIB.replace("https://x.y", "https://x.y/~bee/a_b").replace("{T}", "{T~u}")
    (tmp_path / "docs" / "references.bib").write_text(text)
    entry = read_bibliography(tmp_path).entries["one"]
    assert entry.address == "https://x.y/~bee/a_b"
    assert entry.title == "T\xa0u"


def test_a_missing_entry(tmp_path: Path) -> None:
    page = FRONT.replace("year: 1997\n", "") + BODY
    assert problems(tmp_path, page) == ["net.md:1: front matter: year is missing"]


def test_front_matter_that_is_not_yaml(tmp_path: Path) -> None:
    page = FRONT.replace("year: 1997", "year: [1997") + BODY
    found = problems(tmp_path, page)
    assert any("net.md:" in p and "front matter is not YAML" in p for p in found)


def test_front_matter_never_closed(tmp_path: Path) -> None:
    found = problems(tmp_path, "---\ntitle: x\n")
    assert "net.md:1: the front matter is never closed" in found


def test_no_front_matter_at_all(tmp_path: Path) -> None:
    found = problems(tmp_path, BODY)
    assert "net.md:1: an architecture page starts with front matter" in found


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ("{block: 90}", ""),
        ("{blok: 90}", "limits: unknown blok"),
        ("{block: long}", "limits: block must be a positive number, not 'long'"),
        ("{block: 100000}", "limits: block may be at most 300, not 100000"),
        ("[90]", "limits must be a mapping"),
    ],
)
def test_limits(tmp_path: Path, limits: str, message: str) -> None:
    page = FRONT.replace("year: 1997", f"year: 1997\nlimits: {limits}") + BODY
    found = problems(tmp_path, page)
    assert found == [] if not message else f"net.md:6: {message}" in found[0]


def test_a_page_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_bytes(b"# Page\n\nna\xefve\n")
    with pytest.raises(Problems, match=r"docs/page.md:3: this line is not UTF-8"):
        read_pages(tmp_path)


def test_a_missing_section(tmp_path: Path) -> None:
    page = FRONT + BODY.replace("## Training objective\n", "")
    found = problems(tmp_path, page)
    at = line_of(page, "## Variants")
    assert found == [f"net.md:{at}: the section ## Training objective is missing"]


def test_reordered_sections(tmp_path: Path) -> None:
    parts = [f"\n## {name}\n\nText.\n" for name in SECTIONS]
    parts[1], parts[2] = parts[2], parts[1]
    page = FRONT + "".join(parts)
    at = line_of(page, "## Inputs and outputs")
    assert problems(tmp_path, page) == [
        f"net.md:{at}: ## Inputs and outputs must come before ## Architecture diagram"
    ]


def test_a_section_of_its_own(tmp_path: Path) -> None:
    page = FRONT + BODY + "\n## Thoughts\n\n```text\n## Not a heading\n```\n"
    at = line_of(page, "## Thoughts")
    assert problems(tmp_path, page) == [
        f"net.md:{at}: ## Thoughts is none of the eight sections; use ###"
    ]


def test_a_section_twice(tmp_path: Path) -> None:
    page = FRONT + BODY + "\n## Related architectures\n"
    found = problems(tmp_path, page)
    assert "the section ## Related architectures stands twice" in found[0]


def test_an_unknown_citation(tmp_path: Path) -> None:
    page = FRONT + BODY + "\nSaid [@one; @onne], not `[@code]`.\n"
    at = line_of(page, "Said")
    assert problems(tmp_path, page) == [
        f"net.md:{at}: unknown citation [@onne]; did you mean [@one]?"
    ]


def test_an_entry_nobody_cites(tmp_path: Path) -> None:
    bib = BIB + BIB.replace("one,", "two,")
    found = problems(tmp_path, FRONT + BODY, bib)
    assert found == [
        "docs/references.bib:2: two is cited by no page; cite it or remove the entry"
    ]


@pytest.mark.parametrize(
    ("bib", "message"),
    [
        (BIB.replace("year={1}, ", ""), "1: one has no year"),
        (BIB.replace("author={Bee, A.}, ", ""), "1: one has no author"),
        (BIB.replace(", url={https://x.y}", ""), "1: one has no doi, eprint or url"),
        (BIB + BIB, "2: one stands twice"),
        ("\n@misc{one, title={T\n", "not BibTeX"),
    ],
)
def test_a_defect_of_the_bibliography(tmp_path: Path, bib: str, message: str) -> None:
    found = "\n".join(problems(tmp_path, FRONT + BODY, bib))
    assert "docs/references.bib:" in found
    assert message in found


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("### The {claim:x}", "a heading"),
        ("[see {claim:x}](#a)", "a link"),
        ("`{claim:x}`", "code"),
        ("`a` and `{claim:x}`", "code"),
        ("$a = {claim:x}$", "maths"),
        ("With $a$ it is $b = {claim:x}$", "maths"),
    ],
)
def test_a_claim_out_of_place(tmp_path: Path, text: str, place: str) -> None:
    page = FRONT + BODY + f"\n{text}\n"
    at = line_of(page, text)
    assert problems(tmp_path, page) == [f"net.md:{at}: a claim cannot stand in {place}"]


@pytest.mark.parametrize("mark", "`$")
def test_a_claim_between_two_of_them(tmp_path: Path, mark: str) -> None:
    text = "With |a|,{claim:x} or [b](#c), {claim:y} [d](#e) with |f|{claim:z}|g|."
    page = FRONT + BODY + f"\n{text.replace('|', mark)}\n"
    assert problems(tmp_path, page) == []
