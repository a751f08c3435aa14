"""Words for the codes that services and probes use, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from lyceum.limits import limit

_PROBE_ENDINGS = {
    "out_of_memory": gettext_lazy(
        "Loading the model needed more than the %(memory)d MB a service may use."
    ),
    "time_limit": gettext_lazy("It took longer than two minutes and was ended."),
    "disk_limit": gettext_lazy("It wrote more than the %(disk)d MB a service may write."),
    "process_limit": gettext_lazy(
        "It started more than the %(processes)d processes a service may have."
    ),
    "lost": gettext_lazy("It was interrupted. Please try again."),
    "not_started": gettext_lazy(
        "It could not be started. Try again; if that fails too, tell an administrator."
    ),
    "signal": gettext_lazy("The framework crashed while it worked with the model (see the log)."),
}
_NO_RESULT = gettext_lazy("It ended without a result (see the log).")


def probe_ending(reason: str | None) -> str:
    """Why a probe that told nothing of its own has ended; ``reason`` is the engine's."""
    params = {
        "memory": limit("serving_memory_mb"),
        "disk": limit("serving_disk_mb"),
        "processes": limit("serving_processes"),
    }
    return str(_PROBE_ENDINGS.get(reason or "", _NO_RESULT)) % params
