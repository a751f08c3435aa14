# -*- coding: utf-8 -*-
"""The learner's converter: `reader_infer` and `output`, compiled and called."""

from __future__ import unicode_literals

import linecache
import re
import sys
import types

from predictor import indentation
from predictor.failures import Failure

_NAME = "converter"
_FILE = "converter.py"
_COOKIE = re.compile(r"^([ \t\f]*#.*?cod)(ing[:=])")


class Converter(object):
    """``reader_infer`` and ``output`` of a converter; ``None`` where it has none."""

    def __init__(self, content):
        """``content`` is the file's bytes; raises whatever the converter's own code does."""
        source = _without_cookie(content.decode("utf-8-sig").replace("\r\n", "\n"))
        code, source = _compiled(source)
        linecache.cache[_FILE] = (len(source), None, source.splitlines(True), _FILE)
        module = types.ModuleType(str(_NAME))
        module.__file__ = _FILE
        sys.modules[_NAME] = module
        exec(code, module.__dict__)  # noqa: S102 - what the sandbox is for
        self.reader_infer = _function(module, "reader_infer")
        self.output = _function(module, "output")
        if self.reader_infer is None and self.output is None:
            raise Failure(
                "The converter has neither a function reader_infer nor output.",
                "参数转换器中既没有 reader_infer 也没有 output 函数。",
            )


def _compiled(source):
    """The code object of ``source`` and the source that it is of."""
    try:
        return compile(source, _FILE, "exec", 0, True), source
    except IndentationError as error:
        try:
            source = indentation.repair(source)
        except Exception:
            raise error  # noqa: B904 - Python 2
        return compile(source, _FILE, "exec", 0, True), source


def _without_cookie(source):
    """The text comes from an editor, as UTF-8; Python 2 refuses text that says what it is in."""
    lines = source.split("\n")
    for row in range(min(2, len(lines))):
        lines[row] = _COOKIE.sub(r"\1 \2", lines[row])
    return "\n".join(lines)


def _function(module, name):
    found = getattr(module, name, None)
    return found if callable(found) else None
