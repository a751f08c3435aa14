"""``/api/v1/projects``: what the pages do, for programs."""

from __future__ import annotations

from django.http import HttpRequest, StreamingHttpResponse
from ninja import File, Query, Router, Status, UploadedFile

from lyceum.accounts.auth import ANYONE, SIGNED_IN
from lyceum.common.problems import ProblemOut
from lyceum.common.streams import download
from lyceum.notebooks import livedata
from lyceum.notebooks.auth import ProjectTokenAuth
from lyceum.projects import actions, diffs, queries, versions
from lyceum.projects import schemas as s
from lyceum.projects.models import Project, ProjectDataset, Version
from lyceum.projects.queries import HallFilter, Sort, Tab

_REFUSED = {400: ProblemOut, 401: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut}
_BYTES = {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}
_PROJECT = "/projects/{int:project_id}"
_VERSION = _PROJECT + "/versions/{int:number}"


# The project's token first: a session's CSRF check refuses a request that has only a token.
_READ = [ProjectTokenAuth(), *ANYONE]
_NOTEBOOK = [ProjectTokenAuth(), *SIGNED_IN]
router = Router(tags=["projects"], auth=SIGNED_IN)


def _limit(default: int):
    return Query(default, ge=1, le=100, description="How many at most.")


def _number():
    return Query(None, ge=1, description="A saved version; see the operation when not given.")


@router.get(
    "/projects", response={200: s.ProjectsOut, **_REFUSED}, auth=_READ,
    operation_id="list_projects", summary="List projects",
)  # fmt: skip
def list_projects(
    request: HttpRequest,
    tab: Tab = Tab.OFFICIAL,
    q: str = Query("", max_length=200, description="Words in name, description or tags."),
    framework: str = Query("", max_length=40),
    sort: Sort = Sort.NEWEST,
    cursor: str = Query("", max_length=200, description="`next` of the page before."),
    limit: int = _limit(queries.PAGE_SIZE),
):
    """Projects of a tab of the hall; `mine` is empty without a login."""
    wanted = HallFilter(tab, q, framework, sort)
    return queries.hall_page(request.user, wanted, cursor=cursor, size=limit)


@router.post(
    "/projects", response={201: s.ProjectDetailOut, **_REFUSED},
    operation_id="create_project", summary="Create a project",
)  # fmt: skip
def create_project(request: HttpRequest, body: s.ProjectIn):
    """409 with code `dataset_limit` for more than two datasets."""
    return Status(201, actions.create_project(request.user, **body.dict()))


@router.get(
    "/projects/trash", response={200: list[s.ProjectOut], **_REFUSED},
    operation_id="list_trash", summary="Your trash",
)  # fmt: skip
def list_trash(request: HttpRequest):
    """Your deleted projects; each is removed for good after 30 days."""
    return queries.trash_of(request.user).select_related("owner")


@router.get(
    _PROJECT, response={200: s.ProjectDetailOut, **_REFUSED}, auth=_READ,
    operation_id="get_project", summary="A project",
)  # fmt: skip
def get_project(request: HttpRequest, project_id: int):
    return queries.get_project(request.user, project_id)


@router.patch(
    _PROJECT, response={200: s.ProjectDetailOut, **_REFUSED},
    operation_id="edit_project", summary="Change a project",
)  # fmt: skip
def edit_project(request: HttpRequest, project_id: int, body: s.ProjectPatch):
    return actions.edit_project(request.user, project_id, **body.dict(exclude_unset=True))


@router.delete(
    _PROJECT, response={204: None, **_REFUSED},
    operation_id="delete_project", summary="Put a project into the trash",
)  # fmt: skip
def delete_project(
    request: HttpRequest,
    project_id: int,
    typed_name: str = Query(max_length=200, description="The project's name."),
):
    """Stops its notebook. It can be restored for 30 days."""
    actions.delete_project(request.user, project_id, typed_name=typed_name)
    return Status(204, None)


@router.post(
    _PROJECT + "/restoration", response={200: s.ProjectDetailOut, **_REFUSED},
    operation_id="restore_project", summary="Take a project out of the trash",
)  # fmt: skip
def restore_project(request: HttpRequest, project_id: int):
    return actions.restore_project(request.user, project_id)


