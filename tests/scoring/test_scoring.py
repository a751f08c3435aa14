"""Totals, parts and weights; the same number whatever the order of rows."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn import metrics

from lyceum.scoring.inferring import rules_for
from lyceum.scoring.problems import Refused
from lyceum.scoring.rules import Column, Identity, MetricUse, Rules, RulesError, Split
from lyceum.scoring.scorer import Scorer
from lyceum.scoring.splits import public_rows
from tests.scoring.files import score, write

RMSE = Rules((Column("y"),), (MetricUse("rmse"),), split=Split(0.4, seed="s"))
FIXTURE = [HealthCheck.function_scoped_fixture]
NUMBERS = st.floats(-1e6, 1e6)


@settings(max_examples=12, deadline=None, suppress_health_check=FIXTURE)
@given(
    st.lists(st.tuples(st.integers(-9999, 9999), NUMBERS, NUMBERS), min_size=4, max_size=60,
             unique_by=lambda row: row[0]),
    st.integers(0, 99),
)  # fmt: skip
def test_the_order_of_rows_does_not_matter(tmp_path, rows, seed):
    ids, truth, said = zip(*rows, strict=True)
    plain = write(tmp_path / "t.csv", {"id": ids, "y": truth})
    mine = write(tmp_path / "m.csv", {"id": ids, "y": said})
    found = score(RMSE, plain, mine)
    other = write(tmp_path / "t2.csv", {"id": ids, "y": truth}, shuffled=seed)
    mixed = write(tmp_path / "m2.csv", {"id": ids, "y": said}, shuffled=seed + 1)
    assert score(RMSE, other, mixed) == found
    order = np.argsort(ids)
    direct = metrics.root_mean_squared_error(np.array(truth)[order], np.array(said)[order])
    assert found.total == direct
    assert found.public and found.private
    assert found.public.rows + found.private.rows == len(ids)


def many(folder: Path, count: int = 500) -> tuple[Path, np.ndarray]:
    kinds = np.array(["a"] * (count // 10) + ["b"] * (count - count // 10))
    truth = write(folder / "truth.csv", {"id": range(count), "kind": kinds})
    return truth, kinds


def public(rules: Rules, truth: Path) -> np.ndarray:
    with Scorer(rules, truth) as scorer:
        assert scorer.public_rows is not None
        return scorer.public_rows


def test_the_split_hangs_on_the_seed_and_keeps_its_shares(tmp_path):
    truth, kinds = many(tmp_path)

    def split(**chosen) -> np.ndarray:
        return public(rules_for("accuracy", truth, split=Split(0.3, **chosen)), truth)

    one = split(seed="one")
    assert one.sum() == 150
    assert (one == split(seed="one")).all()
    assert (one != split(seed="two")).any()
    fair = split(seed="one", stratify="kind")
    assert (fair[kinds == "a"].sum(), fair[kinds == "b"].sum()) == (15, 135)


def test_the_split_never_moves():
    """Stored splits must be the same for ever: these rows were public when it was written."""
    chosen = public_rows(Split(0.3, seed="lyceum"), [str(each) for each in range(20)])
    assert np.flatnonzero(chosen).tolist() == [2, 6, 10, 14, 17, 19]


def test_parts_are_scored_by_themselves(tmp_path):
    usage = ["Public", "private", "private", "public"]
    columns = {"id": [1, 2, 3, 4], "y": [1, 2, 3, 4], "usage": usage}
    truth = write(tmp_path / "t.csv", columns)
    mine = write(tmp_path / "m.csv", {"id": [4, 3, 2, 1], "y": [4, 4, 2, 2]})
    rules = Rules((Column("y"),), (MetricUse("mae"),), split=Split(column="usage"))
    found = score(rules, truth, mine)
    assert (found.total, found.public.total, found.private.total) == (0.5, 0.5, 0.5)
    mine = write(tmp_path / "m.csv", {"id": [4, 3, 2, 1], "y": [4, 4, 2, 1]})
    found = score(rules, truth, mine)
    assert (found.total, found.public.total, found.private.total) == (0.25, 0, 0.5)
    assert found.as_dict()["made_with"].keys() == {"scikit-learn", "numpy", "sacrebleu"}


def test_queries_stay_whole(tmp_path):
    queries = np.repeat(np.arange(50), 4)
    relevance = np.tile([0, 1, 2, 3], 50)
    truth = write(tmp_path / "t.csv", {"id": range(200), "query": queries, "y": relevance})
    rules = rules_for("ndcg_at_k", truth, group="query", split=Split(0.3, seed="x"))
    shares = public(rules, truth).reshape(50, 4).sum(axis=1)
    assert set(shares) == {0, 4} and (shares == 4).sum() == 15
    with Scorer(rules, truth) as scorer:
        mine = write(tmp_path / "m.csv", {"id": range(200), "y": relevance})
        assert scorer.score(mine).total == 1


def test_weights_and_directions(tmp_path):
    truth = write(tmp_path / "t.csv", {"id": [1, 2], "a": [1, 2], "b": [1, 2]})
    mine = write(tmp_path / "m.csv", {"id": [1, 2], "a": [2, 3], "b": [4, 5]})
    both = (
        MetricUse("mae", weight=3, targets=("a",), label="first"),
        MetricUse("mae", weight=1, targets=("b",), label="second"),
    )
    columns = (Column("a"), Column("b"))
    found = score(Rules(columns, both), truth, mine)
    assert found.whole.metrics == {"first": 1, "second": 3}
    assert found.total == (3 * 1 + 1 * 3) / 4
    mixed = (MetricUse("r2", targets=("a",)), MetricUse("mae", targets=("b",)))
    found = score(Rules(columns, mixed), truth, mine)
    assert Rules(columns, mixed).higher_is_better
    assert found.total == (found.whole.metrics["r2"] - 3) / 2
    found = score(Rules(columns, mixed, direction="lower"), truth, mine)
    assert found.total == (3 - found.whole.metrics["r2"]) / 2


def test_a_wrong_file_is_not_scored(tmp_path):
    truth = write(tmp_path / "t.csv", {"id": [1, 2], "y": [1, 2]})
    with pytest.raises(Refused, match="No row has the id “2”"):
        score(rules_for("mae", truth), truth, write(tmp_path / "m.csv", {"id": [1], "y": [1]}))


def test_what_is_not_defined_is_told_to_the_organiser(tmp_path):
    parts = ["public", "public", "private", "private"]
    truth = write(tmp_path / "t.csv", {"id": range(4), "y": [0, 1, 1, 1], "part": parts})
    rules = rules_for("auc", truth, targets=["y"], split=Split(column="part"))
    with pytest.raises(RulesError, match="auc is not defined for the private rows"):
        score(rules, truth, write(tmp_path / "m.csv", {"id": range(4), "y": [0.1, 0.2, 0.3, 0.4]}))


def test_rules_are_the_same_from_json():
    rules = Rules(
        (Column("kind", "label", values=("a", "b", "c")),),
        (MetricUse("log_loss", weight=2), MetricUse("auc", {"average": "weighted"})),
        Identity("row", "text"),
        tuple(Column(each, "probability") for each in "abc"),
        split=Split(0.25, "seed", stratify="kind"),
    )
    assert Rules.from_json(rules.to_json()) == rules
    assert "seed" in rules.to_json() and "seed" not in rules.for_participants().to_json()
    assert Rules.from_json(b'{"targets": [{"name": "y"}], "metrics": [{"name": "mae"}]}')


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metrics": [{"name": "best"}]}, "no metric 'best'"),
        ({"metrics": []}, "there must be one"),
        ({"metrics": [{"name": "accuracy"}]}, "needs label"),
        ({"metrics": [{"name": "mae", "parameters": {"k": 1}}]}, "no parameter 'k'"),
        ({"metrics": [{"name": "mae", "weight": -1}]}, "below 0"),
        ({"metrics": [{"name": "mae", "targets": ["z"]}]}, "not there"),
        ({"metrics": [{"name": "mae"}, {"name": "mae"}]}, "two of the metric"),
        ({"metrics": [{"name": "ndcg_at_k"}]}, "needs `group`"),
        ({"metrics": [{"name": "ndcg_at_k", "parameters": {"k": 0}}], "group": "q"}, "from 1 on"),
        ({"targets": [{"name": "y", "type": "numbr"}]}, "no rules"),
        ({"targets": [{"name": "id"}]}, "two of the submission's column"),
        ({"split": {"public": 1.0}}, "less than 1"),
        ({"split": {"public": 0.3}}, "needs a seed"),
        ({"colour": "red"}, "no rules"),
        ({"targets": [{"name": "y", "values": ["x"]}]}, "no numbers"),
        ({"targets": [{"name": "y", "minimum": 2, "maximum": 1}]}, "more than its maximum"),
    ],
)
def test_rules_that_can_not_be_used(change, said):
    plain = {"targets": [{"name": "y"}], "metrics": [{"name": "mae"}]}
    with pytest.raises(RulesError, match=said):
        Rules.from_json(json.dumps({**plain, **change}))


@pytest.mark.parametrize(
    ("truth", "said"),
    [
        ({"id": [1, 1], "y": [1, 2]}, "an id twice"),
        ({"id": [1, 2], "y": [1, "x"]}, "could not convert"),
        ({"id": [1, 2], "y": [1, "nan"]}, "finite"),
        ({"id": [1, 2], "z": [1, 2]}, "one column 'y'"),
        ({"id": [], "y": []}, "no rows"),
    ],
)
def test_truths_that_can_not_be_used(tmp_path, truth, said):
    with pytest.raises(RulesError, match=said):
        Scorer(RMSE, write(tmp_path / "t.csv", truth))


def test_numbers_are_read_to_the_last_digit(tmp_path):
    values = [0.1 + 0.2, 1 / 3, math.pi * 1e99, 5e-324, -0.0, 123456789.123456789]
    truth = write(tmp_path / "t.csv", {"id": range(6), "y": [repr(each) for each in values]})
    assert score(rules_for("mae", truth), truth, truth).total == 0
