"""Carries TCP between the host's loopback and a sandbox's own. Standard library only.

A socket belongs to the network namespace it was made in, for good. So a process
that listens on the host and then enters the sandbox's namespace joins the two
with one copy, and nothing of it is inside the sandbox for user code to kill.
"""

from __future__ import annotations

import os
import select
import socket

from lyceum.engine import procs

CHUNK = 256 * 1024
_CONNECT_PENDING = 115  # errno.EINPROGRESS; saves an import in every shim
_ALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
_FREEBIND = 15  # IP_FREEBIND of linux/in.h: the sandbox's loopback may not be up yet


class _Side:
    """One socket of a pair and what still has to be written to it."""

    __slots__ = ("closing", "eof", "events", "peer", "pending", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.peer: _Side = self
        self.pending = b""
        self.eof = False  # nothing more comes from this socket
        self.closing = False  # our end towards this socket is shut
        self.events = 0  # what epoll watches it for


class Relay:
    """Copies between each listener's connections and its ``(host, port)``."""

    def __init__(self, routes: list[tuple[socket.socket, tuple[str, int]]], lifeline: int) -> None:
        """``lifeline``: a descriptor that reads end-of-file when the relay must end."""
        self._epoll = select.epoll()
        self._lifeline = lifeline
        self._listeners = {listener.fileno(): (listener, to) for listener, to in routes}
        self._sides: dict[int, _Side] = {}
        self._epoll.register(lifeline, select.EPOLLIN)
        for descriptor, (listener, _) in self._listeners.items():
            listener.setblocking(False)
            self._epoll.register(descriptor, select.EPOLLIN)

    def run(self) -> None:
        """Serve until the lifeline ends."""
        while True:
            for descriptor, events in self._epoll.poll():
                if descriptor == self._lifeline:
                    return
                if descriptor in self._listeners:
                    self._accept(*self._listeners[descriptor])
                elif descriptor in self._sides:
                    self._serve(self._sides[descriptor], events)

    def _accept(self, listener: socket.socket, to: tuple[str, int]) -> None:
        try:
            incoming, _ = listener.accept()
        except OSError:
            return
        try:
            outgoing = socket.socket()
        except OSError:
            incoming.close()  # out of descriptors: this run's own doing, its own loss
            return
        pair = _Side(incoming), _Side(outgoing)
        pair[0].peer, pair[1].peer = pair[1], pair[0]
        for side in pair:
            side.sock.setblocking(False)
            side.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._watch_over(side.sock)
            self._sides[side.sock.fileno()] = side
        if outgoing.connect_ex(to) not in (0, _CONNECT_PENDING):
            self._drop(pair[0])
            return
        for side in pair:
            self._watch(side)

    def _watch_over(self, sock: socket.socket) -> None:
        """Another machine that is gone says nothing; its connection ends after 25 s."""
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _ALIVE.items():
            sock.setsockopt(socket.IPPROTO_TCP, option, value)

    def _watch(self, side: _Side) -> None:
        # Read only while the other end keeps up: user code can't fill our memory.
        wanted = 0 if side.eof or side.peer.pending else select.EPOLLIN
        if side.pending:
            wanted |= select.EPOLLOUT
        if wanted == side.events:
            return
        descriptor = side.sock.fileno()
        if not side.events:
            self._epoll.register(descriptor, wanted)
        elif wanted:
            self._epoll.modify(descriptor, wanted)
        else:
            # Left registered, a hang-up would be told again and again until we may read.
            self._epoll.unregister(descriptor)
        side.events = wanted

    def _serve(self, side: _Side, events: int) -> None:
        broken = events & (select.EPOLLERR | select.EPOLLHUP)  # reading or writing says how
        try:
            if events & select.EPOLLOUT or broken:
                self._flush(side)
            if (events & select.EPOLLIN or broken) and not side.eof and not side.peer.pending:
                data = side.sock.recv(CHUNK)
                side.eof = not data
                side.peer.pending = data
                self._flush(side.peer)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._drop(side)
            return
        if side.closing and side.peer.closing:
            self._drop(side)
            return
        self._watch(side)
        self._watch(side.peer)

    def _flush(self, side: _Side) -> None:
        while side.pending:
            try:
                sent = side.sock.send(side.pending)
            except BlockingIOError:
                return
            side.pending = side.pending[sent:]
        if side.peer.eof and not side.closing:
            side.closing = True
            side.sock.shutdown(socket.SHUT_WR)

    def _drop(self, side: _Side) -> None:
        for end in (side, side.peer):
            self._sides.pop(end.sock.fileno(), None)
            end.sock.close()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket in this process's network namespace."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IP, _FREEBIND, 1)
    listener.bind((host, port))
    listener.listen(512)
    return listener


def listen_in(enter, ports: list[int]) -> list[socket.socket]:
    """Listening sockets on the loopback of the namespace that ``enter()`` joins.

    ``enter`` may be irreversible, so it runs in a child that hands the sockets
    back. Raises ``OSError`` when they can't be had.
    """
    ours, theirs = socket.socketpair()

    def hand_over() -> None:
        enter()
        made = [listen("127.0.0.1", port) for port in ports]
        socket.send_fds(theirs, [b"ok"], [sock.fileno() for sock in made])

    child = procs.fork(hand_over)
    theirs.close()
    told, descriptors, _, _ = socket.recv_fds(ours, 2, len(ports))
    ours.close()
    os.waitpid(child, 0)
    if told != b"ok" or len(descriptors) != len(ports):
        raise OSError("the sandbox's network could not be set up; see shim.log")
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]
