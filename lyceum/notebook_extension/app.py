"""The server extension: our API beside Jupyter's, under ``<base url>/lyceum/api``."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.services.kernels.handlers import _kernel_id_regex
from traitlets import Integer

from . import visualdl
from .execution.handlers import AnswerHandler, RunHandler
from .execution.runs import Runs
from .handlers import (
    ActivityHandler,
    CompetitionsHandler,
    DatasetsHandler,
    ProjectHandler,
    SubmissionHandler,
    SubmissionsHandler,
    VersionsHandler,
)
from .launch import hide_from_kernels
from .portal import Platform, Portal
from .sentences import Sentences


class LyceumNotebook(ExtensionApp):
    """Runs blocks on the server's side, lists datasets, saves versions."""

    name = "lyceum.notebook_extension"
    load_other_extensions = True

    output_limit_bytes = Integer(
        20_000_000, config=True, help="Most characters of output kept for one run of a block."
    )

    def initialize_settings(self) -> None:
        self._platform = Platform.take_from_environment()
        hide_from_kernels(os.environ)
        self.serverapp.web_app.settings["lyceum_language"] = self._platform.language

    def initialize_handlers(self) -> None:
        say = Sentences(self._platform.language)
        portal = Portal(self._platform, say)
        home = Path(self.serverapp.root_dir)
        limit = self.serverapp.contents_manager.upload_limit_bytes
        self._runs = Runs(self.serverapp, output_limit=self.output_limit_bytes, sentences=say)
        kernel = rf"/lyceum/api/kernels/{_kernel_id_regex}"
        competitions = r"/lyceum/api/competitions"
        submissions = rf"{competitions}/(\d+)/submissions"
        project = {"home": home, "platform": self._platform, "portal": portal, "limit": limit}
        self.handlers.extend(
            [
                (rf"{kernel}/run", RunHandler, {"runs": self._runs}),
                (rf"{kernel}/answer", AnswerHandler, {"runs": self._runs}),
                (r"/lyceum/api/datasets", DatasetsHandler, {"home": home}),
                (r"/lyceum/api/project", ProjectHandler, project),
                (r"/lyceum/api/activity", ActivityHandler, {"portal": portal}),
                (r"/lyceum/api/versions", VersionsHandler, {"portal": portal}),
                (competitions, CompetitionsHandler, {"portal": portal}),
                (submissions, SubmissionsHandler, {"portal": portal}),
                (rf"{submissions}/(\d+)", SubmissionHandler, {"portal": portal}),
            ]
        )

        visualdl.register(self.serverapp)

    async def stop_extension(self) -> None:
        self._runs.close()
