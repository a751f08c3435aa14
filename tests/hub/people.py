"""Run as a process, on the platform's own database.

``people.py make PROJECTS NAME…``: learners with sessions and projects, as JSON.
``people.py start USER:PROJECT…``: run projects, as the project page's button does.
``people.py dataset USER NAME TEXT``: give USER's dataset NAME a version whose file
``rows.csv`` is TEXT; its id.
"""

import json
import sys
import tempfile
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from lyceum.accounts.models import User  # noqa: E402
from lyceum.datasets.actions import add_files_version  # noqa: E402
from lyceum.datasets.models import Dataset  # noqa: E402
from lyceum.notebooks.actions import start_notebook  # noqa: E402
from lyceum.projects.models import Project  # noqa: E402


def person(name: str, projects: int) -> dict[str, object]:
    user = User.objects.create_user(name, f"{name}@example.com", "a long enough passphrase")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    made = [
        Project.objects.create(owner=user, name=f"{name} {number}", environment="sklearn-py311")
        for number in range(projects)
    ]
    return {"id": user.pk, "session": session.session_key, "projects": [p.pk for p in made]}


def dataset(user: str, name: str, text: str) -> int:
    found, _new = Dataset.objects.get_or_create(owner_id=int(user), name=name)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        add_files_version(found, files={"rows.csv": Path(file.name)}, note=text)
    return found.pk


command, *words = sys.argv[1:]
if command == "make":
    print(json.dumps({name: person(name, int(words[0])) for name in words[1:]}))
elif command == "dataset":
    print(dataset(*words))
else:
    for pair in words:
        user, project = pair.split(":")
        start_notebook(User.objects.get(pk=user), project_id=int(project))
