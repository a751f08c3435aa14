"""Environments: which there are, whether this machine has them, how to use one."""

from lyceum.environments.build import (
    BuildError,
    EnvironmentUnavailable,
    Progress,
    build,
)
from lyceum.environments.definition import (
    SERVER,
    Environment,
    UnknownEnvironment,
    definitions,
    get,
)
from lyceum.environments.kernel import (
    dashboard_argv,
    jupyter_path,
    kernel_environment,
    kernel_spec,
    mounts,
)
from lyceum.environments.places import prefix, python, remove_build
from lyceum.environments.state import Availability, Reason, availability, superseded

__all__ = [
    "SERVER",
    "Availability",
    "BuildError",
    "Environment",
    "EnvironmentUnavailable",
    "Progress",
    "Reason",
    "UnknownEnvironment",
    "availability",
    "build",
    "dashboard_argv",
    "definitions",
    "get",
    "jupyter_path",
    "kernel_environment",
    "kernel_spec",
    "mounts",
    "prefix",
    "python",
    "remove_build",
    "superseded",
]
