"""The bell in the header, the list behind it, and what one wants to be told of."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lyceum.notifications import actions, queries
from lyceum.notifications.models import NotificationKind


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The newest first; HTMX asks for the further ones."""
    page = queries.notifications_page(request.user, request.GET.get("cursor"))
    part = "rows" if request.htmx and "cursor" in request.GET else "list"
    return render(request, f"notifications/{part}.html", {"page": page})


@never_cache
@login_required
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """The bell as it is now; the header asks for it again and again."""
    shown = {"unread": queries.unread_count(request.user)}
    return render(request, "notifications/bell.html", shown)


@login_required
@require_POST
def follow(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark it as read and go where it leads."""
    return redirect(actions.read_notification(request.user, notification_id))


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    actions.read_all(request.user)
    return redirect("notifications:list")


@login_required
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """A row a kind: in the page, by mail."""
    if request.method == "POST":
        wanted = {
            kind: queries.Ways(
                in_page=f"page-{kind}" in request.POST, by_mail=f"mail-{kind}" in request.POST
            )
            for kind in NotificationKind.values
        }
        actions.choose_ways(request.user, wanted)
        messages.success(request, _("Saved."))
        return redirect("notifications:settings")
    ways = queries.preferences_of(request.user)
    shown = {
        "kinds": [(kind, NotificationKind(kind).label, ways[kind]) for kind in ways],
        "verified": EmailAddress.objects.filter(user=request.user, verified=True).exists(),
    }
    return render(request, "notifications/settings.html", shown)
