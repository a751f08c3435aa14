"""One notebook as HTML, in a process of its own: ``python -m lyceum.common.notebook_html``.

Reads a ``Job`` as JSON from stdin and writes the HTML fragment to stdout. A
notebook is hostile input to several parsers, some of which need quadratic time
for nested rubbish, so this process gives itself limits of time and memory and
its parent expects it to die. It needs neither Django settings nor a database.
"""

from __future__ import annotations

import base64
import json
import mimetypes
import posixpath
import resource
import sys
import warnings
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import nbformat
import pygit2
from django.utils.html import escape
from jinja2 import pass_context
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from pygit2.enums import FileMode, ObjectType

from lyceum.common.markup import clean_html, markdown_with_html

MEMORY_BYTES = 2 << 30
MOST_CELLS = 2000
LONGEST_SOURCE = 200_000
LONGEST_TEXT = 60_000
LARGEST_PICTURE = 4_000_000
LARGEST_HTML = 16_000_000
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_SHOWN = (*_PICTURES, "text/html", "text/markdown")
_INLINE_MEDIA = (*_PICTURES, "audio/mpeg", "audio/wav", "audio/x-wav", "video/mp4", "video/webm")


@dataclass(frozen=True, slots=True)
class Job:
    """Which notebook, how long it may take, and the sentence (in the reader's
    language) for what is cut."""

    repository: str
    commit: str
    path: str
    cut: str
    cpu_seconds: int


class Renderer(HTMLExporter):
    """nbconvert's plain template, with our Markdown and formulas without scripts."""

    def default_filters(self):
        yield from super().default_filters()
        yield "markdown2html", _markdown_cell


@pass_context
def _markdown_cell(context: Any, source: str) -> str:
    attachments = context.get("cell", {}).get("attachments", {})
    for name, kinds in attachments.items():
        for kind, data in kinds.items():
            if kind in _PICTURES and isinstance(data, str):
                source = source.replace(f"attachment:{name}", f"data:{kind};base64,{data}")
    return markdown_with_html(source)


class Picture:
    """Finds pictures, sounds and films beside the notebook, in the same version."""

    def __init__(self, tree: pygit2.Tree, folder: str) -> None:
        self.tree = tree
        self.folder = folder
        self.left = LARGEST_HTML // 2

    def __call__(self, source: str) -> str | None:
        path = unquote(source.partition("?")[0])
        if path.startswith("/home/aistudio/"):
            path = path.removeprefix("/home/aistudio/")
        else:
            path = posixpath.normpath(posixpath.join(self.folder, path))
        kind = mimetypes.guess_type(path)[0]
        if kind not in _INLINE_MEDIA or path.startswith(("/", "..")):
            return None
        blob = _blob(self.tree, path)
        if blob is None or blob.size > min(LARGEST_PICTURE, self.left):
            return None
        self.left -= blob.size
        return f"data:{kind};base64,{base64.b64encode(blob.data).decode()}"


def render(job: Job) -> str:
    """The notebook's HTML fragment, harmless. Raises ``ValueError`` when it is no
    notebook or too large."""
    tree = pygit2.Repository(job.repository)[job.commit].tree
    blob = _blob(tree, job.path)
    if blob is None:
        raise ValueError("no such notebook")
    notebook = nbformat.reads(blob.data.decode("utf-8", "replace"), as_version=4)
    _shorten(notebook, job.cut)
    html, _resources = Renderer(template_name="basic").from_notebook_node(notebook)
    if len(html) > LARGEST_HTML:
        raise ValueError("too large")
    return clean_html(html, resolve=Picture(tree, posixpath.dirname(job.path)))


def _shorten(notebook: NotebookNode, cut: str) -> None:
    """Cut what is too long, and turn LaTeX outputs into Markdown, which shows them."""
    if len(notebook.cells) > MOST_CELLS:
        del notebook.cells[MOST_CELLS:]
        notebook.cells.append(nbformat.v4.new_markdown_cell(f"*{cut}*"))
    for cell in notebook.cells:
        if len(cell.source) > LONGEST_SOURCE:
            cell.source = f"{cell.source[:LONGEST_SOURCE]}\n…"
        cell.get("metadata", {}).pop("tags", None)
        for output in cell.get("outputs", []):
            _shorten_output(output, cut)


def _shorten_output(output: NotebookNode, cut: str) -> None:
    if output.output_type == "stream":
        output.text = _shortened(output.text, cut)
    elif output.output_type == "error":
        output.traceback = [_shortened("\n".join(output.traceback), cut)]
    else:
        output.data = _shortened_data(output.get("data", {}), cut)


def _shortened_data(data: dict[str, Any], cut: str) -> NotebookNode:
    kept = NotebookNode()
    for kind, value in data.items():
        text = "".join(value) if isinstance(value, list) else value
        if not isinstance(text, str):
            continue  # JSON of widgets and the like: nothing to read
        if kind == "text/plain":
            kept[kind] = _shortened(text, cut)
        elif kind == "text/latex":
            kept["text/markdown"] = text[:LONGEST_TEXT]
        elif kind in _SHOWN and len(text) <= LARGEST_PICTURE * 4 // 3:
            kept[kind] = text
    if not kept and data:
        kept["text/html"] = f"<em>{escape(cut)}</em>"
    return kept


def _shortened(text: str, cut: str) -> str:
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[: LONGEST_TEXT // 2]}\n\n… {cut} …\n\n{text[-LONGEST_TEXT // 2 :]}"


def _blob(tree: pygit2.Tree, path: str) -> pygit2.Blob | None:
    try:
        found = tree[path]
    except (KeyError, ValueError, UnicodeEncodeError):
        return None
    if found.type != ObjectType.BLOB or found.filemode == FileMode.LINK:
        return None
    return found


def main() -> None:
    job = Job(**json.load(sys.stdin))
    resource.setrlimit(resource.RLIMIT_CPU, (job.cpu_seconds, job.cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    warnings.simplefilter("ignore")
    sys.stdout.buffer.write(render(job).encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
