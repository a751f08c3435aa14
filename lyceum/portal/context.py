"""What every template of the portal may use."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.http import HttpRequest

from lyceum.config import settings


def platform(request: HttpRequest) -> dict[str, str]:
    """``notebook_url``: the notebooks' origin; ``portal_url``: ours; and the name
    of the cookie whose value scripts send back as ``X-CSRFToken``.
    """
    current = settings()
    return {
        "notebook_url": current.notebook_url,
        "portal_url": current.portal_url,
        "csrf_cookie_name": django_settings.CSRF_COOKIE_NAME,
    }
