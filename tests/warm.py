"""Commands in programs that have imported the slow libraries already.

`python -m site_src` spends most of a small build's time on importing torch. Here one
process imports what commands need from others, and forks for every call: the child
has nothing of this repository in it, and runs the project's own code, or a snippet's,
as its main program. What a test wants to know of the start itself it must start itself.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# Elsewhere forking after an import is not safe, and for few calls it takes longer.
WORKER = "PYTEST_XDIST_WORKER"
WARM = sys.platform == "linux" and WORKER in os.environ
LIBRARIES = [
    *("torch", "torch._dynamo", "matplotlib.pyplot", "numpy", "yaml", "pydantic"),
    *("mkdocs.commands.build", "material.plugins", "material.extensions.emoji"),
    *("mkdocstrings", "mkdocstrings_handlers.python", "markdown_exec", "pymdownx"),
    *("pygments.lexers", "selectolax.lexbor", "pybtex.database", "fontTools.subset"),
    *("onnx", "onnxscript", "markdownify", "babel", "rich.progress"),
]
FIXED = {
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    **{"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"},
}


def call(
    root: Path, arguments: Sequence[str], limit: float = 300
) -> subprocess.CompletedProcess[str]:
    """Call `python -m site_src` of a project.

    Args:
        root: The project.
        arguments: What follows.
        limit: Seconds.

    Raises:
        subprocess.TimeoutExpired: It took longer.
    """
    return _forked(root, limit, _command, list(arguments))


def script(
    path: Path, without: Collection[str], limit: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a file in its folder, with an error for what is deprecated.

    Args:
        path: The file.
        without: Modules that cannot be imported.
        limit: Seconds.

    Raises:
        subprocess.TimeoutExpired: It took longer.
    """
    if WARM:
        return _forked(path.parent, limit, _script, [path.name, *without])
    program = (
        "import runpy, sys, torch, warnings\n"
        "warnings.simplefilter('error', DeprecationWarning)\n"
        f"sys.modules.update(dict.fromkeys({without!r}))\n"
        f"runpy.run_path({path.name!r}, run_name='__main__')\n"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", program],
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )


def _forked(
    folder: Path,
    limit: float,
    target: Callable[[Sequence[str]], None],
    given: Sequence[str],
) -> subprocess.CompletedProcess[str]:
    environ = dict(os.environ)
    os.environ.update(FIXED)  # for the process that forks, which the first call starts
    with tempfile.TemporaryDirectory() as place:
        said = [Path(place, name) for name in ("out", "err")]
        context: Any = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(LIBRARIES)
        arguments = (folder, environ, said, target, given)
        child = context.Process(target=_begin, args=arguments)
        child.start()
        _set(environ)
        child.join(limit)
        if child.is_alive():
            child.kill()
            raise subprocess.TimeoutExpired(list(given), limit)
        texts = [path.read_text() if path.exists() else "" for path in said]
    return subprocess.CompletedProcess(list(given), child.exitcode, *texts)


def _set(environ: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)


def _begin(
    folder: Path,
    environ: Mapping[str, str],
    said: Sequence[Path],
    target: Callable[[Sequence[str]], None],
    given: Sequence[str],
) -> None:
    assert "site_src" not in sys.modules
    threads = os.listdir(f"/proc/{os.getppid()}/task")  # noqa: PTH208
    assert len(threads) == 1, "one of the libraries starts a thread; it must not fork"
    _set({name: text for name, text in environ.items() if name != WORKER})
    for number, path in enumerate(said, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    ours = {str(ROOT), str(ROOT / "tests"), ""}
    sys.path[:] = [place for place in sys.path if place not in ours]
    target(given)


def _command(arguments: Sequence[str]) -> None:
    sys.argv = ["site_src", *arguments]
    sys.path.insert(0, str(Path.cwd()))
    real, waiting = subprocess.Popen, [Standby()]

    def popen(command: Sequence[str], *given: Any, **named: Any) -> Any:
        if waiting and str(command[1]).endswith("/execution/server.py"):
            return waiting.pop().start(list(command[1:]), **named)
        return real(command, *given, **named)

    subprocess.Popen = popen  # type: ignore[misc,assignment]
    runpy.run_module("site_src", run_name="__main__", alter_sys=True)


def _script(words: Sequence[str]) -> None:
    sys.argv, without = [words[0]], words[1:]
    sys.modules.update(dict.fromkeys(without))  # type: ignore[arg-type]
    warnings.simplefilter("error", DeprecationWarning)
    runpy.run_path(words[0], run_name="__main__")


class Standby:
    """A page server in waiting, forked before any code of the project is here.

    It takes the place of the `Popen` that starts `server.py`.
    """

    def __init__(self) -> None:
        asked, self._ask = os.pipe()
        (inward, into), (out_of, outward) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if not self.pid:
            for ours in (self._ask, into, out_of):
                os.close(ours)
            os.dup2(inward, 0)
            os.dup2(outward, 1)
            _serve(asked)
        for theirs in (asked, inward, outward):
            os.close(theirs)
        self.stdin = os.fdopen(into, "wb", buffering=0)
        self.stdout = os.fdopen(out_of, "rb", buffering=0)

    def start(
        self, words: Sequence[str], env: Mapping[str, str], stderr: Any, **_: Any
    ) -> Standby:
        """Let it serve; it is asked for once in a program."""
        log = f"/proc/{os.getpid()}/fd/{stderr.fileno()}"
        with os.fdopen(self._ask, "w") as line:
            json.dump([list(words), dict(env), log], line)
        return self

    def wait(self, timeout: float = 0) -> None:
        """Wait for its end, as `server.py` ends when nobody speaks to it."""
        os.waitpid(self.pid, 0)

    def kill(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)


def _serve(asked: int) -> None:
    code = 1
    try:
        with os.fdopen(asked) as line:
            if text := line.read():  # and nothing where no page is to be executed
                sys.argv, environ, log = json.loads(text)
                os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), 2)
                _set(environ)
                runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        print(end, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
