"""What a learner shows of themselves."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from lyceum.accounts.models import User
from lyceum.common import images
from tests.accounts.support import picture

PROFILE = "/accounts/profile/"
AVATAR = "/accounts/avatar/"


def upload(client: Client, data: bytes, name: str = "me.png") -> object:
    return client.post(AVATAR, {"avatar": SimpleUploadedFile(name, data)})


def test_settings_are_the_signed_in_learners_only(english: Client) -> None:
    assert english.get(PROFILE)["Location"] == f"/accounts/login/?next={PROFILE}"
    assert english.post(AVATAR)["Location"].startswith("/accounts/login/")


def test_name_and_bio(signed_in: Client, learner: User) -> None:
    signed_in.post(PROFILE, {"display_name": "  Lin   Xia ", "bio": "Reads\nand counts."})
    learner.refresh_from_db()
    assert learner.display_name == "Lin Xia"
    page = signed_in.get(f"/people/{learner.pk}/").content.decode()
    assert "Lin Xia" in page
    assert "Reads<br>and counts." in page


def test_a_bio_too_long_is_refused_at_its_field_and_kept(signed_in: Client, learner: User) -> None:
    long = "x" * 501
    response = signed_in.post(PROFILE, {"display_name": "", "bio": long})
    assert response.status_code == 422
    assert re.search(
        r"<textarea[^>]*aria-invalid=\"true\"[^>]*>\s*x{501}", response.content.decode()
    )
    learner.refresh_from_db()
    assert learner.bio == ""


def test_markup_in_a_bio_is_text(signed_in: Client, learner: User) -> None:
    signed_in.post(PROFILE, {"display_name": "<b>x</b>", "bio": "<script>1</script>"})
    page = signed_in.get(f"/people/{learner.pk}/").content.decode()
    assert "<script>1" not in page
    assert "<b>x</b>" not in page


def test_nobody_and_the_deactivated_have_no_page(english: Client, learner: User) -> None:
    assert english.get("/people/999999/").status_code == 404
    learner.is_active = False
    learner.save()
    assert english.get(f"/people/{learner.pk}/").status_code == 404


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_made_anew(signed_in: Client, learner: User, kind: str) -> None:
    upload(signed_in, picture(kind))
    learner.refresh_from_db()
    response = signed_in.get(learner.avatar.url)
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    with Image.open(io.BytesIO(response.content)) as shown:
        assert (shown.format, shown.size) == ("WEBP", (256, 256))


def test_what_a_camera_wrote_into_a_picture_is_gone(signed_in: Client, learner: User) -> None:
    exif = Image.Exif()
    exif[0x010E] = "at my house"
    upload(signed_in, picture("JPEG", exif=exif), "me.jpg")
    learner.refresh_from_db()
    assert b"at my house" not in learner.avatar.read()


def test_a_new_picture_takes_the_old_ones_place(
    signed_in: Client, learner: User, own_media: Path
) -> None:
    upload(signed_in, picture())
    upload(signed_in, picture())
    assert len(list((own_media / "avatars").iterdir())) == 1
    signed_in.post(AVATAR, {"remove": "1"})
    learner.refresh_from_db()
    assert not learner.avatar
    assert not list((own_media / "avatars").iterdir())


@pytest.mark.parametrize(
    "data",
    [
        b"no picture at all",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        picture()[:300],
        b"%PDF-1.4 ...",
    ],
    ids=["text", "svg", "cut short", "pdf"],
)
def test_what_is_no_picture_is_refused_at_the_field(
    signed_in: Client, learner: User, data: bytes
) -> None:
    response = upload(signed_in, data)
    assert response.status_code == 422
    assert "This file is not a picture." in response.content.decode()
    learner.refresh_from_db()
    assert not learner.avatar


def test_pictures_too_large(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    heavy = upload(signed_in, b"\0" * (images.MAX_BYTES + 1))
    assert "too large" in heavy.content.decode()
    many_pixels = upload(signed_in, picture(size=(8000, 5001)))
    assert "too large" in many_pixels.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/media/../secrets.json",
        "/media/avatars/../../secrets.json",
        "/media/avatars/%2e%2e/%2e%2e/secrets.webp",
        "/media/secrets.json",
        "/media/avatars/none.webp",
        "/media/avatars/x.html",
    ],
)
def test_only_pictures_are_served(english: Client, path: str) -> None:
    assert english.get(path).status_code == 404


def test_the_language_is_kept_in_the_cookie_and_with_the_account(
    signed_in: Client, learner: User
) -> None:
    response = signed_in.post("/accounts/language/", {"language": "zh-hans", "next": "/x/"})
    assert response["Location"] == "/x/"
    assert response.cookies["lyceum_language"].value == "zh-hans"
    learner.refresh_from_db()
    assert learner.language == "zh-hans"
    assert 'lang="zh-hans"' in signed_in.get(PROFILE).content.decode()


def test_the_account_language_wins_over_a_borrowed_browsers(
    signed_in: Client, learner: User
) -> None:
    learner.language = "zh-hans"
    learner.save()
    signed_in.cookies["lyceum_language"] = "en"
    assert 'lang="zh-hans"' in signed_in.get(PROFILE).content.decode()


def test_language_for_those_not_signed_in(english: Client) -> None:
    assert 'lang="en"' in english.get("/accounts/login/").content.decode()
    english.post("/accounts/language/", {"language": "zh-hans", "next": "/"})
    assert 'lang="zh-hans"' in english.get("/accounts/login/").content.decode()
    nobody = Client(headers={"accept-language": "fr", "host": "127.0.0.1"})
    assert 'lang="zh-hans"' in nobody.get("/accounts/login/").content.decode()


def test_the_language_switch_leads_nowhere_else(english: Client) -> None:
    form = {"language": "en", "next": "https://evil.example/"}
    assert english.post("/accounts/language/", form)["Location"] == "/"
