"""``/api/v1/me``: who asks."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Field, Router, Schema

from lyceum.accounts.auth import SIGNED_IN
from lyceum.accounts.models import User
from lyceum.common.problems import ProblemOut

router = Router(tags=["people"], auth=SIGNED_IN)


class MeOut(Schema):
    id: int
    username: str
    name: str = Field(alias="shown_name", description="What others read.")


@router.get(
    "/me", response={200: MeOut, 401: ProblemOut}, operation_id="get_me", summary="Who you are"
)
def get_me(request: HttpRequest) -> User:
    """The user of the session, or of the access token."""
    return request.user
