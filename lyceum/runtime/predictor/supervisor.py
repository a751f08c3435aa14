"""Keeps one worker alive: a process that imports no framework, and its forked child.

The child counts up in shared memory when it begins something that takes a caller's
time and when it has done it, so an odd count that stands still is a call that hangs.

Each service has such a process: what is imported here is paid for with every one of them.
"""

# ruff: noqa: SIM105 - Python 2.7 has no such thing

from __future__ import print_function

import errno
import fcntl
import mmap
import os
import select
import struct
import sys
import time

try:
    # Python 3's `signal` is this with enumerations around it, which cost a megabyte.
    import _signal as signal
except ImportError:
    import signal

_DEATHS = 5
_DEATHS_SECONDS = 60
_LOOK_SECONDS = 0.25
_LOAD_SECONDS = 300
_GRACE_SECONDS = 1
_LOAD_FAILED = 3


class Progress(object):
    """A counter that the worker moves and its supervisor looks at; odd while it works.

    The first step is that the worker loads its model. It says then how long each of the
    next ones may take: the supervisor does not read the service's description itself.
    """

    _TOLD = struct.Struct("=Qd")

    def __init__(self):
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._count = 0
        self._seconds = 0.0

    def step(self):
        """Begin or end a piece of work."""
        self._count += 1
        self._memory[: self._TOLD.size] = self._TOLD.pack(self._count, self._seconds)

    def loaded(self, seconds):
        """End the first step; a call may take so many seconds."""
        self._seconds = seconds
        self.step()

    def seen(self):
        """The count as the other process last wrote it, and for how long it may stand."""
        count, seconds = self._TOLD.unpack(self._memory[: self._TOLD.size])
        return count, _LOAD_SECONDS if count == 1 else seconds + _GRACE_SECONDS


def serve():
    """Serve until the worker can't be kept alive; the exit status, 1 for a failure."""
    deaths = []
    while True:
        progress = Progress()
        child = Child(lambda progress=progress: _work(progress))
        how = child.wait(progress)
        print("The worker has ended: %s." % how, file=sys.stderr)
        if child.exit_status == _LOAD_FAILED or (child.late and progress.seen()[0] == 1):
            return 1
        deaths = [moment for moment in deaths if now() - moment < _DEATHS_SECONDS] + [now()]
        if len(deaths) >= _DEATHS:
            print("It has ended %d times within a minute." % _DEATHS, file=sys.stderr)
            return 1


class Child(object):
    """A forked process that runs ``work`` and exits with what it returns.

    It leads a process group of its own. Once it has ended, ``late`` says whether it was
    killed for being so, and ``exit_status`` is ``None`` when a signal ended it.
    """

    def __init__(self, work):
        self.exit_status = None
        self.late = False
        sys.stdout.flush()
        sys.stderr.flush()
        self._woken = _wake_on_signals()
        self.pid = os.fork()
        if self.pid == 0:
            self._run(work)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def wait(self, progress):
        """Wait for its end, which a step of work that takes too long brings about.

        Returns how it ended, in words.
        """
        count, since = None, now()
        while True:
            gone, status = os.waitpid(self.pid, os.WNOHANG)
            if gone:
                return self._told(status)
            seen, allowed = progress.seen()
            if seen != count:
                count, since = seen, now()
            elif seen % 2 and now() - since > allowed:
                self.late = True
                self.kill()
            self._sleep()

    def kill(self):
        """End it and what it has started."""
        for call in (os.killpg, os.kill):
            try:
                call(self.pid, signal.SIGKILL)
            except OSError:
                continue

    def _run(self, work):
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)
        status = 1
        try:
            status = work()
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            _flush()
            os._exit(status)

    def _stop(self, number, _frame):
        self.kill()
        os._exit(128 + number)

    def _sleep(self):
        try:
            if select.select([self._woken], [], [], _LOOK_SECONDS)[0]:
                os.read(self._woken, 4096)
        except (OSError, select.error) as error:
            if error.args[0] != errno.EINTR:
                raise

    def _told(self, status):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except OSError:
            pass
        if self.late:
            return "it took too long and was killed"
        if os.WIFSIGNALED(status):
            return "signal %d" % os.WTERMSIG(status)
        self.exit_status = os.WEXITSTATUS(status)
        return "exit status %d" % self.exit_status


def now():
    """Seconds from a fixed moment."""
    # Python 2 has no monotonic clock; times(2) counts from a fixed moment there.
    return time.monotonic() if hasattr(time, "monotonic") else os.times()[4]


def _work(progress):
    from predictor import worker

    return 0 if worker.run(progress) else _LOAD_FAILED


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, IOError, ValueError):
            continue


_wakers = []


def _wake_on_signals():
    """A descriptor that has something to read after each signal, such as a child's end."""
    if not _wakers:
        reading, writing = os.pipe()
        for end in (reading, writing):
            _set_nonblocking(end)
        signal.set_wakeup_fd(writing)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        _wakers.extend((reading, writing))
    return _wakers[0]


def _set_nonblocking(descriptor):
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
