"""Every kernel's queue, tied to the kernel's life: restart, shutdown, death."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from typing import Any

from jupyter_events import EventLogger
from jupyter_events.schema_registry import SchemaRegistryException
from jupyter_server import DEFAULT_EVENTS_SCHEMA_PATH
from jupyter_server.serverapp import ServerApp
from tornado import web

from ..sentences import Sentences
from .cell import BlockOutputs, find_block
from .documents import Document, Documents
from .kernel import KernelQueue, Run
from .kernels import AskedRestarts
from .model import OutputModel

_KERNEL_ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
_QUESTION_STATE = "lyceum_question"
_BLOCK_SECONDS = 3.0


def _listen(events: EventLogger, listener: Any) -> None:
    """Hear of kernels' restarts and ends.

    The first kernel would register the schema, and registering drops the listeners
    that were there before it.
    """
    with contextlib.suppress(SchemaRegistryException):
        events.register_event_schema(DEFAULT_EVENTS_SCHEMA_PATH / "kernel_actions" / "v1.yaml")
    events.add_listener(schema_id=_KERNEL_ACTIONS, listener=listener)


async def _until_there(document: Document, cell_id: str) -> None:
    """Wait for a block that is on its way: edits come over a connection of their own."""
    deadline = time.monotonic() + _BLOCK_SECONDS
    while find_block(document.notebook, cell_id) is None:
        if time.monotonic() > deadline:
            raise web.HTTPError(404, cell_id)
        await asyncio.sleep(0.05)


class DocumentQuestions:
    """Shows a kernel's question in the document's shared state, so any tab can answer."""

    def __init__(self, kernel_id: str) -> None:
        self._kernel_id = kernel_id

    def ask(self, run: Run, content: dict[str, Any]) -> None:
        run.document.notebook.ystate[_QUESTION_STATE] = {
            "id": uuid.uuid4().hex,
            "cell_id": run.block.cell_id,
            "kernel_id": self._kernel_id,
            "prompt": str(content.get("prompt", "")),
            "password": bool(content.get("password")),
        }

    def withdraw(self, run: Run) -> None:
        run.document.notebook.ystate[_QUESTION_STATE] = None


class Runs:
    """Takes runs and answers from the handlers; ends queues with their kernels."""

    def __init__(self, serverapp: ServerApp, *, output_limit: int, sentences: Sentences) -> None:
        self._kernels: AskedRestarts = serverapp.kernel_manager
        self._documents = Documents(serverapp)
        self._queues: dict[str, KernelQueue] = {}
        self._limit = output_limit
        self._say = sentences
        _listen(serverapp.event_logger, self._on_kernel_action)

    async def put(self, kernel_id: str, *, room: str, blocks: list[tuple[str, str]]) -> None:
        """Queue blocks, each (cell id, code), in this order.

        Answers 404 for an unknown kernel, file or block, and then queues none.
        """
        self._check_kernel(kernel_id)
        document = await self._documents.open(room)
        for cell_id, _ in blocks:
            await _until_there(document, cell_id)
        queue = self._queue(kernel_id)
        for cell_id, code in blocks:
            queue.put(self._run(document, cell_id, code))

    def _run(self, document: Document, cell_id: str, code: str) -> Run:
        notice = self._say("output_limit", megabytes=self._limit // 1_000_000)
        model = OutputModel(limit=self._limit, notice=notice)
        return Run(
            document, BlockOutputs(document.notebook, cell_id, code, model, document.on_write)
        )

    def answer(self, kernel_id: str, value: str) -> None:
        """Answer the question of the block that runs. Answers 404 when none is asked."""
        queue = self._queues.get(kernel_id)
        if queue is None or not queue.answer(value):
            raise web.HTTPError(404, kernel_id)

    def close(self) -> None:
        """End every queue; the server stops."""
        for kernel_id in list(self._queues):
            self._end(kernel_id, "")

    def _check_kernel(self, kernel_id: str) -> None:
        if kernel_id not in self._kernels:
            raise web.HTTPError(404, kernel_id)

    def _queue(self, kernel_id: str) -> KernelQueue:
        known = self._queues.get(kernel_id)
        if known is None or known.closed:
            kernel = self._kernels.get_kernel(kernel_id)
            questions = DocumentQuestions(kernel_id)
            self._queues[kernel_id] = KernelQueue(kernel, questions, lost=self._say("run_lost"))
        return self._queues[kernel_id]

    def _end(self, kernel_id: str, sentence: str) -> None:
        queue = self._queues.pop(kernel_id, None)
        if queue is not None:
            queue.end(sentence)

    async def _on_kernel_action(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        kernel_id, action = data.get("kernel_id", ""), data["action"]
        if action == "restart":
            asked = self._kernels.take_asked(kernel_id)
            self._end(kernel_id, "" if asked else self._say("kernel_died"))
        elif action == "shutdown" and data["status"] == "success":
            self._end(kernel_id, "")
