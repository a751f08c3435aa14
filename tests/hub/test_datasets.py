"""Datasets of a notebook that runs: the project page's buttons, seen by a kernel that goes on."""

from __future__ import annotations

import os
import re

import pytest

from tests.hub.notebook import Channel, Notebook
from tests.hub.stack import Browser, Person, Stack, fresh_name

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs the platform to be root"),
]
DATA = "/home/aistudio/data"


class ProjectPage:
    """The owner's browser at a project's page on the portal."""

    def __init__(self, stack: Stack, person: Person, project: int) -> None:
        self.browser: Browser = stack.browser(person)
        self.address = f"{stack.settings.portal_url}/projects/{project}/"

    def wait_until_running(self) -> None:
        """As the run panel does: its stream ends when the notebook is ready."""
        answer = self.browser.client.get(f"{self.address}notebook/progress")
        assert "event: done" in answer.text

    def press(self, path: str, **fields: object) -> str:
        """Send a form of the datasets tab; the page that follows."""
        page = self.browser.client.get(f"{self.address}datasets/add/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        answer = self.browser.client.post(
            f"{self.address}{path}",
            data={"csrfmiddlewaretoken": token, **fields},
            headers={"Referer": self.address},
            follow_redirects=True,
        )
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture(scope="module")
def person(stack: Stack) -> Person:
    return stack.people(["data"])["data"]


@pytest.fixture(scope="module")
def page(stack: Stack, person: Person) -> ProjectPage:
    stack.run(person, person.projects[0])
    page = ProjectPage(stack, person, person.projects[0])
    page.wait_until_running()
    return page


@pytest.fixture(scope="module")
def notebook(stack: Stack, person: Person, page: ProjectPage) -> Notebook:
    notebook = Notebook(stack, person, person.projects[0])
    notebook.page("lab")
    return notebook


@pytest.fixture
def kernel(notebook: Notebook) -> Channel:
    channel = notebook.channel(notebook.start_kernel())
    channel.execute("kept = 42")
    return channel


def side_bar(notebook: Notebook) -> dict[str, list[str]]:
    """The datasets that the side bar lists when it is refreshed, with their files."""
    answer = notebook.browser.client.get(f"{notebook.address}lyceum/api/datasets")
    found = answer.json()["datasets"]
    return {each["name"]: [file["name"] for file in each["children"]] for each in found}


def read(kernel: Channel, dataset: int) -> str:
    return kernel.execute(f"print(kept, open('{DATA}/data{dataset}/rows.csv').read())").strip()


def test_adding_updating_removing_while_a_kernel_runs(stack, person, page, notebook, kernel):
    dataset = int(stack.portal_says("dataset", str(person.id), "Weather", "rain"))
    assert side_bar(notebook) == {}
    shown = page.press("datasets/add/", dataset=dataset)
    assert f"{DATA}/data{dataset}/" in shown and "/restart/" not in shown
    assert read(kernel, dataset) == "42 rain"
    assert side_bar(notebook) == {f"data{dataset}": ["rows.csv"]}
    refused = kernel.execute(f"open('{DATA}/data{dataset}/rows.csv', 'w')")
    assert "Read-only file system" in refused

    kernel.execute(f"held = open('{DATA}/data{dataset}/rows.csv')")
    stack.portal_says("dataset", str(person.id), "Weather", "snow")
    assert read(kernel, dataset) == "42 rain"
    page.press(f"datasets/{dataset}/update/")
    assert read(kernel, dataset) == "42 snow"
    assert kernel.execute("print(held.read())").strip() == "rain"

    page.press(f"datasets/{dataset}/remove/")
    assert "FileNotFoundError" in read(kernel, dataset)
    assert kernel.execute("print(kept)").strip() == "42"
    assert side_bar(notebook) == {}


def test_a_start_mounts_the_pinned_version(stack):
    """Also in a sandbox started ahead, and with another live change after it."""
    name = fresh_name()
    person = stack.people([name])[name]
    first = int(stack.portal_says("dataset", str(person.id), "Iris", "setosa"))
    project = person.projects[0]
    page = ProjectPage(stack, person, project)
    page.press("datasets/add/", dataset=first)
    stack.portal_says("dataset", str(person.id), "Iris", "virginica")
    stack.run(person, project)
    page.wait_until_running()
    notebook = Notebook(stack, person, project)
    notebook.page("lab")
    kernel = notebook.channel(notebook.start_kernel())
    kernel.execute("kept = 42")
    assert read(kernel, first) == "42 setosa"
    assert f"datasets/{first}/update/" in page.browser.client.get(f"{page.address}datasets/").text
    page.press(f"datasets/{first}/update/")
    assert read(kernel, first) == "42 virginica"
    page.press(f"datasets/{first}/remove/")
    assert "FileNotFoundError" in read(kernel, first)
