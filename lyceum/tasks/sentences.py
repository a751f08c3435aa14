"""What is said of tasks: how one ended, what it asks for, how long it took."""

from __future__ import annotations

import signal

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.limits import limit
from lyceum.tasks.models import Task

Reason = Task.Reason


def ending(task: Task) -> str:
    """How an ended task ended, as a sentence; empty while it goes on and when all is well."""
    if task.is_active or task.state == Task.State.SUCCEEDED:
        return ""
    match task.reason:
        case Reason.EXIT:
            return _("The program ended with exit code %(code)s.") % {"code": task.exit_code}
        case Reason.SIGNAL:
            return _("The program was ended by the signal %(name)s.") % {"name": _signal(task)}
        case Reason.OUT_OF_MEMORY:
            sentence = _("It needed more memory than the %(memory)d MB that each member may use.")
            return sentence % {"memory": task.memory_mb}
        case Reason.TIME_LIMIT:
            sentence = _("It reached its time limit of %(time)s.")
            return sentence % {"time": length_of(task.time_limit_seconds)}
        case Reason.DISK_LIMIT:
            sentence = _(
                "It wrote more than the %(size)d MB that its output and scratch may have."
            )
            return sentence % {"size": limit("task_disk_mb")}
        case Reason.PROCESS_LIMIT:
            sentence = _("It started more than the %(count)d processes that each member may have.")
            return sentence % {"count": limit("task_processes")}
        case Reason.STOPPED:
            return _("It was stopped.")
        case Reason.LOST:
            return _("The machine that it ran on was lost.")
        case Reason.NOT_STARTED:
            return _("It could not be started.")
        case Reason.ENVIRONMENT:
            return _("Its environment could not be had.")
    return ""


def _signal(task: Task) -> str:
    try:
        return signal.Signals(task.signal or 0).name
    except ValueError:
        return str(task.signal)


def gang(task: Task) -> str:
    """The members: “2 trainers, 1 parameter server”."""
    trainers = ngettext("%(count)d trainer", "%(count)d trainers", task.trainers)
    parts = [trainers % {"count": task.trainers}]
    if task.pservers:
        servers = ngettext(
            "%(count)d parameter server", "%(count)d parameter servers", task.pservers
        )
        parts.append(servers % {"count": task.pservers})
    return _(", ").join(parts)


def share(task: Task) -> str:
    """What each member may use: “1 core, 2048 MB”, and each trainer's GPUs."""
    cores = ngettext("%(count)d core", "%(count)d cores", task.cpus) % {"count": task.cpus}
    parts = [cores, _("%(memory)d MB") % {"memory": task.memory_mb}]
    if task.gpus:
        parts.append(ngettext("%(count)d GPU", "%(count)d GPUs", task.gpus) % {"count": task.gpus})
    return _(", ").join(parts)


def ran_for(task: Task) -> int | None:
    """Seconds from its start to its end or to now; ``None`` when it has not begun."""
    if task.started is None:
        return None
    return max(0, round(((task.ended or timezone.now()) - task.started).total_seconds()))


def length_of(seconds: float) -> str:
    """A length of time in two units at most: “35 sec”, “2 min 5 sec”, “3 hr 20 min”.

    In the words that browsers have for it: a script counts on (`frontend`, tasks/live.ts).
    """
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        words = [_("%(count)d hr") % {"count": hours}]
        words += [_("%(count)d min") % {"count": minutes}] if minutes else []
    elif minutes:
        words = [_("%(count)d min") % {"count": minutes}]
        words += [_("%(count)d sec") % {"count": left}] if left else []
    else:
        words = [_("%(count)d sec") % {"count": left}]
    return " ".join(words)
