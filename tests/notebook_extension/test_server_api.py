"""The server extension's own addresses, and the file rule in the contents API."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from lyceum.notebook_extension import launch
from lyceum.notebook_extension.datasets import list_datasets
from tests.notebook_extension.platform import Platform
from tests.notebook_extension.server import NotebookServer

MEGABYTE = 1_000_000


def test_datasets_are_listed_in_order_and_links_are_not_followed(tmp_path: Path) -> None:
    for dataset in ("data12", "data5", "dataset", "mine"):
        (tmp_path / "data" / dataset / "sub").mkdir(parents=True)
    (tmp_path / "data/data5/sub/训练.txt").write_text("abc")
    os.symlink("/etc", tmp_path / "data/data5/etc")
    listing = list_datasets(tmp_path)
    assert [dataset.name for dataset in listing.datasets] == ["data5", "data12"]
    sub, link = listing.datasets[0].children
    assert (sub.children[0].name, sub.children[0].bytes) == ("训练.txt", 3)
    assert sub.children[0].path == str(tmp_path / "data/data5/sub/训练.txt")
    assert (link.name, link.folder, link.children) == ("etc", False, [])


def test_a_huge_dataset_is_cut_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "data/data1").mkdir(parents=True)
    for number in range(2100):
        (tmp_path / f"data/data1/{number}").touch()
    listing = list_datasets(tmp_path)
    assert listing.cut
    assert len(listing.datasets[0].children) == 2000


def test_no_data_folder_is_no_error(tmp_path: Path) -> None:
    assert list_datasets(tmp_path).datasets == []


def test_kernels_do_not_inherit_our_path() -> None:
    variables = {**launch.environment("en"), "PATH": "/bin"}
    launch.hide_from_kernels(variables)
    assert "PYTHONPATH" not in variables
    ours = launch.environment("zh-hans")
    variables = {**ours, "PYTHONPATH": f"{ours['PYTHONPATH']}:/other"}
    launch.hide_from_kernels(variables)
    assert variables["PYTHONPATH"] == "/other"


def _put(server: NotebookServer, path: str, content: bytes, **more: Any) -> Any:
    model = {
        "type": "file",
        "format": "base64",
        "content": base64.b64encode(content).decode(),
        **more,
    }
    return server.api.put(f"/api/contents/{path}", json=model)


def test_a_file_of_twenty_megabytes_is_taken_and_one_more_byte_is_not(
    chinese_server: NotebookServer,
) -> None:
    assert _put(chinese_server, "fits.bin", bytes(20 * MEGABYTE)).is_success
    refused = _put(chinese_server, "large.bin", bytes(20 * MEGABYTE + 1))
    assert refused.status_code == 413
    assert "数据集" in refused.json()["message"]
    assert not (chinese_server.home / "large.bin").exists()


def test_chunks_count_together(server: NotebookServer) -> None:
    """As JupyterLab uploads: 1 MB chunks numbered from 1, the last one -1."""
    part = bytes(8 * MEGABYTE)
    assert _put(server, "parts.bin", part, chunk=1).is_success
    assert _put(server, "parts.bin", part, chunk=2).is_success
    refused = _put(server, "parts.bin", part, chunk=-1)
    assert refused.status_code == 413
    assert "dataset" in refused.json()["message"]
    assert not (server.home / "parts.bin").exists()


def test_a_large_notebook_is_saved(server: NotebookServer, modern: str) -> None:
    content = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {"id": "a", "cell_type": "markdown", "metadata": {}, "source": "x" * 21 * MEGABYTE}
        ],
    }
    model = {"type": "notebook", "format": "json", "content": content}
    assert server.api.put("/api/contents/large.ipynb", json=model).is_success


def test_save_version_asks_the_platform(connected: NotebookServer, platform: Platform) -> None:
    platform.answer = (201, {"number": 4, "left_out": [], "left_out_count": 0})
    answer = connected.api.post("/lyceum/api/versions", json={"note": "第一次"})
    assert (answer.status_code, answer.json()["number"]) == (201, 4)
    path = "/api/v1/projects/33852/versions"
    wanted = ("POST", path, "Bearer the-projects-token", {"note": "第一次"})
    assert platform.requests[-1] == wanted


def test_the_platforms_refusal_is_passed_on(connected: NotebookServer, platform: Platform) -> None:
    platform.answer = (409, {"title": "Not just now.", "code": "busy"})
    answer = connected.api.post("/lyceum/api/versions", json={"note": ""})
    assert (answer.status_code, answer.json()["message"]) == (409, "Not just now.")


def test_project_tells_the_idle_stop(connected: NotebookServer, platform: Platform) -> None:
    state = {"idle_warning": True, "idle_stop_at": "2030-01-01T00:00:00Z"}
    platform.answer = (200, state)
    project = connected.api.get("/lyceum/api/project").json()
    assert project["notebook"] == state
    assert project["project_url"] == "http://portal.example/projects/33852/"
    assert connected.api.post("/lyceum/api/activity", json={}).is_success
    assert platform.requests[-1][:2] == ("POST", "/api/v1/projects/33852/notebook/activity")


def test_without_a_platform_the_notebook_goes_on(server: NotebookServer) -> None:
    project = server.api.get("/lyceum/api/project").json()
    assert (project["connected"], project["notebook"]) == (False, None)
    answer = server.api.post("/lyceum/api/versions", json={"note": ""})
    assert answer.status_code == 503
    assert "isn't connected" in answer.json()["message"]


@pytest.mark.parametrize("path", ["datasets", "project"])
def test_strangers_see_nothing(server: NotebookServer, path: str) -> None:
    client = server.api
    client.headers.pop("Authorization")
    assert client.get(f"/lyceum/api/{path}").status_code == 403
