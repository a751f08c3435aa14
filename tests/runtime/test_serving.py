"""How a worker behaves towards the gateway and its supervisor, on one small model."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lyceum import environments
from tests.runtime import onnxfile
from tests.runtime.gateway import FAILED
from tests.runtime.making import REPLICA, Bundle, gone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

Bundles = Callable[[str], Bundle]

HOSTILE = """
import os, sys, time
import numpy as np

print("loaded")

def reader_infer(data_args):
    do = data_args.get("do")
    if do == "raise":
        raise ValueError("别这样")
    if do == "exit":
        sys.exit(3)
    if do == "die":
        os._exit(9)
    if do == "hang":
        while True:
            pass
    if do == "print":
        print("特征", data_args["x"])
        sys.stderr.write("and an error\\n")
    if do == "shape":
        return {"x": np.zeros((1, 5))}
    return np.full((data_args.get("rows", 1), 13), data_args["x"])

def output(results, data_args):
    do = data_args.get("do")
    if do == "nan":
        return [{"predict": [1.0, float("nan")]}]
    if do == "bytes":
        return {"picture": b"\\xff"}
    if do == "object":
        return {"a": {"b c": object()}}
    if do == "numbers":
        return {"a": np.float32(1.5), "b": np.arange(3), "c": (np.int64(1), np.bool_(1)), 2: {7}}
    if do == "lines":
        return [{"predict": each.tolist()} for each in results]
    return len(results[0])
