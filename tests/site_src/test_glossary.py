"""The glossary: its entries, and the links between it and the pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT, Project

from site_src.glossary import Glossary, check

GLOSSARY = """# Glossary

Attention
:   A lookup by *keys*. It takes a mean.

Attention head
:   *Also: head of attention.* One of several, each an attention.

GELU
:   A curve.

Loss
:   What is made small
    by training.
"""
PAGE = """# On attention

Two attention heads and `loss` make ATTENTION, and then some attention.
A gelu is no GELU; [a loss](index.md) comes first, **losses** after it.
"""


def glossary_of(root: Path, text: str) -> Glossary:
    (root / "docs").mkdir(exist_ok=True)
    (root / "docs" / "glossary.md").write_text(text)
    return Glossary.read(root)


def built(project: Project, name: str) -> str:
    done = project.call("build", "-q")
    assert done.returncode == 0, done.stderr
    return (project.root / "site" / name / "index.html").read_text()


def linked(text: str) -> list[tuple[str, str]]:
    """Address and word of each link to a term."""
    return re.findall(r'<a class="term" href="([^"]*)"[^>]*>([^<]*)</a>', text)


def test_entries_have_names_definitions_and_lines(tmp_path: Path) -> None:
    terms = glossary_of(tmp_path, GLOSSARY).terms
    assert [term.name for term in terms] == [
        "Attention",
        "Attention head",
        "GELU",
        "Loss",
    ]
    assert terms[1].also == ("head of attention",)
    assert terms[1].text == "One of several, each an attention."
    assert terms[3].text == "What is made small by training."
    assert GLOSSARY.splitlines()[terms[3].line - 1] == "Loss"
    assert terms[1].anchor == "term-attention-head"


def test_the_longest_name_wins_in_any_case_but_abbreviations_are_exact(
    tmp_path: Path,
) -> None:
    found = glossary_of(tmp_path, GLOSSARY)
    said = "Losses of attention heads: gelu, GELU, inattention, self-attention, loss."
    names = [(said[a:b], term.name) for a, b, term in found.uses(said)]
    assert names == [
        ("Losses", "Loss"),
        ("attention heads", "Attention head"),
        ("GELU", "GELU"),
        ("loss", "Loss"),
    ]


def test_a_first_use_leads_to_the_glossary_and_back(project: Project) -> None:
    glossary_of(project.root, GLOSSARY)
    project.page("page", PAGE)
    text = built(project, "page")
    assert linked(text) == [
        ("../glossary/#term-attention-head", "attention heads"),
        ("../glossary/#term-attention", "ATTENTION"),
        ("../glossary/#term-gelu", "GELU"),
        ("../glossary/#term-loss", "losses"),
    ]
    assert 'title="A lookup by keys. It takes a mean."' in text
    there = (project.root / "site" / "glossary" / "index.html").read_text()
    assert '<dt id="term-loss">Loss</dt>' in there
    assert linked(there) == [("#term-attention", "attention")]
    uses = re.findall(r'<small class="uses">On <a href="([^"]*)">([^<]*)</a>', there)
    assert uses == [("../page/", "page")] * 4


def test_a_site_without_a_glossary_has_no_terms(project: Project) -> None:
    project.page("page", PAGE)
    assert linked(built(project, "page")) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("GELU\n", "Zeta\n", 12, "Loss stands after Zeta; order them by the alphabet"),
        ("head of attention", "loss", 12, "Loss is explained twice, also under"),
        ("A curve.", "A curve", 9, "GELU has 0 sentences; one to 3 are right"),
        ("A curve.", "A. B? C! D.", 9, "GELU has 4 sentences; one to 3 are right"),
    ],
)
def test_a_bad_entry_is_told_at_its_line(
    old: str, new: str, line: int, message: str, tmp_path: Path
) -> None:
    assert old in GLOSSARY
    glossary_of(tmp_path, GLOSSARY.replace(old, new))
    (found,) = check(tmp_path)
    assert str(found).startswith(f"docs/glossary.md:{line}: {message}")


def test_the_glossary_of_the_site_is_good_and_large() -> None:
    assert check(ROOT) == []
    assert len(Glossary.read(ROOT).terms) >= 120
