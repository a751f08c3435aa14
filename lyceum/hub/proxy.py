"""The hub's view of the front door: its routes live under the notebooks' host."""

from __future__ import annotations

from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy
from jupyterhub.utils import exponential_backoff
from traitlets import Unicode


class NotebookHostProxy(ConfigurableHTTPProxy):
    """Adds the notebooks' host name to each of the hub's routes.

    JupyterHub's own host routing (``subdomain_host``) means one host name a user
    and cookies with a domain; here all notebooks share one host name and cookies
    stay with that host alone, so the hub runs without it and routespecs get the
    host here: ``/user/30799/33852/`` ↔ ``notebooks.localhost/user/30799/33852/``.
    """

    notebook_host = Unicode(config=True, help="Host name of the notebooks' origin, no port.")
    wait_seconds = 30

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.host_routing = True

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        await super().add_route(self.notebook_host + routespec, target, data)

    async def delete_route(self, routespec: str) -> None:
        await super().delete_route(self.notebook_host + routespec)

    async def get_all_routes(self, client: Any = None) -> dict[str, dict[str, Any]]:
        """The hub's routes, without the host; waits while the front door is down.

        A front door that was killed comes back without routes. Waiting here lets
        the hub start before it and put the routes back as soon as it answers.
        """
        found: dict[str, dict[str, Any]] = {}

        async def answered() -> bool:
            try:
                found.update(await super(NotebookHostProxy, self).get_all_routes(client))
            except OSError:
                return False
            return True

        await exponential_backoff(
            answered, "The front door does not answer.", max_wait=0.5, timeout=self.wait_seconds
        )
        return {
            spec.removeprefix(self.notebook_host): {
                **route,
                "routespec": spec.removeprefix(self.notebook_host),
            }
            for spec, route in found.items()
        }
