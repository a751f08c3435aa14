"""What a project can run on: this machine's CPU, its GPU, the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from lyceum.limits import limit
from lyceum.projects.models import Project

_NVIDIA_DEVICE = Path("/dev/nvidia0")


@dataclass(frozen=True, slots=True)
class Resource:
    """A choice of the create dialog; ``reason`` says why it is not available."""

    name: str
    label: str
    detail: str
    kinds: tuple[str, ...]
    available: bool
    reason: str = ""


def resources() -> list[Resource]:
    """The choices, the default first, in the reader's language."""
    has_gpu = _NVIDIA_DEVICE.exists()
    size = {"cpus": limit("notebook_cpus"), "memory": limit("notebook_memory_mb") // 1024}
    return [
        Resource(
            "cpu",
            _("This machine, CPU"),
            _("%(cpus)d CPU cores, %(memory)d GB memory") % size,
            (Project.Kind.NOTEBOOK, Project.Kind.CLUSTER),
            True,
        ),
        Resource(
            "gpu",
            _("This machine, GPU"),
            _("One NVIDIA GPU beside the CPU"),
            (Project.Kind.NOTEBOOK, Project.Kind.CLUSTER),
            has_gpu,
            "" if has_gpu else _("This machine has no NVIDIA GPU."),
        ),
    ]


def resource(name: str) -> Resource | None:
    """The resource called ``name``."""
    return next((each for each in resources() if each.name == name), None)
