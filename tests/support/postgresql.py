"""A private PostgreSQL cluster on a unix socket in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

BINARIES = Path("/usr/lib/postgresql")


class Cluster:
    """One cluster, thrown away at ``stop``; it opens no TCP port.

    PostgreSQL refuses to run as root: as root, the ``postgres`` user that its
    Debian package makes runs it.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="lyceum-pg-"))
        self._as_owner: tuple[str, ...] = ()
        self.url = f"postgresql://lyceum@{quote(str(self._folder), safe='')}/postgres"

    def start(self) -> None:
        """Make the cluster and wait until it answers.

        Raises ``RuntimeError`` when PostgreSQL is not installed.
        """
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
            self._as_owner = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups")
        data = str(self._folder / "data")
        self._run(
            "initdb",
            "--pgdata",
            data,
            "--username=lyceum",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        )
        self._run(
            "pg_ctl",
            "--pgdata",
            data,
            "--wait",
            "--log",
            str(self._folder / "log"),
            "--options",
            f"-k {self._folder} -c listen_addresses='' -c fsync=off",
            "start",
        )

    def stop(self) -> None:
        data = self._folder / "data"
        if data.exists():
            self._run("pg_ctl", "--pgdata", str(data), "--mode=immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as_owner, str(_binaries() / program), *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )


def _binaries() -> Path:
    """The newest installed version's programs, which Debian keeps off ``PATH``."""
    found = sorted(BINARIES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed; run scripts/setup --tests.")
    return found[-1].parent
