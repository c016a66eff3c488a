"""A small process with one thread that has imported the slow libraries and forks pages.

Run as a file, never imported: it holds no first-party module, so that a page always
gets the code that is on disk when it starts. Jobs come as JSON lines on standard
input; events leave as JSON lines on standard output. With `--bare` it imports nothing
before it forks: that is how pages start where forking after an import is not safe.
"""

import gc
import json
import os
import select
import signal
import sys


def main() -> None:
    if "--bare" not in sys.argv:
        import matplotlib.pyplot
        import torch
        import torch._dynamo

        del matplotlib, torch
        gc.freeze()  # a page looks through its own objects alone for garbage
        tasks = "/proc/self/task"
        if os.path.isdir(tasks) and len(os.listdir(tasks)) != 1:  # noqa: PTH112, PTH208
            sys.exit("the page server has more than one thread; it must not fork")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end of our input ends us
    pages: dict[int, str] = {}
    say({"event": "ready"})
    buffer = b""
    while True:
        readable, _, _ = select.select([0], [], [], 0.02 if pages else None)
        if readable:
            piece = os.read(0, 1 << 16)
            if not piece:
                break
            buffer += piece
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                job = json.loads(line)
                pages[start(job)] = job["page"]
        while pages:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            code = os.waitstatus_to_exitcode(status)
            say({"event": "exit", "page": pages.pop(pid), "code": code})
    for pid in pages:
        os.kill(pid, signal.SIGTERM)
    for pid in pages:
        os.waitpid(pid, 0)


def say(event: dict[str, object]) -> None:
    os.write(1, json.dumps(event).encode() + b"\n")


def start(job: dict[str, object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        sys.path.insert(0, str(job["root"]))
        from site_src.execution.supervise import supervise

        code = supervise(job)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


main()
