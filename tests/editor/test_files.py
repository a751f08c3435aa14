from __future__ import annotations

import os

import pytest

from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.editor import queries, rules
from lyceum.editor.actions import (
    keep_drafts,
    move,
    new_file,
    new_folder,
    remove,
    restore,
    save_files,
    set_main_file,
    submit,
    upload,
)
from lyceum.editor.models import EditorDraft
from lyceum.projects.actions import save_version
from lyceum.projects.models import Project, Version
from lyceum.projects.queries import latest_version
from tests.editor.making import TRAIN, content, draft, home
from tests.support.concurrency import at_once


def paths(project) -> list[str]:
    return [entry.path for entry in queries.tree_of(project).entries]


def test_the_tree_has_folders_before_what_is_in_them_and_empty_ones(owner, project, token):
    new_folder(owner, project.pk, token=token, path="models/old")
    (home(project) / "lib/__pycache__").mkdir()
    (home(project) / ".cache").mkdir()
    os.symlink("/etc/passwd", home(project) / "link.py")
    assert paths(project) == [
        "lib", "lib/net.py", "models", "models/old", "link.py", "notes.txt", "train.py",
    ]  # fmt: skip
    with pytest.raises(NotFound):
        queries.text_of(project, "link.py")


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "..", "../x.py", "a/../x.py", "./x.py", "a//x.py", "a\\b.py", "x\0.py", "x\n.py",
        " x.py", "x.py ", "x" * 256, "学" * 90, "d/" * 64 + "x.py", "\ud800.py",
        "output/x.py", "datasets/x.py", "train_data/x.py", ".git/x.py", ".cache/x.py",
        "a/__pycache__/x.py", "data/data7/x.py",
    ],
)  # fmt: skip
def test_names_that_lead_out_or_would_be_lost_are_refused(owner, project, token, path):
    before = paths(project)
    for write in (
        lambda: new_file(owner, project.pk, token=token, path=path),
        lambda: upload(owner, project.pk, token=token, path=path, data=b"x"),
        lambda: move(owner, project.pk, token=token, path="notes.txt", new_path=path),
        lambda: save_files(owner, project.pk, token=token, files=[draft(path, "x")]),
    ):
        with pytest.raises(DomainError) as refused:
            write()
        assert refused.value.code in ("bad_name", "not_editable")
    assert paths(project) == before
    assert not (home(project).parent / "x.py").exists()


@pytest.mark.parametrize("path", ["train.py", "lib", "train.py/x.py"])
def test_nothing_new_takes_the_place_of_what_is_there(owner, project, token, path):
    for write in (
        lambda: new_file(owner, project.pk, token=token, path=path),
        lambda: new_folder(owner, project.pk, token=token, path=path),
        lambda: upload(owner, project.pk, token=token, path=path, data=b"x"),
    ):
        with pytest.raises(Conflict) as refused:
            write()
        assert refused.value.code == "already_there"
    assert content(project, "train.py") == TRAIN


def test_an_upload_replaces_a_file_when_asked_to_and_no_folder(owner, project, token):
    keep_drafts(owner, project.pk, token=token, drafts=[draft("train.py", "typed", TRAIN)])
    upload(owner, project.pk, token=token, path="train.py", data=b"new", replace=True)
    assert content(project, "train.py") == "new"
    assert not EditorDraft.objects.exists()
    with pytest.raises(Conflict):
        upload(owner, project.pk, token=token, path="lib", data=b"new", replace=True)
    assert content(project, "lib/net.py") == "LAYERS = 3\n"


def test_an_upload_has_20_megabytes_at_most(owner, project, token):
    upload(owner, project.pk, token=token, path="20.bin", data=b"x" * 20_000_000)
    with pytest.raises(DomainError) as refused:
        upload(owner, project.pk, token=token, path="21.bin", data=b"x" * 20_000_001)
    assert refused.value.code == "too_large"
    assert "20.bin" in paths(project) and "21.bin" not in paths(project)


def test_saving_what_somebody_else_has_changed_is_a_conflict(owner, project, token):
    (home(project) / "train.py").write_text("theirs")
    saved = save_files(
        owner,
        project.pk,
        token=token,
        files=[draft("train.py", "mine", TRAIN), draft("notes.txt", "second\n", "first\n")],
    )
    assert [each.is_conflict for each in saved] == [True, False]
    assert content(project, "train.py") == "theirs"
    assert content(project, "notes.txt") == "second\n"
    agreed = save_files(
        owner, project.pk, token=token, files=[draft("train.py", "mine", "theirs")]
    )
    assert not agreed[0].is_conflict
    assert content(project, "train.py") == "mine"


def test_saving_one_text_in_two_windows_is_no_conflict(owner, project, token):
    (home(project) / "train.py").write_text("same")
    saved = save_files(owner, project.pk, token=token, files=[draft("train.py", "same", TRAIN)])
    assert not saved[0].is_conflict


def test_a_file_that_became_a_folder_is_not_written_over(owner, project, token):
    remove(owner, project.pk, token=token, path="train.py")
    new_file(owner, project.pk, token=token, path="train.py/inner.py")
    saved = save_files(owner, project.pk, token=token, files=[draft("train.py", "mine")])
    assert saved[0].is_conflict
    assert content(project, "train.py/inner.py") == ""


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("big.py", "x" * 1_000_001, "too_large"),
        ("zero.py", "a\0b", "not_text"),
        ("half.py", "\ud800", "not_text"),
        ("data.csv", "1,2", "not_editable"),
    ],
)
def test_texts_that_the_editor_does_not_take(owner, project, token, path, text, code):
    for write in (save_files, keep_drafts):
        name = "files" if write is save_files else "drafts"
        good = draft("notes.txt", "good", "first\n")
        with pytest.raises(DomainError) as refused:
            write(owner, project.pk, token=token, **{name: [good, draft(path, text)]})
        assert refused.value.code == code
    assert content(project, "notes.txt") == "first\n"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("model.py", b"\x89PNG\r\n\x1a\n\x00", "not_text"),
        ("gbk.txt", "中文".encode("gbk"), "not_text"),
        ("big.txt", b"x" * 2_000_000, "too_large"),
        ("table.csv", b"1,2", "not_editable"),
    ],
)
def test_what_can_not_be_opened_says_why(owner, project, token, name, data, code):
    upload(owner, project.pk, token=token, path=name, data=data)
    with pytest.raises(DomainError) as refused:
        queries.text_of(project, name)
    assert refused.value.code == code


