"""What organisers write: pages, rules, announcements."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError, NotFound
from lyceum.common.text import clean_line, clean_text
from lyceum.competitions.models import Announcement, Competition, PageKey, PageText, RulesText
from lyceum.competitions.queries.access import newest_rules, organised_competition

LONGEST = 50_000


def write_page(
    user: User, competition_id: int, key: str, *, text: str, text_en: str = ""
) -> PageText:
    """Write a page (`PageKey`) as Markdown; ``text_en`` is for readers of English, who get
    ``text`` where it is empty. Raises ``NotFound``, ``Forbidden`` and ``DomainError``."""
    competition = organised_competition(user, competition_id)
    if key not in PageKey.values:
        raise NotFound("no_such_page", _("There is no such page."))
    page, _made = PageText.objects.update_or_create(
        competition=competition, key=key, defaults=_cleaned(text, text_en)
    )
    return page


def write_rules(user: User, competition_id: int, *, text: str, text_en: str = "") -> RulesText:
    """Write a new version of the rules, which participants accept before they next submit.

    While nobody has accepted the newest version it is written over; the same words make
    no new one. Raises ``NotFound``, ``Forbidden``, and ``DomainError`` about ``text``.
    """
    competition = organised_competition(user, competition_id)
    words = _cleaned(text, text_en)
    if not words["text"]:
        raise DomainError("required", _("Please fill this in."), field="text")
    with transaction.atomic():
        Competition.objects.select_for_update(of=("self",)).get(pk=competition.pk)
        newest = newest_rules(competition)
        if newest and (newest.text, newest.text_en) == (words["text"], words["text_en"]):
            return newest
        if newest and not competition.participations.filter(rules_text=newest).exists():
            newest.delete()
            number = newest.number
        else:
            number = newest.number + 1 if newest else 1
        return RulesText.objects.create(
            competition=competition, number=number, author=user, **words
        )


def announce(user: User, competition_id: int, *, title: str, text: str = "") -> Announcement:
    """Tell all participants something; ``text`` is Markdown.

    Raises ``NotFound``, ``Forbidden`` and ``DomainError`` about ``title`` or ``text``.
    """
    competition = organised_competition(user, competition_id)
    return Announcement.objects.create(
        competition=competition,
        author=user,
        title=clean_line(title, field="title", longest=150, required=True),
        text=clean_text(text, field="text", longest=LONGEST),
    )


def take_back(user: User, competition_id: int, announcement_id: int) -> None:
    """Remove an announcement. Raises ``NotFound`` and ``Forbidden``."""
    competition = organised_competition(user, competition_id)
    gone, _each = competition.announcements.filter(pk=announcement_id).delete()
    if not gone:
        raise NotFound("no_such_announcement", _("There is no such announcement (any more)."))


def _cleaned(text: str, text_en: str) -> dict[str, str]:
    return {
        "text": clean_text(text, field="text", longest=LONGEST),
        "text_en": clean_text(text_en, field="text_en", longest=LONGEST),
    }
