"""Pages: what each shows, to whom, and that it refuses everybody else."""

from __future__ import annotations

import io

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from lyceum.courses.models import HallPanel
from lyceum.projects import actions, queries, workfolder
from lyceum.projects.models import Project
from tests.projects.making import ENVIRONMENT, make_dataset, make_project

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def mine(owner) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def others(other) -> Client:
    client = Client()
    client.force_login(other)
    return client


def page(name: str, *args) -> str:
    return reverse(f"projects:{name}", args=args)


def text(response) -> str:
    return response.content.decode()


def test_the_hall_has_its_places_only_when_there_is_something_in_them(db):
    assert "hall-panels" not in text(Client().get("/"))
    HallPanel.objects.create(
        place="news", title="消息", title_en="A piece of news", published=True
    )
    HallPanel.objects.create(place="guide", title="草稿", title_en="A draft")
    shown = text(Client().get("/"))
    assert "A piece of news" in shown and "A draft" not in shown


def test_tabs_show_whose_projects_they_say(mine, others, project, shared):
    official = make_project(project.owner, name="Official one")
    actions.publish_official(official.pk, slug="official-one", name_en="Official one")
    assert "Official one" in text(Client().get("/"))
    assert "Shared one" not in text(Client().get("/"))
    assert "Shared one" in text(others.get("/?tab=shared"))
    assert "Shared one" not in text(mine.get("/?tab=shared"))
    assert "House prices" in text(mine.get("/?tab=mine"))
    assert "House prices" not in text(others.get("/?tab=mine"))


def test_search_finds_chinese_substrings_in_the_first_tab_that_has_them(others, owner):
    make_project(owner, name="波士顿房价预测", visibility="shared", tags=["回归"])
    for words in ("房价", "价", "回归", "预测 房价"):
        assert "波士顿房价预测" in text(others.get("/", {"q": words})), words
    assert "波士顿房价预测" not in text(others.get("/", {"q": "价房"}))
    assert "波士顿房价预测" not in text(others.get("/?tab=shared&framework=torch"))


@pytest.mark.parametrize("sort", ["newest", "forks", "stars"])
def test_load_more_continues_where_the_page_ended(others, owner, sort):
    names = [f"Project number {number:02}" for number in range(27)]
    for number, name in enumerate(names):
        project = make_project(owner, name=name, visibility="shared")
        Project.objects.filter(pk=project.pk).update(fork_count=number % 3, star_count=number % 2)
    first = others.get(f"/?tab=shared&sort={sort}")
    cursor = first.context["page"].next
    rest = others.get(f"/?tab=shared&sort={sort}&cursor={cursor}", **HTMX)
    assert "<html" not in text(rest)
    seen = [each.name for each in first.context["page"].items + rest.context["page"].items]
    assert sorted(seen) == names
    assert rest.context["page"].next is None


def test_a_bad_cursor_is_a_refusal(db):
    assert Client().get("/?cursor=%ff").status_code == 400


def test_creating_asks_for_a_login(db):
    answer = Client().get(page("new"))
    assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]


def test_create_then_view_or_run(mine, owner):
    dataset = make_dataset(owner)
    form = {
        "name": "新项目", "kind": "notebook", "environment": ENVIRONMENT, "resource": "cpu",
        "tags": "回归，入门", "visibility": "private", "datasets": [dataset.pk],
    }  # fmt: skip
    answer = mine.post(page("new"), form, **HTMX)
    project = Project.objects.get()
    assert page("detail", project.pk) in text(answer) and page("run", project.pk) in text(answer)
    assert sorted(tag.name for tag in project.tags.all()) == ["入门", "回归"]
    assert [link.dataset for link in queries.dataset_links(project)] == [dataset]
    plain = mine.post(page("new"), form)
    assert plain["Location"] == page("created", Project.objects.latest("pk").pk)


def test_a_third_dataset_gets_a_clear_sentence_and_what_was_typed_stays(mine, owner):
    ids = [make_dataset(owner, name=f"Dataset {number}").pk for number in range(3)]
    form = {
        "name": "Typed name", "kind": "notebook", "environment": ENVIRONMENT, "resource": "cpu",
        "visibility": "private", "datasets": ids,
    }  # fmt: skip
    answer = mine.post(page("new"), form)
    assert answer.status_code == 422
    assert "at most 2 datasets" in text(answer) and "Typed name" in text(answer)
    assert not Project.objects.exists()
    picker = text(mine.get(page("picker"), {"datasets": ids[:2], "dataset_tab": "mine"}))
    assert "That is all: a project has at most 2 datasets." in picker and "disabled" in picker


