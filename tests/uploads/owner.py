"""Run as a process, on a platform's own database.

``owner.py draft NAME``: a learner with a session and an open draft, as JSON.
``owner.py create DRAFT``: make the draft a dataset; its files as JSON, path to [size, SHA-256].
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from lyceum.accounts.models import User  # noqa: E402
from lyceum.datasets import actions  # noqa: E402
from lyceum.datasets.models import DatasetFile, Draft  # noqa: E402


def open_draft(name: str) -> dict[str, str]:
    user = User.objects.create_user(name, f"{name}@example.com", "a long enough passphrase")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    return {"cookie": cookie, "draft": str(actions.open_draft(user).pk)}


def create(draft_id: str) -> dict[str, list[object]]:
    user = Draft.objects.get(pk=draft_id).user
    made = actions.create_dataset(user, draft_id=draft_id, about=actions.About(name="Uploaded"))
    files = DatasetFile.objects.filter(version__dataset=made)
    return {file.path: [file.size, file.sha256] for file in files}


command, word = sys.argv[1:]
print(json.dumps(open_draft(word) if command == "draft" else create(word)))
