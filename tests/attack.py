"""Run the corpus of hostile pages with something to steal and to break around them."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from conftest import Project, make_project

HOSTILE = Path(__file__).parent / "hostile"
CANARY = "canary-5f2d81"
FONTS = "home/.cache/matplotlib/fontlist"
VICTIM = '# Victim\n\n```python exec="1"\nprint("my own words")\n```\n'


@dataclass
class Attack:
    """One run of the corpus.

    Args:
        root: The project in which it ran.
        done: How `python -m site_src run` ended.
        changed: Files outside of the pages' reach that are not as they were.
        reached: Servers outside ("tcp", "udp", "unix") that a page spoke to.
        ended: Pages whose sentinel, a program beside them, was ended or stopped.
        left: Whether a page left shared memory behind.
    """

    root: Path
    done: subprocess.CompletedProcess[str]
    changed: list[str]
    reached: list[str]
    ended: list[str]
    left: bool

    @property
    def controls(self) -> list[str]:
        """What the run says was in force."""
        line = re.search(r"isolated by: ([^;\n]*)", self.done.stdout)
        assert line, self.done
        return line[1].split(", ")

    def output(self, name: str) -> str:
        """What the page published; "" when it failed."""
        for path in (self.root / ".build/store/pages" / name).glob("*.json"):
            text: str = json.loads(path.read_text())["blocks"][0]["output"]
            return text.strip()
        return ""


def attack(
    folder: Path, names: Sequence[str], change: Callable[[Path], None]
) -> Attack:
    """Run hostile pages beside a good one.

    Args:
        folder: Where the project is made.
        names: Pages of the corpus.
        change: Is given the project before anything runs.
    """
    project = make_project(folder / "project")
    change(project.root)
    home = folder / "home"
    _plant(project, home)
    key = int(hashlib.sha256(str(folder).encode()).hexdigest()[:7], 16)
    words: dict[str, object] = {"HOME": home, "ROOT": project.root, "KEY": key}
    with contextlib.ExitStack() as stack:
        servers, where = _servers(stack)
        words |= {"CANARY": CANARY, **where}
        _segment(stack, key, create=True)
        sentinels = {name: _sentinel(stack) for name in names}
        for name in names:
            words["PID"] = sentinels[name].pid
            text = (HOSTILE / f"{name}.md").read_text()
            for word, value in words.items():
                text = text.replace(f"@{word}@", str(value))
            project.page(name, text)
        before = _contents(folder)
        done = subprocess.run(
            [sys.executable, "-m", "site_src", "run"],
            cwd=project.root,
            env=os.environ | {"A_SECRET": CANARY, "HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        after = _contents(folder)
        return Attack(
            root=project.root,
            done=done,
            changed=[n for n in {**before, **after} if before.get(n) != after.get(n)],
            reached=[n for n, s in servers.items() if select.select([s], [], [], 0)[0]],
            ended=[n for n, s in sentinels.items() if not _sleeps(s)],
            left=_segment(stack, key + 1, create=False),
        )


def _plant(project: Project, home: Path) -> None:
    for path, text in (
        (home / ".ssh" / "id_ed25519", CANARY),
        (home / ".bashrc", "# mine"),
        (project.root / ".git" / "config", f"extraheader = {CANARY}"),
        (project.root / "site" / "index.html", "<p>published"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    project.page("victim", VICTIM)


def _servers(
    stack: contextlib.ExitStack,
) -> tuple[dict[str, socket.socket], dict[str, object]]:
    tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = tcp.getsockname()[1]
    udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    udp.bind(("127.0.0.1", port))
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    folder.chmod(0o755)
    unix = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    unix.bind(str(folder / "s"))
    (folder / "s").chmod(0o777)
    unix.listen()
    servers = {"tcp": tcp, "udp": udp, "unix": unix}
    return servers, {"PORT": port, "SOCKET": folder / "s"}


def _segment(stack: contextlib.ExitStack, key: int, *, create: bool) -> bool:
    """Make a segment of shared memory, or find the one of a page; remove it later."""
    libc = ctypes.CDLL(None)
    handle = libc.shmget(key, 4096, 0o1666 if create else 0)
    if handle >= 0:
        stack.callback(libc.shmctl, handle, 0, None)
    return bool(handle >= 0)


def _sentinel(stack: contextlib.ExitStack) -> subprocess.Popen[bytes]:
    sentinel = subprocess.Popen(["sleep", "600"], env={"A_SECRET": CANARY})
    stack.callback(sentinel.wait)
    stack.callback(sentinel.kill)
    return sentinel


def _sleeps(sentinel: subprocess.Popen[bytes]) -> bool:
    if sentinel.poll() is not None:
        return False
    state = Path(f"/proc/{sentinel.pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "S"


def _contents(folder: Path) -> dict[str, str]:
    """Every file's hash and mode, apart from what a run writes of its own."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        # The font cache is made by matplotlib before there is a page.
        ours = name.startswith(("project/.build/work", "project/node_modules", FONTS))
        if path.is_file() and not ours and "__pycache__" not in name:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[name] = f"{path.stat().st_mode:o} {digest}"
    return found
