"""Loads the model, dials the gateway, answers its frames, one after the other."""

# ruff: noqa: SIM105 - Python 2.7 has no such thing

from __future__ import print_function

import ctypes
import gc
import os
import socket
import sys
import time
from contextlib import closing

from predictor import failures, places, prints, protocol
from predictor.batches import Answerer
from predictor.service import Service

_REDIAL_SECONDS = 0.05
_REFUSED_SECONDS = 10


def run(progress):
    """Serve for ever; ``False`` when the model or the converter can't be loaded."""
    began = time.time()
    prints.install()
    progress.step()
    try:
        service = Service.load(places.read_json(places.bundle("service.json")))
    except BaseException:
        told = failures.describe()
        progress.step()
        print(told["traceback"] or told["message"], file=sys.stderr)
        _tell_failure(told)
        return False
    _spare_the_collector()
    _give_memory_back()
    ready = dict(service.described(), load_seconds=round(time.time() - began, 3))
    progress.loaded(service.timeout)
    answerer = Answerer(service, progress)
    parent = os.getppid()
    while True:
        connection = _dial(parent)
        try:
            connection.send_json(protocol.READY, ready)
            _answer(connection, answerer)
        except (protocol.Closed, socket.error):
            connection.close()
        # Nobody may listen to a worker that ends each connection by itself.
        time.sleep(_REDIAL_SECONDS)


def _spare_the_collector():
    """Take what is loaded out of the collector's rounds, which would hold up calls."""
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()


def _give_memory_back():
    """What loading has freed stays ours otherwise: up to 7 MB with Paddle."""
    # A C library of another kind than the platform's may not have it.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def _answer(connection, answerer):
    while True:
        kind, payload = connection.receive()
        if kind == protocol.REQUESTS:
            answers = answerer.answer(protocol.unpack_requests(payload))
            with closing(answers):
                for results in answers:
                    connection.send(protocol.RESULTS, protocol.pack_results(results))


def _dial(parent, seconds=None):
    """A connection that has said HELLO; ``None`` after ``seconds`` without one."""
    end = None if seconds is None else time.time() + seconds
    while end is None or time.time() < end:
        if os.getppid() != parent:
            os._exit(0)  # the supervisor is gone, and nobody would end us
        try:
            return _connect()
        except (socket.error, OSError):
            time.sleep(_REDIAL_SECONDS)
    return None


def _connect():
    """Raises ``socket.error``, ``OSError``."""
    hello = {
        "protocol": protocol.VERSION,
        "replica": os.environ.get("LYCEUM_REPLICA", ""),
        "pid": os.getpid(),
        "python": "%d.%d.%d" % sys.version_info[:3],
    }
    address = places.address()
    if address:
        # Others come to that port too; a socket of our own needs no proof.
        hello["secret"] = os.environ.get("LYCEUM_REPLICA_SECRET", "")
    sock = _tcp(address) if address else _unix(places.socket())
    connection = protocol.Connection(sock)
    try:
        connection.send_json(protocol.HELLO, hello)
    except BaseException:
        sock.close()
        raise
    return connection


def _tcp(address):
    sock = socket.create_connection(address)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock


def _unix(path):
    folder, name = os.path.split(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # A socket's own path may have 108 bytes; through the folder's descriptor any will do.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sock.connect("/proc/self/fd/%d/%s" % (descriptor, name))
    except BaseException:
        sock.close()
        raise
    finally:
        os.close(descriptor)
    return sock


def _tell_failure(told):
    connection = _dial(os.getppid(), _REFUSED_SECONDS)
    if connection is None:
        return
    try:
        connection.send_json(protocol.FAILED, told)
    except socket.error:
        pass
    connection.close()
