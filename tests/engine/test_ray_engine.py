"""What the platform makes of a Ray that is away, forgets, lies or lets anybody in."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lyceum.engine import codec, runfolder
from lyceum.engine.base import EngineError
from lyceum.engine.ray import records
from lyceum.engine.ray.engine import RayEngine
from lyceum.engine.workload import RunState, Workload

TOKEN = "the-token"
RUN = "task-7-1"
WORKLOAD = Workload(argv=("true",), labels={"task": "7"})


GB = 1 << 30
NODES = [
    {"state": "ALIVE", "resources_total": {"CPU": 4.0, "memory": 2.0 * GB}},
    {"state": "ALIVE", "resources_total": {"CPU": 2.0, "memory": 1.0 * GB}},
    {"state": "DEAD", "resources_total": {"CPU": 8.0, "memory": 8.0 * GB}},
    {"state": "ALIVE", "resources_total": {"memory": 8.0 * GB}},  # a head that runs no tasks
]


class Head:
    """The five requests of a head's API; ``jobs`` are those it knows."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict] = {}
        self.submitted: list[str] = []
        self.open_to_all = False
        head = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(*head.get(self.path), anonymous=self._is_anonymous())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._answer(*head.post(self.path, body), anonymous=self._is_anonymous())

            def _is_anonymous(self) -> bool:
                return self.headers.get("Authorization") != f"Bearer {TOKEN}"

            def _answer(self, status: int, value: object, *, anonymous: bool) -> None:
                if anonymous and not head.open_to_all:
                    status, value = 401, "Unauthorized"
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def get(self, path: str) -> tuple[int, object]:
        if path.startswith("/api/v0/nodes"):
            return 200, {"data": {"result": {"result": NODES}}}
        name = path.removeprefix("/api/jobs/")
        if not name:
            return 200, []
        return (200, self.jobs[name]) if name in self.jobs else (404, "does not exist")

    def post(self, path: str, body: bytes) -> tuple[int, object]:
        if path.endswith("/stop"):
            return 200, {"stopped": True}
        name = json.loads(body)["submission_id"]
        if name in self.jobs:
            return 500, "already exists"
        self.submitted.append(name)
        self.jobs[name] = {"status": "PENDING", "message": "it is queued"}
        return 200, {"submission_id": name}

    def say(self, status: str, message: str = "") -> None:
        """Of every job."""
        for job in self.jobs.values():
            job |= {"status": status, "message": message}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def head() -> Iterator[Head]:
    made = Head()
    yield made
    made.close()


@pytest.fixture
def engine(tmp_path: Path, head: Head) -> RayEngine:
    return RayEngine(tmp_path, address=head.address, token=TOKEN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs" / RUN


def told(folder: Path, *, age: float, share: str | None = None) -> None:
    """The driver said so much, ``age`` seconds ago; its one share's shim says ``share``."""
    driver = {"state": "running", "machine": "10.0.0.1", "beat": time.time() - age}
    driver["shares"] = [{"name": "beta"}]
    runfolder.write_json(str(folder), records.DRIVER, driver)
    if share:
        place = records.share_folder(folder, 0)
        place.mkdir(parents=True, exist_ok=True)
        runfolder.write_json(str(place), runfolder.STATE, {"state": share})


def age_run(folder: Path, seconds: float) -> None:
    record = runfolder.read_json(str(folder), records.RUN)
    record["queued"] -= seconds
    runfolder.write_json(str(folder), records.RUN, record)


def eight_times(call: Callable[[], object]) -> list[object]:
    """At the same moment."""
    barrier = threading.Barrier(8)

    def one(_: int) -> object:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(8)))


def test_many_who_start_one_run_submit_one_job(engine: RayEngine, head: Head):
    assert eight_times(lambda: engine.start(WORKLOAD, run_id=RUN)) == [RUN] * 8
    assert len(set(head.submitted)) == len(head.submitted) == 1
    assert engine.status(RUN).state == RunState.QUEUED
    assert engine.status(RUN).labels == {"task": "7"}


