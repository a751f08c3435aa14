"""``/api/v1/tasks``: what the pages do, for programs."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Status

from lyceum.accounts.auth import SIGNED_IN
from lyceum.common.problems import ProblemOut
from lyceum.common.streams import download
from lyceum.tasks import actions, archives, logreading, queries
from lyceum.tasks import schemas as s
from lyceum.tasks.models import Task

_REFUSED = {
    400: ProblemOut, 401: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut,
    503: ProblemOut,
}  # fmt: skip
_PROJECT = "/projects/{int:project_id}/tasks"
_TASK = "/tasks/{int:task_id}"
_ARCHIVE_TYPE = "application/gzip"
_ARCHIVE = {
    "responses": {
        200: {
            "description": "A tar.gz, made while it is sent",
            "content": {_ARCHIVE_TYPE: {"schema": {"type": "string"}}},
        }
    }
}
router = Router(tags=["tasks"], auth=SIGNED_IN)


def _limit():
    return Query(queries.PAGE_SIZE, ge=1, le=100, description="How many at most.")


def _cursor():
    return Query("", max_length=200, description="`next` of the page before.")


@router.post(
    _PROJECT, response={201: s.TaskOut, **_REFUSED},
    operation_id="submit_task", summary="Submit a task",
)  # fmt: skip
def submit_task(request: HttpRequest, project_id: int, body: s.TaskIn):
    """Saves the project's files as a version, and queues a task that runs it."""
    task = actions.submit_task(request.user, project_id, **body.dict())
    return Status(201, _told(task))


@router.get(
    _PROJECT, response={200: s.TasksOut, **_REFUSED},
    operation_id="list_project_tasks", summary="A project's task history",
)  # fmt: skip
def list_project_tasks(
    request: HttpRequest, project_id: int, cursor: str = _cursor(), limit: int = _limit()
):
    """The newest first."""
    project = queries.cluster_project(request.user, project_id)
    page = queries.tasks_page(project, cursor=cursor, size=limit)
    return {"items": _all_told(page.items), "next": page.next}


@router.get(
    "/tasks", response={200: s.TasksOut, **_REFUSED},
    operation_id="list_tasks", summary="Your tasks",
)  # fmt: skip
def list_tasks(
    request: HttpRequest,
    state: list[Task.State] = Query([], description="Only those in these states."),  # noqa: B008
    cursor: str = _cursor(),
    limit: int = _limit(),
):
    """Of all your projects, the newest first."""
    page = queries.my_tasks_page(request.user, states=state, cursor=cursor, size=limit)
    return {"items": _all_told(page.items), "next": page.next}


@router.get(
    _TASK, response={200: s.TaskOut, **_REFUSED}, operation_id="get_task", summary="A task"
)  # fmt: skip
def get_task(request: HttpRequest, task_id: int):
    return _told(queries.task_of(request.user, task_id))


@router.patch(
    _TASK, response={200: s.TaskOut, **_REFUSED},
    operation_id="edit_task", summary="Change a task's note",
)  # fmt: skip
def edit_task(request: HttpRequest, task_id: int, body: s.TaskPatch):
    return _told(actions.edit_task(request.user, task_id, note=body.note))


@router.delete(
    _TASK, response={204: None, **_REFUSED},
    operation_id="delete_task", summary="Delete a task that has ended",
)  # fmt: skip
def delete_task(request: HttpRequest, task_id: int):
    """With its output and logs; 409 with code `task_active` while it goes on."""
    actions.delete_task(request.user, task_id)
    return Status(204, None)


@router.post(
    _TASK + "/stop", response={200: s.TaskOut, **_REFUSED},
    operation_id="stop_task", summary="Stop a task",
)  # fmt: skip
def stop_task(request: HttpRequest, task_id: int):
    """Its processes are asked to end, and killed when they do not; one that has ended
    already is left as it is."""
    return _told(actions.stop_task(request.user, task_id))


@router.get(
    _TASK + "/log", response={200: s.TaskLogOut, **_REFUSED},
    operation_id="read_task_log", summary="A piece of a task's log",
)  # fmt: skip
def read_log(
    request: HttpRequest,
    task_id: int,
    cursor: str = Query("", max_length=2000, description="`next` of the piece before."),
    member: str = Query("", max_length=40, description="Only of one: `trainer-0`."),
):
    """From the beginning of the newest attempt on; ask again until `is_over`."""
    task = queries.task_of(request.user, task_id)
    return logreading.read_on(task, cursor, member=member)


@router.get(
    _TASK + "/usage", response={200: s.TaskUsageOut, **_REFUSED},
    operation_id="get_task_usage", summary="What a task uses",
)  # fmt: skip
def get_usage(
    request: HttpRequest,
    task_id: int,
    since: float = Query(0.0, ge=0, le=1e12, description="Seconds since the epoch."),
):
    return queries.usage_of(queries.task_of(request.user, task_id), since=since)


@router.get(
    _TASK + "/output", response={**_REFUSED}, openapi_extra=_ARCHIVE,
    operation_id="download_task_output", summary="A task's output",
)  # fmt: skip
def download_output(request: HttpRequest, task_id: int) -> StreamingHttpResponse:
    """`<task id>_output.tar.gz`: what the task has written to `./output` so far."""
    task = queries.task_of(request.user, task_id)
    return _archive(request, archives.output_archive(task), archives.output_name(task.pk))


@router.get(
    _TASK + "/log-archive", response={**_REFUSED}, openapi_extra=_ARCHIVE,
    operation_id="download_task_log", summary="A task's log as files",
)  # fmt: skip
def download_log(request: HttpRequest, task_id: int) -> StreamingHttpResponse:
    """`<task id>_log.tar.gz`: a file for each trainer and parameter server."""
    task = queries.task_of(request.user, task_id)
    return _archive(request, archives.log_archive(task), archives.log_name(task.pk))


def _archive(request: HttpRequest, chunks: Iterator[bytes], name: str) -> StreamingHttpResponse:
    return download(request, chunks, name=name, content_type=_ARCHIVE_TYPE)


def _told(task: Task) -> s.TaskOut:
    return _all_told([task])[0]


def _all_told(tasks: list[Task]) -> list[s.TaskOut]:
    places = queries.queue_places(tasks)
    return [s.TaskOut.of(task, places.get(task.pk)) for task in tasks]
