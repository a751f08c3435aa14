"""What the hub says when the portal refuses a start."""

from __future__ import annotations

import json

from tests.hub.stack import Person, Stack, fresh_name, wait_until


def newcomer(stack: Stack) -> Person:
    name = fresh_name()
    person = stack.people([name])[name]
    stack.hub_api("POST", "/users", json={"usernames": [str(person.id)]})
    return person


def test_a_start_that_the_portal_did_not_ask_for_is_refused_in_its_words(stack: Stack) -> None:
    person = newcomer(stack)
    path = f"/users/{person.id}/servers/{person.projects[0]}"
    stack.hub_api("POST", path, json={"mounts": ["/"]})

    def failure() -> str:
        lines = stack.hub_api("GET", f"{path}/progress").text.splitlines()
        events = [json.loads(line[5:]) for line in lines if line.startswith("data:")]
        return next((event["message"] for event in events if event.get("failed")), "")

    message = wait_until(failure, "the refusal")
    sentences = ("没有这个项目。", "There is no such project.")  # as translations are compiled
    assert message.removeprefix("Spawn failed: ") in sentences

    page = stack.browser(person).get(
        f"{stack.settings.notebook_url}/user/{person.id}/{person.projects[0]}/lab"
    )
    assert "项目没有启动成功" in page.text or "项目没有在运行" in page.text
    assert f"/projects/{person.projects[0]}/" in page.text


def test_an_unknown_project_is_refused(stack: Stack) -> None:
    person = newcomer(stack)
    stack.hub_api("POST", f"/users/{person.id}/servers/987654", json={})
    wait_until(lambda: not stack.server(person, 987654).get("pending"), "the refusal", seconds=30)
    assert not stack.server(person, 987654).get("ready")
