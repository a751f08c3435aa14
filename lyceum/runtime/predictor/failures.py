"""What went wrong, as people are to read it: a sentence and the converter's traceback."""

from __future__ import unicode_literals

import os
import sys
import traceback

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_MOST_CHARACTERS = 20000


class Failure(Exception):
    """Something of ours to say, in English and in Chinese; needs no traceback."""

    def __init__(self, english, chinese):
        Exception.__init__(self, english)
        self.english = english
        self.chinese = chinese


def describe():
    """The exception that is being handled, as a JSON object.

    ``message`` is one line, ``message_zh`` the same in Chinese where the sentence is
    ours, ``traceback`` begins with the first line that is not the predictor's; it is
    empty where there is no such line.
    """
    kind, error, trace = sys.exc_info()
    try:
        if isinstance(error, Failure):
            return {
                "message": error.english,
                "message_zh": error.chinese,
                "traceback": "",
            }
        return {
            "message": _last_line(kind, error),
            "traceback": _cut("".join(_lines(kind, error, _of_theirs(trace)))),
        }
    finally:
        del trace


def _of_theirs(trace):
    while trace is not None and _is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_ours(filename):
    return os.path.abspath(filename).startswith(_FOLDER + os.sep) and not _in_guide(filename)


def _in_guide(filename):
    return os.path.abspath(filename).startswith(os.path.join(_FOLDER, "guide"))


def _lines(kind, error, trace):
    return [text(line) for line in traceback.format_exception(kind, error, trace)]


def _last_line(kind, error):
    words = error.args[0] if len(error.args) == 1 else None
    if str is bytes and isinstance(words, type("")):
        return _cut("%s: %s" % (kind.__name__, words))  # Python 2 would escape its Chinese
    lines = [text(line) for line in traceback.format_exception_only(kind, error)]
    return _cut(lines[-1].strip())


def _cut(words):
    if len(words) <= _MOST_CHARACTERS:
        return words
    half = _MOST_CHARACTERS // 2
    return words[:half] + "\n...\n" + words[-half:]


def text(value):
    """``value`` as text; on Python 2 it may be bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
