"""The one error that the SDK raises on purpose."""

from __future__ import annotations

import json

import httpx


class LyceumError(Exception):
    """A refusal of the platform, or a reason why it could not be asked.

    ``code`` is stable and for programs, ``message`` a sentence for people; ``field``
    names what in the request is wrong; ``status`` is the HTTP status, ``None`` where
    the SDK itself refuses: ``unreachable``, ``empty_file``, ``file_changed``,
    ``bad_checksum`` and the like.
    """

    def __init__(
        self, code: str, message: str, field: str | None = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.status = status


def refusal(answer: httpx.Response) -> LyceumError:
    """What ``answer``, whose status is no success and whose body was read, says.

    The API refuses with RFC 9457 problems, the uploads server with ``code``,
    ``message`` and ``field``; what stands before them, with anything.
    """
    try:
        said = json.loads(answer.content)
        code, message = said["code"], said.get("title") or said["message"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return LyceumError("not_lyceum", _unknown(answer), status=answer.status_code)
    return LyceumError(code, message, said.get("field"), answer.status_code)


def _unknown(answer: httpx.Response) -> str:
    where = f"{answer.url.scheme}://{answer.url.netloc.decode()}"
    if answer.is_redirect:
        return f"{where} sends elsewhere ({answer.headers.get('location')}); use that address."
    if answer.status_code >= 500:
        return f"{where} has a problem just now (status {answer.status_code}); try again later."
    return f"{where} answers with status {answer.status_code} in a way that Lyceum does not."
