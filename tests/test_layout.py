"""The rules between the rooms of the house, each seen to fail when it is broken."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import site_src
from site_src.lint.snippet import style
from site_src.measure.blocks import in_blocks
from site_src.page import read_pages

ROOT = Path(__file__).parents[1]
ROOMS = {
    *("docs", "snippets", "site_src", "tests", ".github", ".ci"),
    *("README.md", "CONTRIBUTING.md", "LICENSE", "Makefile", ".gitignore"),
    *("pyproject.toml", "mkdocs.yml", "constraints.txt", ".pre-commit-config.yaml"),
    *("package.json", "package-lock.json"),
}
BANNED = {"utils", "util", "helpers", "common", "core", "misc"}
SCIENTIFIC = {
    "torch",
    "numpy",
    "matplotlib",
    "scipy",
    "sklearn",
    "skimage",
    "networkx",
    "babel",
    "yaml",
}
# In a benchmark, which leaves out what is not installed.
COMPETITORS = {"diffusers", "transformers"}
NOT_OURS = {"attention"}  # a slug that is also a word of torch's: torch.nn.attention
SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
API = set(site_src.__all__)

Rule = Callable[[Path], Iterator[str]]


def tracked(root: Path) -> list[str]:
    """Files of the repository: what git knows, or all where there is no git."""
    if (root / ".git").exists():
        words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        listing = subprocess.run(
            words, cwd=root, capture_output=True, text=True, check=True
        )
        return [name for name in listing.stdout.splitlines() if (root / name).exists()]
    files = (path for path in root.rglob("*") if path.is_file())
    return [path.relative_to(root).as_posix() for path in files]


def imports(text: str) -> set[str]:
    """Full names that a piece of Python imports."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def slugs(root: Path) -> set[str]:
    """Every architecture's slug."""
    pages = (root / "docs" / "architectures").glob("*/*.md")
    return {p.stem for p in (*pages, *(root / "snippets").glob("*/*.py"))}


def snippets_stand_alone(root: Path) -> Iterator[str]:
    """Rule 1: torch and the standard library, nothing of ours, never the reference."""
    for path in sorted((root / "snippets").glob("*/*.py")):
        for name in imports(path.read_text()):
            top = name.split(".")[0]
            if top != "torch" and top not in sys.stdlib_module_names:
                yield f"{path.relative_to(root)} imports {name}"
        yield from map(str, style(path))


def site_src_names_no_architecture(root: Path) -> Iterator[str]:
    """Rule 2, first half."""
    words = "|".join(map(re.escape, sorted(slugs(root) - NOT_OURS))) or "(?!)"
    named = re.compile(rf"(?<![A-Za-z])({words})(?![A-Za-z])", re.IGNORECASE)
    for path in sorted((root / "site_src").rglob("*")):
        if path.suffix not in (".py", ".html", ".css", ".js", ".mjs"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if found := named.search(line):
                yield f"{path.relative_to(root)}:{number}: names {found[0]}"


def site_src_imports_no_tests(root: Path) -> Iterator[str]:
    """Rule 2, second half: no tests, and nothing imports hooks or __main__."""
    for path in sorted((root / "site_src").rglob("*.py")):
        for name in imports(path.read_text()):
            if name.split(".")[0] in ("tests", "conftest", "pytest"):
                yield f"{path.relative_to(root)} imports {name}"
            if re.search(r"site_src\.(__main__|(\w+\.)*hooks)(\.|$)", name):
                yield f"{path.relative_to(root)} imports {name}"


def hooks_hold_no_logic(root: Path) -> Iterator[str]:
    """Rule 2, third part: no branch, loop or try in hooks and __main__."""
    logic = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Match, ast.BoolOp)
    for path in sorted((root / "site_src").rglob("*.py")):
        if path.stem not in ("hooks", "__main__"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, logic):
                kind = type(node).__name__.lower()
                yield f"{path.relative_to(root)}:{node.lineno}: holds logic ({kind})"


