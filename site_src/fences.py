"""Find the fenced blocks of a page, with their lines, without a Markdown parser."""

from __future__ import annotations

import hashlib
import re
import textwrap
from dataclasses import dataclass

from site_src.problem import Problem

_OPEN = re.compile(
    r"^(?P<lead>[ \t>]*)(?P<ticks>`{3,}|~{3,})[ \t]*(?P<info>[^\n]*?)[ \t]*$"
)
_OPTION = re.compile(r"""([A-Za-z_][\w-]*)=("[^"]*"|'[^']*'|[^\s"'}]+)|([^\s}{]+)""")
_CONTAINER = re.compile(
    r"^(!!!|\?\?\?\+?|===[!+]?|[-*+]\s|\d+[.)]\s|\[\^[^\]]+\]:|:\s)"
)
_TRUE = re.compile(r"^(?!(no|off|false|0|)$)", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """One executed fence of a page.

    Args:
        index: Its place among the executed fences of the page, from 0.
        line: The line of the opening fence, from 1; code starts on the next.
        code: The dedented source.
        options: The fence's options, unquoted.
    """

    index: int
    line: int
    code: str
    options: dict[str, str]

    @property
    def html(self) -> bool:
        """Whether the block prints HTML rather than Markdown."""
        return bool(_TRUE.match(self.options.get("html", "no")))

    @property
    def silent(self) -> bool:
        """Whether the block declares that it prints nothing."""
        return self.options.get("output") == "none"

    @property
    def hash(self) -> str:
        """Identity of what is executed: the code and the kind of its output."""
        return block_hash(self.code, html=self.html, silent=self.silent)


def block_hash(code: str, *, html: bool, silent: bool) -> str:
    """Hash the code of a block, trailing blanks apart, with its kind of output."""
    body = "\n".join(line.rstrip() for line in code.strip("\n").splitlines())
    return hashlib.sha256(f"{html}{silent}\n{body}".encode()).hexdigest()


@dataclass(frozen=True)
class Fences:
    """What a scan found.

    Args:
        blocks: The executed fences.
        problems: What is wrong with fences.
        fenced: Numbers of all lines that belong to a fence.
        snippets: Line and content of each fence that shows a snippet.
        verifications: Line and content of each fence that shows records of checks.
    """

    blocks: tuple[Block, ...]
    problems: tuple[Problem, ...]
    fenced: frozenset[int]
    snippets: tuple[tuple[int, str], ...]
    verifications: tuple[tuple[int, str], ...]


def scan(path: str, text: str) -> Fences:
    """Scan a page for its fences.

    Args:
        path: The page's path as it is to be reported.
        text: The page, front matter included.
    """
    lines = text.splitlines()
    blocks: list[Block] = []
    problems: list[Problem] = []
    fenced: set[int] = set()
    named: dict[str, list[tuple[int, str]]] = {"snippet": [], "verification": []}
    comments = _comment_lines(lines)
    number = _body_start(lines)
    while number < len(lines):
        match = _OPEN.match(lines[number])
        if match is None or ("`" in match["info"] and match["ticks"][0] == "`"):
            number += 1
            continue
        end = _closing(lines, number, match)
        options, faults = _options(match["info"])
        wants = "exec" in options or any("exec" in fault for fault in faults)
        problems += [Problem(path, number + 1, fault) for fault in faults]
        if end is None:
            problems.append(Problem(path, number + 1, "this fence is never closed"))
            break
        fenced.update(range(number + 1, end + 2))
        found = named.get(match["info"].strip())
        if found is not None:
            found.append((number + 2, "\n".join(lines[number + 1 : end]).strip()))
        if wants and not faults and _TRUE.match(options["exec"]):
            fault = _misplaced(lines, number, match, comments)
            if fault:
                problems.append(Problem(path, number + 1, fault))
            inner = [_strip(line, match["lead"]) for line in lines[number + 1 : end]]
            blocks.append(
                Block(
                    index=len(blocks),
                    line=number + 1,
                    code=textwrap.dedent("\n".join(inner)),
                    options=options,
                )
            )
        number = end + 1
    return Fences(
        blocks=tuple(blocks),
        problems=tuple(problems),
        fenced=frozenset(fenced),
        snippets=tuple(named["snippet"]),
        verifications=tuple(named["verification"]),
    )


def _body_start(lines: list[str]) -> int:
    if lines and lines[0].rstrip() == "---":
        for number, line in enumerate(lines[1:], 1):
            if line.rstrip() in ("---", "..."):
                return number + 1
    return 0


def _closing(lines: list[str], start: int, match: re.Match[str]) -> int | None:
    tick, least = match["ticks"][0], len(match["ticks"])
    close = re.compile(rf"^[ \t>]*{re.escape(tick)}{{{least},}}[ \t]*$")
    depth = len(match["lead"].expandtabs(4))
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if close.match(line):
            return number
        indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip(" >"))
        if line.strip() and indent < depth:
            return None
    return None


def _strip(line: str, lead: str) -> str:
    if line.startswith(lead):
        return line[len(lead) :]
    return line.lstrip(" \t") if not line.strip() else line


def _options(info: str) -> tuple[dict[str, str], list[str]]:
    """Options of an info string, and what is wrong with an `exec` among them."""
    options: dict[str, str] = {}
    faults: list[str] = []
    language, _, rest = info.strip().strip("{}").strip().partition(" ")
    if language.startswith("exec"):
        faults.append('write the language before exec: ```python exec="1"')
    for name, value, bare in _OPTION.findall(rest):
        if bare == "exec":
            faults.append('exec stands alone; write exec="1"')
        elif name == "exec" and value[0] not in "\"'":
            faults.append(f'exec={value} is not quoted; write exec="{value}"')
        elif name:
            options[name] = value.strip("\"'")
    if "exec" in options and language not in ("python", "py"):
        faults.append(f"exec works for python, not for {language or 'no language'}")
    for name in options if "exec" in options else ():
        if name not in _KNOWN:
            faults.append(f"unknown option {name}; known: {', '.join(sorted(_KNOWN))}")
    return options, faults


_KNOWN = frozenset(
    {"exec", "html", "source", "result", "output", "title", "hl_lines", "tabs"}
)


def _misplaced(
    lines: list[str], number: int, match: re.Match[str], comments: set[int]
) -> str:
    if number in comments:
        return "an executed block inside an HTML comment would still run; remove it"
    depth = len(match["lead"].expandtabs(4))
    if depth < 4:
        return ""
    for above in range(number - 1, -1, -1):
        line = lines[above].expandtabs(4)
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent < depth:
            if _CONTAINER.match(line.lstrip()):
                return ""
            if indent < 4:
                break
    return "an executed block in indented code; start it at the left margin"


def _comment_lines(lines: list[str]) -> set[int]:
    inside, found = False, set()
    for number, line in enumerate(lines):
        rest = line
        while rest:
            token = "-->" if inside else "<!--"
            _, mark, rest = rest.partition(token)
            if inside:
                found.add(number)
            if not mark:
                break
            inside = not inside
    return found
