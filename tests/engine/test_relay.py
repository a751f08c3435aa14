"""The relay alone, between two sockets of this process."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from lyceum.engine.relay import Relay, listen


@pytest.fixture
def relayed() -> Iterator[Callable[[], tuple[socket.socket, socket.socket]]]:
    """Makes pairs: a client's end and the server's end of one relayed connection."""
    server = socket.create_server(("127.0.0.1", 0))
    listener = listen("127.0.0.1", 0)
    lifeline, life = os.pipe()
    relay = Relay([(listener, server.getsockname())], lifeline)
    thread = threading.Thread(target=relay.run)
    thread.start()
    made: list[socket.socket] = []

    def connect() -> tuple[socket.socket, socket.socket]:
        client = socket.create_connection(listener.getsockname(), timeout=10)
        served, _ = server.accept()
        served.settimeout(10)
        made.extend((client, served))
        return client, served

    yield connect
    os.close(life)
    thread.join(timeout=5)
    assert not thread.is_alive(), "the relay must end with its lifeline"
    for sock in (*made, server, listener):
        sock.close()


def read_all(sock: socket.socket) -> bytes:
    parts = []
    while part := sock.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


def test_a_reply_is_whole_when_the_server_closes_and_the_client_reads_late(relayed):
    """Both ends are shut by then: the relay must not take that for a broken connection."""
    for _ in range(5):
        client, served = relayed()
        client.sendall(b"request")
        client.shutdown(socket.SHUT_WR)
        assert read_all(served) == b"request"
        reply = os.urandom(1 << 20) * 24

        def send(served: socket.socket = served, reply: bytes = reply) -> None:
            served.sendall(reply)
            served.close()

        sender = threading.Thread(target=send)
        sender.start()
        time.sleep(0.3)
        assert read_all(client) == reply
        sender.join()


def test_each_half_closes_alone(relayed):
    client, served = relayed()
    served.sendall(b"greeting")
    served.shutdown(socket.SHUT_WR)
    assert read_all(client) == b"greeting"
    client.sendall(b"still talking")
    client.shutdown(socket.SHUT_WR)
    assert read_all(served) == b"still talking"


def test_a_reset_ends_the_other_side(relayed):
    client, served = relayed()
    served.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    served.close()
    with contextlib.suppress(ConnectionResetError):
        assert client.recv(1) == b""


def test_an_idle_relay_uses_no_processor_even_with_a_finished_side_waiting(relayed):
    client, served = relayed()
    client.shutdown(socket.SHUT_WR)
    assert read_all(served) == b""

    def send() -> None:
        with contextlib.suppress(OSError):  # the test closes before it is through
            served.sendall(b"x" * (32 << 20))

    threading.Thread(target=send, daemon=True).start()
    time.sleep(0.3)
    before = time.process_time()
    time.sleep(1)
    assert time.process_time() - before < 0.3
    client.close()
