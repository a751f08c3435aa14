"""Standard output and error of the worker: into the run's log, and to the owner's test."""

import sys

from predictor.failures import text

_MOST_CHARACTERS = 64 * 1024


class Stream(object):
    """A text stream that writes through at each line's end, and can be listened to.

    Python 2's own refuses Chinese text where there is no terminal.
    """

    def __init__(self, stream):
        self._stream = stream
        self._heard = None

    def write(self, words):
        if self._heard is not None:
            self._heard.add(words)
        if str is bytes and not isinstance(words, bytes):
            words = words.encode("utf-8")
        self._stream.write(words)
        if "\n" in words:
            self._stream.flush()

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def __getattr__(self, name):
        return getattr(self._stream, name)


class Listener(object):
    """``with Listener() as prints``: what is printed meanwhile, ``prints.text()``."""

    def __init__(self):
        self._pieces = []
        self._room = _MOST_CHARACTERS

    def add(self, words):
        if self._room > 0:
            piece = text(words)[: self._room]
            self._room -= len(piece)
            self._pieces.append(piece)

    def text(self):
        """At most 64 Ki characters."""
        return "".join(self._pieces)

    def __enter__(self):
        # Again: `reload(sys)`, a habit on Python 2, brings the first streams back.
        for stream in install():
            stream._heard = self
        return self

    def __exit__(self, *_error):
        for stream in install():
            stream._heard = None


_streams = []


def install():
    """Put our streams in the places of the two standard ones, and return them."""
    if not _streams:
        _streams.extend((Stream(sys.stdout), Stream(sys.stderr)))
    sys.stdout, sys.stderr = _streams
    return _streams
