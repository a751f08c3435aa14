"""Settings of every project's notebook server (read by Jupyter, see launch.py)."""

import tempfile
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]

c = get_config()  # noqa: F821 - Jupyter's configuration loader provides it

c.ServerApp.jpserver_extensions = {
    "lyceum.notebook_extension": True,
    "jupyter_server_ydoc": True,
    "jupyter_server_fileid": True,
    "jupyter_resource_usage": True,
    # Language servers that nobody installed only cost start-up time.
    "jupyter_lsp": False,
}
c.ServerApp.contents_manager_class = "lyceum.notebook_extension.contents.LimitedFileManager"
c.ServerApp.kernel_manager_class = "lyceum.notebook_extension.execution.kernels.AskedRestarts"
c.ServerApp.terminals_enabled = True
c.LabServerApp.extra_labextensions_path = [str(_PACKAGE / "labextension")]

# A deleted file is gone: a work folder has no desktop's wastebasket to grow in.
c.FileContentsManager.delete_to_trash = False
# The guide's tree shows everything but hidden files.
c.ContentsManager.allow_hidden = False
c.FileContentsManager.always_delete_dir = True

# A block writes into its document with no tab open, so the document must stay.
c.YDocExtension.document_cleanup_delay = None
# The file is the truth; the history of edits needs to outlive a tab, not the server.
_HISTORY = Path(tempfile.mkdtemp(prefix="lyceum-documents-"))
c.YDocExtension.session_store_path = str(_HISTORY / "sessions.json")
c.SQLiteYStore.db_path = str(_HISTORY / "documents.db")

c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.ResourceUseDisplay.track_cpu_percent = True

# These need LaTeX or another browser inside the sandbox. PDF comes from the learner's
# browser instead (File, Save as PDF).
for exporter in (c.PDFExporter, c.WebPDFExporter, c.QtPDFExporter, c.QtPNGExporter):
    exporter.enabled = False
