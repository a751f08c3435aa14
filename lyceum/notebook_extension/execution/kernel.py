"""The queue of one kernel: its blocks run one after the other, answers or not."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Protocol

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import KernelManager
from jupyter_client.session import Session

from .cell import BlockOutputs
from .documents import Document

_OUTPUT_KINDS = frozenset(
    {"stream", "display_data", "execute_result", "error", "clear_output", "update_display_data"}
)
_IDLE_SECONDS = 10.0
_REMEMBERED_RUNS = 100

log = logging.getLogger("lyceum.execution")


class KernelEnded(Exception):
    """The kernel was restarted, shut down or died; ``str`` is for the learner, may be empty."""


@dataclass(eq=False, slots=True)
class Run:
    """One block's run: asked for, then queued, then running, then done."""

    document: Document
    block: BlockOutputs
    execution_count: int | None = None
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    reply: asyncio.Future[dict[str, Any]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Questions(Protocol):
    """Where a block's question (``input()``, ``%debug``) is shown."""

    def ask(self, run: Run, content: dict[str, Any]) -> None: ...

    def withdraw(self, run: Run) -> None: ...


class KernelQueue:
    """Runs blocks in one kernel, in the order they were asked for.

    A failed block drops those that wait behind it, as Jupyter's own front end
    does. Outputs that arrive after a block is done (a thread still prints) are
    added to it. ``lost`` is what a block says when its run was lost to a failure
    of the queue itself.
    """

    def __init__(self, kernel: KernelManager, questions: Questions, *, lost: str) -> None:
        self.closed = False
        self._lost = lost
        self._questions = questions
        self._waiting: asyncio.Queue[Run] = asyncio.Queue()
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._heard = asyncio.Event()
        self._current: Run | None = None
        self._question: dict[str, Any] | None = None
        # A session of its own: the manager's would share its ZMQ identity, and
        # the kernel would send some replies to the wrong socket.
        session = Session(parent=kernel, key=kernel.session.key, username="lyceum")
        self._client: AsyncKernelClient = kernel.client(session=session)
        self._client.start_channels(hb=False)
        readers = (self._read_output(), self._read_replies(), self._read_questions())
        self._tasks = [asyncio.create_task(work) for work in (*readers, self._work())]
        for task in self._tasks:
            task.add_done_callback(self._on_task_done)

    def put(self, run: Run) -> None:
        """Add a run; its block shows ``In [*]`` at once."""
        self._forget_earlier(run)
        run.block.begin()
        self._waiting.put_nowait(run)

    def answer(self, value: str) -> bool:
        """Send the answer to the question the running block has asked; False if there is none."""
        run, question = self._current, self._question
        if run is None or question is None:
            return False
        self._withdraw(run)
        shown = "········" if question.get("password") else value
        echo = {"name": "stdin", "text": f"{question.get('prompt', '')}{shown}\n"}
        run.block.apply("stream", echo)
        self._client.input(value)
        return True

    def end(self, sentence: str = "") -> None:
        """The kernel is gone: finish what runs, with ``sentence`` in it, and drop the rest.

        Where none runs yet, because the kernel went before it was heard of, the
        first that waits says so: a run must not vanish without a word.
        """
        if self._current is not None and not self._current.reply.done():
            self._current.reply.set_exception(KernelEnded(sentence))
        else:
            self._close(sentence)

    async def _work(self) -> None:
        await self._until_heard()
        while True:
            run = self._current = await self._waiting.get()
            try:
                await self._execute(run)
            except KernelEnded as end:
                self._current = None
                self._finish(run, sentence=str(end))
                self._close()
                return
            self._current = None

    async def _execute(self, run: Run) -> None:
        request = self._client.execute(run.block.code, allow_stdin=True)
        self._remember(request, run)
        reply = await run.reply
        try:
            await asyncio.wait_for(run.idle.wait(), _IDLE_SECONDS)
        except TimeoutError:
            log.warning("a kernel answered but never said it was idle")
        run.execution_count = reply.get("execution_count", run.execution_count)
        for payload in reply.get("payload", ()):
            run.block.take_payload(payload)
        self._finish(run)
        if reply["status"] != "ok":
            self._drop_waiting()

    def _finish(self, run: Run, sentence: str = "") -> None:
        self._withdraw(run)
        if sentence:
            run.block.apply("stream", {"name": "stderr", "text": sentence + "\n"})
        run.block.finish(run.execution_count)

    def _withdraw(self, run: Run) -> None:
        if self._question is not None:
            self._question = None
            self._questions.withdraw(run)

    def _drop_waiting(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait().block.finish(None)

    def _close(self, sentence: str = "") -> None:
        self.closed = True
        if self._current is None and sentence and not self._waiting.empty():
            self._current = self._waiting.get_nowait()
        if self._current is not None:
            self._finish(self._current, sentence)
            self._current = None
        self._drop_waiting()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self._client.stop_channels()

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        """A reader that fails must not leave the learner's block running for ever."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the queue of a kernel failed", exc_info=error)
            self.end(self._lost)

    def _remember(self, request: str, run: Run) -> None:
        self._runs[request] = run
        while len(self._runs) > _REMEMBERED_RUNS:
            self._runs.popitem(last=False)

    def _forget_earlier(self, run: Run) -> None:
        """Let go of what this block printed before: late output must not mix with new."""
        same = [
            request
            for request, earlier in self._runs.items()
            if earlier.block.cell_id == run.block.cell_id and earlier is not self._current
        ]
        for request in same:
            del self._runs[request]

    async def _until_heard(self) -> None:
        """Wait until the kernel's messages reach us: a subscription takes a moment."""
        pause = 0.1
        while not self._heard.is_set():
            self._client.kernel_info()
            try:
                await asyncio.wait_for(self._heard.wait(), pause)
            except TimeoutError:
                pause = min(pause * 2, 2.0)

    async def _read_output(self) -> None:
        while True:
            message = await self._client.get_iopub_msg()
            self._heard.set()
            run = self._runs.get(message["parent_header"].get("msg_id", ""))
            if run is not None:
                self._take(run, message["msg_type"], message["content"])

    def _take(self, run: Run, kind: str, content: dict[str, Any]) -> None:
        if kind == "status" and content["execution_state"] == "idle":
            run.idle.set()
        elif kind == "execute_input":
            run.execution_count = content["execution_count"]
        elif kind == "update_display_data":
            for other in {id(one.block): one.block for one in self._runs.values()}.values():
                other.update_display(content)
        elif kind in _OUTPUT_KINDS:
            run.block.apply(kind, content)

    async def _read_replies(self) -> None:
        while True:
            message = await self._client.get_shell_msg()
            run = self._runs.get(message["parent_header"].get("msg_id", ""))
            if run is not None and not run.reply.done():
                run.reply.set_result(message["content"])

    async def _read_questions(self) -> None:
        while True:
            message = await self._client.get_stdin_msg()
            run = self._runs.get(message["parent_header"].get("msg_id", ""))
            if run is not None and message["msg_type"] == "input_request":
                self._question = message["content"]
                self._questions.ask(run, message["content"])