def blocks_import_what_is_public(root: Path) -> Iterator[str]:
    """Rule 3: torch, the scientific libraries, snippets and the page API."""
    for page in read_pages(root):
        measuring = [found.block for found in in_blocks(page.path, page.blocks)]
        for block in page.blocks:
            allowed = SCIENTIFIC | (COMPETITORS if block in measuring else set())
            for name in imports(block.code):
                top, *rest = name.split(".")
                if any(part.startswith("_") for part in (top, *rest)):
                    yield f"{page.path}:{block.line}: imports {name}, which is private"
                elif top == "site_src" and (len(rest) != 1 or rest[0] not in API):
                    yield f"{page.path}:{block.line}: {name} is not in the page API"
                elif top not in {*allowed, *sys.stdlib_module_names} and (
                    top not in ("snippets", "site_src")
                ):
                    yield f"{page.path}:{block.line}: imports {name}"


def nothing_is_orphaned(root: Path) -> Iterator[str]:
    """Rule 4: every snippet has one page and a test, every API function a page."""
    owners: dict[str, list[str]] = {}
    code = ""
    for page in read_pages(root):
        for name in page.meta.get("snippets") or ():
            owners.setdefault(name, []).append(page.path)
        code += "\n".join(block.code for block in page.blocks) + "\n"
        whole = {text for _, text in page.fences.snippets if " " not in text}
        for name in page.meta.get("snippets") or ():
            if f"{name}.py" not in whole:
                yield f"{page.path}: does not show {name}.py whole"
        measured = {
            call.snippet
            for measuring in in_blocks(page.path, page.blocks)
            for call in measuring.calls
        }
        for name in page.meta.get("snippets") or ():
            if name not in measured:
                yield f"{page.path}: does not benchmark {name}"
    for path in sorted((root / "snippets").glob("*/*.py")):
        name = f"{path.parent.name}/{path.stem}"
        if len(owners.get(name, ())) != 1:
            yield f"snippets/{name}.py belongs to {owners.pop(name, 'no page')}"
        owners.pop(name, None)
        if not (
            root / f"tests/snippets/{path.parent.name}/test_{path.stem}.py"
        ).exists():
            yield f"snippets/{name}.py has no test"
    for name, pages in owners.items():
        yield f"{pages[0]}: there is no snippet {name}"
    for path in sorted((root / "docs" / "measurements").glob("*/*.json")):
        if not (root / "snippets" / path.parent.name / f"{path.stem}.py").exists():
            yield f"{path.relative_to(root)} measures no snippet"
    for name in sorted(API):
        if not re.search(rf"\b{name}\b", code):
            yield f"no page uses site_src.{name}"


def names_are_plain(root: Path) -> Iterator[str]:
    """Rooms, slugs and files: known, in snake_case, at most 300 lines of code."""
    for name in tracked(root):
        path = root / name
        top, *rest = name.split("/")
        if top not in ROOMS:
            yield f"{name}: {top} is no room of the house"
        if BANNED & {part.rsplit(".")[0] for part in (top, *rest)}:
            yield f"{name}: is named for no job"
        if top == "docs" and path.suffix == ".py" and rest[0] != "labs":
            yield f"{name}: Python in docs/"
        if top == "snippets" and (path.suffix != ".py" or len(rest) != 2):
            yield f"{name}: snippets/ holds <family>/<slug>.py only"
        if name.startswith(("snippets/", "docs/architectures/")) and not all(
            SLUG.fullmatch(part.rsplit(".", 1)[0]) for part in rest
        ):
            yield f"{name}: is not in snake_case"
        if path.suffix in (".py", ".js", ".mjs", ".css"):
            lines = path.read_text().splitlines()
            if name.startswith("docs/labs/"):  # most of a lab is prose, in comments
                lines = [line for line in lines if line and not line.startswith("#")]
            if (count := len(lines)) > 300:
                yield f"{name}: {count} lines, 300 at most"


