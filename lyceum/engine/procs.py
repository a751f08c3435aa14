"""Processes by what can't be reused: number, start time and boot. Standard library only."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def fork(work: Callable[[], None]) -> int:
    """Run ``work`` in a child, which ends after it: 0, or 1 with the error on stderr."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(status)
    return pid


def boot_id() -> str:
    """The kernel's name for this boot; process numbers mean nothing across boots."""
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def start_ticks(pid: int) -> int | None:
    """When ``pid`` started (clock ticks since boot), ``None`` if it is gone or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The command name is in parentheses and may hold anything: count from its end.
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def identity(pid: int) -> dict[str, object]:
    """What `is_alive` needs to recognise this very process later."""
    return {"pid": pid, "start_ticks": start_ticks(pid), "boot_id": boot_id()}


def is_alive(process: dict[str, object]) -> bool:
    """Whether the process of this `identity` still runs."""
    pid = process["pid"]
    return (
        isinstance(pid, int)
        and process["boot_id"] == boot_id()
        and process["start_ticks"] is not None
        and start_ticks(pid) == process["start_ticks"]
    )


def children(pid: int) -> list[int]:
    """The direct children of ``pid``, oldest first."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants(pid: int) -> list[int]:
    """Every process that came of ``pid`` and has not lost its parents, ``pid`` left out."""
    found: list[int] = []
    waiting = children(pid)
    while waiting:
        found.append(waiting.pop())
        waiting += children(found[-1])
    return found


def members(init_pid: int) -> list[int]:
    """Every process in the PID namespace whose first process is ``init_pid``.

    Without a namespace of its own (a run with no isolation): what came of it.
    """
    namespace = _pid_namespace(init_pid)
    if namespace is None:
        return []
    if namespace == _pid_namespace(os.getpid()):
        return [init_pid, *descendants(init_pid)]
    numbers = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return [pid for pid in numbers if _pid_namespace(pid) == namespace]


def _pid_namespace(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return None


def cpu_seconds(pid: int) -> float:
    """CPU time ``pid`` and its reaped children used; 0 once it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Resident memory of ``pid`` without pages shared with files; 0 once it is gone."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            _, resident, shared, *_ = map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")
