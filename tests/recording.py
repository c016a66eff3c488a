"""What the tests tell `python -m site_src record`, while it listens."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

LISTENER = "BLUEPRINTS_RECORD"  # the file that takes a line of JSON per fact


def note(kind: str, **facts: Any) -> None:
    """Write down one fact; without a listener, nothing happens.

    Args:
        kind: What sort of fact it is, such as "comparison".
        facts: JSON data.
    """
    listener = os.environ.get(LISTENER)
    if not listener:
        return
    test, _, _ = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")
    entry = {"kind": kind, "test": test.rpartition("::")[2], **facts}
    with Path(listener).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, allow_nan=False) + "\n")
