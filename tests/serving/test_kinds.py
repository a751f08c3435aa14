"""Models among a project's files: seen by what is in them, else by their names."""

from __future__ import annotations

import io
import os
import zipfile

import pytest

from lyceum.common.errors import DomainError
from lyceum.projects import workfolder
from lyceum.serving import actions
from lyceum.serving.bundles import chosen_files
from lyceum.serving.kinds import Recognised, look, recognise, serves
from lyceum.serving.sentences import model_hint
from tests.serving.making import FOLDER, MAIN, make_draft, write, write_model


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, b"x")
    return file.getvalue()


def test_models_and_hints(project):
    write_model(project)
    write(project, "script.pt", archive("net/constants.pkl", "net/data.pkl"))
    write(project, "state.pt", archive("state/data.pkl"))
    write(project, "forest.skops", archive("schema.json"))
    write(project, "forest.pkl")
    os.symlink("/etc/passwd", workfolder.home(project.pk) / "link.onnx")
    files = chosen_files(
        project.pk, ["script.pt", "state.pt", "forest.skops", "forest.pkl", "link.onnx", FOLDER]
    )
    models, hints = look(project.pk, files)
    assert [(each.kind, each.main_program) for each in models] == [
        ("sklearn", "forest.skops"),
        ("torchscript", "script.pt"),
        ("fluid", MAIN),  # no program, but its name says that it is meant to be one
    ]
    assert {hint.path: hint.code for hint in hints} == {
        "state.pt": "weights_only", "forest.pkl": "pickle"
    }  # fmt: skip
    assert all(hint.path in model_hint(hint.code, hint.path) for hint in hints)


def test_names_alone():
    assert recognise(["a/net.json", "a/net.pdiparams", "b/other.json", "notes.txt"]) == [
        Recognised("paddle", "a/net.json", "a/net.pdiparams", ("a/net.json", "a/net.pdiparams"))
    ]


def test_kinds_and_environments():
    assert serves("fluid", "fluid-py27") and serves("sklearn", "sklearn-py311")
    assert not serves("fluid", "sklearn-py311") and not serves("torchscript", "fluid-py37")


def test_a_model_of_another_framework_is_refused_where_it_is_chosen(lin, project):
    draft = make_draft(lin, project)  # fluid, in a scikit-learn environment
    with pytest.raises(DomainError) as refused:
        actions.begin_inspection(lin, draft.pk)
    assert (refused.value.code, refused.value.field) == ("kind_not_served", "kind")
