from django.urls import path

from lyceum.editor.pages import conversation, page

app_name = "editor"

_EDITOR = "projects/<int:project_id>/editor/"

urlpatterns = [
    path(_EDITOR, page.editor, name="editor"),
    path(_EDITOR + "session/", conversation.begin, name="session"),
    path(_EDITOR + "drafts/", conversation.keep, name="drafts"),
    path(_EDITOR + "leave/", conversation.leave, name="leave"),
    path(_EDITOR + "text/", conversation.text, name="text"),
    path(_EDITOR + "tree/", conversation.tree, name="tree"),
    path(_EDITOR + "save/", conversation.save, name="save"),
    path(_EDITOR + "file/", conversation.new_file, name="new_file"),
    path(_EDITOR + "folder/", conversation.new_folder, name="new_folder"),
    path(_EDITOR + "move/", conversation.move, name="move"),
    path(_EDITOR + "remove/", conversation.remove, name="remove"),
    path(_EDITOR + "upload/", conversation.upload, name="upload"),
    path(_EDITOR + "main/", conversation.main_file, name="main_file"),
    path(_EDITOR + "submit/", conversation.submit, name="submit"),
    path(_EDITOR + "restore/", conversation.restore, name="restore"),
    path(_EDITOR + "versions/<int:number>/", conversation.version, name="version"),
    path(_EDITOR + "datasets/<int:dataset_id>/", conversation.dataset, name="dataset"),
]
