"""``sklearn_model.py FOLDER``: estimators that skops takes, and one with a stranger's code."""

import json
import sys

import numpy as np
import pandas
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

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
cities = pandas.DataFrame({"city": ["a", "b"] * 5, "rooms": [1.0, np.nan] * 5})
by_name = make_column_transformer(
    (OneHotEncoder(), ["city"]), (SimpleImputer(strategy="constant", fill_value=7), ["rooms"])
)
table = make_pipeline(by_name, LinearRegression()).fit(cities, [10, 20] * 5)
skops.io.dump(table, folder + "/table.skops")
own = make_pipeline(FunctionTransformer(strangers), LinearRegression()).fit(iris, kinds)
skops.io.dump(own, folder + "/own.skops")
with open(folder + "/parameters.json", "w") as file:
    json.dump([[[w] for w in linear.coef_], [float(linear.intercept_)]], file)
