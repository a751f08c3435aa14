"""The way in: one platform, one user."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from lyceum.sdk import ledger
from lyceum.sdk.datasets import Datasets
from lyceum.sdk.models import Person
from lyceum.sdk.tasks import Tasks
from lyceum.sdk.transport import Transport


class Client:
    """The platform at ``address``, asked as the user of the access token ``token``.

    Without a token it shows what visitors may see. ``patience``: for how many seconds
    without any progress a lost connection is tried again. ``language`` is that of the
    platform's refusals, ``uploads`` the file that remembers unfinished uploads
    (``~/.cache/lyceum/uploads.json``). Use it as a context manager, or close it.
    """

    def __init__(
        self,
        address: str,
        token: str | None = None,
        *,
        patience: float = 120,
        language: str = "en",
        uploads: Path | None = None,
    ) -> None:
        self._transport = Transport(address, token, patience=patience, language=language)
        self.datasets = Datasets(self._transport, uploads or ledger.default_place())
        self.tasks = Tasks(self._transport)

    @property
    def address(self) -> str:
        return self._transport.address

    def me(self) -> Person:
        """Whose token this is; ``LyceumError`` with status 401 when it is not good."""
        return Person.read(self._transport.json("GET", "/me"))

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
