"""The table of all benchmarks: filters with script, everything without."""

from __future__ import annotations

import re

PATH = "benchmarks/"
GROUPS = ".benchmarks tbody"


def test_filters_leave_what_was_asked_for_and_follow_the_keyboard(visit) -> None:
    seen = visit(PATH, width=390)
    page = seen.page
    total = page.locator(GROUPS).count()
    family = page.get_by_label("Family")
    names = family.locator("option").all_inner_texts()
    assert names[0] == "all"
    assert len(names) > 2
    family.focus()
    page.keyboard.press("ArrowDown")
    visible = page.locator(f"{GROUPS}:visible")
    left = visible.evaluate_all("rows => rows.map(row => row.dataset.family)")
    assert set(left) == {names[1]}
    assert 0 < len(left) < total
    told = page.locator(".filters output")
    assert told.inner_text() == f"{len(left)} of {total} runs"
    family.select_option("")
    assert visible.count() == total
    assert seen.errors == []


def test_without_script_every_run_is_there(visit) -> None:
    page = visit(PATH, javascript=False).page
    assert page.locator(".filters").count() == 0
    assert page.locator(f"{GROUPS}:visible").count() == page.locator(GROUPS).count() > 2
    text = page.locator(".benchmarks").inner_text()
    assert re.search(r"No GPU record exists for|recorded", text)
