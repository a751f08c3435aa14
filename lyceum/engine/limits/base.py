"""What every way of holding a run to its limits answers. Standard library only."""

from __future__ import annotations

# What a sandbox needs beside the learner's own processes: bubblewrap's monitor and its init.
OWN_PROCESSES = 2


class Limiter:
    """Holds one run to its CPU, memory and process limits.

    ``limits`` is `workload.Limits` as a mapping. An instance made with the same
    ``run_id`` in another process sees the same run; no other run of this machine has it.
    """

    name = ""
    memory_by = cpu_by = processes_by = ""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id

    @classmethod
    def available(cls) -> bool:
        """Whether this machine, with this user's rights, can limit that way."""
        raise NotImplementedError

    def prepare(self, limits: dict) -> None:
        """Set the limits up before the run starts; raises ``OSError``."""
        raise NotImplementedError

    def enter(self, *, own_user: bool) -> None:
        """Called in the process that becomes the sandbox, just before it does.

        ``own_user``: it will be a host user that no other process has.
        """
        raise NotImplementedError

    def watch(self, init_pid: int) -> None:
        """The sandbox's first process is ``init_pid``; its program has not started."""

    def check(self) -> tuple[str, str] | None:
        """``(reason, sentence)`` when the run must end now; called a few times a second."""
        return None

    def out_of_memory_kills(self) -> int:
        """How many of the run's processes were killed for want of memory so far."""
        raise NotImplementedError

    def refused_processes(self) -> int:
        """How often the run was refused one more process or thread, as far as that is known."""
        raise NotImplementedError

    def usage(self, init_pid: int | None) -> tuple[float, int, int]:
        """CPU seconds, bytes and processes of the run; zeros once it is gone."""
        raise NotImplementedError

    def close(self) -> None:
        """Kill what is left of the run and give the means of limiting back."""
        raise NotImplementedError
