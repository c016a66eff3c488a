"""What leads a contributor: forms, hooks, and the commands that guides name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from site_src.arguments import parser

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / ".github" / "ISSUE_TEMPLATE"
FORMS = {
    path.stem: path.read_text()
    for path in sorted(TEMPLATES.glob("*.yml"))
    if path.stem != "config"
}
GUIDES = ("CONTRIBUTING.md", "README.md", ".github/pull_request_template.md")
# What GitHub takes, by its pages "Syntax for issue forms", "Syntax for GitHub's form
# schema" and "Common validation errors when creating issue forms".
TOP = {"name", "description", "body"}
MORE = {"title", "labels", "assignees", "projects", "type"}
TEXTS = {"label", "description", "placeholder", "value", "render"}
ATTRIBUTES = {  # by type: what it must have, and what it may
    "markdown": ({"value"}, set()),
    "input": ({"label"}, TEXTS - {"render"}),
    "textarea": ({"label"}, TEXTS),
    "dropdown": ({"label", "options"}, {"description", "multiple", "default"}),
    "checkboxes": ({"label", "options"}, {"description"}),
}


def keys(found: set[str], required: set[str], more: set[str]) -> Iterator[str]:
    """Keys that are missing, and keys that nobody knows."""
    if lacking := sorted(required - found):
        yield f"lacks {', '.join(lacking)}"
    if strange := sorted(found - required - more):
        yield f"has {', '.join(strange)}, which is no key there"


def faults(text: str) -> Iterator[str]:
    """What GitHub would refuse in a form."""
    form = yaml.safe_load(text)
    yield from keys(set(form), TOP, MORE)
    body = form.get("body", [])
    for place, element in enumerate(body):
        yield from (f"body[{place}] {fault}" for fault in of_element(element))
    asked = [element for element in body if element.get("type") != "markdown"]
    if not asked:
        yield "asks nothing"
    for names in (
        [element.get("id") for element in asked],
        [element.get("attributes", {}).get("label") for element in asked],
    ):
        if len(set(names)) < len(names):
            yield f"two of a name: {names}"
    for name in ("name", "description", "title"):
        if name in form and len(str(form[name]).strip()) <= 3:
            yield f"{name} is too short to be shown"


def of_element(element: dict[str, Any]) -> Iterator[str]:
    """What GitHub would refuse in one element of a form."""
    kind, attributes = element.get("type"), element.get("attributes", {})
    if kind not in ATTRIBUTES:
        yield f"is of no type: {kind}"
        return
    asks = set() if kind == "markdown" else {"id", "validations"}
    yield from keys(set(element), {"type", "attributes"}, asks)
    yield from keys(set(attributes), *ATTRIBUTES[kind])
    for name in TEXTS & set(attributes):
        if not isinstance(attributes[name], str) or not attributes[name].strip():
            yield f"{name} is no text"
    if not re.fullmatch(r"[\w-]+", element.get("id", "none")):
        yield f"has the id {element['id']!r}"
    validations = element.get("validations", {"required": True})
    if set(validations) != {"required"} or type(validations["required"]) is not bool:
        yield "asks for more than `required: true`"
    options = [str(option).lower() for option in attributes.get("options", ["one"])]
    if not options or len(set(options)) < len(options) or "none" in options:
        yield f"has the options {options}"


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_what_github_takes(name: str) -> None:
    assert list(faults(FORMS[name])) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("description: An arch", "about: An arch", "lacks description"),
        ("body:", "content:", "asks nothing"),
        ("  - type: dropdown", "  - type: select", "body[5] is of no type: select"),
        ("id: idea", "id: an idea", "body[1] has the id 'an idea'"),
        ("id: idea", "id: paper", "two of a name"),
        ("label: Paper", "label: Architecture", "two of a name"),
        ("label: Paper", "label: true", "body[3] label is no text"),
        ("label: Paper", "about: Paper", "body[3] lacks label"),
        ("- I do", "- None", "has the options ['none'"),
        ("required: true", "needed: true", "asks for more"),
        ("required: true", "required: yes please", "asks for more"),
        ("name: A new page", "name: New", "name is too short"),
    ],
)
def test_a_form_that_github_would_refuse_is_seen(
    old: str, new: str, message: str
) -> None:
    text = FORMS["3-new-page"]
    assert old in text
    found = list(faults(text.replace(old, new, 1)))
    assert any(message in fault for fault in found), found


def test_the_chooser_of_forms_is_what_github_takes() -> None:
    chooser = yaml.safe_load((TEMPLATES / "config.yml").read_text())
    assert chooser == {"blank_issues_enabled": False}


def test_a_request_is_described_in_the_order_of_its_review() -> None:
    asked = (ROOT / GUIDES[2]).read_text()
    review = (ROOT / GUIDES[0]).read_text().partition("## Review a ")[2]
    words = [
        re.findall(r"^\d\. \*\*(.*?)[.,:]?\*\*", text, re.MULTILINE)
        for text in (asked, review)
    ]
    first = [[re.findall(r"\w{4,}", line.lower()) for line in lines] for lines in words]
    assert len(first[0]) == len(first[1]) == 7
    for ours, theirs in zip(*first, strict=True):
        assert set(ours) & set(theirs), (ours, theirs)


def test_hooks_need_nothing_but_what_is_installed() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    for hook in hooks["repos"][0]["hooks"]:
        assert hook["language"] == "unsupported", hook  # nothing of its own
        assert hook["entry"].startswith(".venv/bin/"), hook


@pytest.mark.parametrize("name", GUIDES)
def test_the_commands_that_a_guide_names_are_there(name: str) -> None:
    text = " ".join((ROOT / name).read_text().split())
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line in re.findall(r"`(?:\w+=\w+ )?make ([^`]*)`", text):
        wanted = [word for word in line.split() if "=" not in word]
        assert set(wanted) <= set(targets), line
    calls = re.findall(r"`(?:\.venv/bin/)?python -m site_src ([^`]*)`", text)
    assert calls
    for call in calls:
        parser().parse_args(shlex.split(call.replace("...", "")))


def test_a_command_that_is_not_there_is_seen() -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["verify", "family/slug"])