"""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("onnx")
    (folder / "linear.onnx").write_bytes(onnxfile.linear([0.5] * 13, 1.0))
    return folder


@pytest.fixture
def hostile(bundle: Bundles, models: Path) -> Bundle:
    service = bundle("sklearn-py311")
    service.write(models, "onnx", "linear.onnx", converter=HOSTILE, timeout_seconds=1)
    return service


def test_calls_are_answered_each_for_itself(hostile: Bundle) -> None:
    gateway = hostile.serve()
    hello = gateway.accept()
    assert (hello["protocol"], hello["replica"]) == (1, REPLICA)
    assert hello["python"].startswith("3.11")
    gateway.receive()

    answers = gateway.call(
        {"x": 0.5, "do": "lines"},
        {"x": 1, "do": "raise"},
        {"x": 1, "do": "exit"},
        {"x": 0.5, "do": "lines", "rows": 2},
        {"x": 1, "do": "nan"},
        {"x": 1, "do": "bytes"},
        {"x": 1, "do": "object"},
        {"x": 1, "do": "numbers"},
        {"x": 1, "do": "shape"},
        b"[",
        {"x": 1, "rows": 3},
    )

    assert answers[0] == (0, [{"predict": [[4.25]]}])
    assert answers[3] == (0, [{"predict": [[4.25], [4.25]]}])
    assert answers[7] == (0, {"a": 1.5, "b": [0, 1, 2], "c": [1, True], "2": [7]})
    assert answers[10] == (0, 3)
    assert [status for status, _ in answers] == [0, 1, 1, 0, 3, 3, 3, 0, 1, 1, 0]
    assert answers[1][1]["message"] == "ValueError: 别这样"
    assert 'File "converter.py", line 10, in reader_infer' in answers[1][1]["traceback"]
    assert answers[2][1]["message"] == "SystemExit: 3"
    nan, not_text, no_json = (answers[index][1] for index in (4, 5, 6))
    assert nan["message"] == "The output at [0].predict[1] is NaN, which JSON does not have."
    assert "NaN" in nan["message_zh"]
    assert "picture is bytes" in not_text["message"]
    assert 'a["b c"] is a object' in no_json["message"]


def test_the_owners_test_gets_what_is_printed(hostile: Bundle) -> None:
    gateway = hostile.serving()

    ((status, told),) = gateway.call({"x": 1, "do": "print"}, flags=1)
    ((failed, why),) = gateway.call({"x": 1, "do": "raise"}, flags=1)

    assert (status, told["output"]) == (0, 1)
    assert told["prints"] == "特征 1\nand an error\n"
    assert 0 < told["seconds"] < 5
    assert (failed, why["message"], why["prints"]) == (1, "ValueError: 别这样", "")
    assert hostile.printed().splitlines() == ["loaded", "特征 1", "and an error"]


def test_a_call_that_ends_or_holds_the_worker_costs_no_other(hostile: Bundle) -> None:
    gateway = hostile.serving()

    for poison, words in (("die", "exit status 9"), ("hang", "took too long")):
        gateway.send({"x": 1}, {"x": 1, "do": poison})
        began = time.monotonic()
        with pytest.raises((EOFError, ConnectionError)):
            gateway.receive()
        assert time.monotonic() - began < 5
        gateway.ready()
        assert gateway.call({"x": 1}) == [(0, 1)]
        assert words in hostile.printed()


def test_five_deaths_in_a_minute_end_the_run(hostile: Bundle) -> None:
    gateway = hostile.serve()

    for _ in range(5):
        gateway.ready()
        gateway.send({"x": 1, "do": "die"})
        with pytest.raises((EOFError, ConnectionError)):
            gateway.receive()

    assert hostile.process.wait(10) == 1
    assert "5 times" in hostile.printed()


def test_the_model_stays_loaded_while_the_gateway_is_away(hostile: Bundle) -> None:
    gateway = hostile.serve()
    first = gateway.accept()
    gateway.receive()
    gateway.close()
    gateway.open()

    again = gateway.accept()
    gateway.receive()

    assert again == first
    assert gateway.call({"x": 1}) == [(0, 1)]
    gateway.connection.sendall(b"\0\0\0\0")  # no frame has this length
    assert gateway.accept() == first


def test_the_end_of_the_supervisor_is_the_workers_end(hostile: Bundle) -> None:
    gateway = hostile.serve()
    worker = gateway.accept()["pid"]
    gateway.receive()
    assert hostile.stop() == 128 + signal.SIGTERM
    assert gone(worker)

    gateway = hostile.serve()
    worker = gateway.accept()["pid"]
    os.kill(hostile.process.pid, signal.SIGKILL)
    gateway.close()
    assert gone(worker)


@pytest.mark.parametrize(
    ("converter", "words"),
    [
        ("import no_such_thing\n", "no_such_thing"),
        ("def reader_infer(a:\n    pass\n", "SyntaxError"),
        ("x = 1\n", "neither a function"),
        (b"\xff\xfe", "UnicodeDecodeError"),
    ],
)
def test_what_cannot_be_loaded_is_told_and_ends_the_run(
    converter: str | bytes, words: str, bundle: Bundles, models: Path
) -> None:
    service = bundle("sklearn-py311")
    service.write(models, "onnx", "linear.onnx", converter=converter)
    gateway = service.serve()
    gateway.accept()

    kind, payload = gateway.receive()

    assert kind == FAILED
    assert words in payload.decode()
    assert service.process.wait(10) == 1
    assert words in service.printed()


def test_trying_a_converter_that_takes_the_process_along(hostile: Bundle) -> None:
    died = hostile.probe("try", {"x": 1, "do": "die"})
    hung = hostile.probe("try", {"x": 1, "do": "hang"})

    assert died["ok"] is hung["ok"] is False
    assert "exit status 9" in died["message"]
    assert "did not end in time" in hung["message"]
    assert "超时" in hung["message_zh"]


def test_an_idle_service_costs_little_more_than_its_framework(hostile: Bundle) -> None:
    gateway = hostile.serve()
    worker = gateway.accept()["pid"]
    gateway.receive()
    gateway.call({"x": 1})
    baseline = os.popen(
        f"{environments.python('sklearn-py311')} -B -c 'import onnxruntime\n"
        'print(open("/proc/self/smaps").read())\''
    ).read()

    own = [Path(f"/proc/{pid}/smaps").read_text() for pid in (hostile.process.pid, worker)]

    assert resident(*own) < 1.1 * resident(baseline) + 20


_MAPPING = re.compile(
    r"^[0-9a-f]+-[0-9a-f]+ \S+ (?P<offset>\S+) \S+ \S+ *(?P<file>.*)\n"
    r"(?:\w+: .*\n)*?Rss: +(?P<rss>\d+) kB\n"
    r"(?:\w+: .*\n)*?Anonymous: +(?P<anonymous>\d+) kB\n",
    re.MULTILINE,
)


def resident(*processes: str) -> float:
    """The megabytes that processes hold together, by their ``smaps``.

    Supervisor and worker are one interpreter: the pages of its program and libraries are
    in memory once, and the sum of both RSS, which has them twice, is no memory that ending
    the service would free. All else is counted for each, also what a fork still shares.
    """
    anonymous, of_files = 0, {}
    for found in (each for told in processes for each in _MAPPING.finditer(told)):
        own = int(found["anonymous"])
        anonymous += own
        part = found["file"], found["offset"]
        of_files[part] = max(of_files.get(part, 0), int(found["rss"]) - own)
    return (anonymous + sum(of_files.values())) / 1024


def test_the_worker_waits_for_a_gateway_that_comes_later(hostile: Bundle) -> None:
    gateway = hostile.serve()
    gateway.close()
    deadline = time.monotonic() + 30
    while "loaded" not in hostile.printed():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    gateway.open()

    assert gateway.ready()["load_seconds"] > 0
    assert gateway.call({"x": 1}) == [(0, 1)]
