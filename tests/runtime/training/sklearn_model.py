"""``sklearn_model.py FOLDER``: estimators that skops takes, and one with a stranger's code."""

import json
import sys

import numpy as np
import skops.io
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

folder = sys.argv[1]


def strangers(rows):
    return rows


rows = np.random.default_rng(0).normal(size=(40, 13))
linear = LinearRegression().fit(rows, rows @ np.arange(13.0) + 1)
skops.io.dump(linear, folder + "/linear.skops")
iris, kinds = load_iris(return_X_y=True, as_frame=True)
forest = make_pipeline(SimpleImputer(), RandomForestClassifier(3, random_state=0))
forest.fit(iris, np.array(["setosa", "versicolor", "virginica"])[kinds])
skops.io.dump(forest, folder + "/forest.skops")
own = make_pipeline(FunctionTransformer(strangers), LinearRegression()).fit(iris, kinds)
skops.io.dump(own, folder + "/own.skops")
with open(folder + "/parameters.json", "w") as file:
    json.dump([[[w] for w in linear.coef_], [float(linear.intercept_)]], file)
