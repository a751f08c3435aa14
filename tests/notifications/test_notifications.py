"""Who is told what, where, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.accounts.system import official_owner
from lyceum.notifications import actions, digests, queries
from lyceum.notifications.models import Notification, NotificationKind
from lyceum.notifications.words import sentence
from lyceum.projects.actions import fork_project, save_version, star_project
from lyceum.projects.models import Version
from lyceum.tasks import lifecycle
from lyceum.tasks.ending import stopped
from tests.projects.making import make_project
from tests.tasks.making import make_cluster, make_task

pytestmark = pytest.mark.django_db
KIND = NotificationKind


@pytest.fixture(autouse=True)
def _english(settings) -> None:
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def lin() -> User:
    return User.objects.create_user("lin", display_name="Lin", language="en")


@pytest.fixture
def amy() -> User:
    return User.objects.create_user("amy", display_name="Amy")


def told(user: User) -> list[str]:
    return [sentence(each) for each in queries.notifications_page(user).items]


def tell(user: User, kind: NotificationKind, **fields) -> None:
    """Something that was long enough ago for a digest."""
    actions.notify([user.pk], kind, link="/x/", title="T", **fields)
    Notification.objects.update(created=timezone.now() - timedelta(hours=1))


def test_an_owner_is_told_of_forks_and_stars_and_nobody_of_their_own(lin, amy) -> None:
    project = make_project(lin, name="Digits", visibility="shared")
    save_version(lin, project.pk, cause=Version.Cause.AUTOMATIC)
    star_project(lin, project.pk)
    star_project(amy, project.pk)
    star_project(amy, project.pk)
    fork_project(amy, project.pk)
    assert told(lin) == ["Amy forked “Digits”.", "Amy starred “Digits”."]
    assert told(amy) == []
    assert queries.unread_count(lin) == 2


def test_the_platforms_own_account_reads_nothing(amy) -> None:
    owner = official_owner()
    star_project(amy, make_project(owner, visibility="shared").pk)
    assert not Notification.objects.exists()


def test_a_task_that_ends_says_how_once(lin) -> None:
    task = make_task(make_cluster(lin), note="deeper", state="queued")
    assert lifecycle.finish(task, stopped())
    assert not lifecycle.finish(task, stopped())
    assert told(lin) == [f"The task “#{task.pk} deeper” was stopped."]


def test_what_is_switched_off_is_not_told(lin) -> None:
    actions.choose_ways(lin, {KIND.STARRED: queries.Ways(in_page=False, by_mail=False)})
    actions.choose_ways(lin, {KIND.FORKED: queries.Ways(in_page=False, by_mail=True)})
    tell(lin, KIND.STARRED)
    tell(lin, KIND.FORKED)
    assert told(lin) == [] and queries.unread_count(lin) == 0
    assert [each.kind for each in Notification.objects.all()] == [KIND.FORKED]


def test_a_digest_comes_once_a_day_and_only_to_a_confirmed_address(lin) -> None:
    address = EmailAddress.objects.create(user=lin, email="lin@example.org", verified=False)
    tell(lin, KIND.COMPETITION, news="Round 2 is open")
    assert digests.send_due() == 0 and not mail.outbox
    address.verified = True
    address.save()
    tell(lin, KIND.COMPETITION, news="Round 3 is open")
    tell(lin, KIND.STARRED)  # by default in the page only
    assert digests.send_due() == 1
    (message,) = mail.outbox
    assert message.to == ["lin@example.org"] and "1 thing is new" in message.subject
    assert "T: Round 3 is open" in message.body and "starred" not in message.body
    tell(lin, KIND.COMPETITION, news="Round 4 is open")
    assert digests.send_due() == 0
    assert digests.send_due(timezone.now() + timedelta(hours=25)) == 1


def test_what_was_read_in_the_page_is_not_mailed(lin) -> None:
    EmailAddress.objects.create(user=lin, email="lin@example.org", verified=True)
    tell(lin, KIND.COMPETITION, news="x")
    actions.read_all(lin)
    assert digests.send_due() == 0 and not mail.outbox


def test_a_mail_server_that_refuses_loses_nothing(lin, monkeypatch) -> None:
    EmailAddress.objects.create(user=lin, email="lin@example.org", verified=True)
    tell(lin, KIND.COMPETITION, news="x")

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no route")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", refuse)
        assert digests.send_due() == 0
    assert digests.send_due() == 1 and len(mail.outbox) == 1


def test_the_bell_the_list_and_the_way_there(client, lin, amy) -> None:
    actions.notify([lin.pk], KIND.FORKED, actor=amy, link="/projects/7/", title="<b>Digits</b>")
    client.force_login(lin)
    assert "1 unread" in client.get("/notifications/bell").content.decode()
    page = client.get("/notifications/").content.decode()
    assert "Amy forked “&lt;b&gt;Digits&lt;/b&gt;”." in page
    mine = Notification.objects.get()
    assert client.post(f"/notifications/{mine.pk}/")["Location"] == "/projects/7/"
    assert "0 unread" in client.get("/notifications/bell").content.decode()
    client.force_login(amy)
    assert client.post(f"/notifications/{mine.pk}/")["Location"] == "/notifications/"


def test_choosing_ways_on_the_settings_page(client, lin) -> None:
    client.force_login(lin)
    client.post("/notifications/settings/", {"page-forked": "on", "mail-starred": "on"})
    ways = queries.preferences_of(lin)
    assert ways[KIND.FORKED] == queries.Ways(in_page=True, by_mail=False)
    assert ways[KIND.STARRED] == queries.Ways(in_page=False, by_mail=True)
    assert ways[KIND.COMPETITION] == queries.Ways(in_page=False, by_mail=False)
    assert "confirmed e-mail address" in client.get("/notifications/settings/").content.decode()
