"""From a draft to the sandbox, online, back, and away."""

from __future__ import annotations

import json

import pytest

from lyceum.common.errors import Conflict, DomainError, NotFound, Unavailable
from lyceum.environments import Availability, Reason
from lyceum.projects.actions import delete_project
from lyceum.serving import actions, bundles, queries
from lyceum.serving.models import ApiKey, Draft, Revision, Service
from tests.serving.making import (
    FOLDER,
    MAIN,
    bring_to,
    inspect,
    make_draft,
    make_service,
    ready_draft,
    write,
)

State = Service.State


def test_a_draft_becomes_a_sandbox_service(lin, project):
    draft = ready_draft(lin, project)
    deployed = actions.deploy_draft(lin, draft.pk)
    service = deployed.service
    assert (service.stage, service.state, service.name) == ("sandbox", "deploying", "Houses")
    assert service.active_revision is None and len(service.public_id) == 16
    spec = json.loads((bundles.revision_folder(service.revision_id) / "service.json").read_text())
    assert spec == service.revision.spec
    assert spec["main_program"] == f"model/{MAIN}" and spec["converter"] is True
    assert [each["name"] for each in spec["inputs"]] == ["CRIM", "ZN"]
    assert service.revision.environment == project.environment and service.revision.size > 0
    assert not Draft.objects.exists()
    key = service.keys.get()
    assert deployed.plain_key.startswith(key.prefix) and deployed.plain_key not in key.digest
    assert not list(bundles.services_root().glob(bundles.STAGED + "*"))


def test_without_a_converter_there_is_no_file_of_it(lin, project):
    service = make_service(lin, project, use_converter=False)
    assert not (bundles.revision_folder(service.revision_id) / "converter.py").exists()
    assert service.revision.spec["converter"] is False


def test_files_that_changed_since_they_were_loaded(lin, project):
    draft = ready_draft(lin, project)
    write(project, MAIN, b"trained again")
    with pytest.raises(DomainError) as refused:
        actions.deploy_draft(lin, draft.pk)
    assert (refused.value.code, refused.value.field) == ("files_changed", "files")
    assert not Revision.objects.exists() and not Service.objects.exists()
    assert not list(bundles.services_root().iterdir())
    inspect(draft)
    assert actions.deploy_draft(lin, draft.pk).service.pk


def test_a_draft_that_is_not_ready_says_where(lin, project):
    draft = make_draft(lin, project)
    with pytest.raises(DomainError) as refused:
        actions.deploy_draft(lin, draft.pk)
    assert refused.value.field == "inspection"
    inspect(draft)
    actions.save_draft(lin, draft.pk, name="")
    with pytest.raises(DomainError) as refused:
        actions.deploy_draft(lin, draft.pk)
    assert refused.value.field == "name"
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_an_environment_that_can_not_be_had(lin, project, monkeypatch):
    draft = ready_draft(lin, project)
    reason = Reason("no_interpreter", {"interpreter": "2.7"}, "pyenv install 2.7")
    missing = Availability(available=False, built=False, reason=reason)
    monkeypatch.setattr("lyceum.environments.availability", lambda name: missing)
    with pytest.raises(Unavailable) as refused:
        actions.deploy_draft(lin, draft.pk)
    assert refused.value.field == "environment" and "pyenv install 2.7" in refused.value.message


def test_five_sandbox_services_and_one_online(lin, project):
    services = [make_service(lin, project) for _ in range(5)]
    draft = ready_draft(lin, project)
    with pytest.raises(Conflict) as refused:
        actions.deploy_draft(lin, draft.pk)
    assert refused.value.code == "sandbox_limit" and "5" in refused.value.message
    assert queries.sandbox_places(project).left == 0
    online = actions.promote(lin, services[0].pk).service  # takes no sandbox's place
    assert queries.services_of(lin, project.pk)[0] == online
    actions.delete_service(lin, services[4].pk)
    assert actions.deploy_draft(lin, draft.pk).service.stage == "sandbox"


def test_services_hold_so_much_together(lin, project, monkeypatch):
    first = make_service(lin, project)
    monkeypatch.setenv("LYCEUM_LIMIT_SERVING_PROJECT_MB", "1")
    Revision.objects.filter(pk=first.revision_id).update(size=2**20)
    draft = ready_draft(lin, project)
    with pytest.raises(Conflict) as refused:
        actions.deploy_draft(lin, draft.pk)
    assert refused.value.code == "no_space"
    assert Draft.objects.filter(pk=draft.pk).exists() and Revision.objects.count() == 1


def test_promoting_switches_and_bringing_back_switches_again(lin, project):
    first, second = make_service(lin, project), make_service(lin, project)
    deployed = actions.promote(lin, first.pk)
    online = deployed.service
    assert (online.stage, online.state, online.revision) == ("online", "deploying", first.revision)
    assert deployed.plain_key and online.public_id != first.public_id
    with pytest.raises(Conflict) as refused:
        actions.bring_back(lin, online.pk)
    assert refused.value.code == "nothing_before"
    bring_to(online, "running")
    again = actions.promote(lin, first.pk)
    assert (again.service.state, again.plain_key) == ("running", "")  # nothing to do
    switched = actions.promote(lin, second.pk).service
    assert switched.pk == online.pk and switched.state == "deploying"
    assert switched.active_revision == first.revision  # goes on serving
    assert (switched.revision, switched.previous_revision) == (second.revision, first.revision)
    bring_to(switched, "running")
    back = actions.bring_back(lin, online.pk)
    assert (back.revision, back.previous_revision) == (first.revision, second.revision)
    assert back.active_revision == second.revision
    bring_to(back, "running")
    assert actions.bring_back(lin, online.pk).revision == second.revision


