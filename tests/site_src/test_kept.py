"""What a build keeps for the next one, and when it may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Project

from site_src import kept
from site_src.kept import Kept


def asked(root: Path, *numbers: int, all_pages: bool = True) -> list[int]:
    """The squares that had to be made; those of all numbers are right."""
    made, shelf = [], Kept(root)
    for number in numbers:

        def square(number: int = number) -> int:
            made.append(number)
            return number**2

        assert shelf.of("square", number, square) == number**2
        assert shelf.of("square", number, square) == number**2
    shelf.save(all_pages=all_pages)
    return made


def test_nothing_is_made_twice(tmp_path: Path) -> None:
    assert asked(tmp_path, 1, 2) == [1, 2]
    assert asked(tmp_path, 2, 3) == [3]
    assert asked(tmp_path, 1) == [1], "what nobody asked for went"
    assert asked(tmp_path, 2, all_pages=False) == [2]
    assert asked(tmp_path, 1, 2) == [], "a build of one page drops nothing"


def test_two_makers_do_not_share(tmp_path: Path) -> None:
    shelf = Kept(tmp_path)
    assert shelf.of("square", 3, lambda: 9) == 9
    assert shelf.of("double", 3, lambda: 6) == 6


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"code": 1}', "\xff"])
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    assert asked(tmp_path, 1) == [1]
    (tmp_path / ".build" / "kept.json").write_bytes(text.encode("latin-1"))
    assert asked(tmp_path, 1) == [1]


def test_new_code_or_settings_make_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(tmp_path, 1) == [1]
    (tmp_path / "mkdocs.yml").write_text("site_name: other\n")
    assert asked(tmp_path, 1) == [1]
    assert asked(tmp_path, 1) == []
    monkeypatch.setattr(kept.metadata, "version", lambda name: f"9.{len(name)}")
    assert asked(tmp_path, 1) == [1]


def test_a_second_build_is_the_same_bytes(project: Project) -> None:
    code = '```python exec="1" source="above"\nprint("ok" + "ay")\n```\n'
    project.page("page", f"# Page\n\nA formula: $x_t$.\n\n{code}")
    built = project.call("build")
    assert built.returncode == 0, built.stderr
    site = project.root / "site"

    def read() -> dict[str, bytes]:
        return {
            p.relative_to(site).as_posix(): p.read_bytes()
            for p in site.rglob("*")
            if p.suffix in (".html", ".json", ".md", ".txt")
        }

    before = read()
    assert project.call("build").returncode == 0
    assert read() == before
    (project.root / ".build" / "kept.json").unlink()
    assert project.call("build").returncode == 0
    assert read() == before
