from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from lyceum.datasets.models import DatasetFile
from lyceum.editor.models import EditorDraft
from lyceum.projects.actions import add_dataset, edit_project, save_version
from lyceum.projects.models import Project
from tests.editor.making import TRAIN, content, home
from tests.projects.making import make_dataset, make_project


@pytest.fixture
def tab(client, owner, project):
    """The owner's tab: ``tab(what, body)`` is what the platform answers."""
    client.force_login(owner)
    return Tab(client, project)


class Tab:
    def __init__(self, client: Client, project: Project) -> None:
        self.client = client
        self.address = reverse("editor:editor", args=[project.pk])
        self.token = ""

    def __call__(self, what: str, body: object = None, **query: str):
        url = f"{self.address}{what}/"
        if body is None:
            return self.client.get(url, query)
        return self.client.post(
            url,
            body if isinstance(body, bytes) else json.dumps(body),
            content_type="application/json",
            query_params=query,
            headers={"X-Editor-Session": self.token},
        )

    def begin(self) -> dict:
        begun = self("session", {}).json()
        self.token = begun["token"]
        return begun


def test_the_page_is_the_owners(client, owner, other, project):
    address = reverse("editor:editor", args=[project.pk])
    assert client.get(address).status_code == 302
    client.force_login(other)
    assert client.get(address).status_code == 404
    client.force_login(owner)
    page = client.get(address)
    assert page.status_code == 200
    assert 'id="editor"' in page.content.decode()
    assert client.get(address, {"version": "99"}).status_code == 404
    notebook = reverse("editor:editor", args=[make_project(owner).pk])
    assert client.get(notebook).status_code == 302


def test_running_a_cluster_project_opens_its_editor(client, owner, project):
    client.force_login(owner)
    answer = client.post(reverse("projects:run", args=[project.pk]))
    assert answer["Location"] == reverse("editor:editor", args=[project.pk])


def test_a_cluster_projects_page_shows_its_code(client, owner, other, project):
    save_version(owner, project.pk)
    edit_project(owner, project.pk, visibility="shared")
    address = reverse("projects:detail", args=[project.pk])
    editor = reverse("editor:editor", args=[project.pk])
    client.force_login(owner)
    page = client.get(address).content.decode()
    assert editor in page and reverse("tasks:history", args=[project.pk]) in page
    assert "training" in page and "notes.txt" in page
    client.force_login(other)
    page = client.get(address).content.decode()
    assert editor not in page
    assert "training" in page


def test_beginning_tells_what_there_is_to_edit(tab, project):
    begun = tab.begin()
    assert begun["main_file"] == "train.py"
    assert [(each["path"], each["folder"], each["kind"]) for each in begun["entries"]] == [
        ("lib", "", "folder"),
        ("lib/net.py", "lib", "file"),
        ("notes.txt", "", "file"),
        ("train.py", "", "file"),
    ]
    told = tab("session", {})
    assert told.status_code == 200  # its own token: it is this tab
    tab.token = ""
    told = tab("session", {})
    assert (told.status_code, told.json()["code"]) == (409, "opened_elsewhere")


def test_typing_saving_and_submitting(tab, project):
    tab.begin()
    text = tab("text", path="train.py").json()
    assert text["text"] == TRAIN
    typed = {"path": "train.py", "text": "print(2)\n", "base": text["hash"]}
    assert tab("drafts", {"drafts": [typed]}).status_code == 200
    assert EditorDraft.objects.get().text == "print(2)\n"
    refused = tab("submit", {"note": "early"})
    assert (refused.status_code, refused.json()["code"]) == (409, "unsaved")
    saved = tab("save", {"files": [typed]}).json()["saved"]
    assert saved[0]["conflict"] is False
    task = tab("submit", {"note": "now", "trainers": 1, "minutes": 5}).json()
    assert task["url"] == reverse("tasks:task", args=[task["task"]])
    assert content(project, "train.py") == "print(2)\n"
    wrong = tab("submit", {"trainers": 99}).json()
    assert wrong["field"] == "trainers"


