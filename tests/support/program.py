"""A program that speaks to the REST API as a user."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from lyceum.accounts.models import User

API = "/api/v1"


class Program:
    """A client that speaks JSON, as ``user``."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user)

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        answer = self.client.generic(method, API + path, data, content_type="application/json")
        return answer.status_code, json.loads(answer.content) if answer.content else None
