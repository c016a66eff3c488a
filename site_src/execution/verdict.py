"""Did a page run as it should? Its report held against our own scan of the page."""

from __future__ import annotations

import signal
from typing import Any

from site_src.page import Page
from site_src.problem import Problem


def failures(page: Page, report: dict[str, Any] | None) -> list[Problem]:
    """What went wrong, at the line where it did; empty when every block signed off.

    Args:
        page: As scanned before it ran.
        report: What the supervisor wrote, or None when it wrote nothing.
    """
    if report is None:
        return [Problem(page.path, 1, "the page's process vanished without a report")]
    for message in report["messages"]:
        if message["kind"] == "failed":
            name = f"block {page.blocks[message['index']].index + 1}"
            faults = message.get("faults") or [
                [page.path, message["line"], message["message"]]
            ]
            detail = message.get("detail", "")
            return [
                Problem(path, line, f"{name}: {text}", detail)
                for path, line, text in faults
            ]
    line, name = _place(page, report)
    if report["stopped"]:
        return [Problem(page.path, line, f"{name}: {report['stopped']}")]
    if report["code"] != 0:
        detail = _log(report) if report["code"] == 1 else ""
        return [Problem(page.path, line, f"{name}: {_ended(report['code'])}", detail)]
    end = report["messages"][-1] if report["messages"] else {}
    if end.get("kind") != "end":
        text = f"{name}: the process ended early with exit code 0 (os._exit?)"
        return [Problem(page.path, line, text)]
    return _compare(page, end)


def _compare(page: Page, end: dict[str, Any]) -> list[Problem]:
    told = [block["hash"] for block in end["blocks"]]
    if told != [block.hash for block in page.blocks]:
        text = "the record of the run does not fit the page's blocks"
        return [Problem(page.path, 1, text)]
    return []


def _place(page: Page, report: dict[str, Any]) -> tuple[int, str]:
    index = report["block"]
    if index is None:
        return 1, "before the first block"
    block = page.blocks[index]
    return block.line, f"block {index + 1}"


def _ended(code: int) -> str:
    if code >= 0:
        return f"the process ended with exit code {code}"
    try:
        return f"the process was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"the process was ended by signal {-code}"


def _log(report: dict[str, Any]) -> str:
    lines = report["log"].strip().splitlines()[-6:]
    return "\n".join(f"    {line}" for line in lines)