def test_the_largest_text_opens(owner, project, token):
    upload(owner, project.pk, token=token, path="big.txt", data=b"x" * rules.editor_bytes())
    assert len(queries.text_of(project, "big.txt")) == 1_000_000


def test_moving_takes_drafts_and_the_main_file_along(owner, project, token):
    set_main_file(owner, project.pk, token=token, path="lib/net.py")
    keep_drafts(
        owner, project.pk, token=token, drafts=[draft("lib/net.py", "LAYERS = 4\n", "old")]
    )
    move(owner, project.pk, token=token, path="lib", new_path="core")
    assert Project.objects.get(pk=project.pk).main_file == "core/net.py"
    assert EditorDraft.objects.get().path == "core/net.py"
    assert content(project, "core/net.py") == "LAYERS = 3\n"
    with pytest.raises(Conflict) as refused:
        move(owner, project.pk, token=token, path="core/net.py", new_path="core/net.bin")
    assert refused.value.code == "unsaved"


def test_moves_that_can_not_be(owner, project, token):
    for path, new_path in [("lib", "lib/in/lib"), ("lib", "lib/lib"), ("gone.py", "x.py")]:
        with pytest.raises((DomainError, NotFound)):
            move(owner, project.pk, token=token, path=path, new_path=new_path)
    with pytest.raises(Conflict):
        move(owner, project.pk, token=token, path="notes.txt", new_path="train.py")
    assert paths(project) == ["lib", "lib/net.py", "notes.txt", "train.py"]


def test_a_deleted_main_file_is_no_main_file_any_more(owner, project, token):
    assert remove(owner, project.pk, token=token, path="train.py").main_file == ""
    with pytest.raises(DomainError) as refused:
        submit(owner, project.pk, token=token)
    assert refused.value.field == "main_file"
    with pytest.raises(NotFound):
        remove(owner, project.pk, token=token, path="train.py")
    with pytest.raises(NotFound):
        remove(owner, project.pk, token=token, path="/")


def test_removing_follows_no_link(owner, project, token, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.py").write_text("kept")
    os.symlink(outside, home(project) / "lib" / "link")
    with pytest.raises(NotFound):
        remove(owner, project.pk, token=token, path="lib/link/kept.py")
    remove(owner, project.pk, token=token, path="lib")
    assert (outside / "kept.py").read_text() == "kept"
    assert paths(project) == ["notes.txt", "train.py"]


def test_only_a_python_file_that_is_there_is_the_main_file(owner, project, token):
    for path, error in [("notes.txt", DomainError), ("gone.py", NotFound), ("lib", DomainError)]:
        with pytest.raises(error) as refused:
            set_main_file(owner, project.pk, token=token, path=path)
        assert refused.value.field == "main_file"
    assert set_main_file(owner, project.pk, token=token, path="/lib//net.py").main_file == (
        "lib/net.py"
    )


def test_submitting_saves_a_version_and_queues_a_task(owner, project, token):
    save_files(owner, project.pk, token=token, files=[draft("train.py", "print(1)\n", TRAIN)])
    task = submit(owner, project.pk, token=token, note="one line", trainers=2)
    version = latest_version(project)
    assert (task.version, version.cause) == (version, Version.Cause.TASK)
    assert (task.note, task.trainers, task.main_file) == ("one line", 2, "train.py")


def test_submitting_waits_for_what_is_not_saved(owner, project, token):
    keep_drafts(owner, project.pk, token=token, drafts=[draft("train.py", "typed", TRAIN)])
    with pytest.raises(Conflict) as refused:
        submit(owner, project.pk, token=token)
    assert refused.value.code == "unsaved"
    assert not project.tasks.exists()


def test_opening_an_older_version(owner, project, token):
    (home(project) / "picture.png").write_bytes(b"\x89PNG")
    first = save_version(owner, project.pk)
    save_files(owner, project.pk, token=token, files=[draft("train.py", "newer", TRAIN)])
    upload(owner, project.pk, token=token, path="picture.png", data=b"other", replace=True)
    upload(owner, project.pk, token=token, path="more.py", data=b"more")
    code = queries.code_of_version(project, first.number)
    assert code.texts == {"train.py": TRAIN}
    assert (code.others, code.extra) == (["picture.png"], ["more.py"])
    keep_drafts(owner, project.pk, token=token, drafts=[draft("train.py", "typed", "newer")])
    restore(owner, project.pk, token=token, number=first.number)
    assert paths(project) == ["lib", "lib/net.py", "notes.txt", "picture.png", "train.py"]
    before = project.versions.get(cause=Version.Cause.RESTORE)
    assert queries.code_of_version(project, before.number).texts["train.py"] == "typed"


@pytest.mark.django_db(transaction=True)
def test_one_of_two_new_files_of_one_name_is_refused(owner, project, token):
    results = at_once(
        *[lambda: upload(owner, project.pk, token=token, path="x.bin", data=b"x")] * 4
    )
    assert sum(result is None for result in results) == 1
