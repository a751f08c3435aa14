"""Where a competition's hidden and submitted files are (docs/architecture.md).

``competitions/<competition id>/rounds/<round id>/{truth,inputs,example,program}/`` and
``competitions/<competition id>/submissions/<submission id>/``. Nothing here is ever mounted
into a learner's sandbox, but the hidden inputs into the run of a code submission; folders
are made with mode 0700.
"""

from __future__ import annotations

from pathlib import Path

from lyceum.competitions.models import Competition, Round, Submission
from lyceum.config import settings


def of_competition(competition: Competition) -> Path:
    return settings().root / "competitions" / str(competition.pk)


def of_round(round_: Round) -> Path:
    return (
        settings().root / "competitions" / str(round_.competition_id) / "rounds" / str(round_.pk)
    )


def truth(round_: Round) -> Path:
    """The hidden truth; ``Round.truth_name`` is its plain file name."""
    return of_round(round_) / "truth" / round_.truth_name


def inputs(round_: Round) -> Path:
    """The hidden inputs of a code or service competition."""
    return of_round(round_) / "inputs" / round_.inputs_name


def example(round_: Round) -> Path:
    """The example of a submission, which everybody may download."""
    return of_round(round_) / "example" / round_.example_name


def program(round_: Round) -> Path:
    """The folder of the organiser's program: ``score.py`` and what it imports."""
    return of_round(round_) / "program"


def of_submission(submission: Submission, competition_id: int) -> Path:
    return (
        settings().root / "competitions" / str(competition_id) / "submissions" / str(submission.pk)
    )


def submitted(submission: Submission, competition_id: int) -> Path:
    """The file that was handed in, or that the code or service made."""
    return of_submission(submission, competition_id) / submission.file_name
