"""What MkDocs calls; every hook hands over to a plain function."""

from __future__ import annotations

from typing import Any

from mkdocs.plugins import CombinedEvent, event_priority

from site_src.rendering import build, search


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


def on_env(env: Any, config: Any, **_: Any) -> Any:
    """Keep compiled templates."""
    return build.templates(env, config)


@event_priority(50)
def _before_search(context: Any, /, page: Any, **_: Any) -> Any:
    search.before(page)
    return context


@event_priority(-50)
def _after_search(context: Any, /, page: Any, config: Any, **_: Any) -> Any:
    search.after(page, config)
    return build.page_context(context, page)


on_page_context = CombinedEvent(_before_search, _after_search)


@event_priority(50)
def _before_the_index(config: Any) -> None:
    search.complete(config)


@event_priority(-50)
def _at_last(config: Any) -> None:
    build.end(config)


on_post_build = CombinedEvent(_before_the_index, _at_last)
