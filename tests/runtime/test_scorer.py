"""An organiser's score.py in the engine's sandbox, also one that would do harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lyceum.engine.base import Status
from lyceum.engine.local import LocalEngine
from lyceum.scoring.programs import Blame, Outcome, outcome, workload
from tests.runtime.conftest import built
from tests.scoring.programs import GOOD, harm

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(tmp_path / "platform")
    yield made
    for status in made.runs():
        made.stop(status.run_id, grace=0)


def test_in_the_sandbox(engine: LocalEngine, tmp_path: Path) -> None:
    """It scores; it reaches no network, writes no input, and stays within its limits."""
    environment = built("sklearn-py311")
    program, truth = tmp_path / "score.py", tmp_path / "truth.csv"
    submission = tmp_path / "mine.csv"
    truth.write_text("id,y\n1,424242\n2,2\n")
    submission.write_text("id,y\n1,424240\n2,2\n")

    def run(text: str, **limits: int) -> tuple[Outcome, Status]:
        program.write_text(text)
        out = tmp_path / f"out-{len(list(tmp_path.glob('out-*')))}"
        out.mkdir()
        run_id = engine.start(
            workload(program, truth, submission, out, environment=environment, **limits)
        )
        status = engine.wait(run_id, timeout=60)
        log = engine.log_path(run_id).read_text(errors="replace")
        return outcome(status, out, log=log), status

    found, status = run(GOOD)
    assert found.values == {"mae": 1.0, "ends": 1.0, "total": 1.0}, (found, status)
    found, _ = run(harm("socket.create_connection(('1.1.1.1', 53), 2)"))
    assert (found.blame, found.type) == (Blame.PROGRAM, "OSError")
    found, _ = run(harm("open(truth_path, 'a').write('x')"))
    assert found.type == "OSError" and "424242" in truth.read_text()
    found, _ = run(harm("raise ValueError(open(truth_path).read())"))
    assert "424242" in found.detail and "424242" not in found.sentence()
    found, _ = run(harm("return len([b'x' * (1 << 24) for _ in range(40)])"), memory_mb=256)
    assert found.blame == Blame.PROGRAM and not found.values
    found, _ = run(harm("time.sleep(60)"), seconds=1)
    assert (found.blame, found.code) == (Blame.PROGRAM, "time_limit")
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "helper.py").write_text("BEST = 7")
    (folder / "score.py").write_text("import helper\ndef score(t, s):\n    return helper.BEST\n")
    out = tmp_path / "out-folder"
    out.mkdir()
    run_id = engine.start(workload(folder, truth, submission, out, environment=environment))
    assert outcome(engine.wait(run_id, timeout=60), out).values == {"total": 7.0}
