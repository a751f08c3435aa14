"""The guide's address rule, by the real portal, hub, front door and sandbox."""

from __future__ import annotations

import pytest

from tests.hub.notebook import Notebook
from tests.hub.stack import Stack

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def running(stack: Stack) -> Notebook:
    person = stack.people(["rule"])["rule"]
    stack.run(person, person.projects[0])
    return Notebook(stack, person, person.projects[0])


def test_the_guides_address_opens_the_projects_notebook(running: Notebook) -> None:
    path = f"notebooks/{running.project}.ipynb"
    response = running.page(path)
    assert response.status_code == 200
    assert running.browser.trail[-1] == running.address + path
    assert '"notebookPath": ' in response.text or "jupyter-config-data" in response.text


def test_jupyterlab_is_at_the_same_server(running: Notebook) -> None:
    assert running.page("lab").status_code == 200


def test_the_kernel_runs_in_the_projects_environment(running: Notebook) -> None:
    running.page("lab")
    channel = running.channel(running.start_kernel())
    assert channel.execute("import os; print(os.getcwd())").strip() == "/home/aistudio"
    assert channel.execute("import sklearn; print('sklearn')").strip() == "sklearn"


def test_visualdl_tells_how_to_make_a_log_then_opens(running: Notebook) -> None:
    response = running.page("visualdl")
    assert response.status_code == 200
    assert "/home/aistudio/log" in response.text
