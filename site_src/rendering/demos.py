"""What live demos need beside their page: models, the runtime, and stated sizes."""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

from site_src.rendering.state import PageState, Site, site

FROM_NPM = "node_modules/onnxruntime-web/dist"
RUNTIME = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
MODULES = "site_src/theme/assets/demos"
_IMPORT = re.compile(r"""^import .* from "\./([^"]+)";""", re.MULTILINE)
_TAG = re.compile(r'<arch-demo kind="([\w-]+)" model="([^"]+)"')


def models(current: Site) -> dict[str, bytes]:
    """The files of the models of all pages, by their names on the site."""
    place = ("models", "")
    if place not in current.once:
        current.once[place] = {
            name: base64.b64decode(content)
            for page in current.pages.values()
            for block in (current.result(page) or {"blocks": []})["blocks"]
            for name, content in block["files"].items()
        }
    found: dict[str, bytes] = current.once[place]
    return found


def add_files(files: Any, config: Any) -> None:
    """Publish the models, and the runtime where there is a model to run."""
    found = models(site())
    for name, content in found.items():
        files.append(File.generated(config, name, content=content))
    for path in filter(Path.exists, runtime() if found else ()):
        name = f"assets/onnxruntime/{path.name}"
        files.append(File.generated(config, name, abs_src_path=str(path)))


def with_sizes(text: str, state: PageState) -> str:
    """A page's HTML, each demo told how much it loads.

    `transfer` holds the compressed bytes that all demos share, and the demo's own;
    `bytes` the same as they come out of the connection, to measure progress by.
    """

    held = models(site()) if "<arch-demo" in text else {}

    def sized(tag: re.Match[str]) -> str:
        folder = site().root / MODULES
        alone = _imported(folder / f"{tag[1]}.js")
        shared = [*runtime(), folder / "runtime.js", folder / "demos.css"]
        missing = [path.name for path in (*alone, *shared) if not path.exists()]
        if missing:
            line = state.line_with(f'"{tag[1]}"')
            message = f"a demo needs {missing[0]}, which is not there (make setup?)"
            site().report(state.page.path, line, message)
            return tag[0]
        model = held[tag[2]]
        own = len(zlib.compress(model)) + sum(map(_compressed, sorted(alone)))
        once = sum(map(_compressed, shared))
        size = runtime()[1].stat().st_size
        return f'{tag[0]} transfer="{once} {own}" bytes="{size} {len(model)}"'

    return _TAG.sub(sized, text)


def runtime() -> list[Path]:
    """The files that run a model."""
    return [site().root / FROM_NPM / name for name in RUNTIME]


def _imported(module: Path) -> set[Path]:
    """A module of ours and the modules that it imports."""
    found, waiting = set[Path](), [module]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            text = path.read_text("utf-8") if path.exists() else ""
            waiting += [path.parent / name for name in _IMPORT.findall(text)]
    return found


def _compressed(path: Path) -> int:
    """Bytes that a file takes on the wire; half a second for the runtime, so kept."""
    facts = path.stat()
    key = (path.name, facts.st_size, facts.st_mtime_ns)
    return site().kept.of(
        "compressed", key, lambda: len(zlib.compress(path.read_bytes()))
    )
