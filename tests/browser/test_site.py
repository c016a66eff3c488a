"""Every page of the built site, in Chromium and under its own policy."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from browser.conftest import SITE

PAGES = sorted(
    path.parent.relative_to(SITE).as_posix().removeprefix(".") + "/"
    for path in SITE.rglob("index.html")
)
# The pages of functions and classes are of one kind: two of them are looked at.
_ALIKE = [path for path in PAGES if path.startswith("reference/")]
PAGES = [path for path in PAGES if path not in _ALIKE[2:]]
LSTM = "architectures/recurrent/lstm/"


@pytest.mark.parametrize("path", [p.lstrip("/") for p in PAGES])
def test_a_page_is_quiet_private_and_not_too_wide(path, visit, address) -> None:
    seen = visit(path, scheme="dark", idle=True)
    page = seen.page
    for width, scheme in ((1280, "slate"), (390, "default"), (320, "slate")):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.body.dataset.mdColorScheme") == scheme
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(wide) <= 0, f"at {width} px, {scheme}"
        page.locator(".md-header button.scheme:visible").click()
    away = [url for url in seen.requests if not url.startswith((address, "data:"))]
    assert away == []
    assert page.evaluate("self.crossOriginIsolated") is False
    assert seen.errors == []


def test_every_page_carries_the_policy_and_no_inline_style() -> None:
    for path in sorted(SITE.rglob("*.html")):
        text = path.read_text("utf-8")
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
        assert policy, path
        assert policy.start() < text.index("<script"), path
        assert "unsafe-inline" not in policy[1]
        assert "'unsafe-eval'" not in policy[1]
        assert not re.search(r"<[^>]*\sstyle=", text), path


def test_every_page_asks_for_one_style_sheet_and_that_for_files_that_are_there() -> (
    None
):
    for path in sorted(SITE.rglob("*.html")):
        text = path.read_text("utf-8")
        if 'http-equiv="refresh"' not in text:
            (sheet,) = re.findall(r'rel="stylesheet" href="([^"]+)"', text)
            assert sheet.endswith("assets/site.css"), path
    css = (SITE / "assets" / "site.css").read_text("utf-8")
    fonts = re.findall(r'url\("([^"]+\.woff2)"\)', css)
    assert len(fonts) > 10
    assert [name for name in fonts if not (SITE / "assets" / name).exists()] == []


def test_no_page_holds_an_id_twice() -> None:
    for path in sorted(SITE.rglob("*.html")):
        text = re.sub(r"<script\b.*?</script>", "", path.read_text("utf-8"), flags=re.S)
        ids = Counter(re.findall(r'<[^>]*\sid="?([^"\s>]+)', text))
        assert [name for name, count in ids.items() if count > 1] == [], path


@pytest.mark.parametrize(
    "attack",
    [
        "const s = document.createElement('script'); s.textContent = 'window.hit = 1';"
        "document.body.append(s)",
        "document.body.insertAdjacentHTML('beforeend', '<img src=/nothing "
        'onerror="window.hit = 1">\')',
        "const s = document.createElement('script'); s.src = 'https://example.org/x.js';"
        "document.body.append(s)",
        "setTimeout('window.hit = 1')",
    ],
    ids=["inline script", "handler", "other host", "eval"],
)
def test_an_injected_script_does_not_run(attack, visit) -> None:
    seen = visit("")
    seen.page.evaluate(f"() => {{ try {{ {attack} }} catch {{}} }}")
    seen.page.wait_for_timeout(200)
    assert seen.page.evaluate("window.hit") is None
    assert any("Content Security Policy" in error for error in seen.errors)


def test_search_scheme_and_links_work_under_the_policy(visit) -> None:
    seen = visit("")
    page = seen.page
    page.keyboard.press("/")
    page.keyboard.type("forget gate", delay=20)
    page.wait_for_selector(".md-search-result__item >> nth=0")
    page.keyboard.press("Escape")
    page.get_by_title("Switch to dark").click()
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    page.click(f".md-content a[href*='{LSTM}'] >> nth=0")
    page.wait_for_url(f"**/{LSTM}")
    page.wait_for_selector(".md-typeset .maths")
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    assert seen.errors == []


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_scheme_is_there_before_the_first_paint(system, visit) -> None:
    """Without waiting for a script file: a page never lights up and then goes dark."""
    seen = visit("", scheme=system)
    page = seen.page
    page.route("**/*.js", lambda route: route.abort())
    for chosen in ("default", "slate"):
        page.evaluate("(scheme) => __md_set('__palette', {color: {scheme}})", chosen)
        page.reload()
        assert page.evaluate("document.body.dataset.mdColorScheme") == chosen
    page.evaluate("localStorage.clear()")
    page.reload()
    own = {"light": "default", "dark": "slate"}[system]
    assert page.evaluate("document.body.dataset.mdColorScheme") == own


def test_without_a_choice_the_scheme_follows_the_system(visit) -> None:
    page = visit("").page
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => document.body.dataset.mdColorScheme === 'slate'")
    page.get_by_title("Switch to light").click()
    page.emulate_media(color_scheme="light")
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.body.dataset.mdColorScheme") == "default"
    switch = page.get_by_title("Switch to dark")
    assert switch.evaluate("(button) => button === document.activeElement")


def test_a_title_is_shown_to_the_keyboard_and_the_mouse(visit) -> None:
    page = visit(LSTM).page
    part = page.locator(".md-content a[title]").first
    words, box = part.get_attribute("title"), page.locator(".title-box")
    assert box.is_hidden()
    part.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert box.inner_text() == words
    described = page.locator("[aria-describedby=title-box]")
    assert described.get_attribute("title") is None, "or there would be two of them"
    page.keyboard.press("Escape")
    assert box.is_hidden()
    assert part.get_attribute("title") == words
    page.mouse.move(0, 0)
    part.hover()
    box.wait_for(state="visible")
    box.hover()
    page.wait_for_timeout(300)
    assert box.is_visible(), "the pointer may go onto the words"
    page.mouse.move(0, 0)
    box.wait_for(state="hidden")


@pytest.mark.parametrize("link", [".md-sidebar--secondary a", "figure.diagram a.node"])
def test_a_link_within_the_page_leaves_what_was_typed_and_opened(link, visit) -> None:
    """Also where the network is slow: the page is not fetched and put in anew."""
    seen = visit(LSTM)
    page = seen.page
    page.evaluate("document.querySelector('figure.diagram').stays = 1")
    asked = len(seen.requests)
    page.route("**/*", lambda route: (page.wait_for_timeout(300), route.continue_()))
    for part in page.locator(link).all()[1:4]:
        part.focus()
        page.keyboard.press("Enter")
        target = part.evaluate("(link) => link.hash ?? link.getAttribute('xlink:href')")
        page.wait_for_function("(hash) => location.hash === hash", arg=target)
        page.wait_for_timeout(400)
        assert page.locator(":target").get_attribute("id", timeout=2000) == target[1:]
    assert page.evaluate("document.querySelector('figure.diagram').stays") == 1
    assert not [url for url in seen.requests[asked:] if url.endswith("/")]


def test_back_returns_within_a_page_and_from_the_next(visit) -> None:
    page = visit(LSTM).page
    page.locator(".md-sidebar--secondary a").nth(3).click()
    page.wait_for_function("() => scrollY > 1000")
    page.locator(".md-footer__link--next").click()
    page.wait_for_function("(path) => !location.pathname.endsWith(path)", arg=LSTM)
    page.wait_for_function("() => scrollY === 0")
    page.go_back()
    page.wait_for_function(
        "(p) => document.title.includes('LSTM') && scrollY > 1000", arg=0
    )
    page.go_back()
    page.wait_for_function("() => !location.hash && scrollY < 200")


def test_a_formula_stands_as_if_its_styles_were_inline(visit) -> None:
    """Classes that took the place of inline styles give the same boxes."""
    page = visit(LSTM).page
    moved = page.evaluate(
        """async () => {
          const sheet = document.querySelector('link[href$="assets/site.css"]');
          const css = await (await fetch(sheet.href)).text();
          let moved = 0, seen = 0;
          for (const [, name, style] of css.matchAll(/\\.(s[0-9a-f]{8})\\{(.*)\\}/g)) {
            for (const element of document.querySelectorAll(`.maths .${name}`)) {
              const before = element.getBoundingClientRect();
              element.classList.remove(name);
              element.style.cssText = style.replaceAll('!important', '');
              const after = element.getBoundingClientRect();
              seen += 1;
              moved += ['x', 'y', 'width', 'height'].some(
                side => Math.abs(before[side] - after[side]) > 0.01);
            }
          }
          return [seen, moved];
        }"""
    )
    assert moved[0] > 300
    assert moved[1] == 0
