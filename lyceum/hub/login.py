"""Login by the portal's OAuth, and its end when the learner leaves the portal."""

from __future__ import annotations

from typing import Any

from oauthenticator.generic import GenericOAuthenticator
from tornado.httpclient import HTTPClientError


class PortalAuthenticator(GenericOAuthenticator):
    """Asks the portal again, every ``auth_refresh_age``, whether a login still holds."""

    async def refresh_user(self, user: Any, handler: Any = None, **kwargs: Any) -> bool:
        """Whether ``user``'s login at the portal still holds.

        The portal drops the hub's token when the learner logs out. A learner whom
        only the portal brought here (it starts servers for them) has no token and
        no browser login to end. While the portal does not answer nobody is thrown
        out: its restart must not cost a learner their notebook.
        """
        auth_state = await user.get_auth_state()
        if not auth_state:
            return True
        try:
            await self.token_to_user(auth_state["token_response"])
        except HTTPClientError as error:
            return error.code not in (401, 403)
        except OSError:
            return True
        return True
