"""The chooser in Chromium: the order it gives, beside the same computed here."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import pytest
from browser.conftest import SITE

from site_src import catalogue, front_matter
from site_src.choices import QUESTIONS
from site_src.page import read_pages

PATH = "choose/"
ITEMS = ".chooser ol.candidates > li"
SAYS = "wanted => document.querySelector('select[name=examples]').value === wanted"
OUT = ".chooser ul.candidates > li"


def candidates() -> list[tuple[str, str, list[front_matter.Choice]]]:
    """Name, title and reasons, straight from the front matter, in the page's order."""
    pages = read_pages(Path(__file__).parents[2])
    simple = [one for page in pages for one in front_matter.baselines(page)]
    built = [(p.name, front_matter.record(p)) for p in catalogue.in_order(pages)]
    return [
        *((one.name, one.title, one.choices) for one in simple),
        *((name, facts.title, facts.choices) for name, facts in built),
    ]


EVERY = candidates()
ANSWERS = [(q.key, answer) for q in QUESTIONS for answer in q.answers]


def expected(given: dict[str, str]) -> tuple[list[tuple[str, int]], list[str]]:
    """Titles with their ranks, and titles that are ruled out."""
    scores, out = {}, []
    for _, title, said in EVERY:
        verdicts = [c.verdict for c in said if given.get(c.asks) in c.answers]
        if "cannot" in verdicts:
            out.append(title)
        else:
            scores[title] = verdicts.count("for") - verdicts.count("against")
    order = sorted(scores, key=lambda title: -scores[title])
    ranks = [1 + sum(s > scores[t] for s in scores.values()) for t in order]
    return list(zip(order, ranks, strict=True)), out


def shown(page) -> tuple[list[tuple[str, int]], list[str]]:
    """The same as the page has it."""
    items = page.locator(ITEMS).evaluate_all(
        "all => all.map(li => [li.querySelector('strong').textContent, li.value])"
    )
    out = page.locator(f"{OUT} strong").all_inner_texts()
    return [(title, rank) for title, rank in items], out


def query(given: dict[str, str]) -> str:
    return "&".join(f"{key}={answer}" for key, answer in given.items())


def some() -> list[dict[str, str]]:
    """Every single answer, and every seventh pair of answers to two questions."""
    single = [{key: answer} for key, answer in ANSWERS]
    pairs = [
        dict(pair)
        for pair in itertools.combinations(ANSWERS, 2)
        if pair[0][0] != pair[1][0]
    ]
    return [*single, *pairs[::7]]


def asking(visit, address: str = "", **settings):
    """Open the chooser, and wait until it asks."""
    seen = visit(PATH + address, **settings)
    seen.page.wait_for_selector(".chooser form")
    return seen


def answer(page, given: dict[str, str]) -> None:
    for key, value in given.items():
        page.locator(f".chooser select[name={key}]").select_option(value)


def test_the_page_is_light() -> None:
    assert len(gzip.compress((SITE / PATH / "index.html").read_bytes())) < 70_000


def test_the_order_is_that_of_the_reasons(visit) -> None:
    seen = asking(visit)
    page = seen.page
    asked = {}
    for select in page.locator(".chooser select").all():
        values = select.evaluate("s => [...s.options].map(o => o.value)")
        asked[select.get_attribute("name")] = values
    assert asked == {q.key: ["", *q.answers] for q in QUESTIONS}, "every answer counts"
    for given in some():
        every = {q.key: given.get(q.key, "") for q in QUESTIONS}
        answer(page, every)
        assert shown(page) == expected(given), given
    assert seen.errors == []


