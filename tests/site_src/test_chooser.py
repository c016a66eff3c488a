"""The chooser: faults of reasons at their line, and its tables without a script."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Project, words
from toy import NAME, PAGE, make_toy, save_record

from site_src import choices, front_matter
from site_src.choices import QUESTIONS
from site_src.page import read_pages

CHOOSE = """\
---
baselines:
  - name: guess
    title: To guess
    tagline: Costs <nothing>.
    shows: What guessing gets
    choices:
      - asks: data
        answers: [table, text, image, signal]
        verdict: for
        because: A guess takes anything.
        shows: What guessing gets
      - asks: task
        answers: [class, number, generate, rewrite, search, fill]
        verdict: against
        because: It is right {claim:chance} of the time, as on `any` data.
        shows: What guessing gets
---

# Choose

```choose
all
```

## What guessing gets

```python exec="1" html="1"
from site_src import claim, table

claim("chance", 0.125, spec=".1%", holds=True)
table([[1]], header=["guesses"], caption="One guess")
```

It gets {claim:chance}.
""".replace("<nothing>", "nothing")


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


def problems(root: Path, name: str, text: str) -> list[str]:
    """What is wrong with the reasons of a page that stands alone."""
    path = root / "docs" / f"{name}.md"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    pages = read_pages(root)
    bad = [p for page in pages for p in front_matter.check(page)]
    return list(map(str, bad or choices.check(pages, pages)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("asks: data", "asks: date", "asks: there is no question 'date'; did you mean"),
        (
            "answers: [table, text,",
            "answers: [table, texts,",
            "answers: there is no answer to data 'texts'; did you mean text?",
        ),
        (
            "answers: [table, text,",
            "answers: [table, table,",
            "answers: table has a reason already",
        ),
        (
            "    shows: Inputs and outputs",
            "    shows: Input and outputs",
            "shows: there is no section 'Input and outputs'; did you mean Inputs",
        ),
        (
            "    shows: Inputs and outputs",
            "    shows: toy/elmann#Inputs and outputs",
            "shows: there is no page 'toy/elmann'; did you mean toy/elman?",
        ),
        ("all of them.", "97 % of them.", "because: the number at '97 % of them.'"),
        ("all of them.", "all of them", "because: is one sentence that ends"),
        ("all of them.", "all. All of them.", "because: is one sentence that ends"),
    ],
)
def test_a_reason_is_held_at_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    page = PAGE.replace(old, new)
    found = "\n".join(problems(tmp_path, f"architectures/{NAME}", page))
    assert f"elman.md:{line_of(page, new)}: choices: {message}" in found


def test_numbers_from_claims_and_in_names_are_no_fault(tmp_path: Path) -> None:
    because = "of them, {claim:nets-9} by a GPT-2 and a `3 × 3` net."
    page = PAGE.replace("of them.", because)
    assert problems(tmp_path, f"architectures/{NAME}", page) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "    verdict: for\n",
            "    verdict: maybe\n",
            "choices.0.verdict: input should",
        ),
        ("    shows: Inputs and outputs\n", "", "choices.0.shows is missing"),
        (
            "    verdict: for\n",
            "    verdict: for\n    why: x\n",
            "unknown key choices.0",
        ),
    ],
)
def test_a_reason_has_its_parts(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    page = PAGE.replace(old, new)
    found = "\n".join(problems(tmp_path, f"architectures/{NAME}", page))
    assert f"front matter: {message}" in found


def test_silence_on_data_and_task_is_a_fault(tmp_path: Path) -> None:
    name, page = f"architectures/{NAME}", PAGE.replace(", image, signal]", ", signal]")
    line = line_of(page, "choices:")
    expected = f"docs/{name}.md:{line}: choices: nothing is said to data: image"
    assert problems(tmp_path, name, page) == [expected]


def test_reasons_of_a_baseline_are_held_too(tmp_path: Path) -> None:
    text = CHOOSE.replace("answers: [table, text,", "answers: [tables, text,")
    text = text.replace(
        "    shows: What guessing gets\n    ch", "    shows: What\n    ch"
    )
    found = problems(tmp_path, "choose", text)
    assert f"docs/choose.md:{line_of(text, 'tables')}: choices: answers: there is" in (
        "\n".join(found)
    )
    assert any("baseline guess: shows: there is no section 'What'" in p for p in found)
    assert any("nothing is said to data: table" in p for p in found)


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A site with one architecture, one baseline and the chooser."""
    project = make_toy(tmp_path_factory.mktemp("chooser") / "toy")
    save_record(project.root)
    claim = "It `nets` {claim:choose#chance} of them."
    project.page(f"architectures/{NAME}", PAGE.replace("It `nets` all of them.", claim))
    project.page("choose", CHOOSE)
    done = project.call("-q", "build")
    assert done.returncode == 0, done.stderr
    return project


