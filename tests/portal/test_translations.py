"""Every sentence of the platform is there in Chinese, and complete."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "lyceum"
MARKS = ("from django.utils.translation import", "{% translate", "{% trans ", "{% blocktrans")
CATALOGUE = Path("locale", "zh_Hans", "LC_MESSAGES", "django.po")
ADMIN = Path(sys.executable).with_name("django-admin")


def _speaks(folder: Path) -> bool:
    return any(
        mark in file.read_text(errors="ignore")
        for pattern in ("*.py", "*.html", "*.txt")
        for file in folder.rglob(pattern)
        for mark in MARKS
    )


PARTS = sorted(
    folder.name
    for folder in PACKAGE.iterdir()
    if (folder / "__init__.py").exists() and _speaks(folder)
)


@pytest.mark.parametrize("part", PARTS)
def test_everything_is_said_in_chinese_too(part: str, tmp_path: Path) -> None:
    """Collects the sentences as ``makemessages`` does, in a copy, and looks for gaps."""
    copy = tmp_path / part
    ignored = shutil.ignore_patterns("__pycache__", "dist", "static", "labextension", "*.mo")
    shutil.copytree(PACKAGE / part, copy, ignore=ignored)
    (copy / "locale").mkdir(exist_ok=True)
    subprocess.run(
        [ADMIN, "makemessages", "-l", "zh_Hans", "--no-obsolete", "--no-wrap"],
        cwd=copy,
        check=True,
        capture_output=True,
    )
    catalogue = polib.pofile(str(copy / CATALOGUE))
    gaps = [
        f"{entry.occurrences[0][0]}: {entry.msgid!r}{' (fuzzy)' if entry.fuzzy else ''}"
        for entry in catalogue
        if not entry.translated()
    ]
    assert not gaps, "not yet in Chinese:\n" + "\n".join(gaps)


@pytest.mark.parametrize("part", PARTS)
def test_placeholders_survive_translation(part: str, tmp_path: Path) -> None:
    subprocess.run(
        ["msgfmt", "--check-format", "-o", tmp_path / "django.mo", PACKAGE / part / CATALOGUE],
        check=True,
    )
