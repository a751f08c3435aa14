"""Why an archive was not unpacked, in the reader's language."""

from __future__ import annotations

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy

from lyceum.datasets.models import Unpacking
from lyceum.limits import limit

_SENTENCES = {
    "not_an_archive": gettext_lazy("This is no zip, tar or RAR archive, whatever its name says."),
    "empty_archive": gettext_lazy("The archive has no files in it."),
    "broken": gettext_lazy(
        "The archive is broken: it ends too early, or its bytes do not fit together. "
        "Try to open it on your computer, and upload it again."
    ),
    "encrypted": gettext_lazy(
        "The archive is protected by a password. Unpack it on your computer and upload "
        "its files, or an archive without a password."
    ),
    "split_archive": gettext_lazy(
        "This is one part of an archive that was split. Join the parts on your computer and "
        "upload the whole."
    ),
    "unsupported": gettext_lazy(
        "The archive was packed in a way that can't be read here. Pack its files as ZIP."
    ),
    "outside": gettext_lazy("“%(entry)s” in the archive leads out of its folder."),
    "link": gettext_lazy(
        "“%(entry)s” in the archive is a link. Pack the files themselves instead of links."
    ),
    "device": gettext_lazy("“%(entry)s” in the archive is neither a file nor a folder."),
    "bad_name": gettext_lazy(
        "“%(entry)s” in the archive is no name for a file: it is empty, or has control characters."
    ),
    "long_name": gettext_lazy("The name “%(entry)s” in the archive is too long."),
    "too_deep": gettext_lazy("“%(entry)s” in the archive lies more than %(most)s folders deep."),
    "twice": gettext_lazy("“%(entry)s” is in the archive twice."),
    "file_and_folder": gettext_lazy(
        "“%(entry)s” would be a file and a folder at once, or lie in a file."
    ),
    "too_many_files": gettext_lazy(
        "The archive has more files than the %(most)s for which there is room here."
    ),
    "too_large": gettext_lazy("Unpacked, the archive would be larger than %(size)s."),
    "no_quota": gettext_lazy(
        "Unpacked, the archive would need more than the %(size)s that are left of your dataset "
        "space. Delete what you no longer need."
    ),
    "file_too_large": gettext_lazy(
        "“%(entry)s” in the archive is larger than %(size)s, which is the most for one file."
    ),
    "bomb": gettext_lazy(
        "Unpacked, the archive would be more than %(ratio)s times as large: such archives are "
        "made to fill disks."
    ),
    "folder_exists": gettext_lazy(
        "There is a “%(entry)s” in the dataset by now. Take that out first."
    ),
    "no_memory": gettext_lazy(
        "Unpacking needed more memory than it may use. Pack the files as ZIP."
    ),
    "too_slow": gettext_lazy("Unpacking took longer than the %(minutes)s minutes it may take."),
    "no_space": gettext_lazy("This machine's disk is full. Please tell an administrator."),
    "no_library": gettext_lazy(
        "This platform lacks the library that reads archives. An administrator can help with: "
        "apt-get install libarchive-tools"
    ),
    "not_started": gettext_lazy(
        "Unpacking could not be started. Try again; if that fails too, tell an administrator."
    ),
}
_INTERRUPTED = gettext_lazy("Unpacking was interrupted. Please try again.")
_NOTHING_KNOWN = {"entry": "?", "most": "?", "ratio": "?"}


def explanation(unpacking: Unpacking) -> str:
    """Why it failed; empty for one that has not."""
    if unpacking.state != Unpacking.State.FAILED:
        return ""
    params = {**_NOTHING_KNOWN, **unpacking.params, "minutes": limit("unpack_minutes")}
    params["size"] = filesizeformat(unpacking.params.get("most", 0))
    return str(_SENTENCES.get(unpacking.code, _INTERRUPTED)) % params
