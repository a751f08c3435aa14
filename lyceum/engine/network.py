"""A sandbox's network: user-mode access to the world, relays to and from the host."""

from __future__ import annotations

import os
import select
import signal
import socket
import stat
import time

from lyceum.engine import procs, relay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_READY_SECONDS = 60.0  # twenty starts at once on two cores
_LOOK_SECONDS = 0.005
_TAP = "/dev/net/tun"
_ANYBODY = stat.S_IROTH | stat.S_IWOTH


class Network:
    """The helpers of one run. They end with the shim: each holds its lifeline's other end."""

    def __init__(self) -> None:
        self._lifeline, self._life = os.pipe()
        self._children: list[int] = []
        self._user: int | None = None

    def attach(
        self,
        plan: dict,
        sandbox_pid: int,
        listener: socket.socket | None,
        user: int | None,
    ) -> None:
        """Connect the sandbox whose first process is ``sandbox_pid``, not yet let go.

        ``user``: the run's own user on the host, which the helpers become too.
        Raises ``OSError`` or ``RuntimeError`` with a sentence when it can't be done.
        """
        if not (plan["confined"] and plan["own_network"]):
            return  # it is on the host's network already
        self._user = user
        _await_loopback(sandbox_pid)
        slirp = self._start_slirp(plan, sandbox_pid) if plan["slirp4netns"] else None
        if plan["forwards"] or plan["forbidden"]:
            self._forward(plan["forwards"], plan["forbidden"], sandbox_pid)
        if listener is not None:
            self._publish(listener, plan["listen"], sandbox_pid)
        if slirp is not None:
            self._await_slirp(slirp)

    def _start_slirp(self, plan: dict, sandbox_pid: int) -> int:
        ready, tell = os.pipe()
        options = ["--configure", "--mtu=65520", "--disable-host-loopback", "--enable-seccomp"]
        if not plan["slirp_dns"]:
            options.append("--disable-dns")

        def become_slirp() -> None:
            from lyceum.engine import kernel

            network = os.open(f"/proc/{sandbox_pid}/ns/net", os.O_RDONLY)
            owner = kernel.owner_of(network)
            if self._user is not None:
                _let_open_tap(self._user)
            self._drop_rights()
            for descriptor in (network, owner, tell, self._lifeline):
                os.set_inheritable(descriptor, True)
            program = plan["slirp4netns"]
            words = [program, *options, f"--ready-fd={tell}", f"--exit-fd={self._lifeline}"]
            if os.geteuid() != 0:
                words.append(f"--userns-path=/proc/self/fd/{owner}")
            where = ["--netns-type=path", f"/proc/self/fd/{network}", "tap0"]
            os.execv(program, [*words, *where])  # noqa: S606

        self._fork(become_slirp)
        os.close(tell)
        return ready

    def _drop_rights(self) -> None:
        """What speaks with user code is not root: a fault in it gives nothing away."""
        if self._user is not None:
            os.setgroups([])
            os.setresgid(self._user, self._user, self._user)
            os.setresuid(self._user, self._user, self._user)

    def _await_slirp(self, ready: int) -> None:
        readable, _, _ = select.select([ready], [], [], _READY_SECONDS)
        told = os.read(ready, 1) if readable else b""
        os.close(ready)
        if told != b"1":
            raise RuntimeError("the sandbox's network did not come up (slirp4netns; see shim.log)")

    def _publish(self, listener: socket.socket, port: int, sandbox_pid: int) -> None:
        def serve() -> None:
            from lyceum.engine import kernel

            kernel.enter_network(sandbox_pid)
            self._relay([(listener, ("127.0.0.1", port))])

        self._fork(serve)
        listener.close()

    def _forward(self, forwards: list[dict], forbidden: list, sandbox_pid: int) -> None:
        def enter() -> None:
            from lyceum.engine import kernel, routes

            kernel.enter_network(sandbox_pid)
            routes.forbid(forbidden)

        listeners = relay.listen_in(enter, [forward["port"] for forward in forwards])
        if not listeners:
            return
        ways = []
        for listener, forward in zip(listeners, forwards, strict=True):
            host, _, port = forward["address"].rpartition(":")
            ways.append((listener, (host, int(port))))
        self._fork(lambda: self._relay(ways))
        for listener in listeners:
            listener.close()

    def _relay(self, ways: list[tuple[socket.socket, tuple[str, int]]]) -> None:
        self._drop_rights()
        relay.Relay(ways, self._lifeline).run()

    def _fork(self, work: Callable[[], None]) -> None:
        def alone() -> None:
            for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1):
                signal.signal(number, signal.SIG_DFL)
            signal.set_wakeup_fd(-1)
            os.close(self._life)
            work()

        self._children.append(procs.fork(alone))

    def close(self) -> None:
        """End the helpers."""
        os.close(self._life)
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._children.clear()


def _let_open_tap(user: int) -> None:
    """Give ``user`` the device of network interfaces where the machine keeps it for root.

    udev lets everybody open it; where none runs (containers, small virtual machines)
    it stays root's. This process alone then sees a device of the same number that is
    the user's; the machine's own is left as it is. Raises ``OSError``.
    """
    device = os.stat(_TAP)
    if device.st_mode & _ANYBODY == _ANYBODY:
        return
    from lyceum.engine import kernel

    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", os.path.dirname(_TAP), "tmpfs", kernel.MS_NOSUID, "mode=755")
    os.mknod(_TAP, stat.S_IFCHR | stat.S_IRUSR | stat.S_IWUSR, device.st_rdev)
    os.chown(_TAP, user, user)


def _await_loopback(sandbox_pid: int) -> None:
    """Wait until bubblewrap has brought the sandbox's loopback up.

    slirp4netns brings it up too. Were it first, the kernel would refuse bubblewrap
    the address that the interface then has, and bubblewrap would give up
    (``loopback: Failed RTM_NEWADDR``).
    """
    until = time.monotonic() + _READY_SECONDS
    with open(f"/proc/{sandbox_pid}/net/fib_trie") as routes:
        while "127.0.0.1" not in routes.read():
            if time.monotonic() > until:
                raise RuntimeError("the sandbox's own loopback did not come up")
            time.sleep(_LOOK_SECONDS)
            routes.seek(0)
