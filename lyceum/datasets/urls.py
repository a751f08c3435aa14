from django.urls import path

from lyceum.datasets import internal
from lyceum.datasets.pages import comments, detail, drafts, files, hall, preview, unpacking, writes

app_name = "datasets"

_DATASET = "datasets/<int:dataset_id>/"
_VERSION = _DATASET + "versions/<int:number>/"
_UNPACKING = _DATASET + "unpackings/<int:unpacking_id>/"
_DRAFT = "datasets/drafts/<uuid:draft_id>/"

urlpatterns = [
    path("datasets/", hall.hall, name="hall"),
    path(_DATASET, detail.detail, name="detail"),
    path(_DATASET + "projects/", detail.projects, name="projects"),
    path(_DATASET + "versions/", detail.versions, name="versions"),
    path(_VERSION, detail.detail, name="version"),
    path(_DATASET + "comments/", comments.comments, name="comments"),
    path(_DATASET + "comments/<int:comment_id>/delete/", comments.delete, name="delete_comment"),
    path(_DATASET + "favourite/", writes.favourite, name="favourite"),
    path(_DATASET + "edit/", writes.edit, name="edit"),
    path(_DATASET + "cover/", writes.cover, name="cover"),
    path(_DATASET + "visibility/", writes.visibility, name="visibility"),
    path(_DATASET + "delete/", writes.delete, name="delete"),
    path(_DATASET + "restore/", writes.restore, name="restore"),
    path("datasets/trash/", writes.trash, name="trash"),
    path("people/<int:user_id>/datasets/", hall.of_person, name="of_person"),
    path(_VERSION + "files/<path:path>", files.download, name="file"),
    path(_VERSION + "zip/", files.download_zip, name="zip"),
    path(_VERSION + "preview/<path:path>", preview.preview, name="preview"),
    path(_VERSION + "thumbnail/<path:path>", preview.thumbnail, name="thumbnail"),
    path(_VERSION + "media/<path:path>", preview.media, name="media"),
    path("datasets/new/", drafts.new, name="new"),
    path(_DATASET + "update/", drafts.update, name="update"),
    path(_DRAFT, drafts.draft, name="draft"),
    path(_DRAFT + "files/", drafts.files, name="draft_files"),
    path(_DRAFT + "take-out/", drafts.take_out, name="take_out"),
    path(_DRAFT + "put-back/", drafts.put_back, name="put_back"),
    path(_DRAFT + "about/", drafts.about, name="draft_about"),
    path(_DRAFT + "version/", drafts.version, name="draft_version"),
    path(_DRAFT + "discard/", drafts.discard, name="discard_draft"),
    path(_DATASET + "unpack/", unpacking.start, name="unpack"),
    path(_DATASET + "unpackings/", unpacking.shown, name="unpackings"),
    path(_UNPACKING, unpacking.state, name="unpacking"),
    path(_UNPACKING + "cancel/", unpacking.cancel, name="cancel_unpacking"),
    path("internal/uploads/", internal.begin, name="begin_upload"),
    path("internal/uploads/<slug:upload_id>/access", internal.access, name="allow_upload"),
    path("internal/uploads/<slug:upload_id>/end", internal.end, name="end_upload"),
]
