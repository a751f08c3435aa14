"""What ``lyceum up`` does before it starts the parts; run as a program.

Progress and problems go to stderr; the last line on stdout is JSON:
``{"login_link": "<the administrator's one-time login link, or empty>"}``.
"""

from __future__ import annotations

import json
import os
import sys

import django
from rich.console import Console

from lyceum.cli.environments import build_first_environments
from lyceum.cli.problems import ExitCode, Problem


def main() -> int:
    console = Console(stderr=True, highlight=False)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lyceum.portal.settings")
    try:
        django.setup()
        with console.status("Preparing the database and pages"):
            _migrate()
            _collect_static_files()
        build_first_environments(console)
        with console.status("Installing the official content"):
            _install_content()
        print(json.dumps({"login_link": _login_link()}))
    except Problem as problem:
        console.print(problem.sentence, soft_wrap=True, markup=False)
        return problem.code
    return ExitCode.OK


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import OperationalError

    try:
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise Problem(
            ExitCode.DATABASE_UNREACHABLE,
            f"The database can't be used: {reason}. Look at DATABASE_URL and at the server.",
        ) from None


def _collect_static_files() -> None:
    from lyceum.portal.storage import collect_static

    collect_static()


def _install_content() -> None:
    from lyceum.cli.content import install_official_content

    install_official_content()


def _login_link() -> str:
    from lyceum.accounts.actions import create_admin_login_link

    return create_admin_login_link()


if __name__ == "__main__":
    sys.exit(main())
