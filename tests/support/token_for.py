"""Run as a process, on a platform's own database.

``python -m tests.support.token_for NAME`` makes the learner NAME where there is none,
and prints a new access token of theirs.
"""

import sys

import django

django.setup()

from lyceum.accounts.actions import create_access_token  # noqa: E402
from lyceum.accounts.models import User  # noqa: E402

user = User.objects.get_or_create(username=sys.argv[1])[0]
print(create_access_token(user, name="tests", days=None)[1])
