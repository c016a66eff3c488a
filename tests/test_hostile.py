"""Pages that attack who runs them: each is held, or said to be untried here.

The same pages run a second time in a copy of the project without the controls, and
must get through there: an attack that cannot succeed would prove nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attack import CANARY, HOSTILE, Attack, attack
from conftest import Project

from site_src.execution.isolation import CONTROLS

PAGES = sorted(path.stem for path in HOSTILE.glob("*.md"))
EXPECTED = re.compile(r"<!-- expect: (.*) -->")
# What a page can do only to who lets it run, not to who keeps it from all else.
KEPT_IN_THE_STORE = re.compile(r"project/\.build/store/(pages)/(\w+)/\w+\.json")


def held_by(name: str) -> list[str]:
    """The controls of which any one holds the page; none when it needs none."""
    found = re.search(r"<!-- held by: (.*) -->", (HOSTILE / f"{name}.md").read_text())
    assert found, name
    return [word for word in found[1].split() if word != "always"]


HELD_BEHIND = [name for name in PAGES if {"files", "root"} & set(held_by(name))]
HELD_BY_THE_SYSTEM = [name for name in PAGES if held_by(name)]


@pytest.fixture(scope="module")
def armed(tmp_path_factory: pytest.TempPathFactory) -> Attack:
    """The corpus against the controls that this machine gives."""
    return attack(tmp_path_factory.mktemp("armed"), PAGES, lambda root: None)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Attack:
    """The corpus against a project without them."""
    names = [*HELD_BY_THE_SYSTEM, "reads_environment"]
    return attack(tmp_path_factory.mktemp("bare"), names, without_controls)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Attack:
    """The corpus where the first line has fallen: no Landlock, no other user."""
    return attack(tmp_path_factory.mktemp("behind"), HELD_BEHIND, without_first_line)


def without_first_line(root: Path) -> None:
    """Leave namespaces, a root of its own and the loss of capabilities."""
    path = root / "site_src" / "execution" / "isolation.py"
    text = path.read_text()
    for old, new in (
        ("if quiet and landlock.confine(", "if False and landlock.confine("),
        ("self._as_root = os.geteuid() == 0", "self._as_root = False"),
    ):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def without_controls(root: Path) -> None:
    """Take the controls out of a copy of the project."""
    for name, old, new in (
        (
            "isolation",
            "        if not self._linux:\n            return\n",
            "        return\n",
        ),
        ("page_server", "if k in _ENVIRONMENT}", "}"),
    ):
        path = root / "site_src" / "execution" / f"{name}.py"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def test_the_corpus_says_what_holds_each_page() -> None:
    assert len(PAGES) >= 12
    named = {control for name in PAGES for control in held_by(name)}
    assert named <= set(CONTROLS)
    # A page that starts too many processes meets its own limit first.
    assert set(CONTROLS) - named == {"tasks"}


@pytest.mark.parametrize("name", PAGES)
def test_a_hostile_page_is_held(
    name: str, armed: Attack, record_property: Callable[[str, object], None]
) -> None:
    expected = EXPECTED.search((HOSTILE / f"{name}.md").read_text())
    if expected:
        assert f"docs/{name}.md:" in armed.done.stderr
        assert expected[1] in armed.done.stderr
        assert armed.output(name) == ""
        return
    needs = held_by(name)
    if needs and not set(needs) & set(armed.controls):
        record_property("untried", f"{name} (needs {' or '.join(needs)})")
        return
    assert armed.output(name) == "held"


@pytest.mark.parametrize("name", HELD_BEHIND)
def test_what_stands_behind_holds_alone(
    name: str, behind: Attack, record_property: Callable[[str, object], None]
) -> None:
    assert "user" not in behind.controls
    if "root" not in behind.controls:
        record_property("untried", f"{name} (needs root)")
        return
    assert behind.output(name) == "held"


DROPS = """
import ctypes, re
from site_src.execution.isolation import _drop_capabilities
def own():
    status = open("/proc/self/status").read()
    return int(re.search(r"CapEff:\\s*(\\w+)", status)[1], 16)
libc = ctypes.CDLL(None)
own() or libc.unshare(0x10000000)
before, dropped = own(), _drop_capabilities(libc)
print(before > 0, dropped, own() == 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is nothing to take away")
def test_capabilities_are_dropped(
    record_property: Callable[[str, object], None],
) -> None:
    done = subprocess.run([sys.executable, "-c", DROPS], capture_output=True, text=True)
    had, *rest = done.stdout.split()
    if had == "False":
        record_property("untried", "dropping capabilities (there is none to gain)")
    assert rest == ["True", "True"], done.stderr


def test_nothing_outside_has_changed(armed: Attack) -> None:
    """Files, servers, programs and shared memory; where the control is there."""
    stored = {}
    for path in armed.changed:
        found = KEPT_IN_THE_STORE.fullmatch(path)
        mode = path == "project/docs/index.md" and "root" not in armed.controls
        ours = re.fullmatch(r"project/\.build/(quiet|gate)\.lock", path)  # supervisor's
        assert found or mode or ours or "files" not in armed.controls, path
        if found:
            stored[found[2]] = path
    assert stored.keys() <= {*PAGES, "victim"}
    if "network" in armed.controls:
        assert not {"tcp", "udp"} & set(armed.reached)
    if "root" in armed.controls:
        assert "unix" not in armed.reached
    if "processes" in armed.controls:
        assert armed.ended == []
        assert not armed.left
    leaks = [
        path
        for path in (armed.root / ".build").rglob("*")
        if path.is_file() and CANARY in path.read_text(errors="replace")
    ]
    assert leaks == []


def test_the_victim_says_its_own_words(armed: Attack) -> None:
    assert armed.output("victim") == "my own words"
    assert "victim" not in armed.done.stderr.replace("victim: never run", "").replace(
        "victim: ok", ""
    )


def test_nothing_runs_on(armed: Attack) -> None:
    time.sleep(0.2)
    assert armed.root.exists()
    assert list((armed.root / ".build" / "work").iterdir()) == []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            target = str(link.readlink())
        except OSError:
            continue
        assert not target.startswith(str(armed.root)), link


@pytest.mark.skipif(sys.platform != "linux", reason="there is nothing to take away")
@pytest.mark.parametrize("name", [*HELD_BY_THE_SYSTEM, "reads_environment"])
def test_without_the_controls_a_page_gets_through(
    name: str, bare: Attack, armed: Attack
) -> None:
    none_to_gain = os.geteuid() != 0 and "network" not in armed.controls
    if name == "gains_capabilities" and none_to_gain:
        assert bare.output(name) == "held"
    else:
        assert bare.output(name) == "got through"


def test_the_controls_are_what_keeps_things_as_they_are(bare: Attack) -> None:
    assert sorted(bare.reached) == ["tcp", "udp", "unix"]
    assert set(bare.ended) == {"signals_others", "traces_others"}
    assert bare.left
    assert "project/snippets/planted.py" in bare.changed
    assert "project/docs/victim.md" in bare.changed


def test_a_run_can_insist_on_every_control(project: Project) -> None:
    """Where one is missing, no line of the page's code is run."""
    without_controls(project.root)
    project.page("page", '# P\n\n```python exec="1"\nprint(1)\n```\n')
    done = project.call("run", "--isolated")
    assert done.returncode == 1
    text = "docs/page.md:3: block 1: not run: this machine lacks the control of network"
    assert text in done.stderr
    assert "0 pages executed" in done.stdout
