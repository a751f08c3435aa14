"""Chinese in plots: a simplified Chinese face for matplotlib, 2.2 to 3.x.

The system's Noto CJK (Debian ``fonts-noto-cjk``) is a collection, of which old
matplotlib reads nothing and new matplotlib the first face alone, the Japanese
one. So the simplified Chinese face is taken out once and put beside
matplotlib's own fonts.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from fontTools.ttLib import TTCollection

from lyceum.config import settings

FAMILY = "Noto Sans CJK SC"

_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_WEIGHTS = ("Regular", "Bold")
_FAMILY_NAME = 1
_SETTING = re.compile(r"^#?\s*font\.family\s*:.*$", re.MULTILINE)


def available() -> bool:
    """Whether this machine has the font."""
    return all(_collection(weight) for weight in _WEIGHTS)


def install(environment: Path) -> bool:
    """Make the environment's matplotlib draw Chinese; false without the font."""
    data = next(environment.glob("lib/python*/site-packages/matplotlib/mpl-data"), None)
    if data is None or not available():
        return False
    for weight in _WEIGHTS:
        face = _face(weight)
        target = data / "fonts" / "ttf" / face.name
        target.unlink(missing_ok=True)
        try:
            os.link(face, target)
        except OSError:
            shutil.copy(face, target)
    _set_family(data / "matplotlibrc", _families(environment))
    return True


def _families(environment: Path) -> str:
    """Before 3.6 matplotlib draws a whole text in the first family it finds."""
    package = next(environment.glob("lib/python*/site-packages/matplotlib-*-info"))
    version = tuple(int(part) for part in package.name.split("-")[1].split(".")[:2])
    latin_first = version >= (3, 6)
    return f"DejaVu Sans, {FAMILY}" if latin_first else f"{FAMILY}, DejaVu Sans"


def _set_family(rc: Path, families: str) -> None:
    """Name the families themselves, so that the common ``rcParams["font.sans-serif"]
    = ["SimHei"]`` of Chinese tutorials does not take the Chinese away.

    The file is not written in place: uv links it to the one in its cache.
    """
    content, changed = _SETTING.subn(f"font.family: {families}", rc.read_text("utf-8"))
    if changed == 0:
        raise ValueError(f"{rc} has no font.family")
    fresh = rc.with_name("matplotlibrc.new")
    fresh.write_text(content, encoding="utf-8")
    fresh.replace(rc)


def _collection(weight: str) -> Path | None:
    name = f"NotoSansCJK-{weight}.ttc"
    return next((path for folder in _FOLDERS for path in folder.rglob(name)), None)


def _face(weight: str) -> Path:
    """The simplified Chinese face as a file of its own, shared by all environments."""
    folder = settings().environments_root / ".fonts"
    path = folder / f"NotoSansCJKsc-{weight}.otf"
    collection = _collection(weight)
    if path.exists() or collection is None:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with TTCollection(str(collection), lazy=True) as fonts:
        wanted = next(f for f in fonts if f["name"].getDebugName(_FAMILY_NAME) == FAMILY)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        wanted.save(fresh)
    fresh.replace(path)
    return path