def test_a_start_cut_short_before_the_job_was_given_is_completed(
    engine: RayEngine, head: Head, folder: Path
):
    records.claim(folder, WORKLOAD, sandbox="on", machines_seconds=1)
    assert engine.status(RUN).state == RunState.QUEUED
    engine.start(WORKLOAD, run_id=RUN)
    assert len(head.submitted) == 1


def test_a_start_cut_short_after_the_job_was_given_gives_no_second(
    engine: RayEngine, head: Head, folder: Path
):
    engine.start(WORKLOAD, run_id=RUN)
    (folder / records.SUBMITTED).unlink()
    engine.start(WORKLOAD, run_id=RUN)
    assert len(head.submitted) == 1
    assert engine.status(RUN).state == RunState.QUEUED


def test_a_head_that_is_away_gets_the_job_once_it_is_back(tmp_path: Path, head: Head):
    RayEngine(tmp_path, address="http://127.0.0.1:9", token=TOKEN).start(WORKLOAD, run_id=RUN)
    assert not head.submitted
    back = RayEngine(tmp_path, address=head.address, token=TOKEN)
    assert back.status(RUN).state == RunState.QUEUED
    assert len(head.submitted) == 1


def test_a_cluster_without_a_token_gets_no_job(engine: RayEngine, head: Head):
    head.open_to_all = True
    with pytest.raises(EngineError, match="without a token"):
        engine.start(WORKLOAD, run_id=RUN)
    with pytest.raises(KeyError):
        engine.status(RUN)
    assert not head.submitted


def test_a_cluster_is_looked_at_for_the_operator(engine: RayEngine, head: Head):
    capacity = engine.reached()
    assert (capacity.cpus, capacity.memory_bytes, capacity.nodes) == (6, 3 << 30, 2)
    head.open_to_all = True
    with pytest.raises(EngineError, match="without a token"):
        engine.reached()


@pytest.mark.parametrize(("token", "sentence"), [("wrong", "our token"), (None, "RAY_AUTH_TOKEN")])
def test_a_token_that_is_wrong_or_missing_is_said(
    tmp_path: Path, head: Head, monkeypatch: pytest.MonkeyPatch, token: str | None, sentence: str
):
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "none"))
    with pytest.raises(EngineError, match=sentence):
        RayEngine(tmp_path, address=head.address, token=token).capacity()


def test_address_and_token_are_rays_own_settings(
    tmp_path: Path, head: Head, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.setenv("RAY_ADDRESS", head.address)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    RayEngine(tmp_path).start(WORKLOAD, run_id=RUN)
    assert len(head.submitted) == 1


@pytest.mark.parametrize("address", [None, "auto", "head:8265"])
def test_an_address_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str | None
):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(EngineError, match="RAY_ADDRESS"):
        RayEngine(tmp_path, address=address)


def test_what_the_driver_said_last_is_the_state(engine: RayEngine, head: Head, folder: Path):
    engine.start(WORKLOAD, run_id=RUN)
    head.say("RUNNING")
    told(folder, age=1)
    assert engine.status(RUN).state == RunState.RUNNING


def test_a_driver_that_died_makes_it_lost_once_its_shares_have_ended(
    engine: RayEngine, head: Head, folder: Path
):
    engine.start(WORKLOAD, run_id=RUN)
    age_run(folder, 1000)
    head.say("FAILED", "Job supervisor actor died: its node is gone\nand more")
    told(folder, age=20, share="running")
    assert engine.status(RUN).state == RunState.RUNNING
    told(folder, age=20, share="stopped")
    status = engine.status(RUN)
    assert (status.state, status.reason) == ("lost", "lost")
    assert status.detail == (
        "its driver on 10.0.0.1 ended (Job supervisor actor died: its node is gone)"
    )
    head.say("RUNNING")  # whatever is said later
    assert engine.status(RUN) == status


