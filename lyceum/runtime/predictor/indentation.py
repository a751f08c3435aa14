"""Gives a converter with uneven indentation the one that its author meant.

The guide's own `output` listing has a docstring at four spaces and a body at three,
and mixes tabs with spaces; Python refuses both.
"""

import io
import tokenize

_TAB = 8
_LEVEL = "    "
_NO_STATEMENT = ("NEWLINE", "NL", "COMMENT", "INDENT", "DEDENT", "ENCODING", "ENDMARKER")


def repair(source):
    """``source`` (text) with each statement indented by whole levels, line by line.

    A line that goes back to a depth at which nothing stands belongs to the innermost
    block that it has just left. Raises what `tokenize` raises for broken source.
    """
    lines = source.splitlines(True)
    starts = _statement_rows([line.lstrip(" \t\f") for line in lines])
    levels = [0]
    for row in starts:
        line = lines[row]
        bare = line.lstrip(" \t\f")
        _enter(levels, _width(line[: len(line) - len(bare)]))
        lines[row] = _LEVEL * (len(levels) - 1) + bare
    return "".join(lines)


def _enter(levels, width):
    """Make ``levels``, the open blocks' widths, end with the block of a line so wide."""
    if width > levels[-1]:
        levels.append(width)
        return
    left = None
    while levels[-1] > width:
        left = levels.pop()
    if levels[-1] < width and left is not None:
        levels.append(width)


def _statement_rows(bare_lines):
    """The rows, from 0, at which a statement begins; without indentation none is wrong."""
    readline = io.StringIO("".join(bare_lines)).readline
    rows, fresh = [], True
    for token in tokenize.generate_tokens(readline):
        kind = tokenize.tok_name[token[0]]
        if kind == "NEWLINE":
            fresh = True
        elif fresh and kind not in _NO_STATEMENT:
            rows.append(token[2][0] - 1)
            fresh = False
    return rows


def _width(space):
    width = 0
    for character in space:
        width = width // _TAB * _TAB + _TAB if character == "\t" else width + 1
    return width
