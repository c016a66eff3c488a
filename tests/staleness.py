"""A page that imports, reads a file and holds an experiment, and what runs of it."""

from __future__ import annotations

from conftest import Project

from site_src.execution.page_server import Server
from site_src.execution.schedule import Options, run
from site_src.page import read_pages

PAGE = """\
# A page

Some prose.

```python exec="1"
base = 40  # the first block
print(base)
```

```python exec="1"
import yaml
from planted.outer import total
import pathlib, site_src
from site_src import experiment

factor = 2

class Scaled:
    '''A class of the page.'''
    def of(self, number):
        return number * factor

@experiment
def slow(offset):
    base = object()  # not the page's variable of that name
    return Scaled().of(total(offset))  # the experiment

print(base + slow(1))  # a plot, say
root = pathlib.Path(site_src.__file__).parents[1]
print(len((root / "docs/numbers.csv").read_text()))
```
"""


def write_page(project: Project) -> None:
    """Write the page with an import that imports, and a data file."""
    package = project.root / "planted"
    package.mkdir()
    (package / "outer.py").write_text(
        "from planted import inner\n\n"
        "def total(offset):\n    return inner.ONE + offset\n"
    )
    (package / "inner.py").write_text("ONE = 1\n")
    (project.root / "docs" / "numbers.csv").write_text("1,2,3\n")
    project.page("page", PAGE)


class Runs:
    """Runs the page and tells what that took."""

    def __init__(self, project: Project, server: Server) -> None:
        self.project, self.server = project, server
        self.units: list[str] = []
        self.reasons: list[str] = []

    def again(self, options: Options = Options()) -> bool:  # noqa: B008
        """Whether the page was executed; `units` holds the experiments that ran."""
        self.units, self.reasons = [], []
        pages = read_pages(self.project.root)
        outcome = run(self.project.root, pages, options, self._hear, self.server)
        assert outcome.problems == []
        assert outcome.executed or outcome.fresh == ["page"]
        return outcome.executed == ["page"]

    def _hear(self, event: dict[str, object]) -> None:
        if event.get("unit"):
            self.units.append(str(event["unit"]))
        if event["event"] == "plan":
            self.reasons.append(str(event["reason"]))


def edit(project: Project, name: str, old: str, new: str) -> None:
    path = project.root / name
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