def test_files_come_and_go(tab, project):
    tab.begin()
    assert tab("file", {"path": "a.py"}).status_code == 200
    assert tab("folder", {"path": "models"}).status_code == 200
    assert tab("move", {"path": "a.py", "new_path": "models/b.py"}).status_code == 200
    assert tab("main", {"path": "models/b.py"}).json()["main_file"] == "models/b.py"
    assert tab("upload", b"\x89PNG", path="models/c.png").status_code == 200
    assert (home(project) / "models/c.png").read_bytes() == b"\x89PNG"
    again = tab("upload", b"other", path="models/c.png")
    assert (again.status_code, again.json()["code"]) == (409, "already_there")
    assert tab("upload", b"other", path="models/c.png", replace="1").status_code == 200
    assert tab("text", path="models/c.png").json()["code"] == "not_editable"
    assert tab("remove", {"path": "models"}).json()["main_file"] == ""
    too_large = tab("upload", b"x" * 21_000_000, path="21.bin")
    assert (too_large.status_code, too_large.json()["code"]) == (400, "too_large")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"\xff", {"files": {}}, {"files": [1]}, {"files": [{"path": "a.py"}]},
        {"files": [{"path": 3, "text": "x"}]}, {"files": [{"path": "a\0.py", "text": "x"}]},
        {"files": [{"path": "\ud800.py", "text": "x"}]},
    ],
)  # fmt: skip
def test_what_the_editor_does_not_send_is_refused(tab, body):
    tab.begin()
    answer = tab("save", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_only_the_tab_whose_turn_it_is_writes(tab, project):
    for what, body in [
        ("drafts", {}), ("save", {"files": []}), ("file", {"path": "a.py"}),
        ("folder", {"path": "a"}), ("move", {"path": "train.py", "new_path": "x.py"}),
        ("remove", {"path": "train.py"}), ("main", {"path": "lib/net.py"}), ("submit", {}),
        ("restore", {"number": 1}),
    ]:  # fmt: skip
        answer = tab(what, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "session_over"), what
    assert content(project, "train.py") == TRAIN


def test_strangers_get_nothing(client, other, project):
    tab = Tab(client, project)
    assert tab("session", {}).json()["code"] == "signed_out"
    assert tab("text", path="train.py").status_code == 401
    client.force_login(other)
    assert tab("text", path="train.py").status_code == 404
    assert tab("session", {"take_over": True}).status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(other)
    assert Tab(strict, project)("session", {}).status_code == 403


def test_leaving_by_a_last_word(tab, project):
    tab.begin()
    tab("leave", {"drafts": [{"path": "new.py", "text": "last", "base": ""}]})
    assert content(project, "new.py") == "last"
    assert project.versions.first().get_cause_display() == "Unsubmitted"


def test_datasets_give_their_files_by_folder(tab, owner, other, project):
    dataset = make_dataset(owner)
    version = dataset.versions.get()
    for path in ("train-labels-idx1-ubyte.gz", "images/a.png"):
        DatasetFile.objects.create(version=version, path=path, size=3, sha256="0" * 64)
    assert tab(f"datasets/{dataset.pk}").status_code == 404
    add_dataset(owner, project.pk, dataset_id=dataset.pk)
    top = tab(f"datasets/{dataset.pk}").json()
    assert top["folders"] == ["images"]
    assert [each["path"] for each in top["files"]] == ["train-labels-idx1-ubyte.gz"]
    inner = tab(f"datasets/{dataset.pk}", path="images").json()
    assert [each["path"] for each in inner["files"]] == ["images/a.png"]


def test_an_older_version_is_compared_and_restored(tab, owner, project):
    number = save_version(owner, project.pk).number
    tab.begin()
    (home(project) / "train.py").write_text("newer")
    code = tab(f"versions/{number}").json()
    assert code["texts"] == [{"path": "train.py", "text": TRAIN}]
    assert tab("restore", {"number": number}).status_code == 200
    assert content(project, "train.py") == TRAIN
    assert tab("restore", {"number": 99}).status_code == 404
