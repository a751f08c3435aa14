"""Which kind of model a set of files is, told by their names.

The names are those that the frameworks' own functions for saving give; a fluid model
saved under other names is recognised once its owner says which file is the main program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lyceum.serving.models import Kind

DEFAULT_MAIN_PROGRAM = "__model__"
_BY_SUFFIX = {
    ".onnx": Kind.ONNX,
    ".pt": Kind.TORCHSCRIPT,
    ".pth": Kind.TORCHSCRIPT,
    ".torchscript": Kind.TORCHSCRIPT,
    ".skops": Kind.SKLEARN,
}
_PARAMS_SUFFIX = ".pdiparams"
_PROGRAM_SUFFIXES = (".pdmodel", ".json")
_FLUID_PARAMS = ("__params__", "params", "__params__.pdparams")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A model among the files; ``params_file`` is empty where its kind needs none, or
    where a fluid model's parameters are a file each beside the main program."""

    kind: Kind
    main_program: str
    params_file: str = ""


def recognise(paths: Sequence[str]) -> list[Recognised]:
    """Every model that ``paths`` (files, relative to the work folder) hold, in order."""
    found = (recognise_as(path, paths) for path in paths)
    return [each for each in found if each is not None]


def recognise_as(main_program: str, paths: Sequence[str]) -> Recognised | None:
    """What ``main_program`` is the main program of; ``None`` for a file that is none."""
    path = PurePosixPath(main_program)
    if path.suffix in _PROGRAM_SUFFIXES:
        params = str(path.with_suffix(_PARAMS_SUFFIX))
        return Recognised(Kind.PADDLE, main_program, params) if params in paths else None
    if path.suffix in _BY_SUFFIX:
        return Recognised(_BY_SUFFIX[path.suffix], main_program)
    if path.name == DEFAULT_MAIN_PROGRAM:
        return Recognised(Kind.FLUID, main_program, _fluid_params(path, paths))
    return None


def _fluid_params(main: PurePosixPath, paths: Sequence[str]) -> str:
    others = map(PurePosixPath, paths)
    beside = {other.name for other in others if other.parent == main.parent}
    name = next((name for name in _FLUID_PARAMS if name in beside), None)
    return str(main.parent / name) if name else ""
