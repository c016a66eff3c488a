"""The pages of the snippets' functions and classes, which stand in no file."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import Project, words
from toy import NAME

from site_src.rendering import reference
from site_src.rendering.state import Site


def read(toy_site: Project, name: str) -> str:
    return (toy_site.root / "site" / name / "index.html").read_text()


def test_a_snippet_has_a_page_that_leads_to_its_own_and_back(toy_site: Project) -> None:
    text = read(toy_site, f"reference/{NAME}")
    own = f"../../../architectures/{NAME}/"
    assert f'href="{own}"' in text
    assert f'href="{own}#elman.py-L1"' in text
    assert f'href="../../../reference/{NAME}/"' in read(
        toy_site, f"architectures/{NAME}"
    )
    said = words(text)
    assert "Checked against. torch.nn.RNN" in said
    headings = " ".join(re.findall(r"<h2[^>]*>(.*?)</h2>", text, re.DOTALL))
    assert "Elman" in headings
    assert "Cell" in headings
    assert "features of the state" in said, "arguments are explained"
    assert "ValueError" in said
    assert 'class="term"' not in text


def test_private_names_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "snippets" / "a"
    folder.mkdir(parents=True)
    (folder / "b.py").write_text(
        '"""A net.\n\nSource: x 1990\n"""\ndef shown(): pass\ndef _not(): pass\n'
    )
    (folder / "broken.py").write_text("def")
    broken, good = sorted(
        reference.pages(Site(tmp_path, pending=False)), key=lambda page: len(page.text)
    )
    assert broken.slug == "reference/a/broken"
    assert ":::" not in broken.text
    assert re.findall("^::: (.*)", good.text, re.MULTILINE) == ["snippets.a.b.shown"]
    assert "A net.\n\n**Source.** x 1990\n" in good.text


def test_it_is_in_the_menu_but_not_in_the_search(toy_site: Project) -> None:
    home = read(toy_site, f"reference/{NAME}")
    assert "Snippets" in home
    index = (toy_site.root / "site" / "search" / "search_index.json").read_text()
    assert "reference/" not in index
