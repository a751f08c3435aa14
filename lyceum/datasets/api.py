"""``/api/v1/datasets``: what the pages do, for programs."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router, Status

from lyceum.accounts.auth import ANYONE, SIGNED_IN
from lyceum.common import streams
from lyceum.common.problems import ProblemOut
from lyceum.datasets import actions, licences, queries
from lyceum.datasets import schemas as s
from lyceum.datasets.actions.unpacking import cancel_unpacking as cancel
from lyceum.datasets.actions.unpacking import start_unpacking as start
from lyceum.datasets.models import Dataset, DatasetVersion
from lyceum.datasets.queries import HallFilter, Sort, Tab
from lyceum.datasets.queries.unpacking import unpacking_of

_REFUSED = {
    400: ProblemOut, 401: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut,
    413: ProblemOut,
}  # fmt: skip
_DATASET = "/datasets/{int:dataset_id}"
_VERSION = _DATASET + "/versions/{int:number}"
router = Router(tags=["datasets"], auth=SIGNED_IN)


def _cursor():
    return Query("", max_length=200, description="`next` of the page before.")


def _limit(default: int):
    return Query(default, ge=1, le=500, description="How many at most.")


def _bytes(kind: str, what: str) -> dict:
    content = {kind: {"schema": {"type": "string"}}}
    return {"responses": {200: {"description": what, "content": content}}}


@router.get(
    "/datasets", response={200: s.DatasetsOut, **_REFUSED}, auth=ANYONE,
    operation_id="list_datasets", summary="List datasets",
)  # fmt: skip
def list_datasets(
    request: HttpRequest,
    tab: Tab = Tab.OFFICIAL,
    q: str = Query("", max_length=200, description="Words in name, summary, description, tags."),
    tag: str = Query("", max_length=30),
    licence: str = Query("", max_length=60, description="An SPDX identifier."),
    sort: Sort = Sort.NEWEST,
    cursor: str = _cursor(),
    limit: int = _limit(24),
):
    """Datasets of a tab of the hall; `mine` and `favourites` are empty without a login."""
    wanted = HallFilter(tab, q, tag, licence, sort=sort)
    return queries.hall_page(request.user, wanted, cursor=cursor, size=limit)


@router.post(
    "/datasets", response={201: s.DatasetDetailOut, **_REFUSED},
    operation_id="create_dataset", summary="Create a dataset",
)  # fmt: skip
def create_dataset(request: HttpRequest, body: s.DatasetIn):
    """From the files of a draft. 409 with code `upload_unfinished` while one is coming."""
    fields = body.dict()
    draft, tags, visibility = (fields.pop(name) for name in ("draft", "tags", "visibility"))
    made = actions.create_dataset(
        request.user, draft_id=draft, about=actions.About(**fields), tags=tags,
        visibility=visibility,
    )  # fmt: skip
    return Status(201, made)


@router.get(
    "/datasets/trash", response={200: list[s.DatasetOut], **_REFUSED},
    operation_id="list_dataset_trash", summary="Your datasets in the trash",
)  # fmt: skip
def list_trash(request: HttpRequest):
    """Each is removed for good after 30 days."""
    return queries.trash_of(request.user).select_related("owner").prefetch_related("tags")


@router.get(
    "/datasets/licences", response={200: list[s.LicenceOut], **_REFUSED}, auth=ANYONE,
    operation_id="list_licences", summary="Usual licences",
)  # fmt: skip
def list_licences(request: HttpRequest):
    """Any other SPDX identifier or expression is taken too."""
    return licences.licences()


@router.get(
    "/datasets/quota", response={200: s.QuotaOut, **_REFUSED},
    operation_id="get_dataset_quota", summary="Your space for datasets",
)  # fmt: skip
def get_quota(request: HttpRequest):
    return queries.quota(request.user)


@router.get(
    _DATASET, response={200: s.DatasetDetailOut, **_REFUSED}, auth=ANYONE,
    operation_id="get_dataset", summary="A dataset",
)  # fmt: skip
def get_dataset(request: HttpRequest, dataset_id: int):
    return queries.get_dataset(request.user, dataset_id)


@router.patch(
    _DATASET, response={200: s.DatasetDetailOut, **_REFUSED},
    operation_id="edit_dataset", summary="Change what a dataset says of itself",
)  # fmt: skip
def edit_dataset(request: HttpRequest, dataset_id: int, body: s.DatasetPatch):
    return actions.edit_dataset(request.user, dataset_id, **body.dict(exclude_unset=True))


@router.delete(
    _DATASET, response={204: None, **_REFUSED},
    operation_id="delete_dataset", summary="Put a dataset into the trash",
)  # fmt: skip
def delete_dataset(
    request: HttpRequest,
    dataset_id: int,
    typed_name: str = Query(max_length=200, description="The dataset's name."),
):
    """409 with code `dataset_in_use` while a running project has it. It can be restored
    for 30 days."""
    actions.delete_dataset(request.user, dataset_id, typed_name=typed_name)
    return Status(204, None)


@router.post(
    _DATASET + "/restoration", response={200: s.DatasetDetailOut, **_REFUSED},
    operation_id="restore_dataset", summary="Take a dataset out of the trash",
)  # fmt: skip
def restore_dataset(request: HttpRequest, dataset_id: int):
    return actions.restore_dataset(request.user, dataset_id)


@router.put(
    _DATASET + "/favourite", response={200: s.FavouriteOut, **_REFUSED},
    operation_id="add_favourite", summary="Mark a dataset as a favourite",
)  # fmt: skip
def add_favourite(request: HttpRequest, dataset_id: int):
    return actions.add_favourite(request.user, dataset_id)


@router.delete(
    _DATASET + "/favourite", response={200: s.FavouriteOut, **_REFUSED},
    operation_id="remove_favourite", summary="Take the mark away",
)  # fmt: skip
def remove_favourite(request: HttpRequest, dataset_id: int):
    return actions.remove_favourite(request.user, dataset_id)


@router.get(
    _DATASET + "/versions", response={200: s.VersionsOut, **_REFUSED}, auth=ANYONE,
    operation_id="list_dataset_versions", summary="A dataset's versions",
)  # fmt: skip
def list_versions(
    request: HttpRequest, dataset_id: int, cursor: str = _cursor(), limit: int = _limit(30)
):
    dataset = queries.get_dataset(request.user, dataset_id)
    return queries.versions_page(dataset, cursor=cursor, size=limit)


@router.post(
    _DATASET + "/versions", response={201: s.VersionOut, **_REFUSED},
    operation_id="create_dataset_version", summary="Make the next version",
)  # fmt: skip
def create_version(request: HttpRequest, dataset_id: int, body: s.VersionIn):
    """From a draft of this dataset. 409 with code `nothing_changed` when nothing differs."""
    draft = queries.draft_of(request.user, dataset_id, body.draft)
    version = actions.create_version(request.user, draft_id=draft.pk, note=body.note)
    return Status(201, version)


@router.get(
    _VERSION, response={200: s.VersionOut, **_REFUSED}, auth=ANYONE,
    operation_id="get_dataset_version", summary="A version",
)  # fmt: skip
def get_version(request: HttpRequest, dataset_id: int, number: int):
    return _version(request, dataset_id, number)[1]


@router.get(
    _VERSION + "/files", response={200: s.FilesOut, **_REFUSED}, auth=ANYONE,
    operation_id="list_dataset_files", summary="A version's files",
)  # fmt: skip
def list_files(
    request: HttpRequest,
    dataset_id: int,
    number: int,
    cursor: str = _cursor(),
    limit: int = _limit(100),
):
    _dataset, version = _version(request, dataset_id, number)
    return queries.files_page(version, cursor=cursor, size=limit)


@router.get(
    _VERSION + "/files/{path:path}", response=_REFUSED, auth=ANYONE,
    openapi_extra=_bytes("application/octet-stream", "The file; part of it with `Range`."),
    operation_id="download_dataset_file", summary="A file's bytes",
)  # fmt: skip
def download_file(
    request: HttpRequest, dataset_id: int, number: int, path: str
) -> HttpResponseBase:
    """With ranges, so that a download can be resumed; the ETag is the SHA-256."""
    _dataset, version = _version(request, dataset_id, number)
    file = queries.stored_file(version, path)
    place = queries.file_path(version, file.path)
    return streams.send_file(request, place, name=place.name, etag=file.sha256)


@router.get(
    _VERSION + "/zip", response=_REFUSED, auth=ANYONE,
    openapi_extra=_bytes("application/zip", "A zip"),
    operation_id="download_dataset_zip", summary="A version's files as a zip",
)  # fmt: skip
def download_zip(request: HttpRequest, dataset_id: int, number: int) -> HttpResponseBase:
    dataset, version = _version(request, dataset_id, number)
    stream = queries.zip_stream(version)
    return streams.download(
        request, iter(stream), name=queries.archive_name(dataset, version),
        content_type="application/zip", length=len(stream),
    )  # fmt: skip


@router.get(
    _DATASET + "/comments", response={200: s.CommentsOut, **_REFUSED}, auth=ANYONE,
    operation_id="list_dataset_comments", summary="Comments under a dataset",
)  # fmt: skip
def list_comments(
    request: HttpRequest, dataset_id: int, cursor: str = _cursor(), limit: int = _limit(20)
):
    dataset = queries.get_dataset(request.user, dataset_id)
    return queries.comments_page(dataset, cursor=cursor, size=limit)


@router.post(
    _DATASET + "/comments", response={201: s.CommentOut, **_REFUSED},
    operation_id="add_dataset_comment", summary="Comment on a dataset",
)  # fmt: skip
def add_comment(request: HttpRequest, dataset_id: int, body: s.CommentIn):
    return Status(201, actions.add_comment(request.user, dataset_id, text=body.text))


@router.delete(
    _DATASET + "/comments/{int:comment_id}", response={204: None, **_REFUSED},
    operation_id="delete_dataset_comment", summary="Remove a comment",
)  # fmt: skip
def delete_comment(request: HttpRequest, dataset_id: int, comment_id: int):
    """Its author may, and an administrator."""
    actions.delete_comment(request.user, dataset_id, comment_id)
    return Status(204, None)


@router.post(
    _DATASET + "/unpackings", response={202: s.UnpackingOut, **_REFUSED},
    operation_id="start_unpacking", summary="Unpack an archive into the next version",
)  # fmt: skip
def start_unpacking(request: HttpRequest, dataset_id: int, body: s.UnpackingIn):
    """Ask for its state until that is `done`, `failed` or `cancelled`."""
    asked = start(request.user, dataset_id, path=body.path, number=body.version)
    return Status(202, asked)


@router.get(
    _DATASET + "/unpackings/{int:unpacking_id}", response={200: s.UnpackingOut, **_REFUSED},
    operation_id="get_unpacking", summary="How far an unpacking is",
)  # fmt: skip
def get_unpacking(request: HttpRequest, dataset_id: int, unpacking_id: int):
    return unpacking_of(request.user, dataset_id, unpacking_id)


@router.delete(
    _DATASET + "/unpackings/{int:unpacking_id}", response={200: s.UnpackingOut, **_REFUSED},
    operation_id="cancel_unpacking", summary="Stop an unpacking",
)  # fmt: skip
def cancel_unpacking(request: HttpRequest, dataset_id: int, unpacking_id: int):
    """Nothing of it stays."""
    return cancel(request.user, dataset_id, unpacking_id)


@router.post(
    "/dataset-drafts", response={201: s.DraftOut, **_REFUSED},
    operation_id="open_dataset_draft", summary="Open a draft to upload files into",
)  # fmt: skip
def open_draft(request: HttpRequest, body: s.DraftIn):
    """With a dataset, its draft continues; without, each draft is a new one."""
    if body.dataset_id is None:
        draft = actions.new_draft(request.user)
    else:
        draft = actions.open_draft(request.user, dataset_id=body.dataset_id)
    return Status(201, queries.draft_view(draft))


@router.get(
    "/dataset-drafts/{uuid:draft_id}", response={200: s.DraftOut, **_REFUSED},
    operation_id="get_dataset_draft", summary="What a draft holds",
)  # fmt: skip
def get_draft(request: HttpRequest, draft_id: uuid.UUID):
    return queries.draft_view(queries.owned_draft(request.user, draft_id))


@router.delete(
    "/dataset-drafts/{uuid:draft_id}", response={204: None, **_REFUSED},
    operation_id="discard_dataset_draft", summary="Give a draft up",
)  # fmt: skip
def discard_draft(request: HttpRequest, draft_id: uuid.UUID):
    actions.discard_draft(request.user, draft_id)
    return Status(204, None)


@router.post(
    "/dataset-drafts/{uuid:draft_id}/removals", response={200: s.DraftOut, **_REFUSED},
    operation_id="take_out_of_draft", summary="Leave a file out",
)  # fmt: skip
def take_out(request: HttpRequest, draft_id: uuid.UUID, body: s.PathIn):
    """An upload is forgotten; a file of the newest version is not taken over."""
    return queries.draft_view(actions.take_out(request.user, draft_id, path=body.path))


@router.delete(
    "/dataset-drafts/{uuid:draft_id}/removals", response={200: s.DraftOut, **_REFUSED},
    operation_id="put_back_into_draft", summary="Take a file over after all",
)  # fmt: skip
def put_back(request: HttpRequest, draft_id: uuid.UUID, path: str = Query(max_length=500)):
    return queries.draft_view(actions.put_back(request.user, draft_id, path=path))


def _version(request: HttpRequest, dataset_id: int, number: int) -> tuple[Dataset, DatasetVersion]:
    dataset = queries.get_dataset(request.user, dataset_id)
    return dataset, queries.get_version(dataset, number)
