"""An organiser's score.py: at home, and what is made of what it leaves."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lyceum.engine.base import Status
from lyceum.engine.workload import RunState
from lyceum.scoring.programs import Blame, Outcome, outcome, run_at_home
from tests.scoring.programs import GOOD, harm


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A score.py's place, a truth with a secret, a submission."""
    truth, submission = tmp_path / "truth.csv", tmp_path / "mine.csv"
    truth.write_text("id,y\n1,424242\n2,2\n")
    submission.write_text("id,y\n1,424240\n2,2\n")
    return tmp_path / "score.py", truth, submission


def at_home(files: tuple[Path, Path, Path], text: str, **chosen) -> Outcome:
    files[0].write_text(text)
    return run_at_home(*files, **chosen)


def test_a_program_that_scores(files):
    found = at_home(files, GOOD)
    assert found.values == {"mae": 1.0, "ends": 1.0, "total": 1.0} and found.sentence() == ""
    assert at_home(files, harm("return 3")).values == {"total": 3.0}


def test_its_own_words_reach_the_participant(files):
    files[2].write_text("id,y\n1,1\n")
    found = at_home(files, GOOD)
    assert found.blame == Blame.SUBMISSION
    assert found.sentence("zh") == "There are 1 rows instead of 2."


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("raise ValueError(open(truth_path).read())", "ValueError"),
        ("raise type('Secret424242', (KeyError,), {})(open(truth_path).read())", "KeyError"),
        ("return float('nan')", "ValueError"),
        ("return {}", "ValueError"),
        ("return {open(truth_path).read() * 20: 1}", "ValueError"),
        ("return None", "TypeError"),
        ("raise SystemExit(open(truth_path).read())", "SystemExit"),
        ("return 1 +", "SyntaxError"),
    ],
)
def test_errors_do_not_tell_the_truth(files, action, kind):
    found = at_home(files, harm(action))
    assert (found.blame, found.type) == (Blame.PROGRAM, kind)
    assert kind in found.sentence("en") and kind in found.sentence("zh")
    assert "424242" not in found.sentence("en") + found.sentence("zh")
    assert "score.py" in found.detail or "Traceback" in found.detail


def test_a_program_that_ends_without_a_word_or_goes_on_for_ever(files):
    assert at_home(files, harm("os._exit(0)")).code == "no_result"
    assert at_home(files, harm("time.sleep(60)"), seconds=1).code == "time_limit"
    assert at_home(files, "x = 1").type == "TypeError"


def ended(reason: str, state: RunState = RunState.FAILED) -> Status:
    return Status("run", state, reason=reason, exit_code=1)


@pytest.mark.parametrize(
    "written",
    [
        "[]", "{", '{"values": 3}', '{"values": {"total": "3"}}', '{"values": {"total": NaN}}',
        '{"values": {"mae": 1}}', '{"values": {"total": true}}', '{"error": 3}', "[" * 200_000,
        json.dumps({"values": {"total": 1, **{str(each): 1 for each in range(60)}}}),
    ],
)  # fmt: skip
def test_a_result_that_is_none(tmp_path, written):
    """A submission that took score.py over may write anything but a score of its own."""
    (tmp_path / "result.json").write_text(written)
    found = outcome(ended("exit", RunState.SUCCEEDED), tmp_path, log="424242")
    assert (found.values, found.code) == ({}, "no_result")
    assert "424242" not in found.sentence()


def test_links_and_pipes_are_no_results(tmp_path):
    (tmp_path / "secret.json").write_text('{"values": {"total": 1}}')
    (tmp_path / "result.json").symlink_to(tmp_path / "secret.json")
    assert outcome(ended("exit", RunState.SUCCEEDED), tmp_path).code == "no_result"
    (tmp_path / "result.json").unlink()
    os.mkfifo(tmp_path / "result.json")
    assert outcome(ended("exit", RunState.SUCCEEDED), tmp_path).code == "no_result"


def test_whose_doing_it_is(tmp_path):
    for reason, blame in [("time_limit", Blame.PROGRAM), ("out_of_memory", Blame.PROGRAM),
                          ("lost", Blame.PLATFORM), ("not_started", Blame.PLATFORM)]:  # fmt: skip
        found = outcome(ended(reason), tmp_path)
        assert found.blame == blame and found.sentence("zh")
