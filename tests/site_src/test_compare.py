"""The table of all architectures, and what programs read of the same measurements."""

from __future__ import annotations

import html
import importlib
import inspect
import json
import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from benchmarked import BLOCK
from conftest import ROOT, Project, words
from toy import NAME, PAGE, make_toy, save_record

from site_src.lint.shapes import Sizes, parse
from site_src.lint.source import Source, read
from site_src.measurements import names_of
from site_src.page import read_pages
from site_src.rendering import measured

COMPARE = "# Compare\n\n```compare\ntable\n```\n\n```compare\ntwo\n```\n"
SECTION = "## Practical considerations\n"


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A site with one architecture that is proved and measured."""
    project = make_toy(tmp_path_factory.mktemp("compare") / "toy")
    save_record(project.root)
    claimed = f"{SECTION}\n{BLOCK}\nIt takes {{claim:ratio}} times as long.\n"
    project.page(f"architectures/{NAME}", PAGE.replace(SECTION, claimed))
    project.page("compare", COMPARE)
    done = project.call("-q", "build")
    assert done.returncode == 0, done.stderr
    return project


def cells(text: str) -> list[str]:
    """The cells of a table's only row, as words."""
    body = re.search(r"<tbody.*?</tbody>", text, re.DOTALL)
    assert body
    return [words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", body[0])]


def test_a_row_says_what_page_benchmark_and_record_say(toy: Project) -> None:
    text = toy.section("compare", "compare")
    row = cells(text)
    assert row[:9] == [
        *("A net", "1990", "toy", "the size of the fish", "O(T)", "O(T)", "O(1)"),
        *("does not generate", "no"),
    ]
    assert row[9:11] == [
        "elman.py",
        "inputs (B, T, D), state (B, H) → outputs (B, T, H), state (B, H)",
    ]
    (run,) = json.loads((toy.root / "site/benchmarks.json").read_text())
    case = next(c for c in run["cases"] if (c["name"], c["value"]) == (NAME, 8))
    assert row[11] == f"{case['parameters']} batch 2, tokens 8"
    page = words((toy.root / f"site/architectures/{NAME}/index.html").read_text())
    ratio = re.search(r"It takes ([\d.]+) times as long", page)
    assert ratio
    assert row[12] == f"{float(ratio[1]):g} × torch.nn.RNN"
    assert row[13] == "too few sizes" or row[13].endswith(" in tokens")
    assert row[14:] == ["2e-16 in float64 3e-07 in float32", "1 of 1"]


def test_a_cell_says_where_it_is_from(toy: Project) -> None:
    text = toy.section("compare", "compare")
    page = f"docs/architectures/{NAME}.md"
    lines = (toy.root / page).read_text().splitlines()
    places = re.findall(r'title="(docs/[^":]+):(\d+)"', text)
    assert {path for path, _ in places} == {page}
    keys = [lines[int(number) - 1].partition(":")[0] for _, number in places]
    assert keys == ["objective", *["complexity"] * 5]
    assert 'title="recorded 2026-01-02"' in text
    assert re.search(r'title="this build, [^"]+, 20\d\d-\d\d-\d\d"', text)
    built = (toy.root / f"site/architectures/{NAME}/index.html").read_text()
    found = re.findall(r'href="(?!http)[^"]*?#([^"]+)"', text)
    assert len(found) == 3, "the file, its benchmark, its record"
    for anchor in found:
        assert f'id="{anchor}"' in built


def test_programs_read_the_same(toy: Project) -> None:
    facts = json.loads((toy.root / "site/architectures.json").read_text())
    (one,) = facts["architectures"]
    assert one["objective"] == "the size of the fish"
    assert one["complexity"]["generating"] is None
    found = one["snippets"][0]["measured"]
    assert found["takes"] == "inputs (B, T, D), state (B, H)"
    assert found["parity"]["largest"] == {"float64": 2.22e-16, "float32": 3.4e-07}
    (speed,) = found["speeds"]
    row = cells(toy.section("compare", "compare"))
    assert row[12] == f"{speed['against']['ratio']:g} × torch.nn.RNN"


def test_without_script_two_are_links_to_every_page(toy: Project) -> None:
    text = toy.section("compare", "pair")
    links = re.findall(r'href="([^"]+)"', text)
    assert links == ["../architectures.json", f"../architectures/{NAME}/"]
    for link in links:
        assert (toy.root / "site" / "compare" / link).exists()


def test_a_page_that_is_added_is_in_the_table(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUEPRINTS_PENDING", "1")  # the sections may be missing
    project.page("compare", COMPARE)
    (project.root / "docs/references.bib").write_bytes(
        (ROOT / "docs/references.bib").read_bytes()
    )
    source = ROOT / "docs" / "architectures" / "recurrent" / "lstm.md"
    front = source.read_text().partition("\n---\n")[0]
    project.page("architectures/later/one", front + "\n---\n\nText.\n")
    text = re.sub("title: .*", "title: The <i>next</i> & last", front)
    text = text.replace("generating: O(H)", "generating: null")
    project.page("architectures/early/two", text + "\n---\n\nText.\n")
    text = re.sub("title: .*", "title: The next & last", text)
    text = text.replace("recurrent/lstm, recurrent/gru", "")
    project.page("architectures/early/three", text + "\n---\n\nText.\n")
    build = [sys.executable, "-m", "mkdocs", "build", "-q"]
    subprocess.run(build, cwd=project.root, capture_output=True, check=True)
    table, two = (project.section("compare", name) for name in ("compare", "pair"))
    bodies = re.findall(r"<tbody.*?</tbody>", table, re.DOTALL)
    titles = [words(body).partition(" 1997")[0] for body in bodies]
    assert sorted(titles) == ["Long short-term memory (LSTM)", "The next & last"]
    assert "<i>next" not in table, "a page with bad front matter is not shown"
    by_title = dict(zip(titles, bodies, strict=True))
    whole = by_title["Long short-term memory (LSTM)"]
    assert whole.count("<tr>") == 2, "a row for each file"
    assert words(whole).count("not measured yet") == 2
    assert words(whole).count("no record yet") == 2
    other = words(by_title["The next & last"])
    assert "does not generate" in other
    assert other.endswith("no file")
    for name in ("later/one", "early/three"):
        assert f'href="../architectures/{name}/"' in table
        assert f'href="../architectures/{name}/"' in two


def test_a_fence_that_asks_for_something_else_is_said_at_its_line(
    project: Project,
) -> None:
    project.page("compare", "# Compare\n\n```compare\nthree\n```\n")
    done = project.call("-q", "build")
    assert done.returncode == 1
    message = "docs/compare.md:4: a fence compare holds table or two, not 'three'"
    assert message in done.stderr


def run_with(*names: str) -> Any:
    """A run in which these were measured beside the snippet."""
    spread = SimpleNamespace(median=2.0)
    return SimpleNamespace(
        names=["f/x", *names], snippet="f/x", ratio=lambda name: spread
    )


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["f/x, fused=False", "one.Net", "torch.nn.Net"], "torch.nn.Net"),
        (["by hand", "two torch.nn.GRU"], "two torch.nn.GRU"),
        (["by hand", "library.models.Net"], "library.models.Net"),
        (["f/x, fused=False", "by hand, in parts"], None),
        ([], None),
    ],
)
def test_beside_what_a_time_is_told(names: list[str], expected: str | None) -> None:
    found = measured._against(run_with(*names))
    assert (found.name if found else None) == expected


