"""Do the pages of tasks stay quick when there is a long history?

Fills a PostgreSQL cluster of its own with 100, 10,000 and 1,000,000 ended tasks, half of
them in one project, and asks the portal, in process, for that project's history (its
first page, one far back, what has changed), a task's page, the API's lists, and
for what the dispatcher asks each turn. Prints the median (p50) of each and fails when a
median at the largest size is more than 1.5 times that at the smallest.

    python -m benchmarks.tasks_history [--sizes 100 10000 1000000] [--rounds 30]
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable

from benchmarks import hall

OTHERS = 100

HOMES = "CREATE TABLE task_homes (number bigint, project bigint, person bigint, version bigint)"
FILL = """
INSERT INTO tasks_task (
    id, project_id, user_id, version_id, note, main_file, environment, trainers, pservers,
    cpus, memory_mb, gpus, time_limit_seconds, datasets, state, reason, detail, exit_code,
    attempt, stage, progress, submitted, started, ended, cpu_seconds, peak_memory, archived,
    attempt_cpu_seconds
)
SELECT 1000 + n, home.project, home.person, home.version, 'run ' || n, 'main.py',
    'sklearn-py311', 1 + n %% 4, n %% 2, 1, 2048, 0, 3600, '[]',
    CASE WHEN n %% 3 = 0 THEN 'failed' ELSE 'succeeded' END, 'exit', '', n %% 3, 1, '', 0,
    now() - n * interval '1 second', now() - n * interval '1 second', now(), 10.5, 1000000,
    true, 0
FROM generate_series(%s::bigint, %s::bigint) AS n
JOIN task_homes AS home ON home.number = CASE WHEN n %% 2 = 0 THEN 0 ELSE 1 + n %% {others} END
"""


def measure(sizes: list[int], rounds: int) -> int:
    """Fill, ask, print; the exit status."""
    hall.prepare_portal()
    owner, project_id = people_and_projects()
    client = hall.client_of(owner)
    hall.grow(sizes, fill)
    asked = the_requests(project_id, 1000 + sizes[0] * 4 // 5)
    found = hall.medians(Asker(client), asked, sizes, rounds)
    return hall.report(sizes, found, "tasks")


class Asker:
    """Asks the portal for an address, or calls what is no address."""

    def __init__(self, client: object) -> None:
        self._client = client

    def get(self, asked: str | Callable[[], object]) -> object:
        """The portal's answer."""
        from django.http import HttpResponse

        if isinstance(asked, str):
            return self._client.get(asked)
        asked()
        return HttpResponse()


def people_and_projects() -> tuple[object, int]:
    """Whose tasks there are: the owner's, with one project for half of all, and others'."""
    from django.db import connection

    from lyceum.accounts.models import User
    from lyceum.projects.queries import latest_version
    from tests.tasks.making import make_cluster

    with connection.cursor() as cursor:
        cursor.execute(HOMES)
        for number in range(OTHERS + 1):
            person = User.objects.create_user(f"person{number}")
            project = make_cluster(person)
            row = [number, project.pk, person.pk, latest_version(project).pk]
            cursor.execute("INSERT INTO task_homes VALUES (%s, %s, %s, %s)", row)
            if number == 0:
                owner, project_id = person, project.pk
    return owner, project_id


def fill(start: int, size: int) -> None:
    """Have ``size`` tasks, and the planner know of them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(FILL.format(others=OTHERS), [start + 1, size])
        cursor.execute("VACUUM ANALYZE")


def the_requests(project_id: int, old: int) -> dict[str, str | Callable[[], object]]:
    """What is asked for, by name; ``old``: the number of a task of ours at every size."""
    from lyceum.tasks.models import Task
    from lyceum.tasks.queries.waiting import active_tasks

    old -= old % 2
    cursor = base64.urlsafe_b64encode(f"[{old}]".encode()).decode().rstrip("=")
    history = f"/projects/{project_id}/tasks/"
    return {
        "history": history,
        "history, far back": f"{history}?cursor={cursor}",
        "history, what has changed": f"{history}live/?ids={old}&newest=0",
        "a task": f"/tasks/{old}/",
        "API, a project's tasks": f"/api/v1/projects/{project_id}/tasks",
        "API, my tasks": "/api/v1/tasks",
        "API, my running tasks": "/api/v1/tasks?state=running",
        "dispatcher, what is open": lambda: list(Task.objects.open().values_list("id", "state")),
        "dispatcher, who waits": active_tasks,
    }


if __name__ == "__main__":
    sys.exit(hall.run(__doc__, measure))