def test_shares_that_never_end_are_not_waited_for_for_ever(
    engine: RayEngine, head: Head, folder: Path
):
    engine.start(WORKLOAD, run_id=RUN)
    age_run(folder, 1000)
    head.say("FAILED")
    told(folder, age=100, share="running")
    assert engine.status(RUN).state == RunState.LOST


def test_a_driver_that_hangs_is_lost(engine: RayEngine, head: Head, folder: Path):
    engine.start(WORKLOAD, run_id=RUN)
    age_run(folder, 1000)
    head.say("RUNNING")
    told(folder, age=170)
    assert engine.status(RUN).state == RunState.RUNNING
    told(folder, age=190)
    assert engine.status(RUN).detail == "its driver on 10.0.0.1 went silent"


def test_a_job_that_only_waits_is_not_lost(engine: RayEngine, head: Head, folder: Path):
    engine.start(WORKLOAD, run_id=RUN)
    age_run(folder, 1000)
    assert engine.status(RUN).state == RunState.QUEUED


def test_a_head_that_forgot_the_run_lost_it(engine: RayEngine, head: Head, folder: Path):
    engine.start(WORKLOAD, run_id=RUN)
    head.jobs.clear()
    assert engine.status(RUN).state == RunState.LOST
    assert engine.start(WORKLOAD, run_id=RUN) == RUN
    assert len(head.submitted) == 1


def test_a_cluster_that_is_silent_for_long_lost_it(engine: RayEngine, head: Head, folder: Path):
    engine.start(WORKLOAD, run_id=RUN)
    head.close()
    told(folder, age=20)
    assert engine.status(RUN).state == RunState.RUNNING
    age_run(folder, 1000)
    told(folder, age=200)
    status = engine.status(RUN)
    assert status.state == RunState.LOST
    assert "does not answer" in status.detail


def test_the_first_end_that_is_written_counts(engine: RayEngine, head: Head, folder: Path):
    engine.start(WORKLOAD, run_id=RUN)
    head.jobs.clear()
    assert engine.status(RUN).state == RunState.LOST
    assert records.end(folder, RunState.SUCCEEDED, reason="exit")["state"] == "lost"
    assert engine.status(RUN).state == RunState.LOST


def test_ends_written_at_once_are_one_end(engine: RayEngine, folder: Path):
    engine.start(WORKLOAD, run_id=RUN)
    names = iter(range(8))
    ends = eight_times(lambda: records.end(folder, RunState.FAILED, detail=str(next(names))))
    assert len({end["detail"] for end in ends}) == 1


def test_a_stop_of_what_ray_does_not_take_is_its_end(
    engine: RayEngine, head: Head, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(head, "post", lambda path, body: (500, "no agent is available"))
    engine.start(WORKLOAD, run_id=RUN)
    assert engine.status(RUN).state == RunState.QUEUED
    assert engine.stop(RUN, grace=0).state == RunState.STOPPED


def test_a_job_that_ray_never_takes_is_lost(
    engine: RayEngine, head: Head, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(head, "post", lambda path, body: (500, "no agent is available"))
    engine.start(WORKLOAD, run_id=RUN)
    age_run(folder, 1000)
    status = engine.status(RUN)
    assert status.state == RunState.LOST
    assert "no agent is available" in status.detail


def test_a_program_is_needed(engine: RayEngine):
    with pytest.raises(EngineError, match="program"):
        engine.start(Workload(argv=()), run_id=RUN)


def test_what_needs_this_machine_is_refused(engine: RayEngine):
    with pytest.raises(EngineError, match="ports"):
        engine.start(Workload(argv=("true",), listen=80), run_id=RUN)
    engine.start(WORKLOAD, run_id=RUN)
    with pytest.raises(EngineError):
        engine.mount(RUN, Path("/tmp"), "/x")
    with pytest.raises(EngineError):
        engine.unmount(RUN, "/x")
    assert engine.address(RUN) is None
    assert engine.mounts(RUN) == list(codec.from_json(codec.to_json(WORKLOAD)).mounts)
