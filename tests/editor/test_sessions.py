from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from lyceum.common.errors import Conflict, Forbidden, NotFound
from lyceum.editor.actions import (
    SILENT_AFTER,
    close_silent_sessions,
    keep_drafts,
    leave,
    open_session,
    save_files,
)
from lyceum.editor.models import EditorDraft, EditorSession
from lyceum.projects.actions import delete_project, edit_project
from lyceum.projects.models import Version
from lyceum.projects.queries import latest_version
from lyceum.projects.versions import read_file
from tests.editor.making import TRAIN, content, draft
from tests.projects.making import make_project
from tests.support.concurrency import at_once, refusals


def fall_silent(project) -> None:
    ago = timezone.now() - SILENT_AFTER - timedelta(seconds=1)
    EditorSession.objects.filter(project=project).update(seen=ago)


def test_only_the_owner_edits_and_only_cluster_projects(owner, other, project):
    with pytest.raises(NotFound):
        open_session(other, project.pk)
    edit_project(owner, project.pk, visibility="shared")
    with pytest.raises(Forbidden):
        open_session(other, project.pk)
    with pytest.raises(Conflict) as refused:
        open_session(owner, make_project(owner).pk)
    assert refused.value.code == "not_a_cluster"


def test_a_second_tab_is_told_and_the_first_after_it_took_over(owner, project, token):
    with pytest.raises(Conflict) as told:
        open_session(owner, project.pk)
    assert told.value.code == "opened_elsewhere"
    second = open_session(owner, project.pk, take_over=True).token
    with pytest.raises(Conflict) as told:
        save_files(owner, project.pk, token=token, files=[draft("train.py", "lost", TRAIN)])
    assert told.value.code == "taken_over"
    assert content(project, "train.py") == TRAIN
    save_files(owner, project.pk, token=second, files=[draft("train.py", "kept", TRAIN)])
    assert content(project, "train.py") == "kept"


def test_a_reloaded_tab_goes_on(owner, project, token):
    assert open_session(owner, project.pk, token=token).token == token


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_are_one_session(owner, project):
    answers = at_once(*[partial(open_session, owner, project.pk)] * 4)
    assert refusals(answers) == ["opened_elsewhere"] * 3


def test_leaving_keeps_what_was_typed_as_an_unsubmitted_version(owner, project, token):
    keep_drafts(owner, project.pk, token=token, drafts=[draft("train.py", "typed", TRAIN)])
    leave(owner, project.pk, token=token, drafts=[draft("new.py", "typed last")])
    version = latest_version(project)
    assert version.cause == Version.Cause.UNSUBMITTED
    assert read_file(project.pk, version.commit, "train.py") == b"typed"
    assert read_file(project.pk, version.commit, "new.py") == b"typed last"
    assert not EditorSession.objects.exists()
    assert not EditorDraft.objects.exists()


def test_leaving_without_a_change_saves_no_version(owner, project, token):
    leave(owner, project.pk, token=token)
    token = open_session(owner, project.pk).token
    before = latest_version(project)
    leave(owner, project.pk, token=token)
    assert latest_version(project) == before


def test_a_tab_that_was_taken_over_leaves_nothing(owner, project, token):
    second = open_session(owner, project.pk, take_over=True).token
    leave(owner, project.pk, token=token, drafts=[draft("train.py", "late", TRAIN)])
    assert content(project, "train.py") == TRAIN
    keep_drafts(owner, project.pk, token=second)


def test_a_dead_browser_leaves_an_unsubmitted_version(owner, project, token):
    keep_drafts(owner, project.pk, token=token, drafts=[draft("train.py", "typed", TRAIN)])
    assert close_silent_sessions() == 0
    fall_silent(project)
    assert close_silent_sessions() == 1
    assert content(project, "train.py") == "typed"
    assert latest_version(project).cause == Version.Cause.UNSUBMITTED
    with pytest.raises(Conflict) as told:
        keep_drafts(owner, project.pk, token=token)
    assert told.value.code == "session_over"
    assert close_silent_sessions() == 0


def test_a_silent_tab_keeps_nobody_out(owner, project, token):
    fall_silent(project)
    assert open_session(owner, project.pk).token != token


def test_a_draft_of_a_file_that_changed_since_goes_beside_it(owner, project, token):
    keep_drafts(
        owner,
        project.pk,
        token=token,
        drafts=[draft("train.py", "mine", "something older"), draft("lib/net.py/x.py", "deep")],
    )
    leave(owner, project.pk, token=token)
    assert content(project, "train.py") == TRAIN
    assert content(project, "train.unsaved.py") == "mine"
    assert content(project, "lib/net.py") == "LAYERS = 3\n"
    assert content(project, "x.unsaved.py") == "deep"


def test_the_session_of_a_deleted_project_ends(owner, project, token):
    keep_drafts(owner, project.pk, token=token, drafts=[draft("train.py", "typed", TRAIN)])
    delete_project(owner, project.pk, typed_name=project.name)
    fall_silent(project)
    assert close_silent_sessions() == 1
    assert content(project, "train.py") == "typed"
