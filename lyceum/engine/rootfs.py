"""What of the host a sandbox sees: system programs and libraries, and an /etc of its own.

An allow-list: what is not named here or mounted by the workload does not exist inside.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

from lyceum.engine.workload import OUTWARD, Network

USER, UID, HOME = "aistudio", 1000, "/home/aistudio"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SLIRP_DNS = "10.0.2.3"

_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# /etc/ssl/private and its like stay out: as root, files only root reads would be readable.
_ETC = (
    "alternatives",
    "ca-certificates.conf",
    "fonts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "magic",
    "mime.types",
    "OpenCL",
    "pki/tls/certs",
    "pki/ca-trust/extracted",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "timezone",
)


def system_arguments() -> list[str]:
    """bubblewrap options that show the host's programs and libraries, read-only."""
    arguments = ["--ro-bind", "/usr", "/usr"]
    for folder in _SYSTEM:
        if os.path.islink(folder):
            arguments += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            arguments += ["--ro-bind", folder, folder]
    for name in _ETC:
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    # NumPy, Paddle and the C library count processors there.
    cpus = "/sys/devices/system/cpu"
    return [*arguments, "--ro-bind-try", cpus, cpus]


def write_etc(folder: Path, *, hostname: str, network: Network) -> dict[str, Path]:
    """Write the sandbox's own /etc files into ``folder``: name in /etc → file."""
    files = {
        "passwd": f"{USER}:x:{UID}:{UID}:{USER}:{HOME}:/bin/bash\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        "group": f"{USER}:x:{UID}:\nnogroup:x:65534:\n",
        "hostname": f"{hostname}\n",
        "hosts": f"127.0.0.1 localhost {hostname}\n::1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "resolv.conf": _resolver(network),
    }
    folder.mkdir(exist_ok=True)
    written = {}
    for name, text in files.items():
        written[name] = folder / name
        written[name].write_text(text)
        written[name].chmod(0o644)
    if network in OUTWARD and Path("/etc/pip.conf").is_file():
        written["pip.conf"] = Path("/etc/pip.conf")
    return written


def nameservers() -> list[str]:
    """The host's IPv4 name servers that a sandbox with an open network asks directly.

    A server on the host's own loopback can't be reached from a sandbox.
    systemd-resolved is the usual one, and keeps the real ones in its own file.
    """
    for path in ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"):
        found = [server for server in _servers(path) if not server.is_loopback]
        if found:
            return [str(server) for server in found]
    return []


def needs_slirp_dns() -> bool:
    """Whether names are resolved through slirp4netns, for want of a server elsewhere.

    slirp4netns sends *every* port of its DNS address to the host's name server.
    Were that 127.0.0.1, all of the host's loopback would be open to user code,
    so then there is no name service rather than that.
    """
    first = _servers("/etc/resolv.conf")[:1]
    return not nameservers() and bool(first) and str(first[0]) != "127.0.0.1"


def _servers(path: str) -> list[ipaddress.IPv4Address]:
    try:
        lines = [line.split() for line in Path(path).read_text().splitlines()]
    except OSError:
        return []
    found = []
    for words in lines:
        if len(words) > 1 and words[0] == "nameserver":
            try:
                found.append(ipaddress.IPv4Address(words[1]))
            except ValueError:
                continue  # IPv6: the sandbox's network has none
    return found


def _resolver(network: Network) -> str:
    if network == "host":
        return Path("/etc/resolv.conf").read_text() if Path("/etc/resolv.conf").is_file() else ""
    if network != "open":
        return ""
    servers = nameservers() or ([SLIRP_DNS] if needs_slirp_dns() else [])
    return "".join(f"nameserver {server}\n" for server in servers)