@router.post(
    _PROJECT + "/cover", response={200: s.ProjectOut, **_REFUSED},
    operation_id="set_cover", summary="Give a project a cover",
)  # fmt: skip
def set_cover(request: HttpRequest, project_id: int, image: UploadedFile = File(...)):  # noqa: B008
    """PNG, JPEG, WebP or GIF, 5 MB at most; cropped to 16:9."""
    return actions.set_cover(request.user, project_id, image=image)


@router.delete(
    _PROJECT + "/cover", response={200: s.ProjectOut, **_REFUSED},
    operation_id="remove_cover", summary="Take a project's cover away",
)  # fmt: skip
def remove_cover(request: HttpRequest, project_id: int):
    return actions.set_cover(request.user, project_id, image=None)


@router.post(
    _PROJECT + "/forks", response={201: s.ProjectDetailOut, **_REFUSED},
    operation_id="fork_project", summary="Fork a project",
)  # fmt: skip
def fork_project(request: HttpRequest, project_id: int, body: s.ForkIn):
    """Files, environment, tags and the datasets you may use, as a private project."""
    return Status(201, actions.fork_project(request.user, project_id, number=body.version))


@router.get(
    _PROJECT + "/forks", response={200: s.ForksOut, **_REFUSED}, auth=_READ,
    operation_id="list_forks", summary="Who forked a project",
)  # fmt: skip
def list_forks(
    request: HttpRequest,
    project_id: int,
    cursor: str = Query("", max_length=200),
    limit: int = _limit(30),
):
    project = queries.get_project(request.user, project_id)
    return queries.forks_page(request.user, project, cursor=cursor, size=limit)


@router.put(
    _PROJECT + "/star", response={200: s.StarOut, **_REFUSED},
    operation_id="star_project", summary="Star a project",
)  # fmt: skip
def star_project(request: HttpRequest, project_id: int):
    project = actions.star_project(request.user, project_id)
    return {"starred": True, "star_count": project.star_count}


@router.delete(
    _PROJECT + "/star", response={200: s.StarOut, **_REFUSED},
    operation_id="unstar_project", summary="Take a star back",
)  # fmt: skip
def unstar_project(request: HttpRequest, project_id: int):
    project = actions.unstar_project(request.user, project_id)
    return {"starred": False, "star_count": project.star_count}


@router.get(
    _PROJECT + "/versions", response={200: s.ProjectVersionsOut, **_REFUSED}, auth=_READ,
    operation_id="list_versions", summary="Saved versions",
)  # fmt: skip
def list_versions(
    request: HttpRequest,
    project_id: int,
    cursor: str = Query("", max_length=200),
    limit: int = _limit(30),
):
    project = queries.get_project(request.user, project_id)
    return queries.versions_page(project, cursor=cursor, size=limit)


@router.post(
    _PROJECT + "/versions", response={201: s.ProjectVersionOut, **_REFUSED, 503: ProblemOut},
    auth=_NOTEBOOK, operation_id="save_version", summary="Save a version",
)  # fmt: skip
def save_version(request: HttpRequest, project_id: int, body: s.ProjectVersionIn):
    """409 with code `nothing_changed` when no file differs from the newest version."""
    return Status(201, actions.save_version(request.user, project_id, note=body.note))


@router.get(
    _VERSION, response={200: s.ProjectVersionOut, **_REFUSED}, auth=_READ,
    operation_id="get_version", summary="A saved version",
)  # fmt: skip
def get_version(request: HttpRequest, project_id: int, number: int):
    return _version(request, project_id, number)[1]


@router.post(
    _VERSION + "/restoration", response={201: s.ProjectVersionOut, **_REFUSED, 503: ProblemOut},
    auth=_NOTEBOOK, operation_id="restore_version", summary="Restore a version",
)  # fmt: skip
def restore_version(request: HttpRequest, project_id: int, number: int):
    """Saves the present files first; answers with the version that is now the newest."""
    return Status(201, actions.restore_version(request.user, project_id, number=number))


@router.get(
    _VERSION + "/export", response={**_REFUSED}, auth=_READ,
    openapi_extra={"responses": {200: {"description": "A zip", "content": {
        "application/zip": {"schema": {"type": "string"}}}}}},
    operation_id="export_version", summary="A version's files as a zip",
)  # fmt: skip
def export_version(request: HttpRequest, project_id: int, number: int) -> StreamingHttpResponse:
    project, version = _version(request, project_id, number)
    chunks = versions.archive(project.pk, version.commit)
    name = f"project-{project.pk}-version-{version.number}.zip"
    return download(request, chunks, name=name, content_type="application/zip")