def rows(text: str) -> dict[str, list[str]]:
    """Under each answer the reasons, as words."""
    bodies = re.findall(r'<tbody id="([\w-]+)">(.*?)</tbody>', text, re.DOTALL)
    return {
        key: [words(row) for row in re.findall(r"<tr data-page.*?</tr>", body)]
        for key, body in bodies
    }


def test_without_a_script_each_answer_has_its_reasons(toy: Project) -> None:
    text = toy.section("choose", "chooser")
    found = rows(text)
    assert found["data-table"] == [
        "for · To guess A guess takes anything. What guessing gets",
        "for · A net It nets 12.5 % of them. Inputs and outputs",
    ]
    assert found["task-fill"] == [
        "against · To guess It is right 12.5 % of the time, as on any data. "
        "What guessing gets",
        "against · A net It fishes for more than that. Origin and intuition",
    ]
    asked = {key.split("-")[0] for key in found}
    assert asked == {"data", "task"}, "an answer without reasons is not asked"
    assert set(re.findall(r'<details class="decision" id="asks-(\w+)" open', text)) == {
        question.key for question in QUESTIONS
    }
    listed = re.findall(r"<li data-page.*?</li>", text, re.DOTALL)
    assert [words(one)[:9] for one in listed] == ["To guess ", "A net It "]
    assert "Measured in What guessing gets" in words(listed[0])
    assert "O(T)" in listed[1]
    assert "does not generate" in listed[1]


def test_a_reason_leads_to_what_shows_it(toy: Project) -> None:
    text = toy.section("choose", "chooser")
    links = set(re.findall(r'href="([^"]+)"', text))
    assert "#what-guessing-gets" in links
    assert "#block-1" in links
    assert f"../architectures/{NAME}/#inputs-and-outputs" in links
    for link in links:
        path, _, anchor = html.unescape(link).partition("#")
        built = toy.root / "site" / "choose" / path / "index.html"
        assert not anchor or f'id="{anchor}"' in built.read_text(), link
    page = f"docs/architectures/{NAME}.md"
    lines = (toy.root / page).read_text().splitlines()
    told = re.findall(rf'title="{page}:(\d+)"', text)
    assert told
    assert all("because: " in lines[int(number) - 1] for number in told)


def test_programs_read_the_reasons_with_their_values(toy: Project) -> None:
    facts = (toy.root / "site/architectures.json").read_text()
    assert "It `nets` 12.5\u202f% of them." in facts
    assert "{claim:" not in facts


def test_a_claim_that_nobody_made_is_said_at_its_line(project: Project) -> None:
    text = CHOOSE.replace("{claim:chance} of the time", "{claim:luck} of the time")
    project.page("choose", text)
    done = project.call("-q", "build")
    assert done.returncode == 1
    line = line_of(text, "{claim:luck}")
    assert f"docs/choose.md:{line}: unknown claim luck" in done.stderr


def test_a_page_that_is_added_is_in_every_table(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUEPRINTS_PENDING", "1")  # the sections may be missing
    project.page("choose", CHOOSE)
    (project.root / "docs/references.bib").write_bytes(
        (ROOT / "docs/references.bib").read_bytes()
    )
    source = ROOT / "docs" / "architectures" / "recurrent" / "lstm.md"
    front = source.read_text().partition("\n---\n")[0]
    text = re.sub("title: .*", "title: The next & last", front)
    project.page("architectures/later/one", text + "\n---\n\n## The idea\n")
    build = [sys.executable, "-m", "mkdocs", "build", "-q"]
    subprocess.run(build, cwd=project.root, capture_output=True, check=True)
    section = project.section("choose", "chooser")
    page = next(p for p in read_pages(project.root) if p.name == "later/one")
    said = front_matter.record(page).choices
    assert len(said) > 10
    found = rows(section)
    for choice in said:
        for answer in choice.answers:
            about = [
                row
                for row in found[f"{choice.asks}-{answer}"]
                if row.startswith(
                    f"{choices.VERDICTS[choice.verdict]} · The next & last"
                )
            ]
            assert len(about) == 1, (choice.asks, answer)
    assert section.count('<li data-page="later/one">') == 1


def test_every_architecture_of_this_site_has_spoken() -> None:
    pages = read_pages(ROOT)
    good = [page for page in pages if not front_matter.check(page)]
    assert list(choices.check(good, pages)) == []
    said = [front_matter.record(page).choices for page in good if page.is_architecture]
    assert len(said) == len([page for page in pages if page.is_architecture])
    kinds = {choice.verdict for own in said for choice in own}
    assert kinds == set(choices.VERDICTS)
