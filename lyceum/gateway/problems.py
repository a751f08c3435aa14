"""A call that gets an error instead of an output."""

from __future__ import annotations

from typing import Any

import msgspec

from lyceum.gateway.sentences import sentence

STATUS = {
    "unknown_service": 404,
    "wrong_method": 405,
    "missing_key": 401,
    "wrong_key": 401,
    "too_many": 429,
    "body_too_large": 413,
    "batch_too_long": 400,
    "body_incomplete": 408,
    "bad_json": 400,
    "missing_parameter": 400,
    "unknown_parameter": 400,
    "wrong_type": 400,
    "out_of_range": 400,
    "paused": 503,
    "stopped": 503,
    "failed": 503,
    "deploying": 503,
    "queue_full": 503,
    "timed_out": 504,
    "converter_failed": 500,
    "model_failed": 500,
    "bad_output": 500,
    "worker_died": 500,
    "gateway_failed": 500,
}


class Problem(Exception):
    """Why a call failed, as its caller is told.

    ``code`` is one of `STATUS`; ``field`` names the parameter that is to blame, in a
    batch with its place (``[3].CRIM``). ``traceback`` is for the owner only.
    """

    def __init__(
        self,
        code: str,
        field: str | None = None,
        *,
        says: str | None = None,
        status: int | None = None,
        retry_after: int | None = None,
        message: str = "",
        traceback: str = "",
        prints: str = "",
        **values: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.status = status or STATUS[code]
        self.retry_after = retry_after
        self.message = message
        self.traceback = traceback
        self.prints = prints
        self._says = says or code
        self._values = values

    def sentence(self, chinese: bool) -> str:
        """What happened, in Chinese or in English."""
        return sentence(self._says, self._values, chinese)

    def body(self, chinese: bool) -> bytes:
        """``{"error": {"code", "message", "field"}}`` as JSON."""
        error = {"code": self.code, "message": self.sentence(chinese), "field": self.field}
        return msgspec.json.encode({"error": error})