@router.get(
    _PROJECT + "/diff", response={200: s.DifferenceOut, **_REFUSED}, auth=_READ,
    operation_id="compare_versions", summary="What changed between two versions",
)  # fmt: skip
def compare_versions(
    request: HttpRequest, project_id: int, old: int = Query(ge=1), new: int = Query(ge=1)
):
    """Text by line, notebooks by cell; long differences are cut."""
    project, before = _version(request, project_id, old)
    after = queries.get_version(project, new)
    return diffs.compare(project.pk, before.commit, after.commit)


@router.get(
    _PROJECT + "/files", response={200: s.ProjectFilesOut, **_REFUSED}, auth=_READ,
    operation_id="list_files", summary="Files in a folder",
)  # fmt: skip
def list_files(
    request: HttpRequest,
    project_id: int,
    path: str = Query("", max_length=1000),
    version: int | None = _number(),
):
    """Of your own project, without a version, the work folder as it is now; of
    another's, the newest version."""
    files = _files(request, project_id, version)
    return {
        "version": files.version.number if files.version else None,
        "entries": files.entries(path),
    }


@router.get(
    _PROJECT + "/content", response={**_REFUSED}, auth=_READ,
    openapi_extra={"responses": {200: {"description": "The file's bytes", **_BYTES}}},
    operation_id="read_file", summary="A file",
)  # fmt: skip
def read_file(
    request: HttpRequest,
    project_id: int,
    path: str = Query(max_length=1000),
    version: int | None = _number(),
) -> StreamingHttpResponse:
    """See `list_files` for which version."""
    files = _files(request, project_id, version)
    name = path.rpartition("/")[2]
    chunks = files.chunks(path)
    return download(request, chunks, name=name, content_type="application/octet-stream")


@router.get(
    _PROJECT + "/datasets", response={200: list[s.DatasetUseOut], **_REFUSED}, auth=_READ,
    operation_id="list_project_datasets", summary="A project's datasets",
)  # fmt: skip
def list_datasets(request: HttpRequest, project_id: int):
    """Those you may see; of your own project, also those that are not there any more."""
    return _datasets(request, project_id)


@router.post(
    _PROJECT + "/datasets", response={201: s.DatasetUseOut, **_REFUSED},
    operation_id="add_project_dataset", summary="Add a dataset to a project",
)  # fmt: skip
def add_dataset(request: HttpRequest, project_id: int, body: s.ProjectDatasetIn):
    """409 with code `dataset_limit` when the project has two."""
    link = actions.add_dataset(request.user, project_id, dataset_id=body.dataset_id)
    return Status(201, _dataset(request, link))


@router.post(
    _PROJECT + "/datasets/{int:dataset_id}/update", response={200: s.DatasetUseOut, **_REFUSED},
    operation_id="update_project_dataset", summary="Pin the newest version of a dataset",
)  # fmt: skip
def update_dataset(request: HttpRequest, project_id: int, dataset_id: int):
    """409 with code `newest_already` when the project has it."""
    link = actions.update_dataset(request.user, project_id, dataset_id=dataset_id)
    return _dataset(request, link)


@router.delete(
    _PROJECT + "/datasets/{int:dataset_id}", response={204: None, **_REFUSED},
    operation_id="remove_project_dataset", summary="Take a dataset out of a project",
)  # fmt: skip
def remove_dataset(request: HttpRequest, project_id: int, dataset_id: int):
    actions.remove_dataset(request.user, project_id, dataset_id=dataset_id)
    return Status(204, None)


def _version(request: HttpRequest, project_id: int, number: int) -> tuple[Project, Version]:
    project = queries.get_project(request.user, project_id)
    return project, queries.get_version(project, number)


def _datasets(request: HttpRequest, project_id: int) -> list[s.DatasetUseOut]:
    project = queries.get_project(request.user, project_id)
    uses = queries.dataset_uses(request.user, project)
    is_owner = project.owner_id == request.user.pk
    waiting = livedata.awaiting_restart(project) if is_owner else ()
    return [s.DatasetUseOut.of(use, restart_needed=use.link.dataset_id in waiting) for use in uses]


def _dataset(request: HttpRequest, link: ProjectDataset) -> s.DatasetUseOut:
    shown = _datasets(request, link.project_id)
    return next(each for each in shown if each.dataset_id == link.dataset_id)


def _files(request: HttpRequest, project_id: int, number: int | None) -> queries.Files:
    project = queries.get_project(request.user, project_id)
    return queries.files_of(request.user, project, number)
