"""The fences ```track and ```tracks, and what a page says of the tracks it is on."""

from __future__ import annotations

from typing import Any

from site_src import tracks
from site_src.figures.tables import inline
from site_src.page import Page
from site_src.rendering import links
from site_src.rendering.state import fence, site, state_of
from site_src.tracks import Track


@fence
def show(_: str, md: Any) -> str:
    """HTML of ```track on a track's own page: outcomes, pages, progress."""
    state = state_of(md)
    found = [t for t in _all() if t.page.path == state.page.path]
    if not found:
        state_line = state.line_with("```track")
        site().report(state.page.path, state_line, "this page is no track")
        return ""
    track = found[0]
    outcomes = "".join(f"<li>{inline(text)}</li>" for text in track.facts.outcomes)
    rows = "".join(
        f'<li data-page="{stop.slug}"><p>'
        f"<strong>{links.titled(stop, state.page)}</strong> "
        f"<small>{tracks.minutes(stop)} min</small></p><p>{inline(said.why)}</p></li>"
        for stop, said in zip(track.stops, track.facts.stops, strict=False)
    )
    return (
        f'<p class="track-after">Afterwards you can</p><ul>{outcomes}</ul>'
        f'<ol class="track">{rows}</ol>'
        f"<p>{_sum(track)} of reading, without the figures, the code and the live "
        "models.</p>"
    )


@fence
def listed(_: str, md: Any) -> str:
    """HTML of ```tracks: all tracks, a row each."""
    state = state_of(md)
    rows = "".join(
        f"<li><p><strong>{links.titled(track.page, state.page)}</strong> "
        f"<small>{len(track.stops)} pages, {_sum(track)}</small><br>"
        f"{inline(track.facts.tagline)}</p></li>"
        for track in _all()
    )
    return f'<ul class="lineage">{rows}</ul>'


def around(page: Page) -> list[dict[str, Any]]:
    """For the template: each track that a page is on, what is before and after it."""
    found = []
    for track in _all():
        place = track.place_of(page)
        if place is not None:
            before = track.stops[place - 1] if place else None
            after = track.stops[place + 1] if place + 1 < len(track.stops) else None
            found.append(
                {
                    "track": _named(track.page, page),
                    "place": place + 1,
                    "count": len(track.stops),
                    "before": _named(before, page),
                    "after": _named(after, page),
                }
            )
    return found


def _all() -> list[Track]:
    current = site()
    if current.tracks is None:
        current.tracks = tracks.read(current.pages.values())
    return current.tracks


def _sum(track: Track) -> str:
    hours, minutes = divmod(round(track.minutes, -1), 60)
    parts = [f"{hours} h"] if hours else []
    return " ".join([*parts, f"{minutes} min"] if minutes or not hours else parts)


def _named(there: Page | None, here: Page) -> dict[str, str] | None:
    if there is None:
        return None
    return {"title": there.title, "address": links.address(there, here)}
