"""What readers and owners do with a dataset on its pages, and who may not."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from PIL import Image

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.datasets import actions, queries
from lyceum.datasets.models import Comment, Dataset, Tag
from tests.datasets.making import HTMX, address, make_dataset, reader, text

EDITED = {
    "name": "Rain", "summary": "Wet", "description": "## Content", "licence": "mit",
    "source": "https://example.org", "tags": "sky，water", "visibility": "private",
}  # fmt: skip


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_an_edit_is_kept_and_said(lin):
    dataset = make_dataset(lin)
    where = address("edit", dataset.pk)
    form = text(reader(lin).get(where, headers=HTMX))
    assert "<dialog" in form and 'value="Weather"' in form and "description-template" in form
    done = reader(lin).post(where, EDITED)
    assert done["Location"] == address("detail", dataset.pk) and told(done) == ["Saved."]
    dataset = Dataset.objects.get(pk=dataset.pk)
    assert (dataset.name, dataset.licence, dataset.visibility) == ("Rain", "MIT", "private")
    assert sorted(dataset.tags.values_list("name", flat=True)) == ["sky", "water"]
    assert "sky, water" in text(reader(lin).get(where))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 300}, "at most 100 characters"),
        ({"name": "a\0b"}, "Null characters are not allowed."),
        ({"licence": "my own"}, "There is no such licence in the SPDX list."),
        ({"source": "javascript:alert(1)"}, "This is no web address"),
        ({"tags": ",".join("abcdefghi")}, "at most 8 tags"),
        ({"tags": "x" * 31}, "At most 30 characters"),
        ({"description": "x" * 50_001}, "At most 50000 characters"),
        ({"visibility": "friends"}, "Select a valid choice"),
    ],
)
def test_a_refused_edit_says_why_and_keeps_what_was_typed(lin, change, sentence):
    dataset = make_dataset(lin)
    typed = {**EDITED, **change}
    refused = reader(lin).post(address("edit", dataset.pk), typed, headers=HTMX)
    assert refused.status_code == 422
    page = text(refused)
    assert sentence in page and "<dialog" in page and 'value="Wet"' in page
    assert Dataset.objects.get(pk=dataset.pk).name == "Weather"


def test_an_official_dataset_stays_everybodys(lin):
    dataset = make_dataset(lin, is_official=True, slug="weather")
    form = text(reader(lin).get(address("edit", dataset.pk)))
    assert 'type="hidden" name="visibility"' in form
    assert address("visibility", dataset.pk) not in text(
        reader(lin).get(address("detail", dataset.pk))
    )


def test_a_cover_is_put_on_and_taken_off(lin):
    dataset = make_dataset(lin)
    where = address("cover", dataset.pk)
    picture = io.BytesIO()
    Image.new("RGB", (20, 20)).save(picture, "PNG")
    picture.seek(0)
    picture.name = "cover.png"
    assert reader(lin).post(where, {"cover": picture}).status_code == 302
    assert Dataset.objects.get(pk=dataset.pk).cover.name.endswith(".webp")
    wrong = reader(lin).post(where, {"cover": io.BytesIO(b"no picture")}, headers=HTMX)
    assert wrong.status_code == 422 and "This file is not a picture." in text(wrong)
    assert reader(lin).post(where, {}, headers=HTMX).status_code == 200
    gone = reader(lin).post(where, {"remove": "1"}, headers=HTMX)
    assert gone["HX-Redirect"] == address("detail", dataset.pk)
    assert not Dataset.objects.get(pk=dataset.pk).cover


def test_visibility_is_changed_with_a_word(lin, amy):
    dataset = make_dataset(lin, visibility="private")
    where = address("visibility", dataset.pk)
    shared = reader(lin).post(where, {"visibility": "shared"})
    assert told(shared) == ["Everybody can see this dataset now."]
    assert reader(amy).get(address("detail", dataset.pk)).status_code == 200
    hidden = reader(lin).post(where, {"visibility": "private"})
    assert told(hidden) == ["Only you can see this dataset now."]
    assert reader(lin).post(where, {"visibility": "x"}).status_code == 400


def test_deleting_asks_for_the_name_and_the_trash_gives_back(lin):
    dataset = make_dataset(lin, name="Weather of 2023")
    where = address("delete", dataset.pk)
    assert "goes into the trash" in text(reader(lin).get(where, headers=HTMX))
    wrong = reader(lin).post(where, {"typed_name": "weather"}, headers=HTMX)
    assert wrong.status_code == 422 and "This is not the dataset" in text(wrong)
    assert 'value="weather"' in text(wrong)
    gone = reader(lin).post(where, {"typed_name": " Weather  of 2023 "}, headers=HTMX)
    assert gone["HX-Redirect"] == "/datasets/?tab=mine"
    assert reader(lin).get(address("detail", dataset.pk)).status_code == 404
    day = Dataset.objects.get(pk=dataset.pk).deleted + timedelta(days=30)
    trash = text(reader(lin).get(address("trash")))
    assert "Weather of 2023" in trash and f"gone for good on {day:%b. %-d, %Y}" in trash
    back = reader(lin).post(address("restore", dataset.pk))
    assert back["Location"] == address("detail", dataset.pk)
    assert told(back) == ["The dataset is back."]
    assert "The trash is empty" in text(reader(lin).get(address("trash")))


def test_a_dataset_in_use_says_why_it_stays(lin, monkeypatch):
    dataset = make_dataset(lin)
    sentence = "2 running projects use this dataset."

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise Conflict("dataset_in_use", sentence)

    monkeypatch.setattr(actions, "delete_dataset", refuse)
    refused = reader(lin).post(
        address("delete", dataset.pk), {"typed_name": "Weather"}, headers=HTMX
    )
    assert refused.status_code == 422 and sentence in text(refused)


def test_the_trash_is_its_owners(lin, amy):
    dataset = make_dataset(lin)
    actions.delete_dataset(lin, dataset.pk, typed_name="Weather")
    assert "Weather" not in text(reader(amy).get(address("trash")))
    assert reader(amy).post(address("restore", dataset.pk)).status_code == 404
    assert reader().get(address("trash"))["Location"].startswith("/accounts/login/")


def test_a_favourite_is_marked_counted_and_unmarked(lin, amy):
    dataset = make_dataset(lin)
    where = address("favourite", dataset.pk)
    marked = text(reader(amy).post(where, {"on": "1"}, headers=HTMX))
    assert 'aria-pressed="true"' in marked and ">1</span>" in marked
    unmarked = text(reader(amy).post(where, headers=HTMX))
    assert 'aria-pressed="false"' in unmarked and ">0</span>" in unmarked
    assert reader(amy).post(where, {"on": "1"})["Location"] == address("detail", dataset.pk)


def test_comments_are_written_shown_and_removed(lin, amy):
    dataset = make_dataset(lin)
    where = address("comments", dataset.pk)
    written = reader(amy).post(where, {"text": "**Thanks** <script>x</script>"}, headers=HTMX)
    page = text(written)
    assert "<strong>Thanks</strong>" in page and "<script>x" not in page and "</textarea>" in page
    assert "Thanks**" not in page  # the form is empty again
    comment = Comment.objects.get()
    delete = address("delete_comment", dataset.pk, comment.pk)
    assert delete in page and delete not in text(reader(lin).get(where))
    assert reader(lin).post(delete).status_code == 403
    gone = text(reader(amy).post(delete, headers=HTMX))
    assert 'hx-swap-oob="true"' in gone and ">0</span>" in gone
    assert not Comment.objects.exists()
    assert reader(amy).post(delete).status_code == 404
    assert reader(amy).post(where, {"text": "Again"})["Location"] == where


def test_an_administrator_removes_any_comment(lin, amy):
    dataset = make_dataset(lin)
    comment = actions.add_comment(amy, dataset.pk, text="rude")
    staff = User.objects.create_user("staff", is_staff=True)
    delete = address("delete_comment", dataset.pk, comment.pk)
    assert delete in text(reader(staff).get(address("comments", dataset.pk)))
    assert reader(staff).post(delete)["Location"] == address("comments", dataset.pk)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "This field is required."),
        ("   ", "This field is required."),
        ("y" * 5001, "at most 5000 characters"),
        ("a\0b", "Null characters are not allowed."),
    ],
)
def test_a_refused_comment_keeps_what_was_typed(lin, typed, sentence):
    dataset = make_dataset(lin)
    refused = reader(lin).post(address("comments", dataset.pk), {"text": typed}, headers=HTMX)
    assert refused.status_code == 422 and sentence in text(refused)
    assert "y" * 5001 in text(refused) or "y" not in typed
    assert not Comment.objects.exists()


def test_more_comments_are_loaded(lin):
    dataset = make_dataset(lin)
    for number in range(23):
        actions.add_comment(lin, dataset.pk, text=f"number {number}")
    where = address("comments", dataset.pk)
    first = reader().get(where)
    assert "number 22" in text(first) and "number 2<" not in text(first)
    rest = reader().get(f"{where}?cursor={first.context['page'].next}", headers=HTMX)
    assert "<html" not in text(rest) and "number 2<" in text(rest)
    assert reader().get(f"{where}?cursor=x").status_code == 400


def test_a_visitor_is_asked_to_sign_in(lin):
    dataset = make_dataset(lin)
    where = address("comments", dataset.pk)
    page = text(reader().get(where))
    assert f"/accounts/login/?next={where}" in page and "<textarea" not in page
    assert "/accounts/login/" in reader().post(where, {"text": "x"})["Location"]
    assert not Comment.objects.exists()


@pytest.mark.parametrize("path", ["a\0b", "../a.csv", "", "x" * 600])
def test_what_is_no_path_is_neither_taken_out_nor_unpacked(lin, path):
    dataset = make_dataset(lin)
    draft = actions.open_draft(lin, dataset_id=dataset.pk)
    taken = reader(lin).post(address("take_out", draft.pk), {"path": path})
    assert taken.status_code == 400 and "is no path for a file" in text(taken)
    assert reader(lin).post(address("unpack", dataset.pk), {"path": path}).status_code == 404


OWNERS = ("edit", "cover", "visibility", "delete")
GETS = (
    "detail", "versions", "comments", "projects", "edit", "cover", "delete",
)  # fmt: skip
POSTS = ("comments", "favourite", "edit", "cover", "visibility", "delete", "restore")


@pytest.mark.parametrize("trashed", [False, True])
def test_a_private_or_trashed_dataset_has_no_page_for_others(lin, amy, trashed):
    dataset = make_dataset(lin, visibility="shared" if trashed else "private")
    comment = actions.add_comment(lin, dataset.pk, text="mine")
    if trashed:
        actions.delete_dataset(lin, dataset.pk, typed_name=dataset.name)
    for client in (reader(amy), reader()):
        places = [address(name, dataset.pk) for name in GETS]
        places += [address("version", dataset.pk, 1), address("zip", dataset.pk, 1)]
        places += [address("file", dataset.pk, 1, "a.csv")]
        for place in places:
            answer = client.get(place)
            is_asked_to_sign_in = "/accounts/login/" in answer.headers.get("Location", "")
            assert answer.status_code == 404 or is_asked_to_sign_in, place
    places = [address(name, dataset.pk) for name in POSTS]
    places += [address("delete_comment", dataset.pk, comment.pk)]
    for place in places:
        assert reader(amy).post(place, {"text": "x"}).status_code == 404, place
    assert Comment.objects.count() == 1


@pytest.mark.parametrize("name", OWNERS)
def test_a_shared_dataset_is_changed_by_its_owner_alone(lin, amy, name):
    dataset = make_dataset(lin)
    answer = reader(amy).post(address(name, dataset.pk), {**EDITED, "typed_name": "Weather"})
    assert answer.status_code == 403
    assert reader().post(address(name, dataset.pk)).status_code == 302  # to the login
    assert Dataset.objects.get(pk=dataset.pk).name == "Weather"


@pytest.mark.parametrize("name", ["visibility", "restore", "favourite", "delete_comment"])
def test_what_changes_something_takes_no_get(lin, name):
    dataset = make_dataset(lin)
    more = (1,) if name == "delete_comment" else ()
    assert reader(lin).get(address(name, dataset.pk, *more)).status_code == 405


def test_the_administration_shows_datasets_comments_and_tags(lin):
    dataset = make_dataset(lin, tags=("sky",))
    actions.add_comment(lin, dataset.pk, text="hello there")
    staff = User.objects.create_superuser("root")
    admin = reader(staff)
    for model, part in {"dataset": "Weather", "comment": "hello there", "tag": "sky"}.items():
        assert part in text(admin.get(f"/admin/datasets/{model}/")), model
    form = f"/admin/datasets/dataset/{dataset.pk}/change/"
    changed = {
        "name": "Climate", "visibility": "shared", "tags": [], "versions-TOTAL_FORMS": "0",
        "versions-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert admin.post(form, changed).status_code == 302
    found = queries.hall_page(lin, queries.HallFilter(tab=queries.Tab.SHARED, words="climate"))
    assert [each.pk for each in found.items] == [dataset.pk]


def test_an_administrator_names_a_tag_in_english(lin):
    dataset, other = make_dataset(lin, tags=("天空",)), make_dataset(lin, tags=("sky", "sea"))
    admin = reader(User.objects.create_superuser("root"))
    form = f"/admin/datasets/tag/{Tag.objects.get(name='天空').pk}/change/"
    assert admin.post(form, {"name": "天空", "name_en": "Sky"}).status_code == 302
    # The tag that was the English word has become the same.
    assert [tag.name for tag in Tag.objects.order_by("name")] == ["sea", "天空"]
    found = queries.hall_page(lin, queries.HallFilter(tab=queries.Tab.SHARED, words="sky"))
    assert {each.pk for each in found.items} == {dataset.pk, other.pk}
    form = f"/admin/datasets/tag/{Tag.objects.get(name='sea').pk}/change/"
    refused = admin.post(form, {"name": "sea", "name_en": "sky"})
    assert "Another tag has this English name." in text(refused)