def test_each_reason_is_shown_with_its_link(visit) -> None:
    page = asking(visit, "?data=text&task=class").page
    given = {"data": "text", "task": "class"}
    for name, _, said in EVERY:
        own = [c.verdict for c in said if given.get(c.asks) in c.answers]
        own = [v for v in own if v == "cannot"] or own
        item = page.locator(f".chooser .candidates > li[data-page='{name}']")
        kinds = item.locator(".reasons > li").evaluate_all(
            "all => all.map(li => li.className)"
        )
        order = ["for", "against", "cannot"]
        assert kinds == sorted(own, key=order.index)
        assert item.locator(".reasons > li a.shows").count() == len(own)


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ({"data": "table", "task": "class", "examples": "hundreds"}, "A linear model"),
        ({"data": "table", "task": "number", "examples": "thousands"}, "boosted trees"),
        ({"data": "text", "task": "class", "examples": "hundreds"}, "A bag of words"),
        ({"data": "text", "task": "class", "examples": "published"}, "BERT"),
        ({"data": "text", "task": "rewrite", "stage": "train"}, "Transformer"),
        ({"data": "text", "task": "generate", "examples": "millions"}, "GPT"),
        ({"data": "text", "task": "generate", "examples": "thousands"}, "n-gram"),
        ({"data": "image", "task": "class", "examples": "hundreds"}, "Convolutional"),
        ({"data": "image", "task": "class", "examples": "millions"}, "Vision"),
        ({"data": "image", "task": "generate"}, "Diffusion"),
        ({"data": "signal", "task": "number", "answer": "stream"}, "LSTM"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_the_answer_is_the_one_that_the_pages_give(given, first) -> None:
    """What a reader of the pages would say; if reasons change, look here again."""
    ranked, _ = expected(given)
    best = [title for title, rank in ranked if rank == 1]
    assert any(first in title for title in best), ranked[:4]


def test_answers_stand_in_the_address_and_back_takes_one_back(visit) -> None:
    seen = asking(visit, width=390)
    page = seen.page
    given = {"data": "image", "examples": "hundreds"}
    answer(page, given)
    assert page.evaluate("() => location.search") == f"?{query(given)}"
    whole = shown(page)
    page.reload()
    page.wait_for_selector(".chooser form")
    assert shown(page) == whole == expected(given)
    before = len(seen.requests)
    page.go_back()
    page.wait_for_function(SAYS, arg="")
    assert page.evaluate("() => location.search") == "?data=image"
    assert shown(page) == expected({"data": "image"})
    page.go_forward()
    page.wait_for_function(SAYS, arg="hundreds")
    assert shown(page) == whole
    assert not [u for u in seen.requests[before:] if "choose" in u], "no page anew"
    page.get_by_role("button", name="Clear all answers").click()
    page.wait_for_function("() => location.search === ''")
    assert shown(page)[1] == []
    page.go_back()
    page.wait_for_function(SAYS, arg="hundreds")
    assert shown(page) == whole
    assert seen.errors == []


def test_arriving_by_a_link_of_the_site_works_as_well(visit) -> None:
    seen = visit("")
    page = seen.page
    page.locator(".doors").get_by_role("link", name="see which one fits").click()
    page.wait_for_selector(".chooser form")
    answer(page, {"data": "text", "task": "fill"})
    page.go_back()
    page.wait_for_function("() => location.search === '?data=text'")
    page.wait_for_selector(".chooser form")
    assert shown(page) == expected({"data": "text"})
    assert page.locator(".chooser form").count() == 1
    page.get_by_role("link", name="A note to keep").first.click()
    page.wait_for_selector("#a-note-to-keep")
    page.go_back()
    page.wait_for_selector(".chooser form")
    page.wait_for_function("() => location.search === '?data=text'")
    assert shown(page) == expected({"data": "text"})
    assert seen.errors == []


def test_an_address_that_nobody_wrote_does_no_harm(visit) -> None:
    seen = asking(visit, "?data=%3Cb%3E&task=none&nothing=1&length=long&stage")
    assert shown(seen.page) == expected({"length": "long"})
    assert seen.page.locator("select[name=data]").input_value() == ""
    assert seen.errors == []


def test_what_changes_is_said_in_one_line(visit) -> None:
    page = asking(visit).page
    told = page.locator(".chooser output")
    assert "Answer what you know" in told.inner_text()
    page.get_by_role("combobox", name="What does one example").focus()
    page.keyboard.type("A row")
    page.wait_for_function("() => location.search === '?data=table'")
    ranked, out = expected({"data": "table"})
    best = [title for title, rank in ranked if rank == 1]
    assert told.inner_text() == (
        f"First: {' and '.join(best)} (1 reason for, none against). "
        f"Ruled out: {len(out)}."
    )
    region = page.locator(
        ".chooser [aria-live], .chooser output, .chooser [role=status]"
    )
    assert region.count() == 1, "the list itself is not read aloud"


@pytest.mark.parametrize("width", [1280, 320])
def test_without_script_the_tables_are_all_there(visit, width) -> None:
    page = visit(PATH, width=width, javascript=False).page
    assert page.locator(".chooser form").count() == 0
    told = sum(len(c.answers) for _, _, said in EVERY for c in said)
    assert page.locator(".chooser tr[data-page]:visible").count() == told
    assert page.locator(ITEMS).count() == len(EVERY)
    for box in page.locator(".chooser .computed-table").all()[:3]:
        inner, outer = (
            box.evaluate(f"b => b.{n}") for n in ("scrollWidth", "clientWidth")
        )
        assert inner <= outer + 1


def test_every_link_of_a_reason_leads_to_a_place(visit) -> None:
    page = asking(visit).page
    links = page.locator(".chooser a[href*='#']").evaluate_all(
        "all => all.map(a => a.href)"
    )
    assert len(links) > 200
    built: dict[str, str] = {}
    for link in dict.fromkeys(links):
        path, _, anchor = link.partition("#")
        name = path.split("/", 3)[3].partition("?")[0]
        text = built.setdefault(name, (SITE / name / "index.html").read_text())
        assert f'id="{anchor}"' in text, link
