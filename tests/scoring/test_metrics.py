"""Each metric against scikit-learn or sacreBLEU called directly, to the last digit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sacrebleu
from sklearn import metrics

from lyceum.scoring.inferring import rules_for
from lyceum.scoring.metrics.catalogue import METRICS
from lyceum.scoring.rules import RulesError
from tests.scoring.files import score, write

ROWS = 400
RANDOM = np.random.default_rng(7)
IDS = np.arange(1, ROWS + 1)
TRUTH = RANDOM.gamma(2.0, 50.0, ROWS)
NEAR = np.abs(TRUTH + RANDOM.normal(0, 20, ROWS))
CLASSES = np.array(["bird", "cat", "dog"])
KINDS = CLASSES[RANDOM.integers(0, 3, ROWS)]
GUESSES = np.where(RANDOM.random(ROWS) < 0.7, KINDS, CLASSES[RANDOM.integers(0, 3, ROWS)])
BINARY = RANDOM.integers(0, 2, ROWS)
BINARY_GUESSES = np.where(RANDOM.random(ROWS) < 0.7, BINARY, 1 - BINARY)
CHANCES = np.round(np.clip(BINARY * 0.4 + RANDOM.random(ROWS) * 0.6, 0, 1), 2)
TABLE = RANDOM.dirichlet(np.ones(3), ROWS)


def scored(folder: Path, metric: str, truth: dict, submission: dict, **chosen: object) -> float:
    truth_file = write(folder / "truth.csv", {"id": IDS, **truth})
    file = write(folder / "mine.csv", {"id": IDS, **submission}, shuffled=1)
    return score(rules_for(metric, truth_file, **chosen), truth_file, file).total


@pytest.mark.parametrize(
    ("metric", "direct"),
    [
        ("rmse", metrics.root_mean_squared_error),
        ("rmsle", metrics.root_mean_squared_log_error),
        ("mae", metrics.mean_absolute_error),
        ("r2", metrics.r2_score),
    ],
)
def test_numbers(tmp_path, metric, direct):
    assert scored(tmp_path, metric, {"y": TRUTH}, {"y": NEAR}) == direct(TRUTH, NEAR)
    both, near = np.column_stack([TRUTH, NEAR]), np.column_stack([NEAR, TRUTH])
    of_two = scored(tmp_path, metric, {"a": TRUTH, "b": NEAR}, {"a": NEAR, "b": TRUTH})
    assert of_two == direct(both, near)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    ("metric", "direct"),
    [
        ("accuracy", metrics.accuracy_score),
        ("balanced_accuracy", metrics.balanced_accuracy_score),
        ("f1_macro", lambda y, p: metrics.f1_score(y, p, average="macro")),
        ("f1_micro", lambda y, p: metrics.f1_score(y, p, average="micro")),
        ("f1_weighted", lambda y, p: metrics.f1_score(y, p, average="weighted")),
    ],
)
def test_labels(tmp_path, metric, direct, whole):
    truth, said = KINDS, GUESSES
    if whole:  # 10, 2, 5: not in the order of their texts
        numbers = np.array([10, 2, 5])
        truth = numbers[np.searchsorted(CLASSES, KINDS)]
        said = numbers[np.searchsorted(CLASSES, GUESSES)].astype(float)
    assert scored(tmp_path, metric, {"kind": truth}, {"kind": said}) == direct(truth, said)


def test_f1_of_one_class(tmp_path):
    said = scored(tmp_path, "f1_binary", {"y": BINARY}, {"y": BINARY_GUESSES})
    assert said == metrics.f1_score(BINARY, BINARY_GUESSES)
    chosen = {"parameters": {"positive": "0"}}
    said = scored(tmp_path, "f1_binary", {"y": BINARY}, {"y": BINARY_GUESSES}, **chosen)
    assert said == metrics.f1_score(BINARY, BINARY_GUESSES, pos_label=0)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_auc(tmp_path, average):
    said = scored(tmp_path, "auc", {"y": BINARY}, {"y": CHANCES})
    assert said == metrics.roc_auc_score(BINARY, CHANCES)
    columns = dict(zip(CLASSES, TABLE.T, strict=True))
    chosen = {"parameters": {"average": average}}
    said = scored(tmp_path, "auc", {"kind": KINDS}, columns, **chosen)
    table = TABLE / TABLE.sum(axis=1, keepdims=True)
    assert said == metrics.roc_auc_score(KINDS, table, multi_class="ovr", average=average)


def test_log_loss(tmp_path):
    said = scored(tmp_path, "log_loss", {"y": BINARY}, {"y": CHANCES})
    assert said == metrics.log_loss(BINARY, CHANCES)
    columns = dict(zip(CLASSES, TABLE.T, strict=True))
    said = scored(tmp_path, "log_loss", {"kind": KINDS}, columns)
    assert said == metrics.log_loss(KINDS, TABLE / TABLE.sum(axis=1, keepdims=True))


def test_bleu(tmp_path):
    truth = [f"the {a} sat on a mat near {b}" for a, b in zip(KINDS, GUESSES, strict=True)]
    said = [f"the {a} sat on the mat near {b}" for a, b in zip(GUESSES, KINDS, strict=True)]
    found = scored(tmp_path, "bleu", {"text": truth}, {"text": said})
    assert found == sacrebleu.corpus_bleu(said, [truth]).score
    two = {"text": truth, "other": said[::-1]}
    found = scored(tmp_path, "bleu", two, {"text": said})
    assert found == sacrebleu.corpus_bleu(said, [truth, said[::-1]]).score
    zh = scored(tmp_path, "bleu", {"t": ["我喜欢机器学习和数据"] * ROWS},
                {"t": ["我很喜欢机器学习和数据"] * ROWS},
                parameters={"tokenize": "zh"})  # fmt: skip
    assert 0 < zh < 100


def test_map_at_k(tmp_path):
    """By hand: hits at places 1 and 3 of 2 relevant, at 2 of 3, none."""
    truth = {"id": [1, 2, 3], "items": ["a b", "c d e", "f"]}
    said = {"id": [3, 2, 1], "items": ["x y", "x c", "a x b"]}
    truth_file = write(tmp_path / "truth.csv", truth)
    rules = rules_for("map_at_k", truth_file, parameters={"k": 3})
    found = score(rules, truth_file, write(tmp_path / "mine.csv", said)).total
    assert found == pytest.approx(((1 + 2 / 3) / 2 + (1 / 2) / 3 + 0) / 3)


def test_ndcg_at_k(tmp_path):
    queries = RANDOM.integers(0, 40, ROWS)
    queries[:80] = np.repeat(np.arange(40), 2)
    relevance, said = RANDOM.integers(0, 4, ROWS), np.round(RANDOM.random(ROWS), 1)
    truth = {"query": queries, "y": relevance}
    for k in (None, 3):
        found = scored(tmp_path, "ndcg_at_k", truth, {"y": said}, group="query",
                       parameters={} if k is None else {"k": k})  # fmt: skip
        each = [
            metrics.ndcg_score([relevance[queries == q]], [said[queries == q]], k=k)
            for q in np.unique(queries)
        ]
        assert found == pytest.approx(np.mean(each), rel=1e-15)


def as_runs(mask: np.ndarray) -> str:
    edges = np.flatnonzero(np.diff(np.r_[0, mask, 0])) + 1
    return " ".join(f"{a} {b - a}" for a, b in zip(edges[::2], edges[1::2], strict=True))


def test_miou_of_rows_and_of_classes(tmp_path):
    truth = RANDOM.random((30, 64)) < 0.4
    said = truth ^ (RANDOM.random((30, 64)) < 0.2)
    truth[0] = said[0] = False  # both empty: 1
    kinds = np.arange(30) % 3
    ids = np.arange(30)
    truth_file = write(
        tmp_path / "truth.csv",
        {"id": ids, "class": kinds, "mask": [as_runs(each) for each in truth]},
    )
    file = write(tmp_path / "mine.csv", {"id": ids, "mask": [as_runs(each) for each in said]},
                 shuffled=2)  # fmt: skip
    rules = rules_for("miou", truth_file, targets=["mask"], parameters={"pixels": 64})
    rows = [metrics.jaccard_score(t, s, zero_division=1) for t, s in zip(truth, said, strict=True)]
    assert score(rules, truth_file, file).total == pytest.approx(np.mean(rows), rel=1e-15)
    rules = rules_for("miou", truth_file, group="class", targets=["mask"])
    of_classes = [
        metrics.jaccard_score(truth[kinds == each].ravel(), said[kinds == each].ravel())
        for each in range(3)
    ]
    assert score(rules, truth_file, file).total == pytest.approx(np.mean(of_classes), rel=1e-15)


def test_every_metric_is_described():
    for metric in METRICS.values():
        assert metric.en and metric.zh and metric.formula and metric.about_en and metric.about_zh


def test_a_class_that_is_not_there_leaves_auc_undefined(tmp_path):
    with pytest.raises(RulesError, match="needs two classes"):
        scored(tmp_path, "auc", {"y": np.ones(ROWS, int)}, {"y": CHANCES})
