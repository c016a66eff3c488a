"""Notebooks to download, written cell by cell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def cell(name: str, text: str, *, code: bool) -> dict[str, Any]:
    """A cell without outputs.

    Args:
        name: Its id, once a notebook.
        text: What it holds.
        code: Whether that is Python rather than Markdown.
    """
    made: dict[str, Any] = {
        "cell_type": "code" if code else "markdown",
        "id": name,
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    return made | ({"execution_count": None, "outputs": []} if code else {})


def notebook(cells: Sequence[dict[str, Any]]) -> str:
    """The file that holds cells for a Python kernel."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    book = {
        "cells": list(cells),
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"
