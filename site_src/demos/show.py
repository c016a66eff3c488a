"""Live demos: train a small model, export it, check it, and print its figure."""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.util
import inspect
import json
import time
import types
from collections.abc import Callable, Mapping
from typing import Any

from site_src.claims import written

TRAINING = 60  # seconds of processor time; 20 on a machine that has nothing else to do
SIZE = 420_000  # bytes of the exported model
DIFFERENCE = 1e-4  # between onnxruntime and torch, absolute
CHECKS = 3  # sizes at least


def show(
    kind: str,
    build: Callable[[], Any],
    train: Callable[[Any], Any],
    *,
    alt: str,
    caption: str,
    settings: Mapping[str, Any],
) -> Any:
    """Print a demo and return what its training returned (see `site_src.demo`)."""
    from site_src.execution import session, units
    from site_src.figures.tables import inline

    state = session.require()
    state.need_html("demo")
    if not alt.strip() or not caption.strip():
        raise ValueError("a demo needs an alternative text and a caption")
    room = _room(kind)
    _check_settings(kind, room, settings)
    for function in (build, train):
        if getattr(function, "__name__", "<lambda>") == "<lambda>":
            raise TypeError("a demo takes two functions that have names")
    unit = units.keep(
        f"demo-{kind}",
        [build, train],
        {"kind": kind, **settings},
        lambda: made(room, build, train, settings),
        modules=[room],
        shelf="demos",
    )
    model = base64.b64decode(unit["model"])
    page = state.job["page"].rpartition("/")[2]
    name = f"demos/{page}-{hashlib.sha256(model).hexdigest()[:12]}.onnx"
    state.publish(name, model)
    said = f"{inline(caption)} <small>{_facts(unit, room)}</small>"
    print(
        f'<figure class="plot demo"><arch-demo kind="{kind}" model="{name}" '
        f'settings="{html.escape(json.dumps(unit["settings"], ensure_ascii=False))}">'
        f'<div class="demo-start"></div>'
        f"{room.draw(unit['settings'], unit['shown'], alt)}</arch-demo>"
        f"<figcaption>{said}</figcaption></figure>"
    )
    return unit["trained"]


def _room(kind: str) -> types.ModuleType:
    """The module of a kind: it makes, draws, and says what its sizes are counted in."""
    name = f"site_src.demos.{kind.replace('-', '_')}"
    found = importlib.util.find_spec(name)
    room = importlib.import_module(name) if found else None
    if room is None or not hasattr(room, "SIZED_IN"):
        raise ValueError(f"there is no kind of demo {kind!r}")
    return room


def _check_settings(
    kind: str, room: types.ModuleType, settings: Mapping[str, Any]
) -> None:
    _, *known = inspect.signature(room.make).parameters.values()
    names = [parameter.name for parameter in known]
    for name in settings:
        if name not in names:
            raise TypeError(f"{kind} takes no {name}; it takes {', '.join(names)}")
    for parameter in known:
        if parameter.default is parameter.empty and parameter.name not in settings:
            raise TypeError(f"{kind} needs {parameter.name}")


def made(
    room: types.ModuleType,
    build: Callable[[], Any],
    train: Callable[[Any], Any],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Train, export and check, each within its limit."""
    model = build()
    began = time.process_time()
    trained = train(model)
    training = time.process_time() - began
    if training > TRAINING:
        raise ValueError(
            f"the training took {training:.0f} s of processor time, {TRAINING} at most"
        )
    began = time.process_time()
    found = room.make(model, **settings)
    exporting = time.process_time() - began
    if len(found.model) > SIZE:
        raise ValueError(
            f"the exported model has {len(found.model):,} bytes, {SIZE:,} at most"
        )
    if len(found.lengths) < CHECKS:
        raise ValueError(f"the model was checked at {len(found.lengths)} sizes only")
    if found.difference > DIFFERENCE:
        raise ValueError(
            f"onnxruntime and torch differ by {found.difference:.0e}, "
            f"{DIFFERENCE:.0e} at most"
        )
    return {
        "model": base64.b64encode(found.model).decode(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "lengths": found.lengths,
        "difference": found.difference,
        "settings": found.settings,
        "shown": found.shown,
        "trained": trained,
        "seconds": {"training": training, "exporting": exporting},
    }


def _facts(unit: Mapping[str, Any], room: types.ModuleType) -> str:
    *first, last = map(str, unit["lengths"])
    return (
        f"{unit['parameters']:,} parameters. Checked in onnxruntime against torch at "
        f"{', '.join(first)} and {last} {room.SIZED_IN}: largest difference "
        f"{written(unit['difference'], '.0e', '')}."
    )
