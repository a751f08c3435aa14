# -*- coding: utf-8 -*-
"""A scikit-learn estimator saved by skops, which unlike a pickle runs no code when loaded."""

from __future__ import absolute_import, unicode_literals

import re

import numpy as np
import skops.io
from predictor.failures import Failure
from predictor.models.common import no_guard, path_of

# Fitted parts of scikit-learn itself that skops leaves to be judged: without them
# neither a forest, nor nearest neighbours, nor an imputer could be loaded.
_OWN_PARTS = re.compile(
    r"^(sklearn\.(tree\._tree\.Tree"
    r"|ensemble\._hist_gradient_boosting\.predictor\.TreePredictor"
    r"|metrics\._dist_metrics\.\w+|neighbors\._(kd|ball)_tree\.\w+"
    r"|neural_network\._stochastic_optimizers\.\w+|calibration\.\w+|_loss\.loss\.\w+"
    r"|gaussian_process\.(kernels|_gpc)\.\w+|feature_selection\._univariate_selection\.\w+"
    r"|cluster\._(bisect_k_means\._BisectingTree|kmeans\._kmeans_single_(lloyd|elkan)))"
    r"|numpy\.(dtype|mean)|scipy\.sparse\._cs[rc]\.cs[rc]_(matrix|array)"
    r"|scipy\.interpolate\._bsplines\.BSpline)$"
)


class Model(object):
    """Its outputs are those of `predict` and `predict_proba`, or of `transform`."""

    guard = staticmethod(no_guard)
    batchable = True

    def __init__(self, spec):
        self._estimator = _load(path_of(spec, "main_program"))
        self._methods = [
            name for name in ("predict", "predict_proba") if hasattr(self._estimator, name)
        ] or _transform(self._estimator)
        names = getattr(self._estimator, "feature_names_in_", None)
        self._columns = None if names is None else [str(name) for name in names]
        width = getattr(self._estimator, "n_features_in_", -1)
        described = {"name": "X", "dtype": None, "shape": [-1, int(width)], "floats": "float64"}
        if self._columns is not None:
            described["columns"] = self._columns
        self.inputs = [described]
        self.outputs = [{"name": name, "dtype": None, "shape": None} for name in self._methods]

    def run(self, feeds):
        rows = feeds["X"]
        if self._columns is not None:
            import pandas

            rows = pandas.DataFrame(rows, columns=self._columns)
            if rows.dtypes.eq(object).any():
                rows = rows.infer_objects()
        return [np.asarray(getattr(self._estimator, name)(rows)) for name in self._methods]


def _transform(estimator):
    if not hasattr(estimator, "transform"):
        kind = type(estimator).__name__
        raise Failure(
            "A %s has neither predict nor transform: it can't answer a call." % kind,
            "%s 既没有 predict 也没有 transform，无法用于预测。" % kind,
        )
    return ["transform"]


def _load(path):
    unknown = skops.io.get_untrusted_types(file=path)
    refused = [name for name in unknown if not _OWN_PARTS.match(name)]
    if refused:
        raise Failure(
            "The model has parts that are not scikit-learn's own, and is not loaded: %s."
            % ", ".join(refused),
            "模型含有不属于 scikit-learn 的部分，因此不会加载：%s。" % "、".join(refused),
        )
    return skops.io.load(path, trusted=unknown)