@pytest.mark.parametrize("name", names_of(ROOT))
def test_what_a_snippet_takes_and_gives_is_what_it_does(name: str) -> None:
    """The shapes in the table come from a docstring; here the file is run."""
    path = ROOT / "snippets" / f"{name}.py"
    takes, gives = measured.signature(path.read_text())
    source = read(path)
    assert isinstance(source, Source)
    legend = frozenset(re.findall(r"\b[A-Z]\b", source.entry("Dimensions")))
    example = importlib.import_module(f"snippets.{name.replace('/', '.')}").example
    module, inputs = example()
    outputs = module(*inputs)
    sizes = Sizes({}, {"self": module}, legend)
    parameters = inspect.signature(module.forward).parameters
    given = dict(zip(parameters, inputs, strict=False))
    held = 0
    for said, shape in re.findall(r"(\w+) (\([^()]*\))", takes):
        claim = parse(shape)
        if said in given and claim:
            sizes.hold(claim[0], given[said])
            held += 1
    needed = [p for p in parameters.values() if p.default is p.empty]
    assert held >= min(len(needed), len(given)), (
        "what may be left out need not be named"
    )
    first = outputs[0] if isinstance(outputs, tuple) else outputs
    claim = parse(re.findall(r"\w+ (\([^()]*\))", gives)[0])
    assert claim
    sizes.hold(claim[0], first)


def test_the_published_table_says_each_snippet_once_and_is_light() -> None:
    """The repository's own page, if it was built."""
    built = ROOT / "site" / "compare" / "index.html"
    if not built.exists():
        pytest.skip("there is no built site; run make site")
    text = html.unescape(built.read_text())
    section = re.search(r'<section class="compare".*?</section>', text, re.DOTALL)
    assert section
    owned = [
        n for page in read_pages(ROOT) if page.is_architecture for n in page.snippets
    ]
    assert owned
    for name in owned:
        file = f"{name.rpartition('/')[2]}.py"
        assert section[0].count(f">{file}</code>") == 1
