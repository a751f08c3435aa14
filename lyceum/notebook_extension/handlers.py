"""Datasets, versions, submissions and the project's state, for our panels."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

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


class PortalHandler(JsonHandler):
    """Asks the portal, and passes its refusals on as ``{message}``."""

    auth_resource = "contents"

    def initialize(self, portal: Portal) -> None:
        self._portal = portal

    async def pass_on(self, asked: Awaitable[Any], *, status: int = 200) -> None:
        """Answer what the portal does."""
        try:
            self.answer(await asked, status=status)
        except PortalRefusal as refusal:
            self.answer({"message": str(refusal)}, status=refusal.status)


class ActivityHandler(PortalHandler):
    """``POST lyceum/api/activity``: the learner is still there; an idle warning is taken back."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        await self.pass_on(self._portal.keep_running())


class VersionsHandler(PortalHandler):
    """``POST lyceum/api/versions``: ``{note}`` → the platform's description of the version."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        (note,) = text_fields(self, "note")
        await self.pass_on(self._portal.save_version(note), status=201)


class CompetitionsHandler(PortalHandler):
    """``GET lyceum/api/competitions`` → ``{items: the learner's open competitions}``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.pass_on(self._portal.competitions())


class SubmissionsHandler(PortalHandler):
    """``POST lyceum/api/competitions/<id>/submissions``: ``{path, message}`` → the submission."""

    @web.authenticated
    @authorized
    async def post(self, competition: str) -> None:
        path, message = text_fields(self, "path", "message")
        await self.pass_on(self._portal.submit(competition, path, message), status=201)


class SubmissionHandler(PortalHandler):
    """``GET lyceum/api/competitions/<id>/submissions/<id>`` → the submission as it is now."""

    @web.authenticated
    @authorized
    async def get(self, competition: str, submission: str) -> None:
        await self.pass_on(self._portal.submission(competition, submission))
