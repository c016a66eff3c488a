"""A page's demo: kept as a unit, published with its model, and its faults at a line."""

from __future__ import annotations

import html
import json
import re

from conftest import ROOT, Project
from staleness import Runs, edit

from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, run
from site_src.page import read_pages

MODEL = """\
```python exec="1" output="none"
import torch
from torch import nn
from site_src import demo
from snippets.recurrent.lstm import LSTM

LETTERS = 'ab<>"& '


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.core = nn.Embedding(7, 5), LSTM(5, 3)
        self.score = nn.Linear(3, 7)

    def forward(self, tokens, state=None):
        outputs, state = self.core(self.embed(tokens), state)
        return self.score(outputs), state


def learn(model, rate=0.1):
    for parameter in model.parameters():
        parameter.data += rate * torch.randn_like(parameter)
    return {"rate": rate}
```
"""
DEMO = """
```python exec="1" html="1"
learned = demo(
    "next-token",
    Model,
    learn,
    vocabulary=LETTERS,
    start='a <b> & "a"',
    inner={"gate": "LSTMCell.forward.forget_gate"},
    alt="Bars and a map",
    caption="It runs.",
)
print(learned["rate"])
```
"""
GOOD = f"# Good\n\nSome prose, and [the demo](#demo).\n\n{MODEL}{DEMO}"


def test_a_demo_is_kept_published_and_told_its_size(
    project: Project, server: Server
) -> None:
    project.page("page", GOOD)
    runs = Runs(project, server)
    assert runs.again()
    assert runs.units == ["demo-next-token"]
    built = project.call("build")
    assert built.returncode == 0, built.stderr
    site = project.root / "site"
    text = (site / "page" / "index.html").read_text()
    tag = re.search(r"<arch-demo ([^>]*)>", text)
    given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag[1]))
    settings = json.loads(html.unescape(given["settings"]))
    assert settings["vocabulary"] == 'ab<>"& '
    assert settings["state"] == [[1, 1, 3], [1, 1, 3]]
    model = site / given["model"]
    assert model.read_bytes()
    assert [path.name for path in (site / "demos").iterdir()] == [model.name]
    once, own = map(int, given["transfer"].split())
    runtime, bare = map(int, given["bytes"].split())
    files = site / "assets" / "onnxruntime"
    assert runtime == (files / "ort-wasm-simd-threaded.wasm").stat().st_size
    assert bare == model.stat().st_size
    assert 3e6 < once < 5e6
    assert bare / 2 < own < bare + 20_000
    assert (files / "ort.wasm.bundle.min.mjs").exists()

    edit(project, "docs/page.md", "Some prose,", "Other prose,")
    assert not runs.again()
    edit(project, "docs/page.md", "It runs.", "It goes.")
    assert runs.again()
    assert runs.units == [], "a caption trains nothing"
    edit(project, "site_src/demos/heat_map.py", '"""A heat map', '"""The heat map')
    assert runs.again()
    assert runs.units == [], "nor does how a figure is drawn"
    for name, old, new in (
        ("docs/page.md", "rate=0.1", "rate=0.2"),
        ("docs/page.md", "start='a <b>", "start='b <b>"),
        ("snippets/recurrent/lstm.py", "torch.tanh(net_cell)", "(net_cell)"),
        ("site_src/tracing.py", '"""What a snippet', '"""What the snippet'),
        ("site_src/demos/readers.py", '"""A trained', '"""Some trained'),
    ):
        edit(project, name, old, new)
        assert runs.again()
        assert runs.units == ["demo-next-token"], name
    assert project.call("build").returncode == 0
    now = [path.name for path in (site / "demos").iterdir()]
    assert len(now) == 1, "the models of old are gone"
    assert now != [model.name]


def test_a_page_without_a_demo_brings_no_runtime(project: Project) -> None:
    built = project.call("build")
    assert built.returncode == 0, built.stderr
    assert not (project.root / "site" / "assets" / "onnxruntime").exists()


FAULTS = {
    'html="1"': ("", 'demo() prints HTML: add html="1" to the fence'),
    '"next-token"': ('"readers"', "there is no kind of demo 'readers'"),
    "start='a <b> & \"a\"'": ("begin='a'", "next-token takes no begin; it takes"),
    "    vocabulary=LETTERS,\n": ("", "next-token needs vocabulary"),
    "    learn,\n": ("    lambda model: 0,\n", "two functions that have names"),
    '"It runs."': ('" "', "a demo needs an alternative text and a caption"),
    "forward.forget": ("forward.forgot", "no value of LSTMCell.forward.forgot_gate"),
}


def test_faults_are_reported_at_the_call(project: Project, server: Server) -> None:
    for number, (old, (new, _)) in enumerate(FAULTS.items()):
        assert DEMO.count(old) == 1
        project.page(f"p{number}", f"# Page\n\n{MODEL}{DEMO.replace(old, new)}")
    pages = read_pages(project.root)
    outcome = run(project.root, pages, Options(), server=server)
    line = GOOD[: GOOD.index("learned = demo(")].count("\n") + 1 - 2
    found = {p.path: (p.line, p.message) for p in outcome.problems}
    assert len(found) == len(FAULTS)
    for number, (_, message) in enumerate(FAULTS.values()):
        where, said = found[f"docs/p{number}.md"]
        assert message in said
        assert where == line
        assert "\n" not in said


def test_a_runtime_that_is_not_there_is_a_problem(project: Project) -> None:
    project.page("page", GOOD)
    (project.root / "node_modules").unlink()
    (project.root / "node_modules").mkdir()
    for name in ("katex", "commander"):
        original = ROOT / "node_modules" / name
        (project.root / "node_modules" / name).symlink_to(original)
    built = project.call("build")
    assert built.returncode == 1
    assert "a demo needs ort.wasm.bundle.min.mjs, which is not there" in built.stderr
    assert "docs/page.md:" in built.stderr
