"""What a notification says, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from lyceum.notifications.models import Notification, NotificationKind


def sentence(notification: Notification) -> str:
    """One sentence without markup; names are as they were when it happened.

    ``data`` has ``title`` (of the work), and by kind ``state`` of a task, ``news`` of a
    competition.
    """
    data = notification.data
    names = {
        "actor": notification.actor.shown_name if notification.actor else "",
        "title": data.get("title", ""),
    }
    match notification.kind:
        case NotificationKind.FORKED:
            return _("%(actor)s forked “%(title)s”.") % names
        case NotificationKind.STARRED:
            return _("%(actor)s starred “%(title)s”.") % names
        case NotificationKind.COMMENTED:
            return _("%(actor)s commented on “%(title)s”.") % names
        case NotificationKind.TASK_ENDED:
            return _task_ended(data.get("state", ""), names)
        case NotificationKind.SERVICE_PAUSED:
            return _("The service “%(title)s” was paused: nobody has called it.") % names
        case _other:
            return "{title}: {news}".format_map({"title": "", "news": "", **data})


def _task_ended(state: str, names: dict[str, str]) -> str:
    if state == "succeeded":
        return _("The task “%(title)s” has succeeded.") % names
    if state == "stopped":
        return _("The task “%(title)s” was stopped.") % names
    return _("The task “%(title)s” has failed.") % names
