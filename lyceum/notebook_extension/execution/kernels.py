"""Jupyter's kernel manager, which also remembers whether a restart was asked for."""

from __future__ import annotations

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager


class AskedRestarts(AsyncMappingKernelManager):
    """Tells a restart the learner asked for from one that follows a kernel's death.

    Both appear as the same event. The restarter's own callback is no help: a kernel
    may have two restarters (jupyter_client), and the callback is known to one.
    """

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._asked: set[str] = set()

    async def restart_kernel(self, kernel_id: str, now: bool = False) -> None:
        """Restart as asked over the REST API or a web socket."""
        self._asked.add(kernel_id)
        await self._async_restart_kernel(kernel_id, now=now)

    def take_asked(self, kernel_id: str) -> bool:
        """Whether the restart of this kernel that just happened was asked for."""
        asked = kernel_id in self._asked
        self._asked.discard(kernel_id)
        return asked
