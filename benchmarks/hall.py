"""Does the hall stay quick when it is full?

Fills a PostgreSQL cluster of its own with 100, 10,000 and 1,000,000 projects and
asks the portal, in process, for the hall (each tab, order, filter and search) and
a project page. Prints the median (p50) of each and fails when a median at the
largest size is more than 1.5 times that at the smallest.

    python benchmarks/hall.py [--sizes 100 10000 1000000] [--rounds 30]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.postgresql import Cluster

ALLOWED = 1.5
PEOPLE = 1000
_WARM = 3

FILL = """
INSERT INTO projects_project (
    id, owner_id, slug, kind, environment, framework, resource, main_file, name,
    name_en, description, description_en, cover, visibility, is_official, fork_count,
    star_count, search_text, created, updated
)
SELECT 1000 + n, 1 + n %% {people}, CASE WHEN n <= 30 THEN 'official-' || n ELSE '' END,
    'notebook', 'sklearn-py311',
    (ARRAY['paddle', 'paddle-fluid', 'torch', 'sklearn'])[1 + n %% 4], 'cpu', '',
    '项目 ' || n, '', '第 ' || n || ' 个项目', '', '',
    CASE WHEN n %% 5 = 0 THEN 'private' ELSE 'shared' END, n <= 30,
    (n * 7919 %% 101) / 90, (n * 104729 %% 103) / 90,
    '项项目目 ' || md5(n::text) ||
    CASE WHEN n <= 100 AND n %% 2 = 1 OR n %% 9973 = 5 THEN ' 房房价价' ELSE '' END,
    now() - n * interval '1 second', now()
FROM generate_series(%s::bigint, %s::bigint) AS n
"""
VERSIONS = """
INSERT INTO projects_version (
    project_id, number, commit, note, cause, left_out, left_out_count, author_id, created
)
SELECT 1000 + n, 1, repeat('0', 40), '', 'create', '[]', 0, 1, now()
FROM generate_series(%s::bigint, %s::bigint) AS n
"""


def main() -> int:
    return run(__doc__, measure)


def run(about: str, measure: Callable[[list[int], int], int]) -> int:
    """Call ``measure`` with the sizes and rounds asked for, on a cluster of its own."""
    options = argparse.ArgumentParser(description=about.partition("\n")[0])
    options.add_argument("--sizes", type=int, nargs="+", default=[100, 10_000, 1_000_000])
    options.add_argument("--rounds", type=int, default=30)
    chosen = options.parse_args()
    with own_cluster():
        return measure(sorted(chosen.sizes), chosen.rounds)


@contextmanager
def own_cluster() -> Iterator[None]:
    """A PostgreSQL cluster and a data folder, for Django to be set up with."""
    home = tempfile.mkdtemp(prefix="lyceum-bench-")
    cluster = Cluster()
    os.environ |= {
        "LYCEUM_HOME": home,
        "DATABASE_URL": cluster.url,
        "DJANGO_SETTINGS_MODULE": "lyceum.portal.settings",
    }
    cluster.start()
    try:
        yield
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def measure(sizes: list[int], rounds: int) -> int:
    prepare_portal()
    reader, project_id = people_and_a_project()
    requests = the_requests(project_id)
    client = client_of(reader)
    grow(sizes, fill)
    return report(sizes, medians(client, requests, sizes, rounds))


def prepare_portal() -> None:
    """Set Django up, with tables that are empty."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)


def client_of(person: object):
    """A client of the portal, in process, that ``person`` has signed in with."""
    from django.test import Client

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(person)
    return client


def grow(sizes: list[int], fill: Callable[[int, int], None]) -> None:
    """Have a copy of the database at each size; ``fill`` adds what lies between two."""
    filled = 0
    for size in sizes:
        fill(filled, size)
        keep_copy(size)
        filled = size


def medians(client, requests: dict[str, str], sizes: list[int], rounds: int) -> dict:
    """The median in ms of each request at each size.

    The sizes take turns within a round, so that what else the machine does slows
    all of them alike.
    """
    times: dict[str, dict[int, list[float]]] = {
        name: {size: [] for size in sizes} for name in requests
    }
    for each in range(_WARM + rounds):
        for name, address in requests.items():
            for size in sizes:
                use_database(database_name(size))
                began = time.perf_counter()
                answer = client.get(address)
                spent = (time.perf_counter() - began) * 1000
                assert answer.status_code == 200, (name, answer.status_code)
                if each >= _WARM:
                    times[name][size].append(spent)
    return {name: [statistics.median(times[name][size]) for size in sizes] for name in times}


def people_and_a_project() -> tuple[object, int]:
    """A thousand people; the reader; and one real project with files and a version."""
    from lyceum.accounts.models import User
    from lyceum.projects.actions import create_project

    people = [User(username=f"user{number}", password="!") for number in range(PEOPLE)]
    User.objects.bulk_create(people)
    reader = User.objects.create_user("reader")
    project = create_project(
        people[0], name="Real", environment="sklearn-py311", visibility="shared", tags=["a", "b"]
    )
    return reader, project.pk


def the_requests(project_id: int) -> dict[str, str]:
    """What a reader asks for, by name."""
    return {
        "official": "/",
        "shared, newest": "/?tab=shared",
        "shared, most forked": "/?tab=shared&sort=forks",
        "shared, most starred": "/?tab=shared&sort=stars",
        "shared, one framework": "/?tab=shared&framework=torch",
        "shared, one framework, stars": "/?tab=shared&framework=torch&sort=stars",
        "shared, search 房价": "/?tab=shared&q=房价",
        "my own": "/?tab=mine",
        "project page": f"/projects/{project_id}/",
    }


def fill(start: int, size: int) -> None:
    """Have ``size`` projects, each with a version, and the planner know of them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(FILL.format(people=PEOPLE), [start + 1, size])
        cursor.execute(VERSIONS, [start + 1, size])
        cursor.execute("VACUUM ANALYZE")


def keep_copy(size: int) -> None:
    """Keep the database as it is now under a name of its own."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        original = cursor.fetchone()[0]
    use_database("template1")
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{database_name(size)}" TEMPLATE "{original}"')
    use_database(original)


def use_database(name: str) -> None:
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name


def database_name(size: int) -> str:
    return f"projects_{size}"


def report(sizes: list[int], found_medians: dict[str, list[float]], what: str = "projects") -> int:
    """Print the table of so many of ``what``; 1 when something grew too much."""
    print(f"{f'p50 in ms, {what}:':32}" + "".join(f"{size:>12,}" for size in sizes) + "   ratio")
    worst = 0.0
    for name, found in found_medians.items():
        ratio = found[-1] / found[0]
        worst = max(worst, ratio)
        print(f"{name:32}" + "".join(f"{each:12.1f}" for each in found) + f"{ratio:8.2f}")
    print(f"worst ratio {worst:.2f}, allowed {ALLOWED}")
    return int(worst > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
