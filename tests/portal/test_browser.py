"""The look in a real browser: colours, languages, keyboard, a narrow screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a quiet river 42"
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(autouse=True)
def own_files(settings: object, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console complains about, a refused script or style included."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on(
        "console",
        lambda message: heard.append(message.text) if message.type == "error" else None,
    )
    return heard


@pytest.fixture
def signed_in(context: BrowserContext, live_server: LiveServer) -> None:
    """The browser holds the session of the learner ``lin``."""
    from lyceum.accounts.models import User

    user = User.objects.create_user("lin", "lin@example.org", PASSWORD, display_name="Lin Xia")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    value = client.cookies["lyceum_session"].value
    context.add_cookies([{"name": "lyceum_session", "value": value, "url": live_server.url}])


def theme(page: Page) -> str:
    return page.evaluate("document.documentElement.dataset.bsTheme")


def test_dark_light_and_the_systems_own(
    page: Page, live_server: LiveServer, complaints: list[str]
) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{live_server.url}/accounts/login/")
    assert theme(page) == "dark"
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.documentElement.dataset.bsTheme === 'light'")
    page.get_by_role("button", name="Colours").click()
    page.get_by_role("button", name="Dark").click()
    assert theme(page) == "dark"
    page.reload()
    assert theme(page) == "dark"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Colours").click()
    page.get_by_role("button", name="Light").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    assert complaints == []


def test_switching_the_language_keeps_the_place(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/accounts/login/?next=/accounts/profile/")
    page.get_by_role("button", name="切换到中文").click()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    assert page.url.endswith("/accounts/login/?next=/accounts/profile/")
    assert page.evaluate("document.documentElement.lang") == "zh-hans"
    page.get_by_role("button", name="Switch to English").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_by_keyboard_alone(page: Page, live_server: LiveServer, signed_in: None) -> None:
    page.goto(f"{live_server.url}/accounts/profile/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()

    menu = page.get_by_role("button", name="Account of Lin Xia")
    menu.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Lin Xia")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/profile/")
    menu.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Settings")).to_be_hidden()


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/profile/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/nowhere/",
        "/admin/",
    ],
)
@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_a_narrow_screen_never_scrolls_sideways(
    browser: Browser, live_server: LiveServer, address: str, locale: str
) -> None:
    from lyceum.accounts.models import User

    user = User.objects.create_superuser("lin", "lin@example.org", PASSWORD)
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale=locale)
    if not any(word in address for word in ("login", "signup", "reset")):
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        value = client.cookies["lyceum_session"].value
        context.add_cookies([{"name": "lyceum_session", "value": value, "url": live_server.url}])
    narrow = context.new_page()
    narrow.goto(live_server.url + address)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_the_menu_of_a_narrow_screen(page: Page, live_server: LiveServer) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/accounts/signup/")
    link = page.get_by_role("link", name="Project hall")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(link).to_be_visible()


def test_a_dangerous_button_asks_first(
    page: Page, live_server: LiveServer, signed_in: None, complaints: list[str]
) -> None:
    from lyceum.accounts.models import User

    page.goto(f"{live_server.url}/accounts/profile/")
    page.get_by_label("New picture").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": _png()}
    )
    expect(page.get_by_role("img", name="The chosen picture")).to_be_visible()
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()

    remove = page.get_by_role("button", name="Remove")
    remove.click()
    dialog = page.get_by_role("dialog", name="Remove your picture?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert User.objects.get().avatar
    remove.click()
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status").filter(has_text="The picture was removed.")).to_be_visible()
    assert not User.objects.get().avatar
    assert complaints == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 500, "body": "oops"}, "Something went wrong. Please try again. (500)"),
        (
            {
                "status": 409,
                "content_type": "application/problem+json",
                "body": '{"title": "Two datasets are enough."}',
            },
            "Two datasets are enough.",
        ),
        ({"status": 404, "body": ""}, "This is no longer here."),
        (None, "The platform does not answer."),
    ],
    ids=["broken", "refused", "gone", "offline"],
)
def test_no_failed_request_stays_silent(
    page: Page, live_server: LiveServer, answer: dict[str, object] | None, said: str
) -> None:
    page.route(
        "**/part/", lambda route: route.fulfill(**answer) if answer else route.abort("failed")
    )
    page.goto(f"{live_server.url}/accounts/login/")
    page.evaluate("htmx.ajax('GET', '/part/', {target: 'main', swap: 'innerHTML'}).catch(() => 0)")
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_requests_carry_the_token(page: Page, live_server: LiveServer, signed_in: None) -> None:
    page.goto(f"{live_server.url}/accounts/profile/")
    with page.expect_request("**/accounts/language/") as sent:
        page.evaluate(
            "htmx.ajax('POST', '/accounts/language/',"
            " {values: {language: 'en', next: '/nowhere/'}, swap: 'none'})"
        )
    assert sent.value.response().status == 302


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize(
    "address",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/profile/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/nowhere/",
    ],
)
def test_everybody_can_read_and_reach_it(
    page: Page,
    live_server: LiveServer,
    address: str,
    colours: str,
    request: pytest.FixtureRequest,
) -> None:
    """axe-core finds nothing against WCAG 2 A and AA, in either set of colours."""
    if "login" not in address and "signup" not in address:
        request.getfixturevalue("signed_in")
    page.emulate_media(color_scheme=colours)
    page.goto(live_server.url + address)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'best-practice']})")
    problems = [
        f"{violation['id']} at {node['target']}: {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
    assert not problems, "\n".join(problems)


def _png() -> bytes:
    import io

    from PIL import Image

    written = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(written, "PNG")
    return written.getvalue()
