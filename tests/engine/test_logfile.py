from __future__ import annotations

import pytest

from lyceum.engine.logfile import DROPPED, RunLog
from lyceum.engine.workload import Limits
from tests.engine.conftest import finish, shell


def texts(folder) -> tuple[bytes, bytes]:
    older = folder / "log.1"
    return older.read_bytes() if older.exists() else b"", (folder / "log").read_bytes()


def test_nothing_is_lost_before_the_cap(tmp_path):
    log = RunLog(str(tmp_path), 1000)
    sent = bytes(range(256)) * 4
    for start in range(0, 1000, 7):
        log.write(sent[start : min(start + 7, 1000)])
    older, newer = texts(tmp_path)
    assert older + newer == sent[:1000]


def test_over_the_cap_the_oldest_goes_and_the_log_says_so(tmp_path):
    log = RunLog(str(tmp_path), 1000)
    log.write(b"a" * 1000 + b"b" * 700)
    older, newer = texts(tmp_path)
    assert older == DROPPED[:0] + older
    assert DROPPED in older + newer
    kept = (older + newer).replace(DROPPED, b"")
    assert kept.endswith(b"b" * 700)
    assert len(kept) <= 1000


def test_a_link_in_the_logs_place_is_not_followed(tmp_path):
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        RunLog(str(tmp_path), 1000)
    assert not (tmp_path / "elsewhere").exists()


def test_the_last_line_is_for_people(tmp_path):
    log = RunLog(str(tmp_path), 10_000)
    assert log.last_line() == ""
    log.write(b"first\nlast\n")
    assert log.last_line() == "last"


@pytest.mark.sandbox
def test_a_talkative_program_runs_to_its_end_and_the_newest_output_is_kept(engine):
    workload = shell("seq 1 300000", limits=Limits(log_bytes=200_000))
    status, log = finish(engine, workload)
    assert status.exit_code == 0
    assert log.endswith("300000\n")
    older = engine.older_log_path(status.run_id)
    assert older.stat().st_size + len(log) <= 200_000 + len(DROPPED) * 2
