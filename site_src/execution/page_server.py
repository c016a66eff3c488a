"""The page server as a child process of ours; what runs in it is server.py."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# All that a page can know of the environment of the person who runs it: a process
# can read what it was started with, also after it has cleared its variables.
_ENVIRONMENT = frozenset(
    [
        *("PATH", "HOME", "LANG", "LC_ALL", "TZ"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
        *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"),
    ]
)


class Server:
    """Starts pages; one server may serve many runs.

    Args:
        fork: Whether it may import the slow libraries before it forks.
    """

    def __init__(self, *, fork: bool) -> None:
        environ = {k: v for k, v in os.environ.items() if k in _ENVIRONMENT} | {
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MPLBACKEND": "agg",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, str(Path(__file__).with_name("server.py"))]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            command if fork else [*command, "--bare"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environ,
        )

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._log.close()

    def close(self) -> None:
        """End the server, and with it every page that is running."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def submit(self, job: dict[str, Any]) -> None:
        """Start a page; see `schedule` for what a job holds."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self._died()

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield events until the caller stops asking."""
        assert self.process.stdout is not None
        buffer = b""
        handle = self.process.stdout.fileno()
        while True:
            select.select([handle], [], [])
            piece = os.read(handle, 1 << 16)
            if not piece:
                self._died()
            *lines, buffer = (buffer + piece).split(b"\n")
            for line in lines:
                yield json.loads(line)

    def _died(self) -> None:
        self._log.seek(0)
        text = self._log.read().decode(errors="replace").strip()
        raise RuntimeError(f"the page server ended: {text or 'without a word'}")
