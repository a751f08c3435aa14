"""The hall and a dataset's page: what each shows, to whom, at what cost."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from lyceum.common.errors import DomainError
from lyceum.datasets import actions, queries
from lyceum.datasets.models import Dataset, Tag
from tests.datasets.making import HTMX, add_version, address, make_dataset, reader, text


def shown(query: str, user=None) -> list[str]:
    page = reader(user).get(f"/datasets/?{query}").context["page"]
    return [dataset.name for dataset in page.items]


def test_the_halls_tabs_show_whose_datasets_they_say(lin, amy):
    official = make_dataset(lin, name="Official one", is_official=True, slug="one")
    make_dataset(lin, name="Shared one")
    make_dataset(lin, name="Private one", visibility="private")
    actions.add_favourite(amy, official.pk)
    assert shown("") == shown("tab=official") == shown("tab=nonsense") == ["Official one"]
    assert shown("tab=shared") == ["Shared one"]
    assert shown("tab=mine", lin)[:2] == ["Private one", "Shared one"]
    assert shown("tab=mine", amy) == shown("tab=mine") == shown("tab=favourites") == []
    assert shown("tab=favourites", amy) == ["Official one"]


def test_the_hall_narrows_by_words_tag_licence_and_size(lin):
    make_dataset(lin, name="天气", tags=("time series",), licence="CC0-1.0")
    large = make_dataset(lin, name="Digits", tags=("image",), summary="手写数字")
    middle = make_dataset(lin, name="Songs")
    Dataset.objects.filter(pk=large.pk).update(size=1024**3 + 1)
    Dataset.objects.filter(pk=middle.pk).update(size=10 * 1024**2)
    for query, names in {
        "q=天": ["天气"], "q=手写+DIGITS": ["Digits"], "q=nothing": [], "tag=image": ["Digits"],
        "tag=time+series": ["天气"], "licence=CC0-1.0": ["天气"], "licence=MIT": [],
        "size=small": ["天气"], "size=medium": ["Songs"], "size=large": ["Digits"],
        "size=huge": ["Songs", "Digits", "天气"], "tag=image&size=small": [],
    }.items():  # fmt: skip
        assert shown(f"tab=shared&{query}") == names, query


def tags(*names: str) -> list[Tag]:
    return [Tag.objects.get(name=name) for name in names]


def test_the_tags_offered_are_those_of_the_tab(lin):
    make_dataset(lin, name="One", tags=("sky", "water"))
    make_dataset(lin, name="Two", tags=("water",))
    make_dataset(lin, name="Three", tags=("secret",), visibility="private")
    assert reader().get("/datasets/?tab=shared").context["tags"] == tags("water", "sky")
    assert reader().get("/datasets/").context["tags"] == []
    assert tags("secret")[0] in reader(lin).get("/datasets/?tab=mine").context["tags"]
    assert reader().get("/datasets/?tab=shared&tag=gone").context["tags"][0].name == "gone"


def test_tags_are_shown_in_the_language_of_the_page_and_found_in_both(lin):
    dataset = make_dataset(lin, name="雨", tags=("天空", "own"))
    actions.translate_tags({"天空": "sky", "不在": "missing"})
    for language, here, other in (("en", "sky", "天空"), ("zh-hans", "天空", "sky")):
        client = reader(language=language)
        for page in ("?tab=shared", f"?tab=shared&tag={here}", f"?tab=shared&tag={other}",
                     "?tab=shared&q=sky", "?tab=shared&q=天空", f"{dataset.pk}/"):  # fmt: skip
            answer = text(client.get(f"/datasets/{page}"))
            words = re.findall(r">\s*(天空|sky|own)\s*<", answer)
            active = re.findall(r'aria-current="true">(\w+)<', answer)
            assert active == ([here] if "tag=" in page else []), (language, page)
            assert here in words and "own" in words and other not in words, (language, page)
        edit = text(reader(lin, language=language).get(address("edit", dataset.pk)))
        assert f'value="{", ".join(sorted((here, "own")))}"' in edit


def test_the_english_word_of_a_tag_is_the_same_tag(lin):
    dataset = make_dataset(lin, tags=("天空",))
    actions.translate_tags({"天空": "sky"})
    actions.edit_dataset(lin, dataset.pk, tags=["sky", "天空"])
    assert list(dataset.tags.all()) == tags("天空")
    assert Tag.objects.count() == 1


@pytest.mark.parametrize("query", ["tag=a%00b", "licence=%00", "q=%00", "size=%00", "sort=%00"])
def test_the_hall_takes_any_rubbish(lin, query):
    make_dataset(lin)
    assert reader().get(f"/datasets/?tab=shared&{query}").status_code == 200
    assert reader().get(f"/datasets/?cursor={query}").status_code == 400


@pytest.mark.parametrize("sort", ["newest", "used", "favourited", "size"])
def test_more_cards_go_on_where_the_page_ended(lin, sort):
    names = [f"Dataset {number:02}" for number in range(27)]
    for number, name in enumerate(names):
        dataset = make_dataset(lin, name=name)
        Dataset.objects.filter(pk=dataset.pk).update(
            project_count=number % 3, favourite_count=number % 2, size=number % 5
        )
    first = reader().get(f"/datasets/?tab=shared&sort={sort}")
    more = f"/datasets/?tab=shared&sort={sort}&cursor={first.context['page'].next}"
    assert more.replace("&", "&amp;") in text(first)
    rest = reader().get(more, headers=HTMX)
    assert "<html" not in text(rest) and rest.context["page"].next is None
    seen = [each.name for each in first.context["page"].items + rest.context["page"].items]
    assert sorted(seen) == names


def test_a_card_says_what_the_dataset_is(lin, amy):
    dataset = make_dataset(lin, name="Rain", summary="Wet", tags=("sky",), licence="MIT")
    actions.set_project_count(dataset.pk, 41)
    actions.add_favourite(amy, dataset.pk)
    card = text(reader(amy).get("/datasets/?tab=shared"))
    for part in ("Rain", "Wet", "sky", "MIT", "1 file", "41", "Lin", "One of your favourites"):
        assert part in card, part


def test_an_empty_tab_says_what_to_do(lin):
    assert address("new") in text(reader(lin).get("/datasets/?tab=mine"))
    assert "No dataset here fits" in text(reader(lin).get("/datasets/?tab=mine&q=x"))
    assert "No favourites yet" in text(reader(lin).get("/datasets/?tab=favourites"))


def test_the_page_says_all_about_the_dataset(lin, amy):
    dataset = make_dataset(
        lin, description="**bold** <script>alert(1)</script>", licence="CC-BY-4.0",
        source="https://example.org/rain", tags=("sky",),
    )  # fmt: skip
    page = text(reader(amy).get(address("detail", dataset.pk)))
    assert "<strong>bold</strong>" in page and "<script>alert" not in page
    for part in (
        "https://spdx.org/licenses/CC-BY-4.0.html",
        'href="https://example.org/rain" rel="noopener noreferrer nofollow"',
        f"/home/aistudio/data/data{dataset.pk}/a.csv",
        f"/root/paddlejob/workspace/train_data/datasets/data{dataset.pk}/a.csv",
        f'data-copy="data{dataset.pk}/a.csv"',
        f"/projects/new/?dataset={dataset.pk}",
        address("zip", dataset.pk, 1),
        address("file", dataset.pk, 1, "a.csv"),
        "tag=sky",
    ):
        assert part in page, part


def test_a_licence_without_a_page_at_spdx_is_no_link(lin):
    for licence in ("MIT AND Apache-2.0", "LicenseRef-ours"):
        dataset = make_dataset(lin, licence=licence)
        page = text(reader().get(address("detail", dataset.pk)))
        assert licence in page and "spdx.org" not in page


def test_only_the_owner_has_the_menu_and_may_unpack(lin, amy):
    dataset = make_dataset(lin, files={"a.zip": "PK", "b.csv": "1"})
    own = text(reader(lin).get(address("detail", dataset.pk)))
    others = text(reader(amy).get(address("detail", dataset.pk)))
    for name in ("edit", "cover", "visibility", "delete", "update", "unpack"):
        assert own.count(f'action="{address(name, dataset.pk)}"') or (
            own.count(f'href="{address(name, dataset.pk)}"')
        ), name
        assert address(name, dataset.pk) not in others, name
    assert own.count(f'action="{address("unpack", dataset.pk)}"') == 1


def test_folders_are_walked_one_at_a_time(lin):
    files = {"a.txt": "1", "train/x & y/#1.csv": "2", "train/b.csv": "3", "Train/c.csv": "4"}
    dataset = make_dataset(lin, files=files)
    here = address("detail", dataset.pk)
    top = reader().get(here)
    assert top.context["folder"].folders == ["Train", "train"]
    part = reader().get(f"{here}?folder=train", headers={**HTMX, "hx-target": "files"})
    assert "<html" not in text(part) and "b.csv" in text(part)
    assert "?folder=train/x%20%26%20y" in text(part)
    assert [file.path for file in part.context["folder"].files] == ["train/b.csv"]
    deep = text(reader().get(here, {"folder": "train/x & y"}))
    assert "file=train/x%20%26%20y/%231.csv" in deep
    for folder in ("nowhere", "../x", "a.txt", "a\0"):
        assert reader().get(here, {"folder": folder}).status_code == 404, folder


@pytest.mark.parametrize("name", ["file", "preview", "media", "thumbnail"])
def test_a_path_that_no_database_knows_is_not_found(lin, name):
    place = address(name, make_dataset(lin).pk, 1, "a")
    for path in ("%00", "a%00b", "../1/a.csv", "%EF%BF%BF"):
        assert reader().get(f"{place.removesuffix('a')}{path}").status_code == 404, path


def test_a_large_folder_is_listed_part_by_part(lin):
    files = {f"f{number:03}": "1" for number in range(130)}
    files |= {f"a{number}/x/y": "1" for number in range(9)} | {"a0/z": "1", "A0/z": "1"}
    dataset = make_dataset(lin, files=files)
    here = address("detail", dataset.pk)
    first = reader().get(here)
    folders, seen = list(first.context["folder"].folders), list(first.context["folder"].files)
    more = first.context["folder"].next
    assert len(folders) + len(seen) == 100 and "Show more" in text(first)
    rest = reader().get(here, {"after": more}, headers=HTMX)
    assert "<html" not in text(rest) and rest.context["folder"].next == ""
    seen += rest.context["folder"].files
    assert sorted(folders) == ["A0", *(f"a{number}" for number in range(9))]
    assert [file.path for file in seen] == [f"f{number:03}" for number in range(130)]


def test_folders_are_listed_once_over_all_parts(lin):
    files = {f"{name}/{number}": "1" for name in ("a", "A", "b", "c d") for number in range(5)}
    dataset = make_dataset(lin, files={**files, "b.csv": "1"})
    version, names, after = queries.newest_version(dataset), [], ""
    while True:
        part = queries.folder_of(version, after=after, most=1)
        names += part.folders + [file.path for file in part.files]
        after = part.next
        if not after:
            break
    assert sorted(names) == ["A", "a", "b", "b.csv", "c d"]


def test_the_first_file_that_can_be_shown_is_looked_into(lin):
    dataset = make_dataset(lin, files={"a.bin": "1", "b.csv": "2", "c/d.txt": "3"})
    here = address("detail", dataset.pk)
    assert reader().get(here).context["previewed"].path == "b.csv"
    assert reader().get(f"{here}?file=c/d.txt").context["previewed"].path == "c/d.txt"
    assert reader().get(f"{here}?file=nothing").status_code == 404
    assert reader().get(f"{here}?file=%00").status_code == 404
    add_version(dataset, {"a.bin": "1", "deep/er/e.png": "2"})
    assert reader().get(here).context["previewed"].path == "deep/er/e.png"


def test_an_old_version_says_so_and_leads_to_the_newest(lin):
    dataset = make_dataset(lin, files={"old.csv": "1"})
    add_version(dataset, {"new.csv": "1"}, note="renamed")
    old = text(reader().get(address("version", dataset.pk, 1)))
    assert "You are looking at version 1" in old and "To the newest, version 2" in old
    assert "old.csv" in old and "new.csv" not in old and address("zip", dataset.pk, 1) in old
    newest = text(reader().get(address("version", dataset.pk, 2)))
    assert "You are looking at" not in newest and "new.csv" in newest
    assert reader().get(address("version", dataset.pk, 3)).status_code == 404


def test_versions_say_what_changed(lin):
    dataset = make_dataset(lin, files={"a": "1", "b": "1", "c": "1"})
    add_version(dataset, {"a": "1", "b": "2", "d": "1", "e": "1"}, note="second")
    page = queries.versions_page(dataset)
    assert [each.number for each in page.items] == [2, 1]
    assert page.items[0].changes == queries.Changes(added=2, removed=1, changed=1)
    assert queries.changes(page.items[1]) == queries.Changes(added=3, removed=0, changed=0)
    listed = text(reader().get(address("versions", dataset.pk)))
    for part in ("second", "2 added", "1 changed", "1 removed", "The first one"):
        assert part in listed, part


def test_more_versions_are_loaded(lin):
    dataset = make_dataset(lin)
    for number in range(24):
        add_version(dataset, {"a": str(number)})
    first = reader().get(address("versions", dataset.pk))
    more = f"{address('versions', dataset.pk)}?cursor={first.context['page'].next}"
    rest = reader().get(more, headers=HTMX)
    assert "<html" not in text(rest)
    assert [each.number for each in rest.context["page"].items] == [5, 4, 3, 2, 1]


def test_a_dataset_without_a_version_has_a_page(lin):
    dataset = Dataset.objects.create(owner=lin, name="Empty", visibility="shared")
    for name in ("detail", "versions", "comments", "projects"):
        assert reader(lin).get(address(name, dataset.pk)).status_code == 200, name


def test_a_persons_datasets_are_those_one_may_see(lin, amy):
    make_dataset(lin, name="Seen")
    make_dataset(lin, name="Hidden", visibility="private")
    seen = text(reader(amy).get(address("of_person", lin.pk)))
    assert "Seen" in seen and "Hidden" not in seen
    assert reader().get(address("of_person", 10**9)).status_code == 404
    assert address("of_person", lin.pk) in text(reader().get(f"/people/{lin.pk}/"))


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "Where its files are"), ("zh-hans", "文件位置")]
)
def test_the_page_in_both_languages(lin, language, sentence):
    dataset = make_dataset(
        lin, name="雨", name_en="Rain", summary="湿", summary_en="Wet", description="中文",
        description_en="Written",
    )  # fmt: skip
    page = text(reader(language=language).get(address("detail", dataset.pk)))
    english = language == "en"
    assert sentence in page
    assert [word in page for word in ("Rain", "Wet", "Written")] == [english] * 3
    assert [word in page for word in (">雨", "湿", "中文</p>")] == [not english] * 3


@pytest.mark.parametrize(
    ("name", "most"), [("hall", 6), ("detail", 12), ("versions", 9), ("comments", 8)]
)
def test_a_page_costs_few_queries_however_much_there_is(
    lin, amy, name, most, django_assert_max_num_queries
):
    dataset = make_dataset(lin, files={f"f{number}": "1" for number in range(30)})
    for number in range(6):
        make_dataset(lin, name=str(number), tags=("x", "y"))
        add_version(dataset, {"a": str(number)})
        actions.add_comment(lin, dataset.pk, text="hello")
    client = reader(amy)
    where = "/datasets/?tab=shared" if name == "hall" else address(name, dataset.pk)
    client.get(where)
    with django_assert_max_num_queries(most, connection=connection):
        assert client.get(where).status_code == 200


def test_changes_of_nothing_are_nothing(lin):
    dataset = Dataset.objects.create(owner=lin, name="Empty")
    assert queries.versions_page(dataset).items == []
    with pytest.raises(DomainError):
        queries.versions_page(dataset, cursor="x")
