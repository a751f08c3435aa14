"""The members of a gang: started together, ended together."""

# ruff: noqa: SIM105 - Python 2.7 has no such thing

from __future__ import print_function

import errno
import fcntl
import json
import os
import select
import sys
import time

from launcher.lines import Lines

try:
    # Python 3's `signal` is this with enumerations around it, which take time to make.
    import _signal as signal
except ImportError:
    import signal

KILL_SECONDS = 5.0
"""How long members have to end once others made them."""

_CHUNK = 256 * 1024
_LAST_READS = 64  # what a dead member's children still write may have no end
_NOT_STARTED = 127
_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)  # by Python, which its members need not be
_clock = getattr(time, "monotonic", time.time)


def main(words):
    """``launcher GANG``: run the gang that the file describes; the exit status.

    The file is ``{"members": [{"name", "serves", "argv", "env"}]}``. A member that
    ``serves`` (a parameter server) may go on for ever: it is ended once the others have
    done their work. The status is 0 then, else that of the member that failed first,
    128 + n for signal n.
    """
    with open(words[0], "rb") as file:
        described = json.loads(file.read().decode("utf-8"))["members"]
    return Gang([Member(one) for one in described]).run()


class Member(object):
    """One process with a process group of its own; ``status`` once it has ended."""

    def __init__(self, described):
        self.name = str(described["name"])
        self.serves = described["serves"]
        self.status = None
        self.lines = Lines(self.name)
        self.output = None
        self._pid = None
        self._argv = [_native(word) for word in described["argv"]]
        self._env = dict(os.environ)
        # Its output is a pipe, on which Python would hold it back by the kilobyte.
        self._env.setdefault("PYTHONUNBUFFERED", "1")
        for name, value in described["env"].items():
            self._env[_native(name)] = _native(value)

    def start(self):
        """Fork and become the member's program; raises ``OSError``."""
        output, its_end = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            self._become(its_end)
        os.close(its_end)
        self._join_own_group()
        _keep_to_ourselves(output)
        self.output = output

    def _become(self, output):
        try:
            os.setpgid(0, 0)
            for number in _IGNORED:
                signal.signal(number, signal.SIG_DFL)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.execvpe(self._argv[0], self._argv, self._env)  # noqa: S606
        except Exception as error:
            os.write(2, ("%s can't be started: %s\n" % (self._argv[0], error)).encode("utf-8"))
        finally:
            os._exit(_NOT_STARTED)

    def _join_own_group(self):
        # Whichever of the two is first: a signal to the group must find it.
        try:
            os.setpgid(self._pid, self._pid)
        except OSError:
            pass

    def signal(self, number):
        """Send a signal to the member and all of its group, if it goes on."""
        if self._pid is None or self.status is not None:
            return
        try:
            os.killpg(self._pid, number)
        except OSError:
            pass

    def reap(self):
        """Whether it has ended since the last look."""
        if self._pid is None or self.status is not None:
            return False
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            return False
        self.status = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        return True

    def how(self):
        """How it ended, in words."""
        if self.status > 128:
            number = self.status - 128
            return "was ended by signal %d (%s)" % (number, _signal_name(number))
        return "ended with exit code %d" % self.status


