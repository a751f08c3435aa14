"""Files on their way into a draft, as the tus server leaves them."""

from __future__ import annotations

import hashlib
import json
import secrets

from lyceum.accounts.models import User
from lyceum.config import settings
from lyceum.datasets import actions
from lyceum.datasets.models import Draft, Upload


def begin(user: User, draft: Draft, path: str, size: int = 4) -> Upload:
    """An upload of ``size`` bytes, none of which is there yet."""
    upload = secrets.token_hex(16)
    actions.begin_upload(user, actions.WantedUpload(upload, str(draft.pk), path, size))
    return Upload.objects.get(pk=upload)


def arrive(user: User, draft: Draft, path: str, data: bytes = b"x,y\n", *, got: int | None = None):
    """An upload of ``data``; with ``got`` only so many bytes of it have come so far."""
    upload = begin(user, draft, path, len(data))
    folder = settings().root / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / upload.pk).write_bytes(data[:got])
    if got is None:
        about = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        (folder / f"{upload.pk}.done").write_text(json.dumps(about))
    return upload
