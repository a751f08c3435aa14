"""Uploads through the whole platform, whose parts are killed on the way."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient
from tusclient.uploader import Uploader

from tests.support.platform import Platform
from tests.uploads.server import MEGABYTE, PATCH, TUS, metadata, sha256, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

OWNER = Path(__file__).with_name("owner.py")


@dataclass
class Owner:
    """A learner of the platform who has a draft open."""

    platform: Platform
    cookie: str
    draft: str

    def uploader(self, file: Path, **options) -> Uploader:
        client = TusClient(f"{self.platform.url}/uploads/", headers={"Cookie": self.cookie})
        about = {"draft": self.draft, "path": f"train/{file.name}"}
        return client.uploader(str(file), chunk_size=MEGABYTE, metadata=about, **options)

    def dataset(self) -> dict[str, list[object]]:
        """Make the draft a dataset; its files, path to size and SHA-256."""
        return asked(self.platform, "create", self.draft)


def asked(platform: Platform, *words: str):
    done = subprocess.run(
        [sys.executable, str(OWNER), *words],
        env={
            **platform.environment(),
            "DJANGO_SETTINGS_MODULE": "lyceum.portal.settings",
            "PYTHONPATH": str(OWNER.parents[2]),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def owner(platform: Platform) -> Owner:
    return Owner(platform, **asked(platform, "draft", f"u{uuid.uuid4().hex[:12]}"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.bin"
    path.write_bytes(random.Random(6).randbytes(8 * MEGABYTE + 5))
    return path


def kill(platform: Platform, part: str) -> None:
    status = json.loads(platform.command("status", "--json").stdout)
    os.kill(next(each["pid"] for each in status["parts"] if each["name"] == part), signal.SIGKILL)


def health(platform: Platform, part: str) -> bool:
    status = json.loads(platform.command("status", "--json").stdout)
    return next(each["healthy"] for each in status["parts"] if each["name"] == part)


@pytest.mark.parametrize("part", ["portal", "uploads", "proxy"])
def test_a_part_killed_in_the_middle_costs_nothing(
    platform: Platform, owner: Owner, file: Path, part: str
) -> None:
    uploader = owner.uploader(file)
    uploader.upload(stop_at=3 * MEGABYTE)
    kill(platform, part)
    until(lambda: health(platform, part), seconds=60)
    again = owner.uploader(file, url=uploader.url, retries=5, retry_delay=2)
    assert again.offset == 3 * MEGABYTE
    again.upload()
    data = file.read_bytes()
    assert owner.dataset() == {"train/a.bin": [len(data), sha256(data)]}


def test_a_request_goes_on_while_the_portal_is_killed(
    platform: Platform, owner: Owner, file: Path
) -> None:
    data = file.read_bytes()
    http = httpx.Client(base_url=platform.url, headers={**TUS, "Cookie": owner.cookie}, timeout=60)
    about = {
        "Upload-Length": str(len(data)),
        "Upload-Metadata": metadata("train/a.bin", owner.draft),
    }
    location = http.post("/uploads/", headers=about).headers["Location"]

    def body():
        yield data[:MEGABYTE]
        kill(platform, "portal")
        yield data[MEGABYTE:]

    answer = http.patch(location, content=body(), headers={**PATCH, "Upload-Offset": "0"})
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(data)))
    until(lambda: health(platform, "portal"), seconds=60)
    assert owner.dataset() == {"train/a.bin": [len(data), sha256(data)]}


def test_uploads_are_back_soon_after_the_front_door(
    platform: Platform, owner: Owner, file: Path
) -> None:
    kill(platform, "proxy")
    began = time.monotonic()
    until(lambda: httpx.options(f"{platform.url}/uploads/").headers.get("tus-version"), 10)
    owner.uploader(file).upload()
    assert time.monotonic() - began < 10
    assert sha256(file.read_bytes()) in str(owner.dataset())


def test_another_learner_cannot_go_on(platform: Platform, owner: Owner, file: Path) -> None:
    uploader = owner.uploader(file)
    uploader.upload(stop_at=MEGABYTE)
    stranger = asked(platform, "draft", f"s{uuid.uuid4().hex[:12]}")
    for cookie, status in ((stranger["cookie"], 404), ("", 401)):
        headers = {**PATCH, "Cookie": cookie, "Upload-Offset": str(MEGABYTE)}
        answer = httpx.patch(uploader.url, content=b"x", headers=headers)
        assert answer.status_code == status
        assert answer.json()["message"]
    assert uploader.get_offset() == MEGABYTE
