"""The one error type that actions raise for a learner to read.

Pages render it beside the field it concerns; the API renders it as
``application/problem+json`` (RFC 9457).
"""

from __future__ import annotations


class DomainError(Exception):
    """A refusal with a code, a translated sentence and, if any, a field.

    ``code`` is stable and machine-readable (``dataset_limit``); ``message`` is
    already translated; ``status`` is the HTTP status both faces answer with.
    """

    status = 400

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = str(message)
        self.field = field


class NotFound(DomainError):
    """The thing does not exist, or this user may not know that it does."""

    status = 404


class Forbidden(DomainError):
    """The user sees the thing but may not do this to it."""

    status = 403


class Conflict(DomainError):
    """The thing's present state does not allow this (a limit, a running server)."""

    status = 409


class Unavailable(DomainError):
    """A part of the platform does not answer just now; trying again may help."""

    status = 503
