"""A revision's folder: what was chosen, and nothing that a link leads to."""

from __future__ import annotations

import json
import os
import stat

import pytest

from lyceum.common.errors import DomainError
from lyceum.projects import workfolder
from lyceum.projects.workfolder import Entry
from lyceum.serving import bundles
from tests.serving.making import FOLDER, MAIN, write, write_model


def staged(project, files, **more):
    return bundles.staged(project.pk, files, spec={"kind": "fluid"}, **more)


def test_a_bundle_has_the_files_the_converter_and_the_spec(project):
    write_model(project)
    os.chmod(workfolder.home(project.pk) / MAIN, 0o600)
    files = bundles.model_files(project.pk, [FOLDER])
    with staged(project, files, converter="# 换", sample={"x": 1}) as bundle:
        bundles.publish(bundle, 7)
    folder = bundles.revision_folder(7)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert f"model/{MAIN}" in names and f"model/{FOLDER}/fc_0.b_0" in names
    assert (folder / "converter.py").read_text() == "# 换"
    assert json.loads((folder / "service.json").read_text()) == {"kind": "fluid"}
    assert json.loads((folder / "sample.json").read_text()) == {"x": 1}
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o755 if path.is_dir() else 0o444), path
    assert bundle.size == 3 * len(b"bytes of a model")


def test_what_is_not_published_is_removed(project):
    write_model(project)
    with staged(project, bundles.model_files(project.pk, [FOLDER])):
        assert len(list(bundles.services_root().iterdir())) == 1
    assert not list(bundles.services_root().iterdir())
    bundles.revision_folder(3).mkdir()
    (bundles.revision_folder(3) / "left").touch()
    with staged(project, []) as bundle:
        bundles.publish(bundle, 3)  # left by a transaction that did not end
    assert not (bundles.revision_folder(3) / "left").exists()


def test_folders_and_files_are_chosen_once(project):
    write_model(project)
    files = bundles.model_files(project.pk, [MAIN, FOLDER, f"{FOLDER}/fc_0.w_0"])
    assert sorted(each.path for each in files) == [
        MAIN, f"{FOLDER}/fc_0.b_0", f"{FOLDER}/fc_0.w_0"
    ]  # fmt: skip
    found = bundles.chosen_files(project.pk, [FOLDER, "gone"])
    assert len(found) == 3


def test_a_file_that_became_a_link_is_refused(project, tmp_path):
    write(project, "model.onnx")
    files = bundles.model_files(project.pk, ["model.onnx"])
    secret = tmp_path / "secret"
    secret.write_text("secret")
    place = workfolder.home(project.pk) / "model.onnx"
    place.unlink()
    os.symlink(secret, place)
    with pytest.raises(DomainError) as refused, staged(project, files):
        pass
    assert (refused.value.code, refused.value.field) == ("file_gone", "files")
    assert not list(bundles.services_root().iterdir())


def test_a_path_out_of_the_folder_is_never_opened(project, tmp_path):
    write(project, "a")
    with (
        pytest.raises(DomainError),
        staged(project, [Entry("../versions.git/HEAD", "file", 1, 0)]),
    ):
        pass


@pytest.mark.parametrize("change", [b"longer", None])
def test_a_file_that_is_written_meanwhile_is_refused(project, monkeypatch, change):
    """It grows, or is cut short, just as its bytes are copied."""
    write(project, "model.onnx", b"x" * 100)
    files = bundles.model_files(project.pk, ["model.onnx"])
    place = workfolder.home(project.pk) / "model.onnx"
    copy = bundles._copy_bytes

    def copy_changing(source, *more):
        with place.open("ab" if change else "wb") as file:
            file.write(change or b"")
        copy(source, *more)

    monkeypatch.setattr(bundles, "_copy_bytes", copy_changing)
    with pytest.raises(DomainError) as refused, staged(project, files):
        pass
    assert refused.value.code == "file_changing"
    assert not list(bundles.services_root().iterdir())


def test_the_digest_is_that_of_these_files(project):
    write_model(project)
    files = bundles.model_files(project.pk, [FOLDER])
    with staged(project, files) as first, staged(project, files[::-1]) as second:
        assert first.digest == second.digest
    write(project, MAIN, b"another model")
    with staged(project, bundles.model_files(project.pk, [FOLDER])) as third:
        assert third.digest != first.digest
