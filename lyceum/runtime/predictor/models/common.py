"""What the kinds of models share."""

import os
from contextlib import contextmanager
from numbers import Integral

from predictor import places


@contextmanager
def no_guard():
    """The context of a framework that needs none."""
    yield


def path_of(spec, key):
    """The absolute path of ``main_program`` or ``params_file``; empty where there is none."""
    return places.bundle(os.path.normpath(spec[key])) if spec.get(key) else ""


def rows_may_vary(inputs):
    """Whether each input takes any number of rows."""
    return bool(inputs) and all(each["shape"] and each["shape"][0] == -1 for each in inputs)


def dimensions(shape):
    """``shape`` as numbers: -1 for a name or nothing."""
    return [int(size) if isinstance(size, Integral) and size >= 0 else -1 for size in shape]
