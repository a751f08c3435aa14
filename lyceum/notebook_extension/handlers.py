"""Datasets, versions and the project's state, for our panels."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web

from .datasets import list_datasets
from .portal import Platform, Portal, PortalRefusal
from .requests import JsonHandler, text_fields


class DatasetsHandler(JsonHandler):
    """``GET lyceum/api/datasets`` → ``datasets.Listing`` as JSON."""

    auth_resource = "contents"

    def initialize(self, home: Path) -> None:
        self._home = home

    @web.authenticated
    @authorized
    async def get(self) -> None:
        listing = await asyncio.to_thread(list_datasets, self._home)
        self.answer(listing.to_json())


class ProjectHandler(JsonHandler):
    """``GET lyceum/api/project`` → ``{project_url, connected, home, upload_limit_bytes, …}``.

    Where the platform answers, its own state of this notebook server is under
    ``notebook``; a platform that is away is no error, the notebook goes on.
    """

    auth_resource = "contents"

    def initialize(self, home: Path, platform: Platform, portal: Portal, limit: int) -> None:
        self._home = home
        self._platform = platform
        self._portal = portal
        self._limit = limit

    @web.authenticated
    @authorized
    async def get(self) -> None:
        try:
            notebook = await self._portal.notebook_state()
        except PortalRefusal:
            notebook = None
        self.answer(
            {
                "project_url": self._platform.project_url,
                "connected": self._platform.connected,
                "home": str(self._home),
                "upload_limit_bytes": self._limit,
                "notebook": notebook,
            }
        )


class ActivityHandler(JsonHandler):
    """``POST lyceum/api/activity``: the learner is still there; an idle warning is taken back."""

    auth_resource = "contents"

    def initialize(self, portal: Portal) -> None:
        self._portal = portal

    @web.authenticated
    @authorized
    async def post(self) -> None:
        try:
            self.answer(await self._portal.keep_running())
        except PortalRefusal as refusal:
            self.answer({"message": str(refusal)}, status=refusal.status)


class VersionsHandler(JsonHandler):
    """``POST lyceum/api/versions``: ``{note}`` → the platform's description of the version."""

    auth_resource = "contents"

    def initialize(self, portal: Portal) -> None:
        self._portal = portal

    @web.authenticated
    @authorized
    async def post(self) -> None:
        (note,) = text_fields(self, "note")
        try:
            self.answer(await self._portal.save_version(note), status=201)
        except PortalRefusal as refusal:
            self.answer({"message": str(refusal)}, status=refusal.status)
