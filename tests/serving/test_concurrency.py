"""Rules that hold when two requests come at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from lyceum.environments import Availability
from lyceum.serving import actions, bundles, probes, queries
from lyceum.serving.models import Draft, Revision, Service
from tests.serving.making import bring_to, make_draft, make_service, ready_draft
from tests.support.concurrency import at_once, refusals

pytestmark = pytest.mark.django_db(transaction=True)


def folders() -> set[str]:
    return {path.name for path in bundles.services_root().iterdir()}


def test_there_are_never_six_sandbox_services(lin, project):
    for _ in range(3):
        make_service(lin, project)
    drafts = [ready_draft(lin, project) for _ in range(5)]
    results = at_once(*(lambda pk=draft.pk: actions.deploy_draft(lin, pk) for draft in drafts))
    assert refusals(results) == ["sandbox_limit"] * 3
    assert queries.sandbox_places(project).used == 5
    assert Draft.objects.count() == 3  # those refused are kept
    assert folders() == {str(pk) for pk in Revision.objects.values_list("pk", flat=True)}


def test_one_draft_deployed_twice_at_once_is_one_service(lin, project):
    draft = ready_draft(lin, project)
    results = at_once(*[lambda: actions.deploy_draft(lin, draft.pk)] * 4)
    assert len(refusals(results)) == 3 and set(refusals(results)) == {"no_such_draft"}
    assert Service.objects.count() == Revision.objects.count() == 1
    assert len(folders()) == 1


def test_two_promotions_at_once_make_one_online_service(lin, project):
    services = [make_service(lin, project) for _ in range(4)]
    results = at_once(*(lambda pk=each.pk: actions.promote(lin, pk) for each in services))
    assert refusals(results) == [] and not [each for each in results if each is None]
    online = Service.objects.get(stage="online")
    assert sorted(bool(each.plain_key) for each in results) == [False, False, False, True]
    assert online.keys.count() == 1
    assert online.revision_id in [each.revision_id for each in services]


def test_promoting_and_bringing_back_at_once_leave_two_revisions(lin, project):
    first, second, third = (make_service(lin, project) for _ in range(3))
    online = bring_to(actions.promote(lin, first.pk).service, "running")
    bring_to(actions.promote(lin, second.pk).service, "running")
    results = at_once(
        lambda: actions.promote(lin, third.pk), lambda: actions.bring_back(lin, online.pk)
    )
    assert refusals(results) == [] and None not in results
    online.refresh_from_db()
    assert online.revision_id != online.previous_revision_id
    assert online.active_revision_id == second.revision_id


def test_a_draft_saved_while_it_is_deployed_is_lost_or_kept_whole(lin, project):
    draft = ready_draft(lin, project)
    results = at_once(
        lambda: actions.deploy_draft(lin, draft.pk),
        lambda: actions.save_draft(lin, draft.pk, name="Changed"),
    )
    assert None not in results and len(refusals(results)) <= 1
    if Service.objects.exists():
        assert refusals(results) in ([], ["no_such_draft"])
        assert not Draft.objects.exists()
    else:
        assert refusals(results) == ["draft_changed"]
        assert Draft.objects.get().name == "Changed"


def test_a_service_deleted_while_others_act_on_it(lin, project):
    service = make_service(lin, project)
    results = at_once(
        lambda: actions.delete_service(lin, service.pk) or "deleted",
        lambda: actions.pause(lin, service.pk),
        lambda: actions.create_key(lin, service.pk, name="second"),
        lambda: actions.promote(lin, service.pk),
    )
    assert results[0] == "deleted" and set(refusals(results)) <= {"no_such_service"}
    service.refresh_from_db()
    assert service.deleted and service.state == "stopped"


def test_keys_made_at_once_stay_within_the_limit(lin, project, monkeypatch):
    monkeypatch.setenv("LYCEUM_LIMIT_SERVING_KEYS", "3")
    service = make_service(lin, project)
    results = at_once(*[lambda: actions.create_key(lin, service.pk, name="key")] * 4)
    assert refusals(results) == ["key_limit"] * 2
    assert len(queries.keys_of(service)) == 3


def test_of_two_inspections_begun_at_once_one_goes_on(lin, project, monkeypatch):
    """The runs themselves are no part of this: ``tests/serving/test_probes.py`` has those."""
    draft = make_draft(lin, project)
    begun = iter(f"run{number}" for number in range(4))
    forgotten: list[str] = []
    ready = Availability(available=True, built=True)
    monkeypatch.setattr("lyceum.environments.availability", lambda name: ready)
    monkeypatch.setattr("lyceum.serving.actions.inspecting.serves", lambda *names: True)
    monkeypatch.setattr(
        probes, "start", lambda *words, **more: {"state": "running", "run_id": next(begun)}
    )
    monkeypatch.setattr(probes, "forget", lambda probe: forgotten.append(probe.get("run_id", "")))
    results = at_once(*[lambda: actions.begin_inspection(lin, draft.pk)] * 4)
    assert None not in results and refusals(results) == []
    draft.refresh_from_db()
    assert sorted([*filter(None, forgotten), draft.inspection["run_id"]]) == [
        "run0", "run1", "run2", "run3"
    ]  # fmt: skip
