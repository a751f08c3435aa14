"""Which servable models are among some files; used by the portal too, and pure.

Looks at names first and then into the few files that could be a model. What it reads is
a learner's: whatever a file holds, the worst is that no model is seen in it.
"""

# ruff: noqa: RUF005 - Python 2.7 has no such thing

import io
import posixpath
import zipfile
from collections import namedtuple

from . import programs

Model = namedtuple("Model", "kind main_program params_file files")
"""``params_file`` is empty where the model has none or, for fluid, one file a parameter;
``files`` are all paths to choose, the main program first."""

Hint = namedtuple("Hint", "code path")
"""A file that looks like a model and can't be served; ``code`` is one of ``weights_only``
(no program with it), ``pickle`` (save it with skops), ``params_missing`` (a program whose
parameters are not among the files)."""

FRAMEWORKS = {
    "fluid": ("paddle-fluid",),
    "paddle": ("paddle",),
    "onnx": ("sklearn", "torch"),
    "torchscript": ("torch",),
    "sklearn": ("sklearn",),
}
"""Which environments (`Environment.framework`) can serve a kind."""

_MOST_PROGRAM_BYTES = 32 * 1024 * 1024
_MOST_BYTES = 128 * 1024 * 1024
_MOST_FIELDS = 1000000
_MOST_DIRECTORY_BYTES = 4 * 1024 * 1024
_MOST_LOOKED_INTO = 200
_HEAD_BYTES = 100
_ZIP = b"PK\x03\x04"
_TORCH = (".pt", ".pth", ".ts", ".torchscript", ".zip", ".jit")
_PICKLES = (".pkl", ".pickle", ".joblib")
_WEIGHTS = (".pdparams", ".pdopt", ".pdiparams", ".h5", ".ckpt")
_FLUID_NAME = "__model__"


def serves(kind, framework):
    """Whether an environment of ``framework`` can serve a model of ``kind``."""
    return framework in FRAMEWORKS.get(kind, ())


def recognise(files, read):
    """The models among ``files``, most likely first, and hints about what is none.

    ``files`` are ``(path, bytes)``, paths relative with forward slashes.
    ``read(path, start, length)`` gives that part of a file as bytes, or fewer where it is
    shorter; where it raises ``OSError`` the file counts as unreadable.
    """
    looker = _Looker(dict(files), read)
    models = looker.fluid() + looker.paddle() + looker.others()
    used = {path for model in models for path in model.files}
    return models, [hint for hint in looker.hints() if hint.path not in used]


