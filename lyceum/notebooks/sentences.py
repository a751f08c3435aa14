"""Words for the codes that rows, builds and the hub use, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lyceum.environments import Reason as EnvironmentReason

_STEPS = {
    "waiting": gettext_lazy("Another project is preparing the same environment"),
    "creating": gettext_lazy("Creating the environment"),
    "installing": gettext_lazy("Installing the environment's packages"),
    "finishing": gettext_lazy("Finishing the environment"),
    "ready": gettext_lazy("The environment is ready"),
    "requested": gettext_lazy("Asking for the notebook server"),
    "workload": gettext_lazy("Collecting the project's files, datasets and environment"),
    "sandbox": gettext_lazy("Starting the sandbox"),
    "server": gettext_lazy("Starting the notebook server"),
    "answer": gettext_lazy("The notebook server answers"),
    "hub_away": gettext_lazy("Waiting for the notebook service to come back"),
}


def step(code: str) -> str:
    """What happens at the step ``code`` of a start; an unknown one is no news."""
    return str(_STEPS.get(code, ""))


def environment_obstacle(reason: EnvironmentReason) -> str:
    """Why this machine cannot have an environment, and the command that helps."""
    if reason.code == "no_interpreter":
        sentence = _("Python %(interpreter)s is not on this machine.")
    elif reason.code == "narrow_unicode":
        sentence = _(
            "Python %(interpreter)s on this machine (%(executable)s) has narrow Unicode, "
            "for which the packages are not made."
        )
    else:
        sentence = _("The environment's packages are not made for this machine (%(machine)s).")
    sentence %= {"interpreter": "", "executable": "", "machine": "", **reason.params}
    if not reason.fix:
        return sentence
    return sentence + " " + _("An administrator can help with: %(fix)s") % {"fix": reason.fix}
