"""What a snippet's functions computed on the way, under the names in their source.

Nothing in the snippet is changed: while `watch` is open, the interpreter tells when a
function of the file returns, and its local variables are noted. It works while
torch.export records, too, so that a value inside a model can become an output.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any


@dataclass(frozen=True)
class Call:
    """One call of a function, as it stood when it returned.

    Args:
        function: Its qualified name, such as "Net.forward".
        owner: The `self` it was called on; None for a plain function.
        names: Arguments and local variables by name, with their last values.
        returned: What it returned.
    """

    function: str
    owner: Any
    names: dict[str, Any]
    returned: Any


@contextmanager
def watch(path: Path) -> Iterator[list[Call]]:
    """Note every call of a function that a file defines, in the order of returning.

    Args:
        path: The file; calls in other files pass unseen.
    """
    calls: list[Call] = []
    file = str(path.resolve())

    def note(frame: FrameType, event: str, value: Any) -> None:
        code = frame.f_code
        if event == "return" and code.co_filename == file:
            names = dict(frame.f_locals)
            calls.append(Call(code.co_qualname, names.pop("self", None), names, value))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def values(calls: list[Call], name: str) -> list[Any]:
    """The values of one name in all the calls that bound it, in their order.

    Args:
        calls: As noted by `watch`.
        name: Function and variable, such as "Net.forward.weights".

    Raises:
        ValueError: When no call bound the name; it says which ones were bound.
    """
    function, _, variable = name.rpartition(".")
    made = [c for c in calls if c.function == function]
    found = [c.names[variable] for c in made if variable in c.names]
    if not found:
        known = sorted({bound for c in made for bound in c.names})
        what = f"it bound {', '.join(known)}" if made else f"{function} was not called"
        raise ValueError(f"no value of {name}: {what}")
    return found


def file_of(example: Callable[..., Any]) -> Path:
    """The snippet that an `example` belongs to."""
    return Path(inspect.getsourcefile(example) or "").resolve()
