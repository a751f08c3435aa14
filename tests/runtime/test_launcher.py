"""The launcher of gangs by itself, on old and new Pythons."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lyceum import runtime
from lyceum.environments import interpreters

LAUNCHER = Path(runtime.__file__).parent / "launcher"
MB = 1 << 20
STOPPABLE = """
import signal, sys, time
def save(*_):
    print("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("up")
while True: time.sleep(0.05)
"""


@pytest.fixture(params=["2.7", "3.6", "3.9", "3.13"])
def python(request: pytest.FixtureRequest) -> Path:
    found = interpreters.find(request.param)
    if found is None:
        pytest.skip(f"this machine has no Python {request.param}")
    return found.executable


def member(script: str, name: str = "trainer-0", *, serves: bool = False, **env: str) -> dict:
    return {"name": name, "serves": serves, "argv": ["/bin/sh", "-c", script], "env": env}


def python_member(code: str, name: str = "trainer-0") -> dict:
    return {"name": name, "serves": False, "argv": [sys.executable, "-c", code], "env": {}}


def start(folder: Path, *members: dict, python: Path | None = None, **options) -> subprocess.Popen:
    (folder / "gang.json").write_text(json.dumps({"members": members}))
    interpreter = python or Path(sys.executable)
    words = [
        str(interpreter),
        "-E",
        "-B",
        str(LAUNCHER / "__main__.py"),
        str(folder / "gang.json"),
    ]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **options)


def run(folder: Path, *members: dict, python: Path | None = None) -> tuple[int, list[str]]:
    """The exit status and the lines."""
    process = start(folder, *members, python=python, stderr=subprocess.STDOUT)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output.decode("utf-8", "replace").splitlines()


def test_each_python_starts_ends_and_tells(python: Path, tmp_path: Path):
    code, lines = run(
        tmp_path,
        member("echo $WORD; sleep 0.3; echo oops >&2", WORD="训练"),
        member("printf '1%%\\r2%%\\r3%%\\ndone'", "trainer-1"),
        {**python_member(STOPPABLE, "ps-0"), "serves": True},
        python=python,
    )
    assert code == 0
    for name, expected in {
        "trainer-0": ["训练", "oops"],
        "trainer-1": ["3%", "done"],
        "ps-0": ["up", "saved"],
        "lyceum": ["the trainers have ended; the parameter servers are stopped"],
    }.items():
        assert [line for line in lines if line.startswith(f"[{name}]")] == [
            f"[{name}] {text}" for text in expected
        ]
    assert len(lines) == 7


def test_each_python_tells_failures_and_signals(python: Path, tmp_path: Path):
    others = member("sleep 600", "trainer-1"), member("sleep 600", "pserver-0", serves=True)
    code, lines = run(tmp_path, member("sleep 0.2; exit 3"), *others, python=python)
    assert (code, lines) == (3, ["[lyceum] trainer-0 ended with exit code 3"])
    code, lines = run(tmp_path, member("kill -9 $$"), *others, python=python)
    assert (code, lines) == (137, ["[lyceum] trainer-0 was ended by signal 9 (SIGKILL)"])
    code, lines = run(tmp_path, {**member(""), "argv": ["/no/such"]}, *others, python=python)
    assert code == 127
    assert "/no/such can't be started" in lines[0]


def test_each_python_hands_a_stop_on(python: Path, tmp_path: Path):
    members = (python_member(STOPPABLE), python_member(STOPPABLE, "trainer-1"))
    process = start(tmp_path, *members, python=python)
    for _ in range(2):
        assert b"up" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    assert sorted(output.splitlines()) == [b"[trainer-0] saved", b"[trainer-1] saved"]
    assert process.returncode == 0


def test_the_others_are_killed_when_they_do_not_go(tmp_path: Path):
    stubborn = member("trap '' TERM; echo up; while :; do sleep 0.1; done", "trainer-1")
    began = time.monotonic()
    code, _ = run(tmp_path, member("sleep 0.3; exit 4"), stubborn)
    assert code == 4
    assert 5 < time.monotonic() - began < 10


def test_a_member_stopped_without_saving_says_by_what(tmp_path: Path):
    process = start(tmp_path, member("echo up; exec sleep 600"))
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM


def test_servers_alone_serve_until_they_are_stopped(tmp_path: Path):
    process = start(tmp_path, member("echo up; exec sleep 600", "pserver-0", serves=True))
    process.stdout.readline()
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)


def test_what_children_of_a_member_say_is_kept_and_does_not_hold_it_up(tmp_path: Path):
    code, lines = run(tmp_path, member("(sleep 600; echo late) & echo early; exit 0"))
    assert (code, lines) == (0, ["[trainer-0] early"])


def _resident(pid: int) -> int:
    try:
        words = Path(f"/proc/{pid}/statm").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") if words else 0


def test_a_line_of_100_mb_comes_in_pieces_of_whole_characters(tmp_path: Path):
    code = "import sys\nfor _ in range(100): sys.stdout.write('\\u4e2d' * 350000)\nprint('end')"
    started = start(tmp_path, python_member(code))
    peak, read = 0, []
    while data := started.stdout.read(1 << 20):
        read.append(data)
        peak = max(peak, _resident(started.pid))
    assert started.wait(20) == 0
    assert peak < 40 * MB
    lines = b"".join(read).splitlines(keepends=True)
    assert max(map(len, lines)) <= 64 * 1024
    assert all(line.startswith(b"[trainer-0] ") and line.endswith(b"\n") for line in lines)
    texts = [line[len(b"[trainer-0] ") : -1] for line in lines]
    assert {len(text) % 3 for text in texts} == {0}  # bytes of each of its characters
    assert b"".join(texts) == "中".encode() * 35_000_000 + b"end"


def test_lines_of_many_at_once_are_never_mixed(tmp_path: Path):
    code = "import sys\nfor number in range(20000): print('%d-%s' % (number, 'x' * (number % 90)))"
    names = [f"trainer-{index}" for index in range(4)]
    code_of_exit, lines = run(tmp_path, *(python_member(code, name) for name in names))
    assert code_of_exit == 0
    expected = [f"{number}-{'x' * (number % 90)}" for number in range(20000)]
    for name in names:
        prefix = f"[{name}] "
        assert [line[len(prefix) :] for line in lines if line.startswith(prefix)] == expected


def lines_of(*chunks: bytes, seconds: float = 0.0) -> list[bytes]:
    """What `Lines` writes of ``chunks`` that come ``seconds`` after one another."""
    sys.path.insert(0, str(LAUNCHER.parent))
    try:
        from launcher.lines import Lines
    finally:
        sys.path.pop(0)
    lines, out = Lines("t-0"), b""
    for number, chunk in enumerate(chunks):
        now = number * seconds
        out += lines.tick(now) + lines.feed(chunk, now)
    out += lines.finish()
    assert not out or out.endswith(b"\n")
    return [line.removeprefix(b"[t-0] ") for line in out.split(b"\n")[:-1]]


@pytest.mark.parametrize(
    ("chunks", "seconds", "expected"),
    [
        ([b"a\nb"], 0, [b"a", b"b"]),
        ([b"a", b"b\n", b"\n"], 0, [b"ab", b""]),
        ([b"a\r\nb\r\n"], 0, [b"a", b"b"]),
        ([b"a\r", b"\nb\r", b"\n"], 5, [b"a", b"b"]),
        ([b"\r1%", b"\r2%", b"\r3%", b"\n"], 0.1, [b"1%", b"3%"]),
        ([b"\r1%", b"\r2%", b"\r3%", b"\n"], 2, [b"1%", b"2%", b"3%"]),
        ([b"1%\r", b"2%\r", b"3%\r"], 0.1, [b"1%", b"3%"]),
        ([b"1%\r2%\r3%\r\n", b"done\n"], 0.1, [b"3%", b"done"]),
        ([b"1%\r", b"new line\n", b"next\n"], 0.1, [b"1%", b"new line", b"next"]),
        ([b"\xff\xfe\n"], 0, [b"\xff\xfe"]),
        ([], 0, []),
    ],
)
def test_newlines_and_progress_bars(chunks, seconds, expected):
    assert lines_of(*chunks, seconds=seconds) == expected


def test_how_output_is_cut_into_reads_changes_no_line():
    text = "".join(f"{number} 中文 {'é' * (number % 7)}\n" for number in range(3000)).encode()
    generator = random.Random(1)
    chunks, rest = [], text
    while rest:
        size = generator.randrange(1, 5000)
        chunks.append(rest[:size])
        rest = rest[size:]
    assert lines_of(*chunks) == text.split(b"\n")[:-1]
