from django.urls import path

from lyceum.notebooks import internal, pages
from lyceum.notebooks.progress import progress

app_name = "notebooks"

urlpatterns = [
    path("projects/<int:project_id>/notebook/", pages.panel, name="panel"),
    path("projects/<int:project_id>/notebook/state", pages.state, name="state"),
    path("projects/<int:project_id>/notebook/start", pages.start, name="start"),
    path("projects/<int:project_id>/notebook/stop", pages.stop, name="stop"),
    path("projects/<int:project_id>/notebook/keep", pages.keep, name="keep"),
    path("projects/<int:project_id>/notebook/progress", progress, name="progress"),
    path("projects/<int:project_id>/notebook/open", pages.entrance, name="entrance"),
    path("internal/notebooks/workload", internal.workload, name="workload"),
]
