"""Keys: told once, kept as digests, replaced with an overlap."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.serving import actions, queries
from lyceum.serving.models import ApiKey
from tests.serving.making import make_service


@pytest.fixture
def service(lin, project):
    return make_service(lin, project)


def test_a_key_is_kept_as_its_digest(lin, service):
    new = actions.create_key(lin, service.pk, name=" my  phone ", rate_per_minute=60)
    kept = ApiKey.objects.get(pk=new.key.pk)
    assert (kept.name, kept.rate_per_minute) == ("my phone", 60)
    assert kept.digest == hashlib.sha256(new.plain.encode()).hexdigest()
    assert new.plain.startswith(kept.prefix) and len(new.plain) > 40
    assert new.plain not in str(ApiKey.objects.values())
    assert [key.name for key in queries.keys_of(service)][1:] == ["my phone"]


def test_rotation_overlaps(lin, service, monkeypatch):
    old = service.keys.get()
    new = actions.rotate_key(lin, service.pk, old.pk)
    old.refresh_from_db()
    left = old.expires - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert (new.key.name, new.key.rate_per_minute) == (old.name, old.rate_per_minute)
    assert queries.keys_of(service) == [old, new.key]
    with pytest.raises(Conflict) as refused:
        actions.rotate_key(lin, service.pk, old.pk)
    assert refused.value.code == "key_expires"
    ApiKey.objects.filter(pk=old.pk).update(expires=timezone.now())
    assert queries.keys_of(service) == [new.key]


def test_a_revoked_key_is_no_more(lin, service):
    key = service.keys.get()
    actions.revoke_key(lin, service.pk, key.pk)
    assert queries.keys_of(service) == []
    for gone in (
        lambda: actions.revoke_key(lin, service.pk, key.pk),
        lambda: actions.rotate_key(lin, service.pk, key.pk),
        lambda: actions.edit_key(lin, service.pk, key.pk, rate_per_minute=5),
    ):
        with pytest.raises(NotFound):
            gone()


def test_a_key_of_another_service_is_none_of_this_one(lin, project, service):
    other = make_service(lin, project)
    with pytest.raises(NotFound):
        actions.revoke_key(lin, service.pk, other.keys.get().pk)


def test_so_many_keys(lin, service, monkeypatch):
    monkeypatch.setenv("LYCEUM_LIMIT_SERVING_KEYS", "2")
    second = actions.create_key(lin, service.pk, name="second")
    with pytest.raises(Conflict) as refused:
        actions.create_key(lin, service.pk, name="third")
    assert refused.value.code == "key_limit"
    actions.rotate_key(lin, service.pk, second.key.pk)  # in its place, so there is room


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"name": "x", "rate_per_minute": 0}, "rate_per_minute"),
        ({"name": "x", "rate_per_minute": 10**9}, "rate_per_minute"),
    ],
)
def test_wrong_words(lin, service, wrong, field):
    with pytest.raises(DomainError) as refused:
        actions.create_key(lin, service.pk, **wrong)
    assert refused.value.field == field


def test_another_rate(lin, service):
    key = actions.edit_key(lin, service.pk, service.keys.get().pk, rate_per_minute=7)
    assert ApiKey.objects.get(pk=key.pk).rate_per_minute == 7
