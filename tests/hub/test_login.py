"""One login for both origins: no second form, no click, and leaving ends both."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest

from tests.hub.stack import Person, Stack, fresh_name, wait_until


@pytest.fixture
def learner(stack: Stack) -> Person:
    name = fresh_name()
    return stack.people([name])[name]


def hub_page(stack: Stack) -> str:
    return f"{stack.settings.notebook_url}/hub/home"


def log_out(stack: Stack, learner: Person) -> None:
    """Log out in another tab: the same session, the portal's own form."""
    other_tab = stack.browser(learner)
    page = other_tab.get(f"{stack.settings.portal_url}/accounts/logout/")
    assert page.status_code == 200
    token = other_tab.client.cookies["lyceum_csrf"]
    done = other_tab.client.post(
        f"{stack.settings.portal_url}/accounts/logout/",
        data={"csrfmiddlewaretoken": token},
        headers={"Referer": stack.settings.portal_url},
    )
    assert done.status_code == 302


def test_a_portal_session_opens_the_hub_without_a_form(stack: Stack, learner: Person) -> None:
    browser = stack.browser(learner)
    response = browser.get(hub_page(stack))
    assert response.status_code == 200
    assert browser.trail[-1] == hub_page(stack)
    assert [urlsplit(url).path for url in browser.trail].count("/o/authorize/") == 1
    users = [user["name"] for user in stack.hub_api("GET", "/users").json()]
    assert str(learner.id) in users


def test_without_a_session_the_portals_login_is_shown(stack: Stack) -> None:
    browser = stack.browser()
    browser.get(hub_page(stack))
    assert urlsplit(browser.trail[-1])[1:3] == (f"127.0.0.1:{stack.port}", "/accounts/login/")


def test_portal_cookies_never_reach_the_notebook_host(stack: Stack, learner: Person) -> None:
    browser = stack.browser(learner)
    browser.get(hub_page(stack))
    hosts = {cookie.name: cookie.domain for cookie in browser.client.cookies.jar}
    assert hosts["lyceum_session"] == "127.0.0.1"
    assert hosts["jupyterhub-hub-login"] == "notebooks.localhost"


def test_a_learner_cannot_register_oauth_clients(stack: Stack, learner: Person) -> None:
    response = stack.browser(learner).get(f"{stack.settings.portal_url}/o/applications/")
    assert response.status_code == 404


def test_userinfo_needs_a_token_of_ours(stack: Stack) -> None:
    address = f"http://127.0.0.1:{stack.settings.portal_port}/internal/hub/userinfo"
    assert httpx.get(address).status_code == 401
    wrong = {"Authorization": "Bearer not-a-token"}
    assert httpx.get(address, headers=wrong).status_code == 401


def test_logging_out_of_the_portal_ends_the_hub_login(stack: Stack, learner: Person) -> None:
    browser = stack.browser(learner)
    browser.get(hub_page(stack))
    log_out(stack, learner)

    def thrown_out() -> bool:
        browser.get(hub_page(stack))
        return "/accounts/login/" in browser.trail[-1]

    wait_until(thrown_out, "the hub noticed", seconds=45)
