"""Every kernel's queue, tied to the kernel's life: restart, shutdown, death."""

from __future__ import annotations

import uuid
from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web

from ..sentences import Sentences
from .cell import BlockOutputs, find_block
from .documents import Documents
from .kernel import KernelQueue, Run
from .model import OutputModel

_KERNEL_ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
_QUESTION_STATE = "lyceum_question"


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
        if run.document.notebook.ystate.get(_QUESTION_STATE) is not None:
            run.document.notebook.ystate[_QUESTION_STATE] = None


class Runs:
    """Takes runs and answers from the handlers; ends queues with their kernels."""

    def __init__(self, serverapp: ServerApp, *, output_limit: int, sentences: Sentences) -> None:
        self._kernels: AsyncMappingKernelManager = serverapp.kernel_manager
        self._documents = Documents(serverapp)
        self._queues: dict[str, KernelQueue] = {}
        self._limit = output_limit
        self._say = sentences
        serverapp.event_logger.add_listener(
            schema_id=_KERNEL_ACTIONS, listener=self._on_kernel_action
        )

    async def put(self, kernel_id: str, *, room: str, cell_id: str, code: str) -> None:
        """Queue a block. Answers 404 for an unknown kernel, file or block."""
        self._check_kernel(kernel_id)
        document = await self._documents.open(room)
        if find_block(document.notebook, cell_id) is None:
            raise web.HTTPError(404, cell_id)
        notice = self._say("output_limit", megabytes=self._limit // 1_000_000)
        model = OutputModel(limit=self._limit, notice=notice)
        block = BlockOutputs(document.notebook, cell_id, model, document.save_soon)
        self._queue(kernel_id).put(Run(document, block, code))

    def answer(self, kernel_id: str, value: str) -> None:
        """Answer the question of the block that runs. Answers 404 when nothing runs."""
        queue = self._queues.get(kernel_id)
        if queue is None or not queue.busy:
            raise web.HTTPError(404, kernel_id)
        queue.answer(value)

    def close(self) -> None:
        """End every queue; the server stops."""
        for kernel_id in list(self._queues):
            self._end(kernel_id, "")

    def _check_kernel(self, kernel_id: str) -> None:
        if kernel_id not in self._kernels:
            raise web.HTTPError(404, kernel_id)

    def _queue(self, kernel_id: str) -> KernelQueue:
        if kernel_id not in self._queues:
            kernel = self._kernels.get_kernel(kernel_id)
            self._queues[kernel_id] = KernelQueue(kernel, DocumentQuestions(kernel_id))
            for event in ("restart", "dead"):
                self._kernels.add_restart_callback(
                    kernel_id, lambda: self._end(kernel_id, self._say("kernel_died")), event
                )
        return self._queues[kernel_id]

    def _end(self, kernel_id: str, sentence: str) -> None:
        queue = self._queues.pop(kernel_id, None)
        if queue is not None:
            queue.end(sentence)

    async def _on_kernel_action(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        if data["action"] in ("restart", "shutdown") and data["status"] == "success":
            self._end(data["kernel_id"], "")
