"""Looking inside files: what the page shows, and what it never does."""

from __future__ import annotations

import io
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image

from lyceum.accounts.models import User
from lyceum.datasets import actions, queries, storage
from lyceum.datasets.models import Dataset
from tests.previews.waiting import wait_until


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "home"))


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("owner", language="en")


Show = Callable[..., str]


@pytest.fixture
def show(client: Client, owner: User, tmp_path: Path) -> Show:
    """Puts ``data`` into a dataset as ``name`` and gives its preview as a reader gets it."""
    kept: dict[str, Dataset] = {}

    def shown(name: str, data: bytes, query: str = "", *, whole: bool = False) -> str:
        if name not in kept:
            dataset = Dataset.objects.create(owner=owner, name="x", visibility="shared")
            source = tmp_path / "source"
            source.write_bytes(data)
            actions.add_files_version(dataset, files={name: source}, note="")
            kept[name] = dataset
        url = f"/datasets/{kept[name].pk}/versions/1/preview/{name}{query}"
        headers = {"hx-request": "true", "accept-language": "en"}
        text = client.get(url, headers=headers).content.decode()
        if whole:
            wait_until(
                lambda: "preview-progress" not in client.get(url, headers=headers).content.decode()
            )
            text = client.get(url, headers=headers).content.decode()
        return text

    return shown


def test_a_table_can_be_paged_sorted_and_searched(show: Show) -> None:
    data = "id,name\n" + "".join(f"{number},row {number}\n" for number in range(120))
    assert "row 0<" in show("a.csv", data.encode())
    text = show("a.csv", b"", whole=True)
    assert "Rows 1–50 of 120" in text and "whole number" in text and "<rect" in text
    assert "Rows 101–120 of 120" in show("a.csv", b"", "?page=2")
    first = show("a.csv", b"", "?sort=id&desc=1")
    assert first.index("row 119<") < first.index("row 118<") and 'aria-sort="descending"' in first
    assert '<td class="preview-number">120</td>' in first and "Rows 1–50 of 120" in first
    found = show("a.csv", b"", "?q=ROW+7")
    assert "row 77<" in found and "row 8<" not in found
    assert "No row has these words" in show("a.csv", b"", "?q=nothing")


@pytest.mark.parametrize(
    "query",
    [
        "?page=-1",
        "?page=x",
        "?page=999999999999999",
        "?column=7777",
        "?sort=nothing",
        "?sort=%22%3B+DROP",
        "?q=%25%27%00",
    ],
)
def test_odd_wishes_do_no_harm(show: Show, query: str) -> None:
    show("a.csv", b"a,b\n1,2\n", whole=True)
    assert "preview-table" in show("a.csv", b"", query)


def test_a_broken_table_says_where_and_shows_the_rest(show: Show) -> None:
    text = show("a.csv", b"a,b,c\n1,2,3\n4,5\n6,7,8\n", whole=True)
    assert "1 row is left out: at line 3" in text
    assert "Rows 1–2 of 2" in text


def test_what_files_hold_is_text_on_the_page(show: Show) -> None:
    evil = "<script>alert(1)</script>"
    for name, data in {
        "a.csv": f"<b>x</b>,y\n{evil},2\n",
        "a.md": f"# ok\n\n{evil}\n",
        "a.txt": evil,
        "a.html": evil,
        "a.svg": f"<svg>{evil}</svg>",
    }.items():
        text = show(name, data.encode(), whole=name == "a.csv")
        assert "<script>" not in text and "<b>x" not in text, name
        assert "alert" in text, name


def test_pictures_are_written_anew(show: Show, client: Client) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (640, 320), "red").save(picture, "PNG")
    text = show("p/a.png", picture.getvalue())
    url = next(part for part in text.split('"') if "/thumbnail/" in part)
    answer = client.get(url)
    assert answer["Content-Type"] == "image/webp"
    with Image.open(io.BytesIO(answer.content)) as small:
        assert small.size == (640, 320)
    broken = show("p/b.png", b"\x89PNG\r\n\x1a\nnothing")
    assert "The picture is damaged, or of a kind that can" in broken
    assert "/thumbnail/" not in broken
    # In a gallery a sign stands in its place.
    found = Dataset.objects.latest("pk")
    answer = client.get(f"/datasets/{found.pk}/versions/1/thumbnail/p/b.png")
    assert (answer.status_code, answer["Location"][-14:]) == (302, "no_picture.svg")


def test_a_sound_is_played_and_nothing_else_is(show: Show, client: Client) -> None:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
        file.writeframes(bytes(1600))
    text = show("a.wav", sound.getvalue())
    url = next(part for part in text.split('"') if "/media/" in part)
    answer = client.get(url)
    assert (answer["Content-Type"], answer["Content-Disposition"][:6]) == ("audio/wav", "inline")
    assert "sandbox" in answer["Content-Security-Policy"]
    show("a.html", b"<script>")
    page = Dataset.objects.order_by("-pk").first()
    assert client.get(f"/datasets/{page.pk}/versions/1/media/a.html").status_code == 404


def test_an_archive_is_listed(show: Show) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("训练/a.csv", "a,b\n")
    text = show("a.zip", packed.getvalue())
    assert "训练/a.csv" in text and "1 file" in text
    assert "can&#x27;t be read" in show("b.zip", b"PK\x03\x04 broken")


def test_names_are_no_sql(show: Show) -> None:
    text = show("it's [1]*'); --.csv", b"a,b\n1,2\n", whole=True)
    assert "Rows 1–1 of 1" in text


def test_an_empty_file_and_an_unknown_one(show: Show, owner: User) -> None:
    assert "The file is empty." in show("a.csv", b"", whole=True)
    assert "no preview" in show("a.bin", b"\0\1\2")


def test_a_private_file_is_nobodys_else(client: Client, owner: User, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n")
    dataset = Dataset.objects.create(owner=owner, name="x")
    actions.add_files_version(dataset, files={"a.csv": tmp_path / "a.csv"}, note="")
    for part in ("preview", "thumbnail", "media"):
        url = f"/datasets/{dataset.pk}/versions/1/{part}/a.csv"
        assert client.get(url).status_code == 404
    client.force_login(owner)
    assert client.get(f"/datasets/{dataset.pk}/versions/1/preview/a.csv").status_code == 200
    assert client.get(f"/datasets/{dataset.pk}/versions/1/preview/b.csv").status_code == 404


def test_a_content_is_prepared_once_for_all_who_have_it(show: Show, owner: User) -> None:
    data = b"a,b\n1,2\n"
    show("a.csv", data, whole=True)
    show("copy.csv", data, whole=True)
    version = queries.newest_version(Dataset.objects.order_by("-pk").first())
    sha256 = queries.stored_file(version, "copy.csv").sha256
    assert [each.name for each in storage.preview_folder(sha256).parent.iterdir()] == [sha256]
