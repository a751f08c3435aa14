"""Where the platform lives and how its parts find each other.

Every part (front door, hub, portal, uploads, gateway, dispatcher, command line) reads the same
settings: environment variables ``LYCEUM_*`` first, then the defaults below.
Secrets are generated at first start into ``<home>/secrets.json``, readable by
the owner alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets as _random
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX = "LYCEUM_"
_READ = (_PREFIX, "RAY_")


class Secrets(BaseModel):
    """Keys shared by the platform's own parts; never shown to user code."""

    django_key: str = Field(default_factory=lambda: _random.token_urlsafe(48))
    proxy_token: str = Field(default_factory=lambda: _random.token_hex(32))
    hub_api_token: str = Field(default_factory=lambda: _random.token_hex(32))
    hub_cookie_secret: str = Field(default_factory=lambda: _random.token_hex(32))
    hub_crypt_key: str = Field(default_factory=lambda: _random.token_hex(32))
    internal_token: str = Field(default_factory=lambda: _random.token_urlsafe(32))
    oauth_client_secret: str = Field(default_factory=lambda: _random.token_urlsafe(32))


class Settings(BaseSettings):
    """The operator's settings; each field is the variable ``LYCEUM_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="ignore")

    home: Path = Path("~/.lyceum")
    host: str = "127.0.0.1"
    port: int = 8000
    public_host: str | None = Field(
        None, description="Host name learners type; the bind address when unset."
    )
    notebook_host: str = Field(
        "notebooks.localhost",
        description="Host name of the notebooks' own origin (DESIGN.md §4).",
    )
    public_scheme: Literal["http", "https"] = "http"
    public_port: int | None = None
    database_url: str | None = None
    email_url: str = Field("console:", description="Mail server, as dj-email-url writes it.")
    email_from: str = "Lyceum <no-reply@localhost>"
    debug: bool = False
    sandbox: Literal["on", "off"] = "on"
    engine: Literal["local", "ray"] = Field(
        "local",
        description="What runs clusters' tasks and services' replicas: this machine, or Ray.",
    )
    gateway_address: IPv4Address = Field(
        IPv4Address("127.0.0.1"),
        description="With Ray: this machine's address as the cluster's machines reach it; "
        "services' workers dial the gateway there.",
    )
    # The next three have Ray's own names, so that one environment serves both.
    ray_address: str | None = Field(
        None, validation_alias="RAY_ADDRESS", description="The head's dashboard, `http://…:8265`."
    )
    ray_auth_token: str | None = Field(None, validation_alias="RAY_AUTH_TOKEN", repr=False)
    ray_auth_token_path: Path = Field(
        Path("~/.ray/auth_token"), validation_alias="RAY_AUTH_TOKEN_PATH"
    )
    environments: Path | None = Field(
        None,
        description="Where environments are built, `<home>/environments` when unset; "
        "several installations of one machine may share it.",
    )
    warm_pool: int = Field(1, description="Notebook servers kept started ahead.")

    @property
    def root(self) -> Path:
        """The platform's data folder, absolute."""
        return self.home.expanduser().resolve()

    @property
    def environments_root(self) -> Path:
        """The folder of built environments, absolute."""
        if self.environments is None:
            return self.root / "environments"
        return self.environments.expanduser().resolve()

    @property
    def portal_url(self) -> str:
        """The address learners open, without a trailing slash."""
        return self._public_url(self.public_host or self.host)

    @property
    def notebook_url(self) -> str:
        """The notebooks' origin, without a trailing slash."""
        return self._public_url(self.notebook_host)

    def _public_url(self, host: str) -> str:
        port = self.public_port or self.port
        default = {"http": 80, "https": 443}[self.public_scheme]
        return f"{self.public_scheme}://{host}" + ("" if port == default else f":{port}")

    @property
    def portal_port(self) -> int:
        """Portal's own port on loopback, behind the front door."""
        return self.port + 1

    @property
    def hub_port(self) -> int:
        """JupyterHub's own port on loopback, behind the front door."""
        return self.port + 2

    @property
    def proxy_api_port(self) -> int:
        """The front door's REST API on loopback."""
        return self.port + 3

    @property
    def uploads_port(self) -> int:
        """The tus server's own port on loopback, behind the front door."""
        return self.port + 4

    @property
    def gateway_port(self) -> int:
        """The prediction gateway's own port on loopback, behind the front door."""
        return self.port + 5

    @property
    def nodes_address(self) -> tuple[str, int]:
        """Where workers on the cluster's machines dial the gateway: host and port."""
        return str(self.gateway_address), self.port + 6

    @property
    def django_database_url(self) -> str:
        """``DATABASE_URL`` in dj-database-url's form; SQLite in home by default."""
        return (
            self.database_url
            or os.environ.get("DATABASE_URL")
            or f"sqlite:///{self.root / 'portal.sqlite3'}"
        )

    @property
    def ray_token(self) -> str | None:
        """The token that the Ray cluster asks for, found as Ray's own tools find it."""
        if self.ray_auth_token:
            return self.ray_auth_token.strip()
        with contextlib.suppress(OSError):
            return self.ray_auth_token_path.expanduser().read_text().strip() or None
        return None

    def secrets(self) -> Secrets:
        """This installation's secrets, generated once with mode 0600."""
        return _secrets(self.root)


@cache
def _secrets(root: Path) -> Secrets:
    path = root / "secrets.json"
    if not path.exists():
        root.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(Secrets().model_dump_json(indent=1))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)  # atomic: of two starters, the first one's keys win
        fresh.unlink()
    return Secrets(**json.loads(path.read_text()))


def settings() -> Settings:
    """The settings of this process, as the environment has them at each call."""
    ours = {name: text for name, text in os.environ.items() if name.upper().startswith(_READ)}
    return _settings(frozenset(ours.items()))


@cache
def _settings(_environment: frozenset[tuple[str, str]]) -> Settings:
    # Reading them takes a millisecond, and some requests ask for them thousands of times.
    return Settings()
