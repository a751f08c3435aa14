"""Writing from the code editor; each checks who asks and whose turn it is, then writes."""

from lyceum.editor.actions.drafts import MOST_DRAFTS, Draft, keep_drafts
from lyceum.editor.actions.files import (
    Saved,
    move,
    new_file,
    new_folder,
    remove,
    save_files,
    set_main_file,
    upload,
)
from lyceum.editor.actions.sessions import (
    SILENT_AFTER,
    close_silent_sessions,
    leave,
    open_session,
)
from lyceum.editor.actions.submitting import restore, submit

__all__ = [
    "MOST_DRAFTS",
    "SILENT_AFTER",
    "Draft",
    "Saved",
    "close_silent_sessions",
    "keep_drafts",
    "leave",
    "move",
    "new_file",
    "new_folder",
    "open_session",
    "remove",
    "restore",
    "save_files",
    "set_main_file",
    "submit",
    "upload",
]
