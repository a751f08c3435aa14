"""Run as a process: make learners with sessions and projects; print them as JSON."""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from lyceum.accounts.models import User  # noqa: E402
from lyceum.projects.models import Project  # noqa: E402


def person(name: str, projects: int) -> dict[str, object]:
    user = User.objects.create_user(name, f"{name}@example.com", "a long enough passphrase")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    made = [
        Project.objects.create(owner=user, name=f"{name} {number}", environment="paddle3-py311")
        for number in range(projects)
    ]
    return {"id": user.pk, "session": session.session_key, "projects": [p.pk for p in made]}


print(json.dumps({name: person(name, int(sys.argv[1])) for name in sys.argv[2:]}))