def test_environments_this_machine_lacks_are_greyed_with_the_reason(mine, monkeypatch):
    from lyceum import environments
    from lyceum.environments import Availability, Reason

    def lacks_27(name: str) -> Availability:
        if environments.get(name).interpreter != "2.7":
            return Availability(available=True, built=True)
        reason = Reason("no_interpreter", {"interpreter": "2.7"})
        return Availability(available=False, built=False, reason=reason)

    monkeypatch.setattr(environments, "availability", lacks_27)
    shown = text(mine.get(page("new")))
    assert "Python 2.7 is not on this machine." in shown
    assert 'value="fluid-py27" disabled' in shown


def test_the_project_page_shows_the_notebook_in_a_frame_of_the_other_origin(mine, project):
    answer = mine.get(page("detail", project.pk))
    assert f"/content/projects/{project.pk}/versions/1/?token=" in text(answer)
    assert "frame-src 'self' http://notebooks.localhost:8000" in answer["Content-Security-Policy"]


def test_owner_and_visitor_see_different_buttons(mine, others, shared):
    assert page("edit", shared.pk) in text(mine.get(page("detail", shared.pk)))
    assert page("edit", shared.pk) not in text(others.get(page("detail", shared.pk)))


def test_descriptions_are_markdown_without_html(mine, owner):
    project = make_project(owner, description="**bold** <script>alert(1)</script>")
    shown = text(mine.get(page("detail", project.pk)))
    assert "<strong>bold</strong>" in shown and "<script>alert" not in shown


def test_edit_cover_visibility_and_delete(mine, project):
    pk = project.pk
    edited = {"name": "New name", "description": "d", "tags": "a, b", "visibility": "shared"}
    assert mine.post(page("edit", pk), edited)["Location"] == page("detail", pk)
    wrong = mine.post(page("edit", pk), {**edited, "name": ""}, **HTMX)
    assert wrong.status_code == 422 and "<dialog" in text(wrong)
    picture = io.BytesIO()
    Image.new("RGB", (20, 20)).save(picture, "PNG")
    picture.seek(0)
    picture.name = "cover.png"
    assert mine.post(page("cover", pk), {"cover": picture}).status_code == 302
    mine.post(page("visibility", pk), {"visibility": "private"})
    project.refresh_from_db()
    assert project.name == "New name" and project.cover and project.visibility == "private"
    assert mine.post(page("delete", pk), {"typed_name": "wrong"}).status_code == 422
    gone = mine.post(page("delete", pk), {"typed_name": "New name"}, **HTMX)
    assert gone["HX-Redirect"] == "/?tab=mine"
    assert "New name" in text(mine.get(page("trash")))
    assert mine.post(page("restore", pk))["Location"] == page("detail", pk)


def test_versions_are_saved_compared_restored_and_exported(mine, project):
    pk = project.pk
    workfolder.write_file(workfolder.home(pk), "a.py", b"x = 1\n")
    assert mine.post(page("save_version", pk), {"note": "one"}).status_code == 302
    refused = mine.post(page("save_version", pk), {"note": "two"})
    assert "Nothing has changed since version 2." in text(refused)
    shown = text(mine.get(page("diff", pk), {"old": 1, "new": 2}))
    assert "a.py" in shown and "x = 1" in shown
    assert "one" in text(mine.get(page("versions", pk)))
    mine.post(page("restore_version", pk, 1))
    assert not (workfolder.home(pk) / "a.py").exists()
    export = mine.get(page("export", pk, 2))
    assert export["Content-Type"] == "application/zip"
    assert b"".join(export.streaming_content)[:2] == b"PK"


def test_a_fork_asks_for_a_login_then_leads_to_the_copy(others, shared):
    assert "/accounts/login/" in Client().post(page("fork", shared.pk))["Location"]
    assert "private project of your own" in text(others.get(page("fork", shared.pk)))
    answer = others.post(page("fork", shared.pk), {"version": "1"})
    fork = Project.objects.latest("pk")
    assert answer["Location"] == page("detail", fork.pk)
    record = text(Client().get(page("forks", shared.pk)))
    assert "other" in record and page("detail", fork.pk) not in record


