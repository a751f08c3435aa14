"""Which round of a competition an address means."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from lyceum.competitions.models import Competition, Round
from lyceum.competitions.pages.numbers import number
from lyceum.competitions.queries.access import current_round


@dataclass(frozen=True, slots=True)
class Rounds:
    """All rounds of a competition and the one that is shown (``None``: there are none)."""

    all: list[Round]
    shown: Round | None


def rounds_of(request: HttpRequest, competition: Competition) -> Rounds:
    """The round ``?round=`` by its number; else the one that is on, or the next, or the last."""
    rounds = list(competition.rounds.order_by("number"))
    wanted = number(request.GET, "round")
    shown = next((each for each in rounds if each.number == wanted), None)
    return Rounds(rounds, shown or current_round(competition))
