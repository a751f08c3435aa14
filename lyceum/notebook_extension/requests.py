"""What our request handlers share: JSON in, JSON out, one shape of refusal."""

from __future__ import annotations

from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web


class JsonHandler(APIHandler):
    """A handler of Jupyter's own API class that answers JSON."""

    def answer(self, content: Any, *, status: int = 200) -> None:
        """Finish with ``content`` as JSON."""
        self.set_status(status)
        self.finish(content if isinstance(content, dict) else {"items": content})


def text_fields(handler: APIHandler, *names: str) -> list[str]:
    """The named strings of the request's JSON object; answers 400 when one is missing."""
    body = handler.get_json_body()
    fields = body if isinstance(body, dict) else {}
    values = [fields.get(name) for name in names]
    for name, value in zip(names, values, strict=True):
        if not isinstance(value, str):
            raise web.HTTPError(400, f"{name}: a string is required")
    return [value for value in values if isinstance(value, str)]
