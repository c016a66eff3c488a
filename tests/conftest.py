"""What several tests need: small projects of their own, and one page server."""

from __future__ import annotations

import fcntl
import html
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import warm

from site_src.execution.page_server import Server
from site_src.execution.schedule import Options

ROOT = Path(__file__).parents[1]


@dataclass
class Project:
    """A copy of the repository's machinery with pages of the test's own."""

    root: Path

    def page(self, name: str, text: str) -> Path:
        """Write docs/<name>.md."""
        path = self.root / "docs" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def section(self, page: str, name: str) -> str:
        """The HTML of a built page's section of a class, such as "verification"."""
        text = (self.root / "site" / page / "index.html").read_text()
        found = re.search(rf'<section class="{name}".*?</section>', text, re.DOTALL)
        assert found, f"{page} has no section {name}"
        return found[0]

    def call(
        self, *arguments: str, afresh: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Call `python -m site_src`; `afresh` as a person would, slowly."""
        if warm.WARM and not afresh:
            return warm.call(self.root, arguments)
        return subprocess.run(
            [sys.executable, "-m", "site_src", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def words(text: str) -> str:
    """HTML without its tags."""
    text = re.sub(r"<[^>]+>", " ", text.replace("<wbr>", ""))
    return " ".join(html.unescape(text).split())


def make_project(root: Path) -> Project:
    """Copy what a build needs, but no pages."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("site_src", "snippets"):
        shutil.copytree(ROOT / name, root / name, ignore=ignore)
    for name in ("mkdocs.yml", "package.json"):
        shutil.copy(ROOT / name, root / name)
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    fonts = ROOT / ".build" / "fonts"  # by their content, so it is the same for all
    fonts.mkdir(parents=True, exist_ok=True)
    (root / ".build").mkdir()
    (root / ".build" / "fonts").symlink_to(fonts)
    (root / "docs").mkdir()
    (root / "docs" / "index.md").write_text("# Home\n")
    return Project(root)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what passed without having been tried, with what it would take."""
    untried = [
        str(value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "untried"
    ]
    if untried:
        terminalreporter.section("not tried: this machine lacks the control")
        terminalreporter.write_line("\n".join(sorted(untried)))


@pytest.fixture(scope="session")
def toy_site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The toy project with a record, published once for all tests, which only read."""
    from toy import make_toy, save_record

    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # the same for all workers
    root, made = base / "toy_site", base / "toy_site.made"
    with (base / "toy_site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(root, ignore_errors=True)
            project = make_toy(root)
            save_record(root)
            done = project.call("-q", "build")
            assert done.returncode == 0, done.stderr
            made.touch()
    return Project(root)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without pages."""
    return make_project(tmp_path / "project")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One warm page server for all tests of a process."""
    with Server(fork=Options().fork) as running:
        yield running
