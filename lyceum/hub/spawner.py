"""The hub's spawner: a thin layer between JupyterHub and the engine."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any, ClassVar
from urllib.parse import urlencode

from jupyterhub.spawner import Spawner
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from traitlets import Unicode, default

from lyceum.engine import codec, local_engine
from lyceum.engine.base import Engine, EngineError
from lyceum.engine.workload import Workload
from lyceum.hub import server
from lyceum.hub.pool import Pool


class StartFailed(Exception):
    """A start that can't be; the sentence is shown to the learner by the hub."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.jupyterhub_message = sentence


class LyceumSpawner(Spawner):
    """Runs one project's notebook server in a sandbox.

    The portal decides whether this learner may run this project, and what the
    sandbox holds; ``user_options`` are never read. The run outlives the hub.
    """

    portal_url = Unicode(config=True, help="The portal's own address, http://127.0.0.1:8001.")
    portal_token = Unicode(config=True, help="Key to the portal's /internal/ addresses.")
    answer_interval = 0.1
    # Preparing the next sandbox costs seconds of CPU: first the learner's own kernel.
    refill_delay = 5.0
    pool: ClassVar[Pool | None] = None

    STEPS: ClassVar[dict[str, tuple[int, str]]] = {
        "workload": (5, "Asking the portal what this project needs"),
        "mounts": (15, "Adding the project's folders to a sandbox"),
        "sandbox": (20, "Starting the sandbox"),
        "server": (40, "Starting the notebook server"),
        "answer": (95, "The notebook server answers"),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run_id = ""
        self._steps: list[dict[str, Any]] = []
        self._step_added = asyncio.Condition()

    @default("env_keep")
    def _no_variables_of_ours(self) -> list[str]:
        return []

    @default("hub_connect_url")
    def _hub_inside_sandbox(self) -> str:
        return f"http://127.0.0.1:{server.HUB_PORT}"

    @property
    def engine(self) -> Engine:
        return local_engine()

    @property
    def label(self) -> str:
        """``<user id>/<project id>``, on the run so that it can be found again."""
        return f"{self.user.name}/{self.name}"

    async def start(self) -> str:
        """Start the server and wait until it answers; its address on the host.

        Raises ``StartFailed`` with the portal's own sentence when it refuses.
        """
        self.ip, self.port = "127.0.0.1", server.LISTEN_PORT
        self._steps.clear()
        await self._step("workload")
        workload = server.with_server(
            await self._workload(),
            prefix=self.server.base_url,
            project_id=self.name,
            label=self.label,
            env=self.get_env(),
            hub_address=f"127.0.0.1:{self.hub.port}",
        )
        await asyncio.to_thread(self._stop_left_behind)
        self.run_id = await self._started_ahead(workload) or await self._started_now(workload)
        self._remember()
        await self._step("server")
        url = await self._answers()
        await self._step("answer")
        if self.pool is not None:
            asyncio.get_running_loop().call_later(self.refill_delay, self.pool.fill)
        return url

    async def _started_ahead(self, workload: Workload) -> str | None:
        ready = self.pool.take(workload) if self.pool is not None else None
        if ready is None:
            return None
        await self._step("mounts")
        return await self.pool.hand_over(ready, workload)

    async def _started_now(self, workload: Workload) -> str:
        await self._step("sandbox")
        try:
            return await asyncio.to_thread(self.engine.start, workload)
        except EngineError as error:
            raise StartFailed(str(error)) from error

    async def poll(self) -> int | None:
        if not self.run_id:
            return 0
        try:
            status = await asyncio.to_thread(self.engine.status, self.run_id)
        except KeyError:
            return 0
        return None if status.alive else status.exit_code or 0

    async def stop(self, now: bool = False) -> None:
        if self.run_id:
            await asyncio.to_thread(self.engine.stop, self.run_id, grace=0 if now else 10)

    async def get_url(self) -> str:
        """Where the run is now; the hub asks after its own restart."""
        address = await asyncio.to_thread(self.engine.address, self.run_id)
        return f"http://{address}" if address else await super().get_url()

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "run_id": self.run_id} if self.run_id else {}

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.run_id = state.get("run_id", "")

    def clear_state(self) -> None:
        super().clear_state()
        self.run_id = ""

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What has happened so far, then each step as it happens."""
        for told in itertools.count():
            async with self._step_added:
                while len(self._steps) <= told:
                    await self._step_added.wait()
            yield self._steps[told]

    async def _step(self, stage: str) -> None:
        progress, message = self.STEPS[stage]
        async with self._step_added:
            self._steps.append({"progress": progress, "message": message, "stage": stage})
            self._step_added.notify_all()

    async def _workload(self) -> Workload:
        query = urlencode({"user": self.user.name, "project": self.name})
        request = HTTPRequest(
            f"{self.portal_url}/internal/notebooks/workload?{query}",
            headers={"Authorization": f"Bearer {self.portal_token}"},
        )
        try:
            answer = await AsyncHTTPClient().fetch(request)
        except HTTPClientError as error:
            raise StartFailed(_sentence(error)) from error
        except OSError as error:
            raise StartFailed("The portal does not answer; try again in a moment.") from error
        return codec.from_json(answer.body)

    def _stop_left_behind(self) -> None:
        """End this project's earlier run, if a hub died between its start and its note."""
        for status in self.engine.runs():
            label = status.labels.get(server.LABEL)
            if self.pool is not None:
                label = label or self.pool.became(status.run_id)
            if status.alive and label == self.label:
                self.engine.stop(status.run_id)

    def _remember(self) -> None:
        """Note the run in the database now, not when the start is over: the hub may die."""
        self.orm_spawner.state = self.get_state()
        self.user.db.commit()

    async def _answers(self) -> str:
        """Wait for the server's first answer; JupyterHub's own wait backs off to seconds."""
        client = AsyncHTTPClient()
        while await self.poll() is None:
            address = await asyncio.to_thread(self.engine.address, self.run_id)
            if address:
                url = f"http://{address}"
                try:
                    await client.fetch(f"{url}{self.server.base_url}api", request_timeout=5)
                except HTTPClientError as error:
                    if error.code < 500:
                        return url
                except OSError:
                    pass
                else:
                    return url
            await asyncio.sleep(self.answer_interval)
        status = await asyncio.to_thread(self.engine.status, self.run_id)
        raise StartFailed(f"The notebook server ended while it started: {status.detail}".strip())


def _sentence(error: HTTPClientError) -> str:
    """The portal's refusal as it words it, ``{"message": …}`` or plain text."""
    if error.response is None or not error.response.body or error.code >= 500:
        return "The portal could not say what this project needs; try again in a moment."
    body = error.response.body.decode("utf8", "replace")
    try:
        problem = json.loads(body)
    except ValueError:
        return body
    return str(problem.get("title") or problem.get("message") or body)
