"""SIGKILL to the hub and the front door: a running notebook goes on."""

from __future__ import annotations

import pytest

from tests.hub.notebook import Notebook
from tests.hub.stack import Stack, wait_until

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def notebook(stack: Stack) -> Notebook:
    person = stack.people(["steady"])["steady"]
    stack.run(person, person.projects[0])
    notebook = Notebook(stack, person, person.projects[0])
    notebook.page("lab")
    return notebook


@pytest.mark.parametrize("parts", [["hub"], ["proxy"], ["hub", "proxy"]], ids="+".join)
def test_a_running_kernel_goes_on(stack: Stack, notebook: Notebook, parts: list[str]) -> None:
    kernel = notebook.start_kernel()
    notebook.channel(kernel).execute("kept = 42")
    for part in parts:
        stack.kill(part)
    for part in parts:
        stack.start(part)
    for part in parts:
        stack.up(part)
    wait_until(lambda: notebook.api("GET", "kernels").status_code == 200, "the server", 30)
    assert notebook.channel(kernel).execute("print(kept)").strip() == "42"
    assert notebook.page("lab").status_code == 200


def test_the_hub_knows_the_run_again(stack: Stack, notebook: Notebook) -> None:
    person_id = int(notebook.prefix.split("/")[2])
    user = stack.hub_api("GET", f"/users/{person_id}").json()
    assert user["servers"][str(notebook.project)]["ready"]
    assert user["servers"][str(notebook.project)]["state"]["run_id"]
