"""A warm call is what a call afresh is, but for the time it takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import warm
from conftest import Project

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no fork is safe here")

PROGRAM = """\
import os, sys
sys.path[1:] = []  # what is left are the project's own modules
import beside
print(os.environ.get("GIVEN"), os.environ.get("PYTHONHASHSEED"), os.getcwd())
print(*sys.argv[1:], __name__, beside.HERE, file=sys.stderr)
sys.exit(3)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose command says what it was given."""
    (tmp_path / "site_src").mkdir()
    (tmp_path / "site_src" / "__main__.py").write_text(PROGRAM)
    (tmp_path / "beside.py").write_text("HERE = 'of the project'\n")
    return Project(tmp_path)


def test_it_is_what_a_call_afresh_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in ("one", "two"):  # the process that forks began before the second
        monkeypatch.setenv("GIVEN", value)
        warmly = warm.call(project.root, ["a", "b"])
        afresh = project.call("a", "b", afresh=True)
        seed = os.environ.get("PYTHONHASHSEED")
        assert warmly.stdout == afresh.stdout == f"{value} {seed} {project.root}\n"
        assert warmly.stderr == afresh.stderr == "a b __main__ of the project\n"
        assert warmly.returncode == afresh.returncode == 3


def test_what_it_raises_is_told(project: Project) -> None:
    (project.root / "beside.py").write_text("raise ValueError('planted')\n")
    done = warm.call(project.root, [])
    assert done.returncode == 1
    assert done.stderr.endswith("ValueError: planted\n")


def test_one_that_hangs_is_ended(project: Project) -> None:
    (project.root / "beside.py").write_text("while True: pass\n")
    with pytest.raises(subprocess.TimeoutExpired):
        warm.call(project.root, [], limit=1)
