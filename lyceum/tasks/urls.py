from django.urls import path

from lyceum.tasks.pages import compare, dashboard, history, log, task, writes

app_name = "tasks"

_TASKS = "projects/<int:project_id>/tasks/"
_TASK = "tasks/<int:task_id>/"

urlpatterns = [
    path(_TASKS, history.history, name="history"),
    path(_TASKS + "live/", history.live, name="live"),
    path(_TASKS + "compare/", compare.compare, name="compare"),
    path(_TASKS + "visualdl/", dashboard.visualdl, name="visualdl"),
    path(_TASK, task.task, name="task"),
    path(_TASK + "state/", task.state, name="state"),
    path(_TASK + "usage/", task.usage, name="usage"),
    path(_TASK + "stop/", writes.stop, name="stop"),
    path(_TASK + "note/", writes.note, name="note"),
    path(_TASK + "delete/", writes.delete, name="delete"),
    path(_TASK + "log/", log.about, name="log"),
    path(_TASK + "log/piece/", log.piece, name="log_piece"),
    path(_TASK + "log/search/", log.search, name="log_search"),
    path(_TASK + "log/stream", log.stream, name="log_stream"),
    path(_TASK + "log/download/", log.download, name="download_log"),
    path(_TASK + "output/download/", log.download_output, name="download_output"),
    path("content/tasks/visualdl/<str:token>/", dashboard.dashboard, name="dashboard"),
    path("content/tasks/visualdl/<str:token>/<path:path>", dashboard.dashboard),
]
