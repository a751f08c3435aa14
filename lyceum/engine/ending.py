"""How a run ended, from what was asked of it and what its processes answered."""

from __future__ import annotations

import signal
import time

_STATES = {"stopped": "stopped"}


class Ending:
    """The first reason to end a run wins; later ones are consequences of it."""

    def __init__(self) -> None:
        self._reason: str | None = None
        self._detail = ""
        self._kill_at: float | None = None

    def begin(self, reason: str, detail: str, grace: float) -> bool:
        """Note why the run must end within ``grace`` seconds; false if it already must."""
        if self._reason is not None:
            return False
        self._reason, self._detail = reason, detail
        self._kill_at = time.monotonic() + grace
        return True

    def fail_to_start(self, detail: str) -> None:
        """The program was never reached."""
        self.begin("not_started", detail, 0.0)

    def overdue(self) -> bool:
        """Whether the grace given by `begin` is over."""
        return self._kill_at is not None and time.monotonic() > self._kill_at

    def result(
        self, status: int | None, out_of_memory_kills: int, refused_processes: int = 0
    ) -> dict[str, object]:
        """The final fields of ``state.json``.

        ``status``: the program's status as bubblewrap gives it (128 + n for
        signal n, as a shell does), ``None`` if it gave none. ``refused_processes``: how
        often the run was refused one more.
        """
        number = status - 128 if status is not None and 128 < status <= 192 else None
        code = status if number is None else None
        fields: dict[str, object] = {"exit_code": code, "signal": number}
        if self._reason is not None:
            state = _STATES.get(self._reason, "failed")
            return {**fields, "state": state, "reason": self._reason, "detail": self._detail}
        if status == 0:
            return {**fields, "state": "succeeded", "reason": "exit", "detail": ""}
        reason, detail = _failure(code, number, out_of_memory_kills, refused_processes)
        return {**fields, "state": "failed", "reason": reason, "detail": detail}


def _failure(
    code: int | None, number: int | None, out_of_memory_kills: int, refused_processes: int
) -> tuple[str, str]:
    if out_of_memory_kills:
        return "out_of_memory", "the run needed more memory than it may use"
    if refused_processes:
        return "process_limit", "the run needed more processes and threads than it may have"
    if number is not None:
        return "signal", f"the program was ended by signal {number} ({_signal_name(number)})"
    if code is not None:
        return "exit", f"the program ended with exit code {code}"
    return "signal", "the sandbox was killed from outside"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
