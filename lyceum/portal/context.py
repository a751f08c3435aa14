"""What every template of the portal may use."""

from __future__ import annotations

from django.http import HttpRequest

from lyceum.config import settings


def platform(request: HttpRequest) -> dict[str, str]:
    """``notebook_url``: the notebooks' origin; ``portal_url``: ours."""
    current = settings()
    return {"notebook_url": current.notebook_url, "portal_url": current.portal_url}
