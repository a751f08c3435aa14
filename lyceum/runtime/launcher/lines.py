"""One member's output as lines that say whose they are."""

PIECE = 64 * 1024
"""The longest line written, its prefix and its end included."""

PROGRESS_SECONDS = 1.0
"""Of a progress bar's states at most one is written in so many seconds."""

_CONTINUES = (0x80, 0xC0)  # a byte inside a UTF-8 character


class Lines(object):
    """Cuts output into ``[NAME] text`` lines.

    A line without an end is held until it has one, is `PIECE` long or the member has
    ended. A carriage return that no newline follows ends one state of a progress bar.
    """

    def __init__(self, name):
        """``name``: ASCII, of the member."""
        self._prefix = ("[%s] " % name).encode("ascii")
        self._most = PIECE - len(self._prefix) - 1
        self._rest = b""
        self._state = None  # of a progress bar, not yet written
        self._moving = False  # a carriage return was seen since the last newline
        self._written_at = None
        self._out = []

    def feed(self, data, now):
        """What ``data`` makes ready to be written; ``now`` in seconds of any clock."""
        lines = (self._rest + data).split(b"\n")
        rest = lines.pop()
        for line in lines:
            if self._moving or b"\r" in line:
                self._end_line(line)
            else:
                self._put(line)
        if b"\r" in rest:
            rest = self._move(rest)
        while len(rest) > self._most:
            rest = self._cut(rest)
        self._rest = rest
        self._tell_state(now)
        return self._taken()

    def due(self):
        """When `tick` has something to write, on `feed`'s clock; ``None``: never."""
        return None if self._state is None else self._written_at + PROGRESS_SECONDS

    def tick(self, now):
        """The state of a progress bar, when it has waited long enough."""
        self._tell_state(now)
        return self._taken()

    def finish(self):
        """What is left: nothing more comes."""
        rest, self._rest = self._rest, b""
        if rest or self._state is not None:
            self._end_line(rest)
        return self._taken()

    def _end_line(self, line):
        """A line with carriage returns: what a terminal would show of it at its end."""
        shown = [text for text in line.split(b"\r") if text]
        if shown:
            self._put(shown[-1])
        elif self._state is not None:
            self._put(self._state)
        elif not self._moving:
            self._put(b"")
        self._state, self._moving = None, False

    def _move(self, rest):
        """Take the states of a progress bar off ``rest``; what follows the last of them."""
        states = rest.split(b"\r")
        shown = [text for text in states[:-1] if text]
        if shown:
            self._state = shown[-1]
        self._moving = True
        return states[-1]

    def _tell_state(self, now):
        if self._state is None:
            return
        if self._written_at is None or now - self._written_at >= PROGRESS_SECONDS:
            self._put(self._state)
            self._state, self._written_at = None, now

    def _put(self, line):
        while len(line) > self._most:
            line = self._cut(line)
        self._out += (self._prefix, line, b"\n")

    def _cut(self, line):
        """Write one piece of ``line``, whole characters; the remainder."""
        end = self._most
        for _ in range(3):
            if not _CONTINUES[0] <= ord(line[end : end + 1]) < _CONTINUES[1]:
                break
            end -= 1
        self._out += (self._prefix, line[:end], b"\n")
        return line[end:]

    def _taken(self):
        out, self._out = self._out, []
        return b"".join(out)
