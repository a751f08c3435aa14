"""The platform's API as this project's notebook server may use it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from .sentences import Sentences

_TIMEOUT_SECONDS = 120  # saving a version copies the work folder into git


class PortalRefusal(Exception):
    """The platform said no, or nothing; ``str`` is a sentence for the learner."""

    def __init__(self, sentence: str, *, status: int) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Platform:
    """Where the platform is and which project this is; empty strings when unknown.

    The variables are the contract of the notebook workload: ``LYCEUM_API_URL``,
    ``LYCEUM_PROJECT_TOKEN``, ``LYCEUM_PROJECT_ID``, ``LYCEUM_PORTAL_URL``,
    ``LYCEUM_LANGUAGE``.
    """

    api_url: str
    token: str
    project_id: str
    portal_url: str
    language: str

    @classmethod
    def take_from_environment(cls) -> Platform:
        """Read the variables, and keep the token from the kernels this server starts."""
        return cls(
            api_url=os.environ.get("LYCEUM_API_URL", "").rstrip("/"),
            token=os.environ.pop("LYCEUM_PROJECT_TOKEN", ""),
            project_id=os.environ.get("LYCEUM_PROJECT_ID", ""),
            portal_url=os.environ.get("LYCEUM_PORTAL_URL", "").rstrip("/"),
            language=os.environ.get("LYCEUM_LANGUAGE", "en"),
        )

    @property
    def connected(self) -> bool:
        return bool(self.api_url and self.token and self.project_id)

    @property
    def project_url(self) -> str:
        """The project's page for the learner's browser; empty when not connected."""
        if not (self.portal_url and self.project_id):
            return ""
        return f"{self.portal_url}/projects/{self.project_id}/"


class Portal:
    """Calls the platform with the project's token."""

    def __init__(self, platform: Platform, sentences: Sentences) -> None:
        self._platform = platform
        self._say = sentences

    async def save_version(self, note: str) -> dict[str, Any]:
        """Save a version of the work folder; the platform's description of it."""
        return await self._call("POST", "versions", {"note": note})

    async def notebook_state(self) -> dict[str, Any]:
        """What the platform plans for this server (``idle_stop_at`` …)."""
        return await self._call("GET", "notebook", None)

    async def keep_running(self) -> dict[str, Any]:
        """Count the idle time from now; the platform's state of this server."""
        return await self._call("POST", "notebook/activity", {})

    async def competitions(self) -> list[dict[str, Any]]:
        """The open competitions that the learner takes part in, this project's first."""
        return await self._call("GET", "competitions", None)

    async def submit(self, competition: str, path: str, message: str) -> dict[str, Any]:
        """Hand in a file of the work folder, or (no ``path``) the project's code."""
        what = f"competitions/{competition}/submissions"
        return await self._call("POST", what, {"path": path, "message": message})

    async def submission(self, competition: str, submission: str) -> dict[str, Any]:
        """What has come of a submission by now."""
        return await self._call(
            "GET", f"competitions/{competition}/submissions/{submission}", None
        )

    async def _call(self, method: str, what: str, content: dict[str, Any] | None) -> Any:
        if not self._platform.connected:
            raise PortalRefusal(self._say("no_platform"), status=503)
        request = HTTPRequest(
            f"{self._platform.api_url}/api/v1/projects/{self._platform.project_id}/{what}",
            method=method,
            headers={
                "Authorization": f"Bearer {self._platform.token}",
                "Accept-Language": self._platform.language,
                "Content-Type": "application/json",
            },
            body=None if content is None else json.dumps(content),
            request_timeout=_TIMEOUT_SECONDS,
        )
        try:
            response = await AsyncHTTPClient().fetch(request)
        except HTTPClientError as error:
            raise self._refusal(error) from error
        except OSError as error:
            raise PortalRefusal(self._say("platform_unreachable"), status=503) from error
        return json.loads(response.body)

    def _refusal(self, error: HTTPClientError) -> PortalRefusal:
        """The platform's own sentence (RFC 9457 ``detail``) where it gave one."""
        try:
            content = json.loads(error.response.body) if error.response else {}
            sentence = content.get("detail") or content.get("title")
        except ValueError:
            sentence = None
        if isinstance(sentence, str) and sentence:
            return PortalRefusal(sentence, status=error.code)
        return PortalRefusal(self._say("platform_unreachable"), status=503)
