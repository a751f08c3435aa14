"""A learner reaches their own servers only: by browser, by the hub's API, from a sandbox."""

from __future__ import annotations

import json

import pytest

from tests.hub.notebook import Notebook
from tests.hub.stack import Person, Stack, wait_until

pytestmark = pytest.mark.sandbox

# Run inside a sandbox: what the hub answers to the key that is in there.
ASK = """
import json, os, urllib.error, urllib.request

def ask(method, path, body=None):
    request = urllib.request.Request(
        os.environ["JUPYTERHUB_API_URL"] + path, method=method, data=body,
        headers={{"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]}})
    try:
        return urllib.request.urlopen(request, timeout=20).status
    except urllib.error.HTTPError as error:
        return error.code

print(json.dumps({{
    "own start": ask("POST", "/users/{own}/servers/{other_project}", b"{{}}"),
    "own stop": ask("DELETE", "/users/{own}/servers/{project}"),
    "others": ask("GET", "/users/{other}"),
    "others start": ask("POST", "/users/{other}/servers/{other_project}", b"{{}}"),
    "everybody": ask("GET", "/users"),
    "new key": ask("POST", "/users/{own}/tokens", b"{{}}"),
    "front door": ask("GET", "/proxy"),
}}))
"""

# Who answers there. Some networks answer for any address outside, so the words count.
KNOCK = """
import socket
ours = []
for host in {hosts}:
    for port in {ports}:
        try:
            with socket.create_connection((host, port), timeout=3) as door:
                door.settimeout(3)
                door.sendall(b"GET /hub/api HTTP/1.0\\r\\n\\r\\n")
                answer = door.makefile("rb").read().lower()
        except OSError:
            continue
        if host == "127.0.0.1" or b"jupyterhub" in answer or b"lyceum" in answer:
            ours.append((host, port))
print(ours)
"""


@pytest.fixture(scope="module")
def alice(stack: Stack, people: dict[str, Person]) -> Notebook:
    person = people["alice"]
    stack.run(person, person.projects[0])
    return Notebook(stack, person, person.projects[0])


def test_another_learners_browser_does_not_get_in(
    stack: Stack, alice: Notebook, people: dict[str, Person]
) -> None:
    bob = stack.browser(people["bob"])
    for path in ("lab", f"notebooks/{alice.project}.ipynb", "api/contents", "visualdl/"):
        response = bob.get(alice.address + path)
        assert response.status_code in (403, 404), path
        assert "jupyter-config-data" not in response.text


def test_a_stranger_does_not_get_in(stack: Stack, alice: Notebook) -> None:
    stranger = stack.browser()
    stranger.get(alice.address + "lab")
    assert "/accounts/login/" in stranger.trail[-1]


def test_a_learner_cannot_start_or_stop_by_the_hubs_pages(
    stack: Stack, alice: Notebook, people: dict[str, Person]
) -> None:
    owner, other = people["alice"], people["bob"]
    hub = f"{stack.settings.notebook_url}/hub/spawn"
    stack.browser(other).get(f"{hub}/{owner.id}/{owner.projects[1]}")
    assert not stack.server(owner, owner.projects[1])
    stack.browser(owner).get(f"{hub}/{owner.id}/{owner.projects[1]}")
    wait_until(
        lambda: not stack.server(owner, owner.projects[1]).get("pending"), "the refusal", 30
    )
    assert not stack.server(owner, owner.projects[1]).get("ready")


def test_the_key_in_the_sandbox_opens_nothing(alice: Notebook, people: dict[str, Person]) -> None:
    alice.page("lab")
    channel = alice.channel(alice.start_kernel())
    code = ASK.format(
        own=people["alice"].id,
        project=alice.project,
        other=people["bob"].id,
        other_project=people["bob"].projects[0],
    )
    answers = json.loads(channel.execute(code))
    assert set(answers.values()) <= {403, 404, 405}, answers


def test_portal_and_front_door_are_out_of_the_sandboxs_reach(
    stack: Stack, alice: Notebook
) -> None:
    alice.page("lab")
    channel = alice.channel(alice.start_kernel())
    settings = stack.settings
    ports = [settings.port + offset for offset in range(6)]
    code = KNOCK.format(hosts=("127.0.0.1", "10.0.2.2", "10.0.2.3"), ports=ports)
    assert channel.execute(code).strip() == "[]"
