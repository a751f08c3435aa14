"""A part's log is kept within bounds while the part goes on writing."""

from __future__ import annotations

import os
from pathlib import Path

from lyceum.cli import logs


def test_a_large_log_moves_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "hub.log"
    writer = logs.open_for_append(path)
    os.write(writer, b"first\n" * 10)
    assert logs.rotate(path, largest=20)
    os.write(writer, b"second\n")
    os.close(writer)
    assert path.read_bytes() == b"second\n"
    assert (tmp_path / "logs" / "hub.log.1").read_bytes() == b"first\n" * 10


def test_only_so_many_old_logs_remain(tmp_path: Path) -> None:
    path = tmp_path / "portal.log"
    for round_number in range(6):
        path.write_text(f"{round_number}" * 10)
        logs.rotate(path, largest=5, kept=3)
    left = {file.name: file.read_text()[0] for file in tmp_path.iterdir() if file.stat().st_size}
    assert left == {"portal.log.1": "5", "portal.log.2": "4", "portal.log.3": "3"}


def test_a_small_or_missing_log_stays(tmp_path: Path) -> None:
    small = tmp_path / "small.log"
    small.write_text("x")
    assert not logs.rotate(small, largest=5)
    assert not logs.rotate(tmp_path / "none.log", largest=5)


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text("".join(f"line {number}\n\n" for number in range(100)))
    assert logs.tail(path, lines=2) == "line 98\nline 99"
