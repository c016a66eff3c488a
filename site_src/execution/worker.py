"""The process of one page: runs its blocks in order and reports what they used."""

from __future__ import annotations

import contextlib
import itertools
import json
import linecache
import os
import random
import re
import resource
import shutil
import sys
import traceback
import types
from pathlib import Path
from typing import Any, NoReturn

from site_src.execution import guard, quiet, session
from site_src.execution.isolation import Isolation, missing
from site_src.problem import Problems

_IN_SCRATCH = (
    *("HOME", "TMPDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME"),
    "TORCHINDUCTOR_CACHE_DIR",
)
_NOT_A_NUMBER = re.compile(r"(?<![\w#.-])-?(nan|NaN|inf|Infinity)(?![\w(])")
_TAGS = re.compile(r"<svg.*?</svg>|<[^>]*>", re.DOTALL)


def work(job: dict[str, Any], pipe: int, isolation: Isolation) -> NoReturn:
    """Run a job's blocks, send what came of them through `pipe`, and exit.

    Args:
        job: page, blocks, limits and paths, as made by the schedule.
        pipe: Where messages go, one JSON line each (see `messages`).
        isolation: Separated already, not yet confined.
    """
    code = 1
    try:
        _Worker(job, pipe, isolation).run()
        code = 0
    except _Failed:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


class _Failed(Exception):
    """A block failed; the message has been sent."""


class OutputFlood(RuntimeError):
    """A block printed more than it may."""


class _Printed:
    """Takes the place of sys.stdout while a block runs."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, limit: int) -> None:
        self.limit, self.size, self.parts = limit, 0, list[str]()

    def write(self, text: str) -> int:
        self.size += len(text.encode())
        if self.size > self.limit:
            raise OutputFlood(f"the block printed more than {self.limit // 1024} KiB")
        self.parts.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is buffered."""

    def isatty(self) -> bool:
        return False