class Gang(object):
    """Runs its members; the first that fails ends them all."""

    def __init__(self, members):
        self._members = members
        self._by_output = {}
        self._poll = select.poll()
        self._code = 0
        self._ending = None  # why: "failed", "done", "asked" or "orphaned"
        self._parent = os.getppid()
        self._kill_at = None
        self._asked = False
        self._wake = None

    def run(self):
        """Until every member has ended; the gang's exit status."""
        self._start()
        # Only now: between its fork and its program a member would lose a SIGTERM to
        # handlers of ours.
        self._wake = _wake_on_signals(self._ask)
        self._poll.register(self._wake, select.POLLIN)
        self._look()
        while any(member.status is None for member in self._members):
            self._read(self._timeout())
            self._look()
        self._read_the_last()
        return self._code

    def _ask(self, *_):
        self._asked = True

    def _start(self):
        for member in self._members:
            try:
                member.start()
            except OSError as error:
                say("%s can't be started: %s" % (member.name, error))
                member.status = _NOT_STARTED
                self._fail(member)
                continue
            self._by_output[member.output] = member
            self._poll.register(member.output, select.POLLIN)

    def _timeout(self):
        """Milliseconds until something has to be done unasked; ``None``: nothing has."""
        times = [member.lines.due() for member in self._members] + [self._kill_at]
        times = [moment for moment in times if moment is not None]
        return max(int((min(times) - _clock()) * 1000) + 1, 0) if times else None

    def _read(self, timeout):
        try:
            ready = self._poll.poll(timeout)
        except select.error:  # Python 2: a signal; the pipe says so in the next round
            return
        now = _clock()
        for output, _ in ready:
            if output == self._wake:
                os.read(self._wake, 4096)
            else:
                self._copy(self._by_output[output], now)
        for member in self._members:
            write(member.lines.tick(now))

    def _copy(self, member, now):
        """Write what the member has said; whether there may be more."""
        try:
            data = os.read(member.output, _CHUNK)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return False
            raise
        if data:
            write(member.lines.feed(data, now))
            return True
        self._poll.unregister(member.output)
        os.close(member.output)
        del self._by_output[member.output]
        return False

    def _read_the_last(self):
        for member in self._members:
            self._drain(member)

    def _drain(self, member):
        """What a member said before it ended; its children may say more."""
        for _ in range(_LAST_READS):
            if member.output not in self._by_output or not self._copy(member, _clock()):
                break
        write(member.lines.finish())

    def _look(self):
        """Act on who has ended and what was asked."""
        for member in self._members:
            if member.reap():
                self._drain(member)
                if member.status:
                    self._fail(member)
        if self._asked:
            self._asked = False
            self._end("asked" if os.getppid() == self._parent else "orphaned")
        if self._ending is None and self._work_is_done():
            if any(member.status is None for member in self._members):
                say("the trainers have ended; the parameter servers are stopped")
            self._end("done")
        if self._kill_at is not None and _clock() >= self._kill_at:
            self._kill_at = None
            self._signal(signal.SIGKILL)

    def _work_is_done(self):
        work = [member for member in self._members if not member.serves]
        return bool(work) and all(member.status == 0 for member in work)

    def _fail(self, member):
        if self._ending in (None, "asked"):
            self._code = self._code or member.status
        if self._ending is None:
            say("%s %s" % (member.name, member.how()))
            self._end("failed")

    def _end(self, why):
        """SIGTERM to all, and SIGKILL in a while; who asked for it sees to that himself."""
        if self._ending is not None:
            return
        self._ending = why
        self._signal(signal.SIGTERM)
        if why != "asked":
            self._kill_at = _clock() + KILL_SECONDS

    def _signal(self, number):
        for member in self._members:
            member.signal(number)


def say(text):
    """A line of the launcher's own."""
    write(("[lyceum] %s\n" % text).encode("utf-8"))


def write(data):
    """All of ``data`` to standard output."""
    while data:
        try:
            data = data[os.write(1, data) :]
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever kept the log is gone, and will end us
                return
            if error.errno != errno.EINTR:  # Python 2
                raise


def _wake_on_signals(ask):
    """A pipe to read that says when a signal came; ``ask`` is called for SIGTERM."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        _keep_to_ourselves(end)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return woken


def _signal_name(number):
    names = [name for name in dir(signal) if name[:3] == "SIG" and name[3:4] != "_"]
    return next((name for name in sorted(names) if getattr(signal, name) == number), "unknown")


def _keep_to_ourselves(descriptor):
    """Not blocking, and closed in the programs of the members."""
    fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)


def _native(text):
    """JSON's text as this Python's arguments and variables are."""
    return text.encode("utf-8") if sys.version_info[0] == 2 else text
