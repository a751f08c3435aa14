"""Runs on the server's side, asked for as the browser asks, with no browser there at all."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.notebook_extension.conftest import OLD
from tests.notebook_extension.server import NotebookServer


class Session:
    """A notebook with a kernel; the tab has already gone."""

    def __init__(self, server: NotebookServer, kernel: str, *blocks: str) -> None:
        self._server = server
        self.name = server.notebook(*blocks, kernel=kernel)
        self._api = server.api
        self._blocks = blocks
        body = {"path": self.name, "type": "notebook", "name": "", "kernel": {"name": kernel}}
        self.kernel = self._post("/api/sessions", body)["kernel"]["id"]
        described = self._api.put(
            f"/api/collaboration/session/{self.name}", json={"format": "json", "type": "notebook"}
        ).json()
        self.room = f"json:notebook:{described['fileId']}"

    def run(self, index: int) -> None:
        self.run_all(index)

    def run_all(self, *indices: int) -> None:
        """One request for several blocks."""
        blocks = [{"cell_id": f"cell-{one}", "code": self._blocks[one]} for one in indices]
        content = {"room": self.room, "blocks": blocks}
        self._post(f"/lyceum/api/kernels/{self.kernel}/run", content)

    def answer(self, value: str) -> bool:
        """Answer the block's question; False when it asks none."""
        path = f"/lyceum/api/kernels/{self.kernel}/answer"
        return self._api.post(path, json={"value": value}).is_success

    def restart(self) -> None:
        self._post(f"/api/kernels/{self.kernel}/restart", {})

    def interrupt(self) -> None:
        self._post(f"/api/kernels/{self.kernel}/interrupt", {})

    def process(self) -> int:
        """The kernel's process, found by its connection file."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"kernel-{self.kernel}" in (folder / "cmdline").read_text():
                    return int(folder.name)
        raise AssertionError("the kernel has no process")

    def cell(self, index: int) -> dict[str, Any]:
        return self._server.cells(self.name)[index]

    def text(self, index: int) -> str:
        return "".join("".join(output.get("text", "")) for output in self.cell(index)["outputs"])

    def wait(self, condition: Callable[[], object], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self._server.cells(self.name)
            time.sleep(0.2)

    def wait_done(self, index: int, count: int) -> None:
        self.wait(lambda: self.cell(index)["execution_count"] == count)

    def close(self) -> None:
        self._api.delete(f"/api/kernels/{self.kernel}")
        self._api.close()

    def _post(self, path: str, content: dict[str, Any]) -> Any:
        response = self._api.post(path, json=content)
        assert response.is_success, response.text
        return response.json() if response.content else None


Open = Callable[..., Session]


@pytest.fixture
def opened(server: NotebookServer, modern: str) -> Iterator[Open]:
    sessions: list[Session] = []

    def open_(*blocks: str, kernel: str = "") -> Session:
        sessions.append(Session(server, kernel or modern, *blocks))
        return sessions[-1]

    yield open_
    for session in sessions:
        session.close()


@pytest.mark.parametrize("kernel", ["", OLD], ids=["present", "python2"])
def test_everything_printed_is_on_disk(
    opened: Open, kernels: dict[str, Path], kernel: str
) -> None:
    if kernel and kernel not in kernels:
        pytest.skip("Python 2.7 is not on this machine")
    session = opened(
        "from __future__ import print_function\nimport sys\n"
        "for i in range(2000): print('line', i)\n"
        "sys.stdout.flush(); sys.stderr.write('warning\\n')",
        "from IPython.display import display, HTML\n"
        "for i in range(3): display(HTML('<b>same</b>'))\n1 / 0",
        kernel=kernel,
    )
    session.run(0)
    session.wait_done(0, 1)
    outputs = session.cell(0)["outputs"]
    assert "".join(outputs[0]["text"]) == "".join(f"line {i}\n" for i in range(2000))
    assert outputs[1]["name"] == "stderr"
    session.run(1)
    session.wait_done(1, 2)
    kinds = [output["output_type"] for output in session.cell(1)["outputs"]]
    assert kinds == ["display_data"] * 3 + ["error"]
    assert "".join(session.cell(1)["outputs"][3]["traceback"]).count("ZeroDivisionError")


def test_a_block_that_never_pauses_is_saved_while_it_runs(opened: Open) -> None:
    """A server killed in the middle must not lose the whole training."""
    session = opened("import time\nfor i in range(600): print(i, flush=True); time.sleep(.05)")
    session.run(0)
    session.wait(lambda: "40\n" in session.text(0), seconds=25)
    assert session.cell(0)["execution_count"] is None


def test_terminal_controls_and_updated_displays(opened: Open) -> None:
    session = opened(
        "import sys, time\n"
        "for i in range(0, 101, 10):\n"
        "    sys.stdout.write('\\r训练 %d%%' % i); sys.stdout.flush(); time.sleep(.06)\n"
        "print(); print('完成')",
        "from IPython.display import display, clear_output, HTML\n"
        "handle = display(HTML('first'), display_id=True)\nprint('after')",
        "handle.update(HTML('second'))\nfor i in range(3): clear_output(wait=True); print(i)",
    )
    for index in range(3):
        session.run(index)
    session.wait_done(2, 3)
    assert session.text(0) == "训练 100%\n完成\n"
    first, after = session.cell(1)["outputs"]
    assert "".join(first["data"]["text/html"]) == "second"
    assert "".join(after["text"]) == "after\n"
    assert session.text(2) == "2\n"


def test_an_error_drops_what_waits(opened: Open) -> None:
    session = opened("import time; time.sleep(1); 1 / 0", "print('never')", "print('later')")
    session.run(0)
    session.run(1)
    session.wait_done(0, 1)
    session.run(2)
    session.wait_done(2, 2)
    assert session.cell(1)["outputs"] == []
    assert session.text(2) == "later\n"


def test_a_question_waits_for_its_answer(opened: Open) -> None:
    session = opened("name = input('name? ')\nprint('Hello', name)")
    assert not session.answer("too early")
    session.run(0)
    session.wait(lambda: session.answer("Ada"))
    session.wait_done(0, 1)
    assert session.text(0) == "name? Ada\nHello Ada\n"


def test_interrupt_then_restart_then_go_on(opened: Open) -> None:
    endless = "import time\nprint('on')\nwhile True: time.sleep(.1)"
    session = opened(endless, "print('alive')")
    session.run(0)
    session.wait(lambda: "on" in session.text(0))
    session.interrupt()
    session.wait(lambda: session.cell(0)["outputs"][-1].get("ename") == "KeyboardInterrupt")
    session.run(0)
    session.wait(lambda: session.text(0) == "on\n")
    session.restart()
    session.run(1)
    session.wait_done(1, 1)
    assert session.text(1) == "alive\n"


def test_a_killed_kernel_says_so_and_the_next_run_works(opened: Open) -> None:
    session = opened(
        "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)", "print('alive')"
    )
    session.run(0)
    session.wait(lambda: re.search(r"\d+\n", session.text(0)))
    os.kill(int(session.text(0).split()[0]), signal.SIGKILL)
    session.wait(lambda: "The kernel died" in session.text(0))
    session.run(1)
    session.wait_done(1, 1)


def test_help_and_code_that_a_reply_carries(opened: Open) -> None:
    session = opened("print?", "get_ipython().set_next_input('x = 41')")
    session.run(0)
    session.run(1)
    session.wait_done(1, 2)
    page = "".join(session.cell(0)["outputs"][0]["data"]["text/plain"])
    assert "Prints the values to a stream" in page
    session.wait(lambda: "".join(session.cell(2)["source"]) == "x = 41")


def test_output_from_a_thread_after_the_block_is_kept(opened: Open) -> None:
    session = opened(
        "import threading, time\n"
        "def late(): time.sleep(1); print('late', flush=True)\n"
        "threading.Thread(target=late).start(); print('now')"
    )
    session.run(0)
    session.wait(lambda: session.text(0) == "now\nlate\n")


def test_blocks_of_one_request_run_in_its_order(opened: Open) -> None:
    session = opened("a = 1", "a += 1", "print(a)")
    session.run_all(0, 1, 2)
    session.wait(lambda: session.text(2) == "2\n")
    assert [session.cell(index)["execution_count"] for index in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"room": "json:file:x"}, 400),
        ({"room": "json:notebook:00000000-0000-0000-0000-000000000000"}, 404),
        ({"blocks": [{"cell_id": "nowhere", "code": "1"}]}, 404),
        ({"blocks": [{"cell_id": "cell-0", "code": None}]}, 400),
        ({"blocks": ["cell-0"]}, 400),
        ({"blocks": []}, 400),
    ],
)
def test_refusals(
    opened: Open, server: NotebookServer, change: dict[str, Any], status: int
) -> None:
    session = opened("1")
    block = {"cell_id": "cell-0", "code": "1"}
    content = {"room": session.room, "blocks": [block], **change}
    answer = server.api.post(f"/lyceum/api/kernels/{session.kernel}/run", json=content)
    assert answer.status_code == status


def test_strangers_run_nothing(opened: Open, server: NotebookServer) -> None:
    session = opened("1")
    block = {"cell_id": "cell-0", "code": "1"}
    content = {"room": session.room, "blocks": [block]}
    address = f"{server.url}/lyceum/api/kernels/{session.kernel}/run"
    assert httpx.post(address, json=content).status_code == 403


def test_runs_outlive_a_file_that_is_touched_before_they_are_saved(
    opened: Open, server: NotebookServer
) -> None:
    """The room takes such a file in again, and the file knows nothing of the run."""
    session = opened("print('once')", "import time; time.sleep(3); print('twice')")
    session.run(0)
    session.wait_done(0, 1)
    session.run_all(0, 1)
    for _ in range(4):
        os.utime(server.home / session.name)
        time.sleep(0.5)
    session.wait_done(1, 3)
    assert [session.cell(index)["execution_count"] for index in range(2)] == [2, 3]
    assert [session.text(index) for index in range(2)] == ["once\n", "twice\n"]


def test_a_kernel_that_dies_before_it_is_heard_says_so(opened: Open) -> None:
    session = opened("print('on')", "print('off')")
    os.kill(session.process(), signal.SIGKILL)
    session.run_all(0, 1)
    session.wait(lambda: "The kernel died" in session.text(0))
    session.run_all(0, 1)
    session.wait(lambda: session.text(1) == "off\n")