def test_files_are_shown_and_downloaded_but_never_run(mine, project):
    home = workfolder.home(project.pk)
    workfolder.write_file(home, "evil.html", b"<script>alert(1)</script>")
    workfolder.write_file(home, "evil.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    (home / "link").symlink_to("/etc/passwd")
    files = page("files", project.pk)
    assert "evil.html" in text(mine.get(files))
    assert "&lt;script&gt;" in text(mine.get(files, {"path": "evil.html"})).replace(
        '<span class="p">', ""
    ).replace("</span>", "").replace('<span class="nt">', "")
    down = mine.get(page("download", project.pk), {"path": "evil.html"})
    assert down["Content-Type"] == "application/octet-stream"
    assert down["Content-Disposition"].startswith("attachment")
    picture = mine.get(page("picture", project.pk), {"path": "evil.svg"})
    assert "sandbox" in picture["Content-Security-Policy"]
    for path in ("link", "../versions.git/config", "no-such"):
        assert mine.get(page("download", project.pk), {"path": path}).status_code == 404


def test_a_persons_projects_are_those_one_may_see(others, project, shared):
    shown = text(others.get(page("of_person", project.owner.pk)))
    assert "Shared one" in shown and "House prices" not in shown


GETS = [
    ("detail", ()), ("created", ()), ("edit", ()), ("cover", ()), ("delete", ()), ("fork", ()),
    ("forks", ()), ("datasets", ()), ("add_dataset", ()), ("versions", ()), ("save_version", ()),
    ("version", (1,)), ("export", (1,)), ("diff", ()), ("files", ()), ("download", ()),
    ("picture", ()),
]  # fmt: skip
POSTS = [
    ("run", ()), ("edit", ()), ("cover", ()), ("visibility", ()), ("delete", ()), ("restore", ()),
    ("fork", ()), ("star", ()), ("add_dataset", ()), ("remove_dataset", (1,)),
    ("save_version", ()), ("restore_version", (1,)),
]  # fmt: skip
QUERY = {"old": 1, "new": 1, "path": "x"}


@pytest.mark.parametrize("trashed", [False, True])
@pytest.mark.parametrize(("name", "args"), GETS)
def test_a_private_or_trashed_project_has_no_page_for_others(
    others, owner, project, name, args, trashed
):
    if trashed:
        actions.set_visibility(owner, project.pk, visibility="shared")
        actions.delete_project(owner, project.pk, typed_name=project.name)
    assert others.get(page(name, project.pk, *args), QUERY).status_code == 404


@pytest.mark.parametrize(("name", "args"), POSTS)
def test_a_private_project_takes_nothing_from_others(others, project, name, args):
    assert others.post(page(name, project.pk, *args)).status_code == 404


@pytest.mark.parametrize(
    ("name", "args"), [each for each in POSTS if each[0] not in ("fork", "star", "restore")]
)
def test_a_shared_project_is_changed_by_its_owner_alone(others, shared, name, args):
    answer = others.post(page(name, shared.pk, *args), {"visibility": "private"})
    assert answer.status_code == 403
    assert Client().post(page(name, shared.pk, *args)).status_code == 302  # to the login


def test_the_content_page_needs_its_ticket_and_runs_nothing(mine, project):
    host = {"HTTP_HOST": "notebooks.localhost:8000"}
    address = mine.get(page("detail", project.pk)).context["content_url"]
    path = address.partition("notebooks.localhost:8000")[2]
    shown = Client().get(path, **host)
    assert "House prices" in text(shown)
    policy = shown["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    assert "X-Frame-Options" not in shown
    bare = page("content", project.pk, 1)
    assert Client().get(bare, **host).status_code == 403
    forged = path.replace(f"/projects/{project.pk}/", f"/projects/{project.pk + 1}/")
    assert Client().get(forged, **host).status_code == 403
    assert Client().get(path).status_code == 302  # the portal's own host shows no content
    actions.delete_project(project.owner, project.pk, typed_name=project.name)
    assert Client().get(path, **host).status_code == 404
