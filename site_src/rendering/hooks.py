"""What MkDocs calls; every hook hands over to a plain function."""

from __future__ import annotations

from typing import Any

from site_src.rendering import build


def on_config(config: Any) -> Any:
    """Begin a build."""
    return build.begin(config)


def on_files(files: Any, config: Any) -> Any:
    """Add what is published but does not lie in docs/."""
    return build.add_files(files, config)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Begin a page."""
    return build.begin_page(markdown, page)


def on_page_content(content: str, page: Any, **_: Any) -> str:
    """Finish a page's HTML."""
    return build.finish_page(content, page)


def on_page_context(context: Any, page: Any, **_: Any) -> Any:
    """Give the template the card."""
    return build.page_context(context, page)


def on_post_build(config: Any) -> None:
    """Fail with everything that was found."""
    build.end(config)
