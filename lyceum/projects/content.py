"""Notebooks of versions on the notebooks' own origin (DESIGN.md §4).

The portal's cookies never reach that host, so a signed, short-lived address
carries the permission; the page may load pictures and nothing else.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from lyceum.common.errors import DomainError, NotFound
from lyceum.projects.models import Project, Version
from lyceum.projects.rendering import notebook_html

_SALT = "lyceum.projects.content"
_SECONDS = 15 * 60
_POLICY = (
    "default-src 'none'; img-src data: https:; media-src data: https:; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors {portal}; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def notebook_url(project: Project, version: Version, path: str) -> str:
    """The address that shows a notebook of a version for a quarter of an hour.

    The caller has checked that the reader may see the project.
    """
    ticket = {
        "project": project.pk,
        "version": version.number,
        "path": path,
        "language": get_language(),
    }
    where = reverse("projects:content", args=[project.pk, version.number])
    token = signing.dumps(ticket, salt=_SALT, compress=True)
    return f"{settings.LYCEUM.notebook_url}{where}?{urlencode({'token': token})}"


@require_safe
@xframe_options_exempt
def notebook(request: HttpRequest, project_id: int, number: int) -> HttpResponse:
    """The notebook that ``?token=`` names, in a page without scripts."""
    ticket = _ticket(request.GET.get("token", ""), project_id, number)
    with translation.override(ticket["language"] if ticket else None):
        status, shown = _shown(ticket, project_id, number)
        theme = request.GET.get("theme")
        shown["theme"] = theme if theme in ("light", "dark") else "auto"
        response = render(request, "projects/content/notebook.html", shown, status=status)
    response["Content-Security-Policy"] = _POLICY.format(portal=settings.LYCEUM.portal_url)
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, max-age=300"
    return response


def _shown(ticket: dict | None, project_id: int, number: int) -> tuple[int, dict]:
    if ticket is None:
        return 403, {"sentence": _("This address is too old. Reload the project's page.")}
    version = (
        Version.objects.select_related("project")
        .filter(project_id=project_id, number=number, project__deleted=None)
        .first()
    )
    try:
        if version is None:
            raise NotFound("no_such_version", _("There is no such version."))
        html = notebook_html(project_id, version, ticket["path"])
        # Links leave the frame by the page's <base>; those within it must not.
        return 200, {"html": html.replace('<a href="#', '<a target="_self" href="#')}
    except DomainError as refusal:
        return refusal.status, {"sentence": refusal.message}


def _ticket(token: str, project_id: int, number: int) -> dict | None:
    try:
        ticket = signing.loads(token, salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature:
        return None
    names_this = (ticket["project"], ticket["version"]) == (project_id, number)
    return ticket if names_this else None
