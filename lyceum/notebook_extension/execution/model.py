"""The outputs of one run, as messages build them up: plain data, no document."""

from __future__ import annotations

from typing import Any

from .terminal import StreamText

Output = dict[str, Any]


class OutputModel:
    """An nbformat list of outputs, and where it changed since last asked.

    ``limit`` is the number of characters kept; past it the rest is dropped and
    ``notice`` is shown once, so that an endless loop can't fill the memory.
    """

    def __init__(self, *, limit: int, notice: str) -> None:
        self._outputs: list[Output] = []
        self._streams: dict[int, StreamText] = {}
        self._display_ids: list[str | None] = []
        self._clear_first = False
        self._room = limit
        self._notice = notice
        self._changed_from: int | None = None

    def __len__(self) -> int:
        return len(self._outputs)

    def output(self, index: int) -> Output:
        """Output ``index`` in nbformat's form, a stream's text as one string."""
        stream = self._streams.get(index)
        return self._outputs[index] | ({} if stream is None else {"text": stream.text})

    def stream(self, index: int) -> StreamText | None:
        """The text of output ``index`` when it is a stream."""
        return self._streams.get(index)

    def has_display(self, display_id: str) -> bool:
        return display_id in self._display_ids

    def take_changed_from(self) -> int | None:
        """The first output that changed since the last call; ``None`` when none did."""
        changed, self._changed_from = self._changed_from, None
        return changed

    def apply(self, kind: str, content: dict[str, Any]) -> None:
        """Take one message of the kernel's iopub channel that concerns outputs."""
        if kind == "clear_output":
            if content.get("wait"):
                self._clear_first = True
            else:
                self._clear()
            return
        if kind == "update_display_data":
            self.update_display(content)
            return
        if self._clear_first:
            self._clear()
        if kind == "stream":
            self.write(content["name"], content["text"])
        elif self._take_room(content):
            display_id = content.get("transient", {}).get("display_id")
            fields = {key: value for key, value in content.items() if key != "transient"}
            self._append({"output_type": kind, **fields}, display_id)

    def write(self, name: str, text: str) -> None:
        """Append ``text`` to the stream ``name``, as the kernel's prints do."""
        if not self._take_room(text):
            return
        last = len(self._outputs) - 1
        stream = self._streams.get(last)
        if stream is None or self._outputs[last]["name"] != name:
            stream = self._append_stream(name)
        stream.feed(text)
        self._touch(len(self._outputs) - 1)

    def update_display(self, content: dict[str, Any]) -> bool:
        """Replace the displays that carry the content's display id; tell if any did."""
        wanted = content.get("transient", {}).get("display_id")
        found = [i for i, display_id in enumerate(self._display_ids) if display_id == wanted]
        if not wanted or not found:
            return False
        for index in found:
            fields = {"data": content["data"], "metadata": content["metadata"]}
            self._outputs[index] = self._outputs[index] | fields
            self._touch(index)
        return True

    def _append(self, output: Output, display_id: str | None = None) -> None:
        self._outputs.append(output)
        self._display_ids.append(display_id)
        self._touch(len(self._outputs) - 1)

    def _append_stream(self, name: str) -> StreamText:
        self._append({"output_type": "stream", "name": name})
        stream = self._streams[len(self._outputs) - 1] = StreamText()
        return stream

    def _clear(self) -> None:
        self._outputs, self._display_ids, self._streams = [], [], {}
        self._clear_first = False
        self._touch(0)

    def _touch(self, index: int) -> None:
        before = self._changed_from
        self._changed_from = index if before is None else min(before, index)

    def _take_room(self, content: Any) -> bool:
        if self._room < 0:
            return False
        self._room -= _size(content)
        if self._room < 0:
            self._append_stream("stderr").feed(self._notice)
        return self._room >= 0


def _size(content: Any) -> int:
    """Characters in a message's strings, however deep."""
    if isinstance(content, str):
        return len(content)
    if isinstance(content, dict):
        return sum(_size(value) for value in content.values())
    if isinstance(content, list):
        return sum(_size(value) for value in content)
    return 0
