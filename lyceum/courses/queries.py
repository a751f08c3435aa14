"""Reading what the hall shows under its Create button."""

from __future__ import annotations

from lyceum.courses.models import HallPanel

_NEWS_SHOWN = 5


def hall_panels() -> dict[str, list[HallPanel]]:
    """Published entries by place (``guide``, ``course``, ``news``); places without
    entries are missing, so that the hall hides them."""
    panels: dict[str, list[HallPanel]] = {}
    for panel in HallPanel.objects.filter(published=True):
        panels.setdefault(panel.place, []).append(panel)
    if HallPanel.Place.NEWS in panels:
        panels[HallPanel.Place.NEWS] = panels[HallPanel.Place.NEWS][:_NEWS_SHOWN]
    return panels
