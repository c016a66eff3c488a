"""Were the check of a page's HTML to fail: the site's policy in Chromium."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import markdown
import pytest
from browser.conftest import SITE

CORPUS = Path(__file__).parents[1] / "hostile" / "markup"
HELD = sorted(
    path.stem
    for path in CORPUS.glob("*.md")
    if "the policy does not hold it" not in path.read_text()
)


def attack_of(name: str) -> str:
    """The HTML that the page wants to bring, or the title."""
    text = re.sub("<!--.*-->", "", (CORPUS / f"{name}.md").read_text())
    code = re.search(r"```python [^\n]*\n(.*?)```", text, re.DOTALL)
    if code is None:
        title = re.match(r'---\ntitle: "(.*)"\n---\n', text)
        return title[1] if title else markdown.markdown(text)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code[1], {})
    return printed.getvalue()


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no policy"])
@pytest.mark.parametrize("name", HELD)
def test_an_attack_that_got_into_a_page_comes_to_nothing(
    name, policy, browser, address
) -> None:
    """With the policy nothing happens; without it each attack does what it is for."""
    built = (SITE / "index.html").read_text("utf-8")
    if not policy:
        built, count = re.subn(r'<meta http-equiv="Content-Sec[^>]*>', "", built)
        assert count == 1
    place = (
        "<title>"
        if name == "title"
        else '<article class="md-content__inner md-typeset">'
    )
    assert place in built
    attacked = built.replace(place, place + attack_of(name), 1)
    page = browser.new_page()
    away: list[str] = []

    def answer(route) -> None:
        url = route.request.url
        if url == f"{address}attacked.html":
            route.fulfill(body=attacked, content_type="text/html")
        elif url.startswith((address, "data:")):
            route.continue_()
        else:
            away.append(url)
            route.abort()

    page.route("**/*", answer)
    page.goto(f"{address}attacked.html")
    links = page.locator("article a[href^='java'], article svg a")
    for number in range(links.count()):
        links.nth(number).click(force=True, timeout=2000)
    demos = page.locator("article arch-demo")
    if demos.count():
        demos.first.dispatch_event("click")
    boxes = page.locator("article form input")
    if boxes.count():
        submit = "document.querySelector('article form').requestSubmit()"
        page.evaluate(f"void setTimeout(() => {submit})")
    page.wait_for_timeout(200)
    done = bool(away) or page.evaluate(
        "window.hit === 1 || [...document.querySelectorAll('article td')].some("
        "cell => getComputedStyle(cell).position === 'fixed')"
    )
    page.close()
    assert done is not policy
