from django.urls import path

from lyceum.datasets import internal
from lyceum.datasets.pages import detail, files, hall, unpacking

app_name = "datasets"

_DATASET = "datasets/<int:dataset_id>/"
_VERSION = _DATASET + "versions/<int:number>/"
_UNPACKING = _DATASET + "unpackings/<int:unpacking_id>/"

urlpatterns = [
    path("datasets/", hall.hall, name="hall"),
    path(_DATASET, detail.detail, name="detail"),
    path(_DATASET + "projects/", detail.projects, name="projects"),
    path(_DATASET + "favourite/", detail.favourite, name="favourite"),
    path(_VERSION + "files/<path:path>", files.download, name="file"),
    path(_VERSION + "zip/", files.download_zip, name="zip"),
    path(_DATASET + "unpack/", unpacking.start, name="unpack"),
    path(_DATASET + "unpackings/", unpacking.shown, name="unpackings"),
    path(_UNPACKING, unpacking.state, name="unpacking"),
    path(_UNPACKING + "cancel/", unpacking.cancel, name="cancel_unpacking"),
    path("internal/uploads/", internal.begin, name="begin_upload"),
    path("internal/uploads/<slug:upload_id>/access", internal.access, name="allow_upload"),
    path("internal/uploads/<slug:upload_id>/end", internal.end, name="end_upload"),
]
