"""Program text on a project's pages: a file's, and what a cluster project's version shows."""

from __future__ import annotations

from typing import Any

from lyceum.common.code import highlighted
from lyceum.common.errors import NotFound
from lyceum.previews import Problem, workers
from lyceum.projects import versions
from lyceum.projects.models import Project, Version

TEXT_BYTES = 500_000
_MARKUP_SECONDS = 5.0


def shown_text(path: str, data: bytes, size: int) -> dict[str, Any]:
    """``code`` (coloured HTML) of a file's first bytes ``data``, and ``is_cut`` when the
    file, of ``size`` bytes, has more; ``is_binary`` when it is no text."""
    if b"\0" in data[:8000]:
        return {"is_binary": True}
    text = data.decode("utf-8", "replace")
    # Some texts take a lexer very long: not the portal's time.
    code = workers.run(highlighted, path, text, seconds=_MARKUP_SECONDS)
    if isinstance(code, Problem):
        code = highlighted("", text)
    return {"code": code, "is_cut": size > len(data)}


def version_code(project: Project, version: Version) -> dict[str, Any]:
    """版本内容 of a cluster project: ``files`` at the top of a version, and ``code`` of its
    main file (``code_path``), or of its first program when it has not that one."""
    files = versions.entries(project.pk, version.commit)
    programs = [each.path for each in files if each.kind == "file" and each.path.endswith(".py")]
    for path in filter(None, [project.main_file, *programs[:1]]):
        try:
            data = versions.read_file(project.pk, version.commit, path)
        except NotFound:
            continue
        shown = shown_text(path, data[:TEXT_BYTES], len(data))
        return {"files": files, "code_path": path, **shown}
    return {"files": files}
