"""A sandbox's network: user-mode access to the world, relays to and from the host."""

from __future__ import annotations

import os
import select
import signal
import socket

from lyceum.engine import relay

_READY_SECONDS = 10


class Network:
    """The helpers of one run. They end with the shim: each holds its lifeline's other end."""

    def __init__(self) -> None:
        self._lifeline, self._life = os.pipe()
        self._children: list[int] = []

    def attach(self, plan: dict, sandbox_pid: int, listener: socket.socket | None) -> None:
        """Connect the sandbox whose first process is ``sandbox_pid``, not yet let go.

        Raises ``OSError`` or ``RuntimeError`` with a sentence when it can't be done.
        """
        if not plan["confined"]:
            return  # it is on the host's network already
        slirp = self._start_slirp(plan, sandbox_pid) if plan["slirp4netns"] else None
        if plan["forwards"]:
            self._forward(plan["forwards"], sandbox_pid)
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
            network = os.open(f"/proc/{sandbox_pid}/ns/net", os.O_RDONLY)
            shared = [network, tell, self._lifeline]
            if os.geteuid() != 0:
                from lyceum.engine import kernel

                shared.append(kernel.owner_of(network))
                options.append(f"--userns-path=/proc/self/fd/{shared[-1]}")
            for descriptor in shared:
                os.set_inheritable(descriptor, True)
            program = plan["slirp4netns"]
            words = [program, *options, f"--ready-fd={tell}", f"--exit-fd={self._lifeline}"]
            where = ["--netns-type=path", f"/proc/self/fd/{network}", "tap0"]
            os.execv(program, [*words, *where])  # noqa: S606

        self._fork(become_slirp)
        os.close(tell)
        return ready

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
            relay.Relay([(listener, ("127.0.0.1", port))], self._lifeline).run()

        self._fork(serve)
        listener.close()

    def _forward(self, forwards: list[dict], sandbox_pid: int) -> None:
        from lyceum.engine import kernel

        ports = [forward["port"] for forward in forwards]
        listeners = relay.listen_in(lambda: kernel.enter_network(sandbox_pid), ports)
        routes = []
        for listener, forward in zip(listeners, forwards, strict=True):
            host, _, port = forward["address"].rpartition(":")
            routes.append((listener, (host, int(port))))
        self._fork(lambda: relay.Relay(routes, self._lifeline).run())
        for listener in listeners:
            listener.close()

    def _fork(self, work) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGINT):
                    signal.signal(number, signal.SIG_DFL)
                signal.set_wakeup_fd(-1)
                os.close(self._life)
                work()
            finally:
                os._exit(1)
        self._children.append(pid)

    def close(self) -> None:
        """End the helpers."""
        os.close(self._life)
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._children.clear()
