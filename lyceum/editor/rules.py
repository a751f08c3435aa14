"""What the code editor takes (guide, 集群项目 / 代码编辑): names, kinds and sizes of files."""

from __future__ import annotations

from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError, NotFound
from lyceum.limits import limit
from lyceum.projects import versions, workfolder

EDITABLE = (".py", ".txt")
"""Guide, 文件管理: 目前仅支持.py文件和.txt文件."""
MOUNTED = {"datasets", "output", "train_data"}
"""Names at the top of a task's workspace where the platform mounts something."""
_LONGEST_NAME = 255  # bytes, of a file system
_LONGEST_PATH = 1000


def editor_bytes() -> int:
    """The largest file that the editor opens, in bytes (guide: 1MB)."""
    return limit("editor_file_mb") * 1_000_000


def upload_bytes() -> int:
    """The largest file that can be uploaded, in bytes (guide: 20MB)."""
    return limit("file_manager_upload_mb") * 1_000_000


def clean_path(path: str) -> str:
    """``path`` as the name of a new file or folder of a project, without outer slashes.

    Raises ``DomainError`` (field ``path``) for a name that leads out of the project, that
    a file system or a version can't hold, or that a task's workspace uses itself.
    """
    path = path.strip("/")
    if not path:
        raise _bad_name(_("Please give it a name."))
    for name in path.split("/"):
        _check_name(name)
    if not workfolder.is_text(path) or len(path) > _LONGEST_PATH:
        raise _bad_name(_("This name is too long, or holds characters that are not text."))
    _check_depth(path)
    if path.partition("/")[0] in MOUNTED:
        sentence = _(
            "A task finds its datasets or puts its output at “%(name)s”: take another name."
        )
        raise _bad_name(sentence % {"name": path.partition("/")[0]})
    return path


def check_saved(path: str, *, is_folder: bool) -> None:
    """Raises ``DomainError`` when versions, and so tasks, would leave ``path`` out."""
    parts = path.split("/")
    folders = range(1, len(parts) + (1 if is_folder else 0))
    for folder in ("/".join(parts[:end]) for end in folders):
        if versions.is_left_out_folder(folder):
            sentence = _("A folder called “%(name)s” here is not saved in versions.")
            raise _bad_name(sentence % {"name": workfolder.shown(folder)})


def is_editable(path: str) -> bool:
    """Whether the editor opens files of this kind."""
    return path.lower().endswith(EDITABLE)


def check_editable(path: str) -> None:
    """Raises ``DomainError`` when the editor does not open files of this kind."""
    if not is_editable(path):
        raise DomainError(
            "not_editable",
            _("Only .py and .txt files can be opened here. Download it to look at it."),
            field="path",
        )


def decoded(data: bytes) -> str:
    """The text of an editable file; ``DomainError`` when it is too large or no text."""
    if len(data) > editor_bytes():
        raise too_large_to_edit()
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DomainError(
            "not_text",
            _("This file is not text (UTF-8), whatever its name says; it can't be edited."),
            field="path",
        )
    return text


def too_large_to_edit() -> DomainError:
    """The refusal of a file over the editor's limit."""
    sentence = _("Files over %(count)d MB can't be opened here; datasets are for large files.")
    return DomainError("too_large", sentence % {"count": limit("editor_file_mb")}, field="path")


def too_large_to_upload() -> DomainError:
    """The refusal of an upload over the limit."""
    sentence = _("A file uploaded here has %(count)d MB at most. Make a dataset of larger ones.")
    about = {"count": limit("file_manager_upload_mb")}
    return DomainError("too_large", sentence % about, field="file")


def _check_name(name: str) -> None:
    if not name or name in (".", "..") or not name.isprintable() or "\\" in name:
        raise _bad_name(_("A name can't be “.” or “..”, nor hold “\\” or characters unseen."))
    if name != name.strip():
        raise _bad_name(_("A name can't begin or end with a space."))
    if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        raise _bad_name(_("This name is too long, or holds characters that are not text."))


def _check_depth(path: str) -> None:
    try:
        workfolder.parts(path)
    except NotFound:
        raise _bad_name(_("There are too many folders in each other.")) from None


def _bad_name(sentence: str) -> DomainError:
    return DomainError("bad_name", sentence, field="path")
