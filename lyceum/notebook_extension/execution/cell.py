"""One run's place in the shared document: its block's outputs, prompt and state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from jupyter_ydoc import YNotebook
from pycrdt import Array, Map, Text

from .model import OutputModel

_FLUSH_SECONDS = 0.05


def find_block(notebook: YNotebook, cell_id: str) -> Map | None:
    """The code block of that id in the shared document."""
    for cell in notebook.ycells:
        if cell["id"] == cell_id and cell["cell_type"] == "code":
            return cell
    return None


class BlockOutputs:
    """Writes the ``OutputModel`` of ``code``'s run into the block ``cell_id`` of ``notebook``.

    Messages are gathered for 50 ms and written in one transaction, so a loop that
    prints ten thousand lines is a handful of updates to the open tabs. The block
    is looked up at each write: a restored version or an edit in another tab may
    have replaced it, and then its outputs are written whole. ``on_write`` is
    called with this object after each write.
    """

    def __init__(
        self,
        notebook: YNotebook,
        cell_id: str,
        code: str,
        model: OutputModel,
        on_write: Callable[[BlockOutputs], None],
    ) -> None:
        self.cell_id = cell_id
        self.code = code
        self.model = model
        self._notebook = notebook
        self._on_write = on_write
        self._written = 0
        self._fields: dict[str, Any] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def done(self) -> bool:
        """Whether the run is over."""
        return self._fields.get("execution_state") == "idle"

    def begin(self) -> None:
        """Show the block as running or queued (``In [*]``), without outputs."""
        self.model.apply("clear_output", {})
        self._write({"execution_state": "running", "execution_count": None})

    def apply(self, kind: str, content: dict[str, Any]) -> None:
        """Take a message of the kernel; it is in the document 50 ms later."""
        self.model.apply(kind, content)
        self._write_soon()

    def update_display(self, content: dict[str, Any]) -> None:
        """Let another block's run replace a display of this one."""
        if self.model.update_display(content):
            self._write_soon()

    def finish(self, execution_count: int | None) -> None:
        """Write what is left and show the block as done (``In [n]``)."""
        self._write({"execution_count": execution_count, "execution_state": "idle"})

    def show_again(self) -> None:
        """Write all of it anew after the file was taken in.

        A block that holds other code now keeps what the file says, unless it runs.
        """
        cell = find_block(self._notebook, self.cell_id)
        if cell is not None and (not self.done or str(cell["source"]) == self.code):
            self._written = -1
            self._write(self._fields)

    def take_payload(self, payload: dict[str, Any]) -> None:
        """What a reply asks the front end to do: ``obj?`` shows a page, ``%load`` writes code.

        As JupyterLab does it (``OutputArea``, ``runCell``).
        """
        if payload.get("source") == "page":
            self.apply("display_data", {"data": payload["data"], "metadata": {}})
        elif payload.get("source") == "set_next_input":
            self._write_code(payload["text"], replace=bool(payload.get("replace")))

    def _write_code(self, code: str, *, replace: bool) -> None:
        for index, cell in enumerate(self._notebook.ycells):
            if cell["id"] != self.cell_id:
                continue
            if replace:
                self._notebook.set_cell(index, source=code)
                return
            fields = {"cell_type": "code", "source": code, "metadata": {}, "outputs": []}
            new = self._notebook.create_ycell({**fields, "execution_count": None})
            self._notebook.ycells.insert(index + 1, new)
            return

    def _write_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self._write, {})

    def _write(self, fields: dict[str, Any]) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._fields = self._fields | fields
        cell = find_block(self._notebook, self.cell_id)
        if cell is None:
            return
        with cell.doc.transaction():
            self._write_outputs(cell["outputs"])
            for key, value in fields.items():
                cell[key] = value
        self._on_write(self)

    def _write_outputs(self, outputs: Array) -> None:
        changed = self.model.take_changed_from()
        if len(outputs) != self._written:
            changed = 0
        if changed is None:
            return
        if changed == self._written - 1 and self._extend_stream(outputs, changed):
            changed += 1
        elif changed < len(outputs):
            del outputs[changed : len(outputs)]
        # JupyterLab appends whatever is inserted (CodeCellModel.onOutputsChange), so
        # a change in the middle is written as everything from there on.
        for index in range(changed, len(self.model)):
            outputs.append(self._shared(index))
        self._written = len(self.model)

    def _shared(self, index: int) -> Map:
        output = self.model.output(index)
        stream = self.model.stream(index)
        if stream is not None:
            stream.take_change()
            output = output | {"text": Text(output["text"])}
        return Map(output)

    def _extend_stream(self, outputs: Array, index: int) -> bool:
        """Send only what a stream gained; False when that can't be done.

        The shared text counts in UTF-8 bytes.
        """
        stream = self.model.stream(index) if index < len(self.model) else None
        shown = outputs[index]
        text = shown.get("text") if isinstance(shown, Map) else None
        if stream is None or not isinstance(text, Text):
            return False
        change = stream.take_change()
        if len(text) != change.start + len(change.old.encode()):
            return False
        same = _common_prefix(change.old, change.new)
        at = change.start + len(change.old[:same].encode())
        if at < len(text):
            del text[at : len(text)]
        if same < len(change.new):
            text.insert(at, change.new[same:])
        return True


def _common_prefix(one: str, other: str) -> int:
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return index
    return min(len(one), len(other))
