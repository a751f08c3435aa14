"""The front door sends by host name: a notebook server is out of the portal's origin."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.hub.stack import Stack
from tests.support.platform import free_ports

NOTEBOOKS = "notebooks.localhost"


def through(stack: Stack, host: str, path: str) -> httpx.Response:
    return httpx.get(
        f"http://127.0.0.1:{stack.port}{path}", headers={"Host": f"{host}:{stack.port}"}
    )


def answered_by_hub(response: httpx.Response) -> bool:
    return "x-jupyterhub-version" in response.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize(
    "path",
    [
        "/hub/",
        "/hub/api/",
        "/user/1/1/notebooks/1.ipynb",
        f"//{NOTEBOOKS}/hub/api/",
        f"/../{NOTEBOOKS}/hub/api/",
        f"/..%2F{NOTEBOOKS}/hub/api/",
        f"/%2e%2e/{NOTEBOOKS}/hub/api/",
    ],
)
def test_portal_host_never_leads_to_the_hub(stack: Stack, host: str, path: str) -> None:
    assert not answered_by_hub(through(stack, host, path))


def test_notebook_host_leads_to_the_hub(stack: Stack) -> None:
    response = through(stack, NOTEBOOKS, "/hub/api/")
    assert response.status_code == 200
    assert answered_by_hub(response)
    assert response.json()["version"].startswith("5.")


def test_notebook_host_never_leads_to_the_portal(stack: Stack) -> None:
    for path in ("/", "/admin/", "/accounts/login/", "/api/v1/openapi.json"):
        assert answered_by_hub(through(stack, NOTEBOOKS, path)), path


def test_content_from_users_is_the_portals_on_the_notebook_host(stack: Stack) -> None:
    assert not answered_by_hub(through(stack, NOTEBOOKS, "/content/nothing"))


def test_a_part_that_is_down_is_a_clean_page(tmp_path: Path) -> None:
    alone = Stack(home=tmp_path, port=free_ports())
    alone.start("proxy")
    try:
        alone.up("proxy")
        response = through(alone, "127.0.0.1", "/")
    finally:
        alone.close()
    assert response.status_code == 503
    assert "暂时没有响应" in response.text
    assert "does not answer just now" in response.text