class _Looker(object):
    def __init__(self, sizes, read):
        self._sizes = sizes
        self._read = read
        self._looked = 0
        self._room = _MOST_BYTES
        self._hints = []
        self._members = {}

    def hints(self):
        """What `fluid`, `paddle` and `others` have noticed, and what the names tell."""
        found = list(self._hints)
        for path in sorted(self._sizes):
            if path.endswith(_PICKLES):
                found.append(Hint("pickle", path))
            elif path.endswith(_WEIGHTS):
                found.append(Hint("weights_only", path))
        return found

    def fluid(self):
        """Programs of PaddlePaddle 1.x with their parameters beside them."""
        named, others = [], []
        for folder, paths in sorted(self._folders().items()):
            model = posixpath.join(folder, _FLUID_NAME)
            if model in self._sizes:
                named.append((model, paths))
            else:
                others += [(each, paths) for each in paths if self._may_be_program(each)]
        found = [self._fluid_model(path, beside) for path, beside in named + others]
        return [model for model in found if model]

    def paddle(self):
        """Programs of PaddlePaddle 2 and 3: a stem with two endings."""
        found = []
        for path in sorted(self._sizes):
            stem, ending = posixpath.splitext(path)
            if ending == ".pdmodel" or (ending == ".json" and self._is_text_program(path)):
                params = stem + ".pdiparams"
                if params in self._sizes:
                    found.append(Model("paddle", path, params, (path, params)))
                else:
                    self._hints.append(Hint("params_missing", path))
        return found

    def others(self):
        """ONNX, TorchScript, scikit-learn."""
        onnx, rest = [], []
        for path in sorted(self._sizes):
            lower = path.lower()
            if lower.endswith(".onnx"):
                onnx.append(Model("onnx", path, "", tuple([path] + self._onnx_data(path))))
            elif lower.endswith(".skops") and "schema.json" in self._names(path):
                rest.append(Model("sklearn", path, "", (path,)))
            elif lower.endswith(_TORCH):
                rest += self._torch(path)
        return onnx + rest

    def _torch(self, path):
        names = self._names(path)
        if any(name.endswith("/constants.pkl") for name in names):
            return [Model("torchscript", path, "", (path,))]
        if any(name.endswith("/data.pkl") for name in names) or path.endswith((".pt", ".pth")):
            self._hints.append(Hint("weights_only", path))
        return []

    def _fluid_model(self, path, beside):
        if self._sizes[path] > min(_MOST_PROGRAM_BYTES, self._room):
            return None
        self._room -= self._sizes[path]
        try:
            program = programs.read(self._part(path, 0, self._sizes[path]), _MOST_FIELDS)
        except ValueError:
            return None
        if not program.inputs or not program.outputs:
            return None
        folder = posixpath.dirname(path)
        separate = [posixpath.join(folder, name) for name in program.parameters]
        if all(each in self._sizes for each in separate):
            return Model("fluid", path, "", tuple([path] + separate))
        combined = self._combined(path, beside)
        if combined is None:
            self._hints.append(Hint("params_missing", path))
            return None
        return Model("fluid", path, combined, (path, combined))

    def _combined(self, path, beside):
        """The file with all parameters: by a usual name, else the largest that is no program."""
        usual = ("__params__", "params", "__variables__", "__weights__", "weights")
        for name in usual:
            each = posixpath.join(posixpath.dirname(path), name)
            if each in self._sizes:
                return each
        rest = [
            each
            for each in beside
            if each != path and self._part(each, 0, 4) == b"\0\0\0\0" and self._sizes[each] > 16
        ]
        return max(rest, key=self._sizes.get) if rest else None

    def _may_be_program(self, path):
        """A file with no ending, or `.model`, that begins as a program's first block does."""
        if posixpath.splitext(path)[1] not in ("", ".model") or not self._may_look():
            return False
        head = self._part(path, 0, _HEAD_BYTES)
        # Field 1, a message: then its own length; blocks begin with their index, 0.
        return head[:1] == b"\n" and b"\x08\x00\x10\xff" in head[:24]

    def _is_text_program(self, path):
        return self._may_look() and programs.is_text(self._part(path, 0, _HEAD_BYTES))

    def _onnx_data(self, path):
        """Weights that are kept outside the model, by the usual names."""
        names = (path + ".data", path + "_data", posixpath.splitext(path)[0] + ".data")
        return [name for name in names if name in self._sizes]

    def _names(self, path):
        if path not in self._members:
            self._members[path] = self._read_names(path) if self._may_look() else ()
        return self._members[path]

    def _read_names(self, path):
        if self._part(path, 0, len(_ZIP)) != _ZIP:
            return ()
        try:
            with zipfile.ZipFile(_Part(self._part, path, self._sizes[path])) as archive:
                return tuple(archive.namelist())
        except Exception:  # a learner's file: zipfile raises whatever comes
            return ()

    def _folders(self):
        folders = {}
        for path in self._sizes:
            folders.setdefault(posixpath.dirname(path), []).append(path)
        return {folder: sorted(paths) for folder, paths in folders.items()}

    def _may_look(self):
        self._looked += 1
        return self._looked <= _MOST_LOOKED_INTO

    def _part(self, path, start, length):
        try:
            return self._read(path, start, length)
        except (OSError, IOError):
            return b""


class _Part(io.RawIOBase):
    """A file that is read through a callback, for `zipfile`."""

    def __init__(self, read, path, size):
        self._read = read
        self._path = path
        self._size = size
        self._at = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._at

    def seek(self, offset, whence=io.SEEK_SET):
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the file's beginning")
        self._at = start + offset
        return self._at

    def read(self, size=-1):
        size = max(self._size - self._at, 0) if size is None or size < 0 else size
        if size > _MOST_DIRECTORY_BYTES:
            raise ValueError("an archive with a directory of %d bytes" % size)
        content = self._read(self._path, self._at, size)
        self._at += len(content)
        return content