def test_changing_ones_mind_while_it_switches(lin, project):
    first, second, third = (make_service(lin, project) for _ in range(3))
    online = bring_to(actions.promote(lin, first.pk).service, "running")
    actions.promote(lin, second.pk)
    chosen = actions.promote(lin, third.pk).service
    assert (chosen.revision, chosen.previous_revision) == (third.revision, first.revision)
    chosen = actions.promote(lin, first.pk).service
    assert (chosen.revision, chosen.active_revision) == (first.revision, first.revision)
    assert chosen.previous_revision == third.revision
    online.refresh_from_db()
    assert online.state == "deploying"


@pytest.mark.parametrize(
    ("state", "code"), [("deploying", "service_deploying"), ("failed", "service_failed")]
)
def test_what_does_not_run_is_not_put_online(lin, project, state, code):
    service = make_service(lin, project, state=state)
    with pytest.raises(Conflict) as refused:
        actions.promote(lin, service.pk)
    assert refused.value.code == code


def test_only_sandboxes_are_promoted(lin, project):
    online = bring_to(actions.promote(lin, make_service(lin, project).pk).service, "running")
    with pytest.raises(Conflict) as refused:
        actions.promote(lin, online.pk)
    assert refused.value.code == "not_a_sandbox"


def test_waking_pausing_stopping(lin, project):
    service = make_service(lin, project)
    assert queries.pauses_at(service) == service.changed + queries.idle_time(service)
    changed = service.changed
    assert actions.wake(lin, service.pk).changed == changed  # it runs
    paused = actions.pause(lin, service.pk)
    assert (paused.state, paused.reason, paused.active_revision) == ("paused", "asked", None)
    assert queries.pauses_at(paused) is None
    assert actions.pause(lin, service.pk).changed == paused.changed
    woken = actions.wake(lin, service.pk)
    assert (woken.state, woken.reason) == ("deploying", "")
    assert actions.stop(lin, service.pk).state == "stopped"
    failed = bring_to(service, "failed")
    assert actions.wake(lin, failed.pk).state == "deploying"


def test_services_are_their_owners_alone(lin, amy, project):
    service = make_service(lin, project)
    type(project).objects.filter(pk=project.pk).update(visibility="shared")
    key = service.keys.get()
    for forbidden in (
        lambda: queries.owned_service(amy, service.pk),
        lambda: actions.promote(amy, service.pk),
        lambda: actions.bring_back(amy, service.pk),
        lambda: actions.wake(amy, service.pk),
        lambda: actions.pause(amy, service.pk),
        lambda: actions.stop(amy, service.pk),
        lambda: actions.delete_service(amy, service.pk),
        lambda: actions.edit_service(amy, service.pk, name="mine"),
        lambda: actions.create_key(amy, service.pk, name="mine"),
        lambda: actions.rotate_key(amy, service.pk, key.pk),
        lambda: actions.revoke_key(amy, service.pk, key.pk),
        lambda: actions.edit_key(amy, service.pk, key.pk, rate_per_minute=1),
    ):
        with pytest.raises(NotFound):
            forbidden()
    service.refresh_from_db()
    assert (service.state, service.name) == ("running", "Houses")


def test_settings(lin, project):
    service = make_service(lin, project)
    edited = actions.edit_service(
        lin, service.pk, name="New", wake_on_call=True, replicas_min=2, replicas_max=4
    )
    assert (edited.name, edited.wake_on_call, edited.redact_errors) == ("New", True, False)
    for wrong, field in (
        ({"name": "x" * 300}, "name"),
        ({"name": " "}, "name"),
        ({"replicas_min": 0}, "replicas_min"),
        ({"replicas_max": 99}, "replicas_max"),
        ({"replicas_min": 3, "replicas_max": 2}, "replicas_max"),
    ):
        with pytest.raises(DomainError) as refused:
            actions.edit_service(lin, service.pk, **wrong)
        assert refused.value.field == field
    edited.refresh_from_db()
    assert (edited.replicas_min, edited.replicas_max) == (2, 4)


def test_services_stop_with_their_project(lin, project):
    running, paused = make_service(lin, project), make_service(lin, project, state="paused")
    delete_project(lin, project.pk, typed_name=project.name)
    for service in (running, paused):
        service.refresh_from_db()
        assert (service.state, service.reason) == ("stopped", "deleted")
        assert service.active_revision is None
        with pytest.raises(NotFound):
            actions.wake(lin, service.pk)


def test_a_purged_project_takes_everything_along(lin, project):
    service = make_service(lin, project)
    bring_to(actions.promote(lin, service.pk).service, "running")
    make_draft(lin, project)
    project.delete()
    for model in (Service, Revision, ApiKey, Draft):
        assert not model.objects.exists()


def test_no_online_services_where_the_platform_says_so(lin, project, monkeypatch):
    service = make_service(lin, project)
    monkeypatch.setenv("LYCEUM_LIMIT_ONLINE_SERVICES_PER_PROJECT", "0")
    with pytest.raises(Conflict) as refused:
        actions.promote(lin, service.pk)
    assert refused.value.code == "online_limit"


def test_folders_may_be_chosen_whole(lin, project):
    draft = make_draft(lin, project)
    assert draft.files == [FOLDER]
    service = actions.deploy_draft(lin, inspect(draft).pk).service
    assert service.revision.files == [FOLDER]
