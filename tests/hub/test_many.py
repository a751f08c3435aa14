"""Ten learners start their projects at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.hub.notebook import Notebook
from tests.hub.stack import Person, Stack, wait_until

LEARNERS = 10


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_ten_starts_at_once_all_get_a_kernel(stack: Stack) -> None:
    crowd = stack.people([f"crowd{number}" for number in range(LEARNERS)], projects=1)
    pairs = [(person, person.projects[0]) for person in crowd.values()]
    stack.portal_says("start", *(f"{person.id}:{project}" for person, project in pairs))

    def kernel(pair: tuple[Person, int]) -> str:
        person, project = pair
        wait_until(lambda: stack.is_ready(person, project), f"{project} ready", 600, every=1)
        notebook = Notebook(stack, person, project)
        notebook.page("lab")
        return notebook.channel(notebook.start_kernel()).execute("print(6 * 7)", 300).strip()

    with ThreadPoolExecutor(LEARNERS) as threads:
        assert list(threads.map(kernel, pairs)) == ["42"] * LEARNERS
    for person, project in pairs:
        stack.hub_api("DELETE", f"/users/{person.id}/servers/{project}")
