"""What a competition lacks before it can be published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.competitions.models import Competition, Round, SubmissionKind
from lyceum.competitions.queries.access import newest_rules


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is missing; ``place`` is where it is given: ``about``, ``dates``,
    ``scoring``, ``data`` or ``rules``; ``round_number`` of which round, 0 of none."""

    code: str
    sentence: str
    place: str
    round_number: int = 0


def missing(competition: Competition) -> list[Lack]:
    """All that is missing; empty for one that can be published."""
    rounds = list(competition.rounds.order_by("number"))
    lacks = [*_of_itself(competition)]
    many = len(rounds) > 1
    for round_ in rounds:
        lacks += _of_round(competition, round_, many=many)
    if rounds and rounds[-1].ends and rounds[-1].ends <= timezone.now():
        lacks.append(Lack("is_over", _("Its last day is over already."), "dates"))
    return lacks


def _of_itself(competition: Competition) -> Iterator[Lack]:
    if competition.is_regular and competition.pass_score is None:
        yield Lack("no_pass_score", _("The pass score is missing."), "about")
    if competition.pool_amount and not competition.pool_shares:
        yield Lack("no_shares", _("Say how the pool is shared."), "about")
    if newest_rules(competition) is None:
        yield Lack("no_rules", _("The rules that participants accept are missing."), "rules")


def _of_round(competition: Competition, round_: Round, *, many: bool) -> Iterator[Lack]:
    number = round_.number

    def lack(code: str, sentence: str, place: str) -> Lack:
        if many:
            sentence = _("Round %(number)d: %(sentence)s") % {
                "number": number, "sentence": sentence,
            }  # fmt: skip
        return Lack(code, sentence, place, number)

    if not (round_.starts and round_.ends) and not competition.is_template:
        yield lack("no_dates", _("Its start and end are missing."), "dates")
    if not (round_.rules or round_.program):
        yield lack("no_scoring", _("It is not said how it is scored."), "scoring")
    if not round_.truth_name:
        yield lack("no_truth", _("The hidden truth is missing."), "scoring")
    if round_.fault:
        yield lack("fault", _("Its scoring does not work."), "scoring")
    is_file = competition.submission_kind == SubmissionKind.FILE
    if is_file and not round_.example_name:
        yield lack("no_example", _("The example of a submission is missing."), "data")
    if not is_file and not round_.inputs_name:
        yield lack("no_inputs", _("The hidden inputs are missing."), "data")
    for dataset in round_.datasets.filter(deleted__isnull=True):
        if not dataset.is_official and dataset.visibility != "shared":
            sentence = _("The dataset “%(name)s” is private: nobody could read it.")
            yield lack("private_dataset", sentence % {"name": dataset.name}, "data")
