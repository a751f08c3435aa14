"""Which models are among a project's files, and what a file is the main program of.

The predictor's own recogniser looks into files (:mod:`lyceum.runtime.predictor.recognise`).
Where it sees none, a file's name still says what its owner may mean: loading it then tells
what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, cast

from lyceum import environments
from lyceum.common.errors import NotFound
from lyceum.projects import workfolder
from lyceum.projects.workfolder import Entry
from lyceum.runtime.predictor import recognise as predictor
from lyceum.serving.models import ModelKind

DEFAULT_MAIN_PROGRAM = "__model__"
_BY_SUFFIX = {
    ".onnx": ModelKind.ONNX,
    ".pt": ModelKind.TORCHSCRIPT,
    ".pth": ModelKind.TORCHSCRIPT,
    ".torchscript": ModelKind.TORCHSCRIPT,
    ".skops": ModelKind.SKLEARN,
}
_PARAMS_SUFFIX = ".pdiparams"
_PROGRAM_SUFFIXES = (".pdmodel", ".json")
_FLUID_PARAMS = ("__params__", "params", "__params__.pdparams")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A model among the files; ``params_file`` is empty where its kind needs none, or
    where a fluid model's parameters are a file each beside the main program. ``files`` are
    all that it needs, as far as that is known."""

    kind: ModelKind
    main_program: str
    params_file: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hint:
    """A file that looks like a model and can't be served (:func:`sentences.model_hint`)."""

    code: Literal["weights_only", "pickle", "params_missing"]
    path: str


def look(project_id: int, files: Sequence[Entry]) -> tuple[list[Recognised], list[Hint]]:
    """The models among files of the work folder, most likely first, and hints about others.

    Reads some of the files, 128 MB at most.
    """
    home = workfolder.home(project_id)

    def read(path: str, start: int, length: int) -> bytes:
        try:
            with workfolder.open_file(home, path) as file:
                file.seek(start)
                return file.read(length)
        except NotFound as error:
            raise OSError(path) from error

    seen, hints = predictor.recognise([(entry.path, entry.size) for entry in files], read)
    models = [Recognised(ModelKind(each.kind), *each[1:]) for each in seen]
    known = {path for each in models for path in each.files} | {hint.path for hint in hints}
    models += [each for each in recognise([entry.path for entry in files])
               if each.main_program not in known]  # fmt: skip
    return models, [Hint(cast("Literal['pickle']", hint.code), hint.path) for hint in hints]


def serves(kind: str, environment: str) -> bool:
    """Whether the environment has what loads models of a kind."""
    return predictor.serves(kind, environments.get(environment).framework)


def recognise(paths: Sequence[str]) -> list[Recognised]:
    """Every model that ``paths`` (files, relative to the work folder) hold by their names."""
    found = (recognise_as(path, paths) for path in paths)
    return [each for each in found if each is not None]


def recognise_as(main_program: str, paths: Sequence[str]) -> Recognised | None:
    """What ``main_program`` is the main program of by its name; ``None`` if that says nothing."""
    path = PurePosixPath(main_program)
    if path.suffix in _PROGRAM_SUFFIXES:
        params = str(path.with_suffix(_PARAMS_SUFFIX))
        if params not in paths:
            return None
        return Recognised(ModelKind.PADDLE, main_program, params, (main_program, params))
    if path.suffix in _BY_SUFFIX:
        return Recognised(_BY_SUFFIX[path.suffix], main_program, "", (main_program,))
    if path.name == DEFAULT_MAIN_PROGRAM:
        beside = tuple(each for each in paths if PurePosixPath(each).parent == path.parent)
        return Recognised(ModelKind.FLUID, main_program, _fluid_params(path, beside), beside)
    return None


def _fluid_params(main: PurePosixPath, beside: Sequence[str]) -> str:
    usual = (str(main.parent / name) for name in _FLUID_PARAMS)
    return next((path for path in usual if path in beside), "")
