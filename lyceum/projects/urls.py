from django.urls import path

from lyceum.projects import content
from lyceum.projects.pages import create, files, hall, project, writes

app_name = "projects"

_PROJECT = "projects/<int:project_id>/"

urlpatterns = [
    path("", hall.hall, name="hall"),
    path("people/<int:user_id>/projects/", hall.of_person, name="of_person"),
    path("projects/new/", create.new, name="new"),
    path("projects/datasets/", create.picker, name="picker"),
    path("projects/trash/", project.trash, name="trash"),
    path(_PROJECT, project.detail, name="detail"),
    path(_PROJECT + "created/", create.created, name="created"),
    path(_PROJECT + "run/", create.run, name="run"),
    path(_PROJECT + "edit/", writes.edit, name="edit"),
    path(_PROJECT + "cover/", writes.cover, name="cover"),
    path(_PROJECT + "visibility/", writes.visibility, name="visibility"),
    path(_PROJECT + "delete/", writes.delete, name="delete"),
    path(_PROJECT + "restore/", writes.restore, name="restore"),
    path(_PROJECT + "fork/", writes.fork, name="fork"),
    path(_PROJECT + "star/", writes.star, name="star"),
    path(_PROJECT + "forks/", project.forks, name="forks"),
    path(_PROJECT + "datasets/", project.datasets, name="datasets"),
    path(_PROJECT + "datasets/add/", writes.add_dataset, name="add_dataset"),
    path(
        _PROJECT + "datasets/<int:dataset_id>/remove/",
        writes.remove_dataset,
        name="remove_dataset",
    ),
    path(
        _PROJECT + "datasets/<int:dataset_id>/update/",
        writes.update_dataset,
        name="update_dataset",
    ),
    path(_PROJECT + "restart/", writes.restart, name="restart"),
    path(_PROJECT + "versions/", project.versions_list, name="versions"),
    path(_PROJECT + "versions/save/", writes.save_version, name="save_version"),
    path(_PROJECT + "versions/<int:number>/", project.detail, name="version"),
    path(
        _PROJECT + "versions/<int:number>/restore/", writes.restore_version, name="restore_version"
    ),
    path(_PROJECT + "versions/<int:number>/export/", writes.export, name="export"),
    path(_PROJECT + "diff/", project.diff, name="diff"),
    path(_PROJECT + "files/", files.files, name="files"),
    path(_PROJECT + "files/download/", files.download, name="download"),
    path(_PROJECT + "files/picture/", files.picture, name="picture"),
    path(
        "content/projects/<int:project_id>/versions/<int:number>/",
        content.notebook,
        name="content",
    ),
]
