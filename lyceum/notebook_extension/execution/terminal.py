"""What a terminal would show of a stream: ``\\r`` and ``\\b`` act on the last line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """The stream's end changed: at ``start`` (in UTF-8 bytes) ``old`` became ``new``."""

    start: int
    old: str
    new: str


class StreamText:
    """The text of one stream output, fed chunk by chunk.

    Follows JupyterLab's own rule (``packages/outputarea/src/model.ts``,
    ``processText``): a carriage return moves to the line's start and later
    characters overwrite, a backspace removes one character of the line, a newline
    ends the line whole. Only the last line can still change, so feeding costs
    the chunk and that line, however long the stream has become.
    """

    def __init__(self) -> None:
        self._settled: list[str] = []
        self._settled_bytes = 0
        self._line: list[str] = []
        self._cursor = 0
        self._shown_bytes = 0
        self._shown_line = ""
        self._unshown: list[str] = []

    @property
    def text(self) -> str:
        """Everything the stream shows."""
        return "".join(self._settled) + "".join(self._line)

    def feed(self, chunk: str) -> None:
        """Take what the kernel printed."""
        if "\r" in chunk or "\b" in chunk or self._cursor != len(self._line):
            for character in chunk:
                self._type(character)
            return
        head, newline, tail = chunk.rpartition("\n")
        if newline:
            self._settle("".join(self._line) + head + newline)
        self._line.extend(tail)
        self._cursor = len(self._line)

    def take_change(self) -> Change:
        """What changed since the last call; from now on it counts as shown."""
        line = "".join(self._line)
        change = Change(self._shown_bytes, self._shown_line, "".join(self._unshown) + line)
        self._shown_bytes, self._shown_line, self._unshown = self._settled_bytes, line, []
        return change

    def _type(self, character: str) -> None:
        if character == "\n":
            self._settle("".join(self._line) + "\n")
        elif character == "\r":
            self._cursor = 0
        elif character == "\b":
            if self._cursor:
                self._cursor -= 1
                del self._line[self._cursor]
        else:
            self._line[self._cursor : self._cursor + 1] = character
            self._cursor += 1

    def _settle(self, text: str) -> None:
        self._settled.append(text)
        self._unshown.append(text)
        self._settled_bytes += len(text.encode())
        self._line, self._cursor = [], 0
