"""Which platform the commands speak to, and as whom: ``~/.config/lyceum/credentials.json``."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from lyceum.cli.problems import ExitCode, Problem

DEFAULT_ADDRESS = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A platform's address and an access token of it, empty where there is none."""

    address: str
    token: str


def place() -> Path:
    """Where the XDG base directories put the file."""
    config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(config) / "lyceum" / "credentials.json"


def current() -> Credentials:
    """``LYCEUM_ADDRESS`` and ``LYCEUM_TOKEN``, else what ``lyceum login`` has stored.

    The stored token goes to no other address than the one it is for. Raises
    ``Problem`` without a token.
    """
    stored = _stored()
    address = os.environ.get("LYCEUM_ADDRESS") or (stored.address if stored else DEFAULT_ADDRESS)
    token = os.environ.get("LYCEUM_TOKEN", "")
    if not token and stored and stored.address == address.rstrip("/"):
        token = stored.token
    if not token:
        raise Problem(
            ExitCode.FAILED, f"You are not logged in to {address}. Run `lyceum login {address}`."
        )
    return Credentials(address, token)


def store(credentials: Credentials) -> Path:
    """Keep ``credentials`` where only this user can read them; returns the file."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(credentials), file)
    fresh.replace(path)
    return path


def _stored() -> Credentials | None:
    try:
        return Credentials(**json.loads(place().read_text()))
    except (OSError, ValueError, TypeError):
        return None
