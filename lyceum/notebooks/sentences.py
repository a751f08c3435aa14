"""Words for the codes that rows, builds and the hub use, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from lyceum.environments import Reason as EnvironmentReason

_STEPS = {
    "waiting": lazy("Another project is preparing the same environment"),
    "creating": lazy("Creating the environment"),
    "installing": lazy("Installing the environment's packages"),
    "finishing": lazy("Finishing the environment"),
    "ready": lazy("The environment is ready"),
    "requested": lazy("Asking for the notebook server"),
    "workload": lazy("Collecting the project's files, datasets and environment"),
    "sandbox": lazy("Starting the sandbox"),
    "server": lazy("Starting the notebook server"),
    "answer": lazy("The notebook server answers"),
    "hub_away": lazy("Waiting for the notebook service to come back"),
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
