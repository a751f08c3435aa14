"""Drafts: kept at every step, whatever was typed, and only their owner's."""

from __future__ import annotations

import pytest

from lyceum.common.errors import Conflict, DomainError, Forbidden, NotFound
from lyceum.projects.models import Project
from lyceum.serving import actions, queries
from lyceum.serving.models import Draft
from tests.projects.making import make_project
from tests.serving.making import FOLDER, MAIN, inspect, make_draft, make_service, write

NAN = float("nan")


def test_a_draft_keeps_what_was_typed(lin, project):
    draft = actions.create_draft(lin, project.pk)
    typed = [{"name": "", "type": "float", "default": "two"}, {"name": "x"}, {"name": "x"}]
    actions.save_draft(lin, draft.pk, step=2, inputs=typed, name=" Houses  of Boston ")
    actions.save_draft(lin, draft.pk, converter="def output(results, data_args):\r\n\tpass\r\n")
    kept = queries.owned_draft(lin, draft.pk)
    assert (kept.step, kept.inputs, kept.name) == (2, typed, "Houses of Boston")
    assert kept.converter == "def output(results, data_args):\n\tpass\n"
    assert [each.pk for each in queries.drafts_of(lin, project.pk)] == [draft.pk]


def test_other_files_are_recognised(lin, project):
    draft = make_draft(lin, project)
    assert (draft.main_program, draft.kind, draft.params_file) == (MAIN, "fluid", "")
    write(project, f"{FOLDER}/__params__")
    write(project, "out/net.pdmodel")
    write(project, "out/net.pdiparams")
    write(project, "best.onnx")
    draft = actions.save_draft(lin, draft.pk, files=[FOLDER, "out", "best.onnx"])
    assert draft.main_program == MAIN
    draft = actions.save_draft(lin, draft.pk, main_program="out/net.pdmodel")
    assert (draft.kind, draft.params_file) == ("paddle", "out/net.pdiparams")
    draft = actions.save_draft(lin, draft.pk, files=["best.onnx"])
    assert (draft.main_program, draft.kind, draft.params_file) == ("best.onnx", "onnx", "")
    draft = actions.save_draft(lin, draft.pk, files=[FOLDER])
    assert draft.params_file == f"{FOLDER}/__params__"
    draft = actions.save_draft(lin, draft.pk, files=[])
    assert (draft.main_program, draft.params_file) == ("", "")


def test_an_inspection_is_forgotten_with_its_model_only(lin, project):
    draft = inspect(make_draft(lin, project))
    assert actions.save_draft(lin, draft.pk, inputs=[], files=[FOLDER]).inspection
    assert not actions.save_draft(lin, draft.pk, params_file=f"{FOLDER}/fc_0.w_0").inspection


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "x" * 300}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"step": 5}, "step"),
        ({"kind": "tensorflow"}, "kind"),
        ({"files": ["../other/model"]}, "files"),
        ({"files": ["/etc/passwd"]}, "files"),
        ({"files": ["a\ud800"]}, "files"),
        ({"files": ["a\nb"]}, "files"),
        ({"files": ["x/" * 600 + "y"]}, "files"),
        ({"files": [f"{number}" for number in range(1001)]}, "files"),
        ({"main_program": "model/../../../x"}, "main_program"),
        ({"params_file": ".."}, "params_file"),
        ({"converter": "#" * 10_000_000}, "converter"),
        ({"converter": "x = '\0'"}, "converter"),
        ({"inputs": [{"name": "x"}] * 201}, "inputs"),
        ({"inputs": [{"name": "x", "default": NAN}]}, "inputs"),
        ({"outputs": [{"name": "x\0"}]}, "outputs"),
        ({"sample": {"x": NAN}}, "sample"),
        ({"sample": {"x": "a\ud800"}}, "sample"),
        ({"sample": [1]}, "sample"),
    ],
)
def test_what_can_not_be_kept_is_refused_at_its_field(lin, project, typed, field):
    draft = actions.create_draft(lin, project.pk)
    with pytest.raises(DomainError) as refused:
        actions.save_draft(lin, draft.pk, **typed)
    assert refused.value.field == field and refused.value.message
    assert len(refused.value.message) < 400
    draft.refresh_from_db()
    assert (draft.name, draft.files, draft.inputs) == ("", [], [])


def test_a_deep_sample_is_refused(lin, project):
    draft = actions.create_draft(lin, project.pk)
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(DomainError) as refused:
        actions.save_draft(lin, draft.pk, sample={"x": deep})
    assert refused.value.code == "too_deep"
    while deep:  # or Python's own way of freeing it would go as deep
        deep = deep[0]


def test_a_backslash_is_text(lin, project):
    draft = actions.create_draft(lin, project.pk)
    sample = {"path": "C:\\u0000", "名": "值"}
    actions.save_draft(lin, draft.pk, sample=sample)
    draft.refresh_from_db()
    assert draft.sample == sample


def test_only_the_owner_has_drafts(lin, amy, project):
    draft = actions.create_draft(lin, project.pk)
    Project.objects.filter(pk=project.pk).update(visibility="shared")
    with pytest.raises(Forbidden):
        actions.create_draft(amy, project.pk)
    for forbidden in (
        lambda: queries.owned_draft(amy, draft.pk),
        lambda: actions.save_draft(amy, draft.pk, name="mine"),
        lambda: actions.delete_draft(amy, draft.pk),
        lambda: actions.begin_inspection(amy, draft.pk),
        lambda: actions.deploy_draft(amy, draft.pk),
    ):
        with pytest.raises(NotFound):
            forbidden()


def test_cluster_projects_have_no_services(lin):
    cluster = make_project(lin, kind="cluster")
    with pytest.raises(Conflict) as refused:
        actions.create_draft(lin, cluster.pk)
    assert refused.value.code == "not_a_notebook"


def test_a_project_has_so_many_drafts(lin, project, monkeypatch):
    monkeypatch.setenv("LYCEUM_LIMIT_SERVING_DRAFTS", "1")
    draft = actions.create_draft(lin, project.pk)
    with pytest.raises(Conflict) as refused:
        actions.create_draft(lin, project.pk)
    assert refused.value.code == "draft_limit"
    actions.delete_draft(lin, draft.pk)
    assert actions.create_draft(lin, project.pk).pk


def test_a_draft_can_begin_with_a_service(lin, project):
    service = make_service(lin, project, sample={"CRIM": 1.5})
    assert not Draft.objects.exists()  # used up
    draft = actions.create_draft(lin, project.pk, service_id=service.pk)
    assert (draft.name, draft.files, draft.main_program) == ("Houses", [FOLDER], MAIN)
    assert draft.sample == {"CRIM": 1.5} and "reader_infer" in draft.converter
    assert draft.inspection == {}
