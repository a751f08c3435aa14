"""The pages on which a dataset and its next version are made, and who may not."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages

from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.datasets import actions, queries, storage
from lyceum.datasets.models import Dataset, Draft, Upload
from tests.datasets.arriving import arrive, begin
from tests.datasets.making import HTMX, address, make_dataset, reader, text
from tests.support.concurrency import at_once, refusals

ABOUT = {
    "name": "Weather", "summary": "Wet days", "description": "## Content", "licence": "mit",
    "source": "https://example.org", "tags": "sky，water", "visibility": "shared",
}  # fmt: skip


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_new_goes_on_with_what_was_begun(lin):
    first = reader(lin).get(address("new"))
    draft = Draft.objects.get()
    assert first["Location"] == address("draft", draft.pk)
    again = reader(lin).get(address("new"), {"for": "project"})
    assert again["Location"] == address("draft", draft.pk) + "?for=project"
    assert Draft.objects.count() == 1


def test_without_a_login_one_comes_back_after_it(db):
    answer = reader().get(address("new"))
    assert answer["Location"] == f"/accounts/login/?next={address('new')}"


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("get", "draft"),
        ("get", "draft_files"),
        ("post", "take_out"),
        ("post", "put_back"),
        ("get", "draft_about"),
        ("post", "draft_about"),
        ("post", "draft_version"),
        ("post", "discard_draft"),
    ],
)
def test_a_draft_is_nobody_elses(lin, amy, method, name):
    draft = actions.open_draft(lin)
    arrive(lin, draft, "a.csv")
    answer = getattr(reader(amy), method)(address(name, draft.pk), {"path": "a.csv", **ABOUT})
    assert answer.status_code == 404
    assert Upload.objects.exists() and not Dataset.objects.exists()


def test_the_list_says_how_far_each_file_is(lin):
    draft = actions.open_draft(lin)
    arrive(lin, draft, "train/a.csv")
    arrive(lin, draft, "train/b.csv", b"0123456789", got=4)
    page = text(reader(lin).get(address("draft", draft.pk)))
    assert "40% uploaded. Choose the same file again to continue." in page
    assert page.index("train/b.csv") < page.index("train/a.csv")
    assert "1 file is not completely uploaded." in page and "disabled" in page
    assert "14\xa0bytes of 20.0\xa0GB used" in page
    fragment = text(reader(lin).get(address("draft_files", draft.pk), headers=HTMX))
    assert "<html" not in fragment
    assert fragment.count("hx-swap-oob") == 2


def test_a_long_list_is_cut_and_goes_on(lin, monkeypatch):
    monkeypatch.setattr("lyceum.datasets.pages.drafts.LINES", 2)
    draft = actions.open_draft(lin)
    for number in range(5):
        begin(lin, draft, f"{number}.csv")
    page = text(reader(lin).get(address("draft", draft.pk)))
    assert page.count("data-path") == 2 and "3 more files" in page
    more = reader(lin).get(address("draft_files", draft.pk), {"lines": "12"})
    assert text(more).count("data-path") == 5


def test_a_file_taken_out_is_gone_with_its_bytes(lin):
    draft = actions.open_draft(lin)
    upload = arrive(lin, draft, "a.csv")
    where = address("take_out", draft.pk)
    answer = text(reader(lin).post(where, {"path": "a.csv"}, headers=HTMX))
    assert "No files yet" in answer and "A dataset needs at least one file." in answer
    assert not storage.upload_path(upload.pk).exists()
    assert reader(lin).post(where, {"path": "a.csv"}, headers=HTMX).status_code == 200
    plain = reader(lin).post(where, {"path": "a.csv", "for": "project"})
    assert plain["Location"] == address("draft", draft.pk) + "?for=project"


def test_from_files_to_a_dataset(lin):
    draft = actions.open_draft(lin)
    arrive(lin, draft, "train/a.csv")
    where = address("draft_about", draft.pk)
    form = text(reader(lin).get(where))
    assert "1 file, 4\xa0bytes" in form and "## Background" in form and "CC-BY-4.0" in form
    made = reader(lin).post(where, ABOUT)
    dataset = Dataset.objects.get()
    assert made["Location"] == address("detail", dataset.pk)
    assert told(made) == ["“Weather” is created."]
    assert (dataset.licence, dataset.visibility, dataset.size) == ("MIT", "shared", 4)
    assert sorted(dataset.tags.values_list("name", flat=True)) == ["sky", "water"]
    kept = queries.file_path(queries.newest_version(dataset), "train/a.csv")
    assert kept.read_bytes() == b"x,y\n"
    assert not Draft.objects.exists()
    assert reader(lin).post(where, ABOUT).status_code == 404


def test_who_comes_from_a_project_goes_back_there(lin):
    draft = actions.open_draft(lin)
    arrive(lin, draft, "a.csv")
    where = address("draft_about", draft.pk) + "?for=project"
    assert 'href="/projects/new/?kept=1"' in text(reader(lin).get(where))
    made = reader(lin).post(where, ABOUT)
    dataset = Dataset.objects.get()
    assert made["Location"] == f"/projects/new/?kept=1&dataset={dataset.pk}"
    form = text(reader(lin).get(made["Location"]))
    assert (
        "data-refill" in form and f'value="{dataset.pk}" id="dataset-{dataset.pk}" checked' in form
    )
    assert "data-refill" not in text(reader(lin).get("/projects/new/"))

    other = actions.open_draft(lin)
    gone = reader(lin).post(address("discard_draft", other.pk), {"for": "project"})
    assert gone["Location"] == "/projects/new/?kept=1"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 300}, "at most 100 characters"),
        ({"name": "  "}, "This field is required."),
        ({"licence": "my own"}, "There is no such licence in the SPDX list."),
        ({"source": "javascript:alert(1)"}, "This is no web address"),
        ({"tags": ",".join("abcdefghi")}, "at most 8 tags"),
        ({"visibility": "friends"}, "Select a valid choice"),
    ],
)
def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(lin, change, sentence):
    draft = actions.open_draft(lin)
    arrive(lin, draft, "a.csv")
    refused = reader(lin).post(address("draft_about", draft.pk), {**ABOUT, **change})
    assert refused.status_code == 422
    page = text(refused)
    assert sentence in page and "invalid-feedback" in page and 'value="Wet days"' in page
    assert not Dataset.objects.exists() and Draft.objects.exists()


def test_what_is_not_all_there_makes_no_dataset(lin):
    draft = actions.open_draft(lin)
    where = address("draft_about", draft.pk)
    for prepare, sentence in (
        (lambda: None, "A dataset needs at least one file."),
        (lambda: arrive(lin, draft, "a.csv", b"0123", got=2), "not completely uploaded yet"),
    ):
        prepare()
        refused = reader(lin).post(where, ABOUT)
        assert refused.status_code == 422 and sentence in text(refused)
        assert 'value="Weather"' in text(refused)
    assert not Dataset.objects.exists()


def test_a_discarded_draft_takes_its_bytes_along(lin):
    draft = actions.open_draft(lin)
    upload = arrive(lin, draft, "a.csv")
    gone = reader(lin).post(address("discard_draft", draft.pk))
    assert gone["Location"] == "/datasets/" and told(gone) == ["The files were discarded."]
    assert not Draft.objects.exists() and not storage.upload_path(upload.pk).exists()
    assert reader(lin).get(address("draft", draft.pk)).status_code == 404


def test_a_next_version_keeps_replaces_adds_and_leaves_out(lin):
    dataset = make_dataset(lin, files={"a.csv": "old", "b.csv": "b", "c.csv": "c"})
    begun = reader(lin).post(address("update", dataset.pk))
    draft = Draft.objects.get()
    assert begun["Location"] == address("draft", draft.pk)
    page = text(reader(lin).get(begun["Location"]))
    assert "New version: 2" in page and page.count("From version 1") == 3
    assert "Nothing has changed yet" in page

    arrive(lin, draft, "a.csv", b"new")
    arrive(lin, draft, "d.csv", b"d")
    for path in ("b.csv", "c.csv"):
        reader(lin).post(address("take_out", draft.pk), {"path": path})
    kept = reader(lin).post(address("put_back", draft.pk), {"path": "c.csv"}, headers=HTMX)
    page = text(kept)
    assert "Uploaded; replaces the file of version 1." in page and "Not in version 2" in page

    made = reader(lin).post(address("draft_version", draft.pk), {"note": "Two more days"})
    assert made["Location"] == address("detail", dataset.pk)
    newest = queries.newest_version(dataset)
    assert (newest.number, newest.note) == (2, "Two more days")
    paths = {file.path for file in queries.files_of(newest)}
    assert paths == {"a.csv", "c.csv", "d.csv"}
    assert queries.file_path(newest, "a.csv").read_text() == "new"
    first = queries.get_version(dataset, 1)
    assert queries.file_path(first, "a.csv").read_text() == "old"


def test_a_version_without_a_change_is_refused_and_the_note_kept(lin):
    dataset = make_dataset(lin)
    draft = actions.open_draft(lin, dataset_id=dataset.pk)
    where = address("draft_version", draft.pk)
    for note, sentence in (("Same", "Nothing has changed"), ("x" * 201, "at most 200 characters")):
        refused = reader(lin).post(where, {"note": note})
        assert refused.status_code == 422
        assert sentence in text(refused) and f'value="{note}"' in text(refused)
    arrive(lin, draft, "a.csv", b"x,y\n1,2\n")
    assert "Nothing has changed" in text(reader(lin).post(where, {"note": "Same bytes"}))
    assert dataset.versions.count() == 1
    assert reader(lin).get(address("draft_about", draft.pk))["Location"] == address(
        "draft", draft.pk
    )


def test_only_the_owner_begins_a_next_version(lin, amy):
    shared = make_dataset(lin)
    private = make_dataset(lin, visibility="private")
    assert reader(amy).post(address("update", shared.pk)).status_code == 403
    assert reader(amy).post(address("update", private.pk)).status_code == 404
    assert reader(lin).get(address("update", shared.pk)).status_code == 405


def test_the_pages_speak_chinese(lin):
    draft = actions.open_draft(lin)
    arrive(lin, draft, "a.csv")
    for name in ("draft", "draft_about"):
        page = text(reader(lin, language="zh-hans").get(address(name, draft.pk)))
        assert "创建数据集" in page and "数据说明" in page


@pytest.mark.django_db(transaction=True)
def test_create_pressed_twice_makes_one_dataset(lin):
    draft = actions.open_draft(lin)
    arrive(lin, draft, "a.csv")
    create = {"draft_id": draft.pk, "about": actions.About(name="Weather")}
    results = at_once(*[lambda: actions.create_dataset(lin, **create)] * 4)
    assert set(refusals(results)) <= {"draft_used", "no_such_draft", "upload_lost"}
    assert Dataset.objects.count() == 1
    made = queries.newest_version(Dataset.objects.get())
    assert queries.file_path(made, "a.csv").read_bytes() == b"x,y\n"


@pytest.mark.django_db(transaction=True)
def test_uploads_begun_at_once_do_not_pass_the_quota_together(lin, monkeypatch):
    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_QUOTA_MB", "1")
    draft = actions.open_draft(lin)
    third = (1 << 20) // 3
    results = at_once(*(lambda n=n: begin(lin, draft, f"{n}.bin", third) for n in range(6)))
    assert refusals(results) == ["quota_exceeded"] * 3
    assert queries.quota(lin).left < third


def test_the_same_file_again_takes_the_place_of_the_first(lin, monkeypatch):
    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_QUOTA_MB", "1")
    draft = actions.open_draft(lin)
    first = arrive(lin, draft, "a.bin", b"x" * (700 << 10))
    begin(lin, draft, "a.bin", 800 << 10)
    assert Upload.objects.get().size == 800 << 10
    assert not storage.upload_path(first.pk).exists()


def test_a_path_is_one_place(lin):
    draft = actions.open_draft(lin)
    assert begin(lin, draft, "cafe\u0301/a.csv").path == "caf\u00e9/a.csv"
    for path, code in (("caf\u00e9", "file_and_folder"), (f"{'n' * 300}.csv", "bad_path")):
        with pytest.raises(DomainError) as refused:
            begin(lin, draft, path)
        assert refused.value.code == code
    assert Upload.objects.count() == 1


def test_too_many_files_are_refused(lin, monkeypatch):
    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_FILES", "2")
    draft = actions.open_draft(lin)
    for path in ("a", "b", "b"):
        begin(lin, draft, path)
    with pytest.raises(Conflict) as refused:
        begin(lin, draft, "c")
    assert refused.value.code == "too_many_files"


def test_the_files_of_a_deleted_dataset_take_no_more(lin):
    dataset = make_dataset(lin)
    draft = actions.open_draft(lin, dataset_id=dataset.pk)
    actions.delete_dataset(lin, dataset.pk, typed_name="Weather")
    with pytest.raises(NotFound):
        begin(lin, draft, "b.csv")
