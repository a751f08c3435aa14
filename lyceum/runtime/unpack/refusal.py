"""Why an archive is not unpacked: a code and what its sentence needs."""

from __future__ import annotations

_SHOWN = 120


class Refusal(Exception):
    """``code`` is stable; ``params`` are texts and numbers for the sentence.

    With ``entry``, ``params`` has the name of the entry at fault, fit to be shown.
    """

    def __init__(self, code: str, *, entry: str | None = None, **params: int | str) -> None:
        super().__init__(code)
        self.code = code
        self.params = dict(params)
        if entry is not None:
            self.params["entry"] = _shown(entry)


def _shown(name: str) -> str:
    plain = "".join(character if character.isprintable() else "�" for character in name)
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
