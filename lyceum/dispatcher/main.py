"""``python -m lyceum.dispatcher``: runs the reconcile loop until it is told to stop."""

from __future__ import annotations

import _thread
import logging
import os
import signal
import threading

import django
from filelock import FileLock, Timeout

from lyceum.config import settings

log = logging.getLogger("lyceum.dispatcher")

_STANDBY_SECONDS = 1.0


def run() -> None:
    """Reconcile until SIGTERM or SIGINT.

    One dispatcher works at a time: a second one waits for the first one's lock,
    which the kernel releases when the first dies, however it dies.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lyceum.portal.settings")
    django.setup()
    # It asks the hub all the time; each answer is no news.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stopping = threading.Event()
    stop_on_signals(stopping)
    root = settings().root
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / "dispatcher.lock")
    while not stopping.is_set():
        try:
            lock.acquire(timeout=_STANDBY_SECONDS)
        except Timeout:
            continue
        break
    if not stopping.is_set():
        _loop(stopping)
    logging.shutdown()
    # A build may still be at work in a thread; it is begun anew at the next start.
    os._exit(0)


def stop_on_signals(stopping: threading.Event) -> None:
    """Set ``stopping`` at SIGTERM and SIGINT."""

    def stop(*_: object) -> None:
        # In a thread: where the signal interrupts this one inside `Event.wait`, it holds
        # the lock that `Event.set` waits for.
        _thread.start_new_thread(stopping.set, ())

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _loop(stopping: threading.Event) -> None:
    from lyceum.dispatcher import serving, tasks
    from lyceum.dispatcher.rounds import Rounds

    log.info("the dispatcher is at work")
    threading.Thread(target=tasks.keep_going, args=(stopping,), name="tasks", daemon=True).start()
    threading.Thread(target=serving.keep, args=(stopping,), name="services", daemon=True).start()
    rounds = Rounds()
    while not stopping.is_set():
        stopping.wait(rounds.turn())
