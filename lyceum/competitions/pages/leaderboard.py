"""排行榜: a round's places, one's own always in sight, brought up to date as scores come."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from lyceum.common.errors import DomainError
from lyceum.competitions import boardstream
from lyceum.competitions.models import Advance, Competition, Round, Standing
from lyceum.competitions.pages.numbers import number
from lyceum.competitions.pages.rounds import rounds_of
from lyceum.competitions.queries.access import (
    Reader,
    get_competition,
    is_organiser,
    participation,
)
from lyceum.competitions.queries.board import Board, board

_PAGE_SIZE = 50


@never_cache
@require_safe
def leaderboard(request: HttpRequest, competition_id: int) -> HttpResponse:
    """A page ``?page=`` of the board of ``?round=``; ``?part=public`` shows the public one
    after the end. HTMX gets the board alone."""
    competition = get_competition(request.user, competition_id)
    rounds = rounds_of(request, competition)
    context = {"tab": "leaderboard", "competition": competition, "rounds": rounds}
    if rounds.shown is not None:
        context |= _board(request, competition, rounds.shown)
    template = "table.html" if request.htmx else "page.html"
    return render(request, f"competitions/board/{template}", context)


@require_GET
async def stream(request: HttpRequest, competition_id: int) -> HttpResponse:
    """News of the board of ``?round=`` as events, after the version ``?seen=`` or
    ``Last-Event-ID``; 204, after which browsers ask no more, when there is none."""
    round_id = await _watched(await request.auser(), request, competition_id)
    if round_id is None:
        return HttpResponse(status=204)
    last = request.headers.get("Last-Event-ID", "")
    seen = int(last) if last.isascii() and last.isdecimal() else number(request.GET, "seen")
    response = StreamingHttpResponse(
        boardstream.follow(round_id, seen), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


def may_see_private(user: Reader, competition: Competition, round_: Round) -> bool:
    """The private board is everybody's once the round is finished, the organisers' before."""
    return round_.finished is not None or is_organiser(user, competition)


def _board(request: HttpRequest, competition: Competition, round_: Round) -> dict:
    may = may_see_private(request.user, competition, round_)
    part = request.GET.get("part", "private" if round_.finished else "public")
    private = part == "private" and may
    taking_part = participation(request.user, competition)
    found = board(
        round_,
        private=private,
        page=number(request.GET, "page", 1),
        size=_PAGE_SIZE,
        viewer_team=taking_part.team if taking_part else None,
    )
    return {
        "round": round_,
        "board": found,
        "private": private,
        "may_see_private": may,
        "participation": taking_part,
        "advanced": _advanced(round_, found),
        "cut": _cut(round_, found),
    }


def _advanced(round_: Round, found: Board) -> set[int]:
    """The teams on this page that have gone on."""
    if round_.finished is None:
        return set()
    teams = [row.team.pk for row in found.rows] + ([found.own.team.pk] if found.own else [])
    rows = Standing.objects.filter(round=round_, team__in=teams, advanced=True)
    return set(rows.values_list("team_id", flat=True))


def _cut(round_: Round, found: Board) -> int | None:
    """The last place that goes on, when the line is on this page."""
    if round_.advance != Advance.TOP or not round_.advance_count:
        return None
    ranks = [row.rank for row in found.rows]
    return round_.advance_count if round_.advance_count in ranks[:-1] else None


@sync_to_async
def _watched(user: Reader, request: HttpRequest, competition_id: int) -> int | None:
    try:
        shown = rounds_of(request, get_competition(user, competition_id)).shown
        return shown.pk if shown else None
    except DomainError:
        return None
    finally:
        # The stream must not hold a connection for as long as somebody looks.
        connection.close()