class _Worker:
    def __init__(self, job: dict[str, Any], pipe: int, isolation: Isolation) -> None:
        self.job, self._pipe, self._isolation = job, pipe, isolation
        self._dumps, self._write = json.dumps, os.write  # before page code can patch
        self.root = Path(job["root"])
        self.scratch = Path(job["scratch"])

    def send(self, **message: Any) -> None:
        line = self._dumps(message, allow_nan=False).encode() + b"\n"
        view = memoryview(line)
        while view:
            view = view[self._write(self._pipe, view) :]

    def run(self) -> None:
        self._isolate()
        self.send(kind="isolated", controls=self._isolation.in_force)
        lacking = missing(self._isolation.in_force)
        if self.job["isolated"] and lacking:
            text = f"not run: this machine lacks the control of {', '.join(lacking)}"
            first = self.job["blocks"][0]["line"]
            self.send(kind="failed", index=0, line=first, message=text, detail="")
            raise _Failed
        guarded = guard.Guard(self.root, self.scratch)
        with guarded.paused():
            self._prepare()
        state = session.Session(self.job, guarded, self.send)
        session.current = state
        quiet.give_way_between_steps(state)
        page = types.ModuleType("page")
        page.__file__ = self.job["path"]
        sys.modules["page"] = page
        guarded.install()
        outputs = []
        for block in self.job["blocks"]:
            outputs.append(self._block(block, page, state))
        with guarded.paused():
            used = state.used()
            self.send(
                kind="end",
                blocks=outputs,
                units=state.units,
                torch=_torch_facts(),
                **used,
            )

    def _isolate(self) -> None:
        """Leave the parent's files, handles, environment and network behind."""
        log = os.open(self.job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        last = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        locks = [self.job[name] for name in quiet.LOCKS]
        kept = sorted([2, self._pipe, *locks, last])
        for handle, following in itertools.pairwise(kept):
            os.closerange(handle + 1, following)
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        for name in _IN_SCRATCH:
            os.environ[name] = str(self.scratch)
        os.environ["USER"] = "page"  # there may be no entry for our number
        self._isolation.confine(seconds=self.job["limits"]["page"])
        os.chdir(self.scratch)

    def _prepare(self) -> None:
        """Seed, one thread, the figures' style, and lines for tracebacks to show."""
        import torch

        from site_src.figures import style

        torch.set_num_threads(self.job["threads"])
        guard.refuse_unseen_reads()
        style.apply()
        session.seed_everything(self.job["seed"])
        random.seed(self.job["seed"])
        path, lines = self.job["path"], [""]
        for block in self.job["blocks"]:
            lines += [""] * (block["line"] + 1 - len(lines))
            lines += block["code"].splitlines()
        text = [line + "\n" for line in lines[1:]]
        linecache.cache[path] = (sum(map(len, text)), None, text, path)

    def _block(
        self, block: dict[str, Any], page: types.ModuleType, state: session.Session
    ) -> dict[str, Any]:
        index, limit = block["index"], int(self.job["limits"]["output"] * 1024)
        quiet.give_way(state)
        self.send(kind="begin", index=index)
        state.begin(block)
        printed = _Printed(limit)
        try:
            with contextlib.redirect_stdout(printed):
                padded = "\n" * block["line"] + block["code"]
                exec(compile(padded, self.job["path"], "exec"), page.__dict__)
        except BaseException as error:
            self._fail(block, error)
        text = "".join(printed.parts)
        fault = _output_fault(text, block)
        if fault:
            line = _line_of_output(text, block) if "not a number" in fault else None
            self.send(
                kind="failed",
                index=index,
                line=line or block["line"],
                message=fault,
                detail="",
            )
            raise _Failed
        return {
            "hash": block["hash"],
            "output": text,
            "claims": state.claims,
            "benchmarks": state.benchmarks,
            "files": state.files,
        }

    def _fail(self, block: dict[str, Any], error: BaseException) -> NoReturn:
        line, detail = locate(error, self.job["path"], self._lines())
        faults: list[list[Any]] = []
        if isinstance(error, Problems):  # it knows its lines better than we do
            faults = [[p.path, p.line, p.message] for p in error.problems]
            line, what, detail = error.problems[0].line, faults[0][2], ""
        elif isinstance(error, SystemExit):
            what = f"the block called sys.exit({error.code!r})"
        elif isinstance(error, OutputFlood):
            what = str(error)
        else:
            text = str(error).strip().split("\n")[0]
            what = f"{type(error).__name__}: {text}" if text else type(error).__name__
        self.send(
            kind="failed",
            index=block["index"],
            line=line or block["line"],
            message=what,
            detail=detail,
            faults=faults,
        )
        raise _Failed from None

    def _lines(self) -> dict[int, str]:
        return {
            block["line"] + 1 + offset: text
            for block in self.job["blocks"]
            for offset, text in enumerate(block["code"].splitlines())
        }


def locate(
    error: BaseException, path: str, lines: dict[int, str]
) -> tuple[int | None, str]:
    """The innermost line of the page in a traceback, and the page's frames as text."""
    frames = [
        (frame.lineno, frame.name)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == path and frame.lineno
    ]
    if isinstance(error, SyntaxError) and error.filename == path:
        frames.append((error.lineno or 1, "<module>"))
    detail = []
    for number, name in frames:
        where = "" if name == "<module>" else f" in {name}"
        detail.append(f"    {path}:{number}{where}")
        detail.append(f"        {lines.get(number, '').strip()}")
    return (frames[-1][0] if frames else None), "\n".join(detail)


def _output_fault(text: str, block: dict[str, Any]) -> str:
    if block["silent"] and text.strip():
        return 'the block prints something; drop output="none"'
    if not block["silent"] and not text.strip():
        return 'the block prints nothing; print a result or say output="none"'
    found = _NOT_A_NUMBER.search(_TAGS.sub(" ", text))
    if found:
        return f"the block printed {found[0]}, which is not a number to publish"
    return ""


def _line_of_output(text: str, block: dict[str, Any]) -> int | None:
    """The one print of a block, when there is just one to blame."""
    calls = [
        number
        for number, line in enumerate(block["code"].splitlines(), block["line"] + 1)
        if "print(" in line
    ]
    return calls[0] if len(calls) == 1 else None


def _torch_facts() -> dict[str, Any]:
    import torch

    return {"version": torch.__version__.split("+")[0], "cuda": torch.version.cuda}
