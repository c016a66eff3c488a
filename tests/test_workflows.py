"""What the workflows may do: each rule, and zizmor's, seen to fail when broken."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.yml"))}
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

Rule = Callable[[str, str], Iterator[str]]


def jobs(text: str) -> dict[str, Any]:
    """The jobs of a workflow."""
    found: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return found


def permissions_are_explicit(name: str, text: str) -> Iterator[str]:
    """None at the top; each job says what it needs, and writes only to deploy."""
    if yaml.safe_load(text).get("permissions") != {}:
        yield "the workflow has permissions"
    for job, content in jobs(text).items():
        granted = content.get("permissions")
        if not granted:
            yield f"{job} does not say what it needs"
        elif "write" in granted.values() and (name, job) != ("publish", "deploy"):
            yield f"{job} may write"


def actions_are_pinned(_: str, text: str) -> Iterator[str]:
    """By commit, with the version beside it."""
    for used in re.findall(r"uses: *(.*)", text):
        if not PINNED.fullmatch(used):
            yield f"{used} is not pinned"


def events_are_safe(name: str, text: str) -> Iterator[str]:
    """Pull requests reach one workflow, by the event that gives no token."""
    events = set(yaml.safe_load(text)[True])  # YAML takes `on` for true
    allowed = {
        "check": {"pull_request"},
        "publish": {"push", "workflow_dispatch"},
        "nightly": {"schedule", "workflow_dispatch"},
    }
    for event in sorted(events - allowed[name]):
        yield f"it runs on {event}"


def nothing_secret_is_near(name: str, text: str) -> Iterator[str]:
    """No secret, no credential in a checkout, no cache that a request can write."""
    if "secrets." in text or "secrets:" in text:
        yield "it uses a secret"
    for job, content in jobs(text).items():
        for step in content["steps"]:
            used, options = step.get("uses", ""), step.get("with", {})
            if used.startswith("actions/checkout@") and (
                options.get("persist-credentials") is not False
            ):
                yield f"{job} keeps the credentials of its checkout"
            if used.startswith(("actions/cache@", "actions/cache/save@")) and (
                name != "publish"
            ):
                yield f"{job} writes a cache"


def who_deploys_runs_nothing(_: str, text: str) -> Iterator[str]:
    """A job that may write takes what is built, and holds no code of ours."""
    for job, content in jobs(text).items():
        if "write" not in (content.get("permissions") or {}).values():
            continue
        for step in content["steps"]:
            if not step.get("uses", "").startswith("actions/deploy-pages@"):
                yield f"{job} does more than deploy"


def pages_run_isolated(_: str, text: str) -> Iterator[str]:
    """Pages are executed by .ci/execute, which insists on every control."""
    for job, content in jobs(text).items():
        for step in content["steps"]:
            if re.search(r"site_src (run|seeds|build|serve)", step.get("run", "")):
                yield f"{job} executes pages without the controls"


RULES: list[Rule] = [
    permissions_are_explicit,
    actions_are_pinned,
    events_are_safe,
    nothing_secret_is_near,
    who_deploys_runs_nothing,
    pages_run_isolated,
]
PLANTED: list[tuple[Rule, str, str, str]] = [
    (permissions_are_explicit, "check", "permissions: {}", "permissions: read-all"),
    (
        permissions_are_explicit,
        "check",
        "      contents: read",
        "      contents: write",
    ),
    (
        permissions_are_explicit,
        "nightly",
        "    permissions:\n      contents: read\n",
        "",
    ),
    (actions_are_pinned, "check", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7"),
    (actions_are_pinned, "publish", " # v5.0.0", ""),
    (events_are_safe, "check", "  pull_request:", "  pull_request_target:"),
    (events_are_safe, "publish", "  push:", "  workflow_run:"),
    (
        nothing_secret_is_near,
        "check",
        "persist-credentials: false",
        "persist-credentials: true",
    ),
    (nothing_secret_is_near, "check", "cache/restore@", "cache@"),
    (nothing_secret_is_near, "publish", "github.token", "secrets.TOKEN"),
    (
        who_deploys_runs_nothing,
        "publish",
        "      - id: deployment",
        "      - run: make site\n      - id: deployment",
    ),
    (pages_run_isolated, "publish", ".ci/execute", "python -m site_src"),
]


@pytest.mark.parametrize("name", WORKFLOWS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_workflow_keeps_the_rules(rule: Rule, name: str) -> None:
    assert list(rule(name, WORKFLOWS[name])) == []


@pytest.mark.parametrize(("rule", "name", "old", "new"), PLANTED)
def test_a_broken_rule_is_seen(rule: Rule, name: str, old: str, new: str) -> None:
    assert old in WORKFLOWS[name]
    assert list(rule(name, WORKFLOWS[name].replace(old, new)))


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    """Audit workflows without asking anybody."""
    command = [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress"]
    return subprocess.run(
        [*command, "--min-severity=medium", folder],
        capture_output=True,
        text=True,
        check=False,
    )


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    done = zizmor(ROOT / ".github")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings" in done.stdout + done.stderr
    broken = tmp_path / ".github" / "workflows" / "check.yml"
    broken.parent.mkdir(parents=True)
    title = "      - run: echo ${{ github.event.pull_request.title }}\n"
    broken.write_text(WORKFLOWS["check"].rstrip() + "\n" + title)
    done = zizmor(tmp_path)
    assert done.returncode != 0
    assert "template-injection" in done.stdout


def script(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call a script of .ci/."""
    command = [ROOT / ".ci" / name, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_torch_versions_of_the_headers_are_listed(tmp_path: Path) -> None:
    listing = tmp_path / ".ci" / "torch_versions"
    listing.parent.mkdir()
    shutil.copy(ROOT / ".ci" / "torch_versions", listing)
    for name, line in (("a", "2.9.1, 2.13.0"), ("b", "2.10.0"), ("c", "2.13.0")):
        path = tmp_path / "snippets" / "family" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'"""A header.\n\nTorch versions: {line}\nSPDX: MIT\n"""\n')
    found = subprocess.run([listing], capture_output=True, text=True, check=True)
    assert found.stdout == '["2.9.1","2.13.0"]\n'


def test_old_records_are_listed() -> None:
    assert script("old_records", "100000").returncode == 0
    done = script("old_records", "-1")
    assert done.returncode == 1
    assert "docs/measurements/" in done.stdout
