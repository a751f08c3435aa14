"""Words for the codes that services and probes use, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lyceum.limits import limit
from lyceum.projects.workfolder import shown

_PROBE_ENDINGS = {
    "out_of_memory": gettext_lazy(
        "Loading the model needed more than the %(memory)d MB a service may use."
    ),
    "time_limit": gettext_lazy("It took too long and was ended."),
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


_HINTS = {
    "weights_only": gettext_lazy(
        "“%(path)s” has a model's parameters but not the model itself. Save the whole model."
    ),
    "pickle": gettext_lazy(
        "“%(path)s” is a pickle, which is not loaded here. Save it with skops."
    ),
    "params_missing": gettext_lazy(
        "The parameters of “%(path)s” are not there. Choose them too, or save them."
    ),
}


def model_hint(code: str, path: str) -> str:
    """Why a file that looks like a model can't be served (see ``kinds.Hint``)."""
    return str(_HINTS[code]) % {"path": shown(path)[:200]}


def probe_ending(reason: str | None) -> str:
    """Why a probe that told nothing of its own has ended; ``reason`` is the engine's."""
    params = {
        "memory": limit("serving_memory_mb"),
        "disk": limit("serving_disk_mb"),
        "processes": limit("serving_processes"),
    }
    return str(_PROBE_ENDINGS.get(reason or "", _NO_RESULT)) % params


def result_too_large() -> str:
    """Why a probe with a very long result shows nothing of it."""
    return _("What came of it is too long to be shown here.")
