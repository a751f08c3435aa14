from django.urls import path

from lyceum.datasets import internal, pages

app_name = "datasets"
urlpatterns = [
    path("datasets/", pages.hall, name="hall"),
    path("datasets/<int:dataset_id>/", pages.detail, name="detail"),
    path("datasets/<int:dataset_id>/projects/", pages.projects, name="projects"),
    path("datasets/<int:dataset_id>/favourite/", pages.favourite, name="favourite"),
    path(
        "datasets/<int:dataset_id>/versions/<int:number>/files/<path:path>",
        pages.download,
        name="file",
    ),
    path("internal/uploads/", internal.begin, name="begin_upload"),
    path("internal/uploads/<slug:upload_id>/access", internal.access, name="allow_upload"),
    path("internal/uploads/<slug:upload_id>/end", internal.end, name="end_upload"),
]
