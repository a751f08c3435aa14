"""From the name of an entry to a place below the folder, or a refusal.

The same rules as a dataset's own paths (`lyceum.datasets.storage.clean_path`).
"""

from __future__ import annotations

import re
import unicodedata

from .bounds import Bounds
from .refusal import Refusal

_LONGEST_PART_BYTES = 255
_DRIVE = re.compile(r"[A-Za-z]:/")


def decoded(raw: bytes) -> str:
    """A name whose charset the archive does not tell.

    Windows in China writes GBK; ZIP's own default, code page 437, decodes anything.
    """
    for charset in ("utf-8", "gbk"):
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp437")


def place(name: str, bounds: Bounds) -> str:
    """Where the entry goes, with ``/`` between folders; empty for the folder itself.

    Backslashes are separators, as Windows' programs mean them. Raises `Refusal`:
    ``outside``, ``bad_name``, ``too_deep``, ``long_name``.
    """
    path = unicodedata.normalize("NFC", name.replace("\\", "/"))
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or _DRIVE.match(path) or ".." in parts:
        raise Refusal("outside", entry=name)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in path):
        raise Refusal("bad_name", entry=name)
    if len(parts) > bounds.depth:
        raise Refusal("too_deep", entry=name, most=bounds.depth)
    cleaned = "/".join(parts)
    if len(cleaned) > bounds.path_length or any(
        len(part.encode()) > _LONGEST_PART_BYTES for part in parts
    ):
        raise Refusal("long_name", entry=name)
    return cleaned
