"""What `pip install` inside a sandbox needs of the host's environment variables.

Only for workloads with an open network. Whatever is passed can be read by user
code: an operator whose package index needs a password should use a mirror that
does not (docs/sandbox.md).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from lyceum.engine.workload import Mount

_PLAIN = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_DISABLE_PIP_VERSION_CHECK",
    "PIP_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "UV_INDEX_URL",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
_PATHS = (
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "PIP_FIND_LINKS",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
)
_SEEN = ("/usr", "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted")


def passed_on(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The host's variables about proxies, certificates and package indexes."""
    source = os.environ if environment is None else environment
    return {name: source[name] for name in (*_PLAIN, *_PATHS) if source.get(name)}


def mounts_for(variables: Mapping[str, str]) -> tuple[Mount, ...]:
    """Read-only mounts of the files these variables name that a sandbox does not see."""
    mounts = {}
    for name in _PATHS:
        path = Path(variables.get(name, ""))
        seen = any(path.is_relative_to(folder) for folder in _SEEN)
        if path.is_absolute() and path.exists() and not seen:
            mounts[path] = Mount(path.resolve(), PurePosixPath(path))
    return tuple(mounts.values())