PAGE = '# Page\n\n```python exec="1"\n{}\n```\n'
PLANTED: list[tuple[Rule, str, str, str]] = [
    (snippets_stand_alone, "snippets/f/one.py", "import numpy\n", "imports numpy"),
    (
        snippets_stand_alone,
        "snippets/f/one.py",
        "import site_src\n",
        "imports site_src",
    ),
    (
        snippets_stand_alone,
        "snippets/f/one.py",
        "from snippets.f import two\n",
        "imports snippets.f.two",
    ),
    (
        site_src_names_no_architecture,
        "site_src/a.py",
        "# the planted_net is special\n",
        "names planted_net",
    ),
    (
        site_src_imports_no_tests,
        "site_src/a.py",
        "from tests import x\n",
        "imports tests.x",
    ),
    (
        site_src_imports_no_tests,
        "site_src/a.py",
        "from site_src.rendering import hooks\n",
        "imports site_src.rendering.hooks",
    ),
    (hooks_hold_no_logic, "site_src/hooks.py", "if 1:\n    pass\n", "holds logic (if)"),
    (
        blocks_import_what_is_public,
        "docs/p.md",
        PAGE.format("from site_src.execution import store"),
        "site_src.execution.store is not in the page API",
    ),
    (
        blocks_import_what_is_public,
        "docs/p.md",
        PAGE.format("import torch._dynamo"),
        "which is private",
    ),
    (
        blocks_import_what_is_public,
        "docs/p.md",
        PAGE.format("import requests"),
        "imports requests",
    ),
    (nothing_is_orphaned, "snippets/f/one.py", "", "belongs to no page"),
    (nothing_is_orphaned, "snippets/f/one.py", "", "has no test"),
    (nothing_is_orphaned, "docs/p.md", "---\nsnippets: [f/x]\n---\n", "no snippet f/x"),
    (
        nothing_is_orphaned,
        "docs/p.md",
        "---\nsnippets: [f/x]\n---\n",
        "does not show f/x.py whole",
    ),
    (
        nothing_is_orphaned,
        "docs/p.md",
        "---\nsnippets: [f/x]\n---\n",
        "does not benchmark f/x",
    ),
    (nothing_is_orphaned, "docs/measurements/f/x.json", "{}", "measures no snippet"),
    (nothing_is_orphaned, "docs/p.md", "# Nothing\n", "no page uses site_src.figure"),
    (names_are_plain, "extra/a.py", "", "extra is no room of the house"),
    (names_are_plain, "site_src/utils.py", "", "is named for no job"),
    (names_are_plain, "docs/a.py", "", "Python in docs/"),
    (names_are_plain, "snippets/f/data.json", "{}", "<family>/<slug>.py only"),
    (names_are_plain, "snippets/f/OneNet.py", "", "is not in snake_case"),
    (names_are_plain, "site_src/a.py", "\n" * 301, "301 lines, 300 at most"),
    (names_are_plain, "docs/labs/a.py", "x = 1\n" * 301, "301 lines, 300 at most"),
]
RULES = sorted({planted[0] for planted in PLANTED}, key=lambda rule: rule.__name__)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_holds(rule: Rule) -> None:
    assert not [*rule(ROOT)], "\n".join(rule(ROOT))


@pytest.mark.parametrize(
    ("rule", "name", "text", "message"),
    PLANTED,
    ids=[f"{rule.__name__}-{name}-{n}" for n, (rule, name, _, _) in enumerate(PLANTED)],
)
def test_a_planted_violation_is_seen(
    rule: Rule, name: str, text: str, message: str, tmp_path: Path
) -> None:
    for folder in ("docs/architectures/f", "snippets/f", "site_src", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "docs/architectures/f/planted_net.md").write_text("# A net\n")
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    assert any(message in found for found in rule(tmp_path)), list(rule(tmp_path))
