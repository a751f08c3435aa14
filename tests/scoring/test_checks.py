"""What is wrong with a submission is told by code, row and column, in both languages."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lyceum.scoring.problems import CODES, MOST_LISTED, Problem
from lyceum.scoring.rules import Column, Identity, MetricUse, Rules, RulesError
from lyceum.scoring.scorer import Scorer
from tests.scoring.files import check, score, write

RULES = Rules((Column("y", minimum=0, maximum=100),), (MetricUse("rmse"),))
GOOD = "id,y\n1,10\n2,20\n3,30\n4,40\n"


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write(tmp_path / "truth.csv", {"id": [1, 2, 3, 4], "y": [10, 20, 30, 40]})


@pytest.fixture
def scorer(truth: Path) -> Iterator[Scorer]:
    with Scorer(RULES, truth) as made:
        yield made


@pytest.fixture
def told(tmp_path: Path, truth: Path):
    """What is wrong with a text (or bytes), as (code, row, column, value)."""

    def of(content: str | bytes, *, name: str = "mine.csv", rules: Rules = RULES):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        report = check(rules, truth, path)
        assert report.total >= len(report.problems)
        assert all(each.sentence("en") != each.sentence("zh") for each in report.problems)
        return [(each.code, each.row, each.column, each.value) for each in report.problems]

    return of


def test_a_good_file_in_many_forms(told):
    assert told(GOOD) == []
    assert told("y,id\n 40 , 4\n20,2.0\n3e1,3\n+10,+1\n") == []
    assert told(GOOD.replace(",", ";")) == []
    assert told(GOOD.replace(",", "\t")) == []
    assert told(GOOD.replace("\n", "\r\n")) == []
    assert told(GOOD.replace("\n", "\r")) == []
    assert told("\n" + GOOD.replace("2,20\n", "\n2,20\n\n")) == []
    assert told("\ufeff" + GOOD) == []
    assert told(GOOD.encode("utf-16")) == []
    assert told('"id","y"\n"1","10"\n"2",20\n3,30\n4,40') == []
    records = [{"id": n, "y": n * 10} for n in range(1, 5)]
    assert told(json.dumps(records), name="mine.json") == []
    assert told('{"id": [1, 2, 3, 4], "y": [10, 20.5, "30", 40]}', name="mine.json") == []


def test_values(told):
    assert told("id,y\n1,ten\n2,\n3,inf\n4,nan\n") == [
        ("not_a_number", 2, "y", "ten"),
        ("empty", 3, "y", None),
        ("not_finite", 4, "y", "inf"),
        ("not_finite", 5, "y", "nan"),
    ]
    assert told("id,y\n1,-1\n2,100.5\n3,30\n4,0\n") == [
        ("too_small", 2, "y", "-1"),
        ("too_great", 3, "y", "100.5"),
    ]


def test_ids(told):
    assert told("id,y\n1,1\n1,1\n,3\n5,4\n1,1\n") == [
        ("row_count", None, None, None),
        ("empty_id", 4, "id", None),
        ("unknown_id", 5, "id", "5"),
        ("duplicate_id", 3, "id", "1"),
        ("duplicate_id", 6, "id", "1"),
        ("missing_id", None, "id", "2"),
        ("missing_id", None, "id", "3"),
        ("missing_id", None, "id", "4"),
    ]
    assert told("id,y\n1,1\n2,2\n3,3\n4.5,4\n")[0] == ("unknown_id", 5, "id", "4.5")


def test_rows_are_counted_as_people_do(told):
    assert told('\n\nid,y\n\n1,1\n\n\n2,x\n3,"3\n3"\n4,x\n') == [
        ("not_a_number", 8, "y", "x"),
        ("not_a_number", 9, "y", "3 3"),
        ("not_a_number", 10, "y", "x"),
    ]
    records = [{"id": 1, "y": 1}, {"id": 2}, {"id": 3, "y": 3}, {"id": 4, "y": "x"}]
    assert told(json.dumps(records), name="mine.json") == [
        ("empty", 2, "y", None),
        ("not_a_number", 4, "y", "x"),
    ]


def test_columns(told):
    assert told("ID,Y \n1,2\n") == [
        ("renamed_column", 1, "id", None),
        ("renamed_column", 1, "y", None),
    ]
    assert told("id,prediction\n1,2\n") == [
        ("missing_column", 1, "y", None),
        ("extra_column", 1, "prediction", None),
    ]
    assert told(",id,y\n0,1,2\n") == [("index_column", 1, None, None)]
    assert told("id,y,y\n1,2,3\n") == [("duplicate_column", 1, "y", None)]
    assert told("1,10\n2,20\n") == [("no_header", 1, None, None)]


def test_structure(told):
    assert told("id,y\n1,1\n2\n\n3,3,3\n4,4\n") == [
        ("too_few_values", 3, None, None),
        ("too_many_values", 5, None, None),
    ]
    assert told('id,y\n1,1\n2,"2\n3,3\n') == [("quote", 3, None, None)]
    assert told('id,y\n1,1\n2,"2"x\n3,3\n') == [("quote", 3, None, None)]


def test_no_text(told):
    assert told("") == [("empty_file", None, None, None)]
    assert told(" \n\n") == [("empty_file", None, None, None)]
    assert told(b"id,y\n1,1\n2,\xe9\n") == [("encoding", 3, None, "e9")]
    assert told(b"id,y\n1,1\n2,\x00\n") == [("nul", 3, None, None)]
    assert told(b"PAR1....") == [("unsupported", None, None, "Parquet")]
    assert told("[{", name="a.json") == [("bad_json", None, None, None)]
    assert told("[1, 2]", name="a.json") == [("json_shape", None, None, None)]
    assert told('{"id": [1], "y": [1, 2]}', name="a.json") == [("json_shape", None, None, None)]
    assert told('[{"id": 1, "y": [2]}]', name="a.json") == [("json_nested", 1, "y", None)]
    assert told("[" * 100_000, name="a.json") == [("bad_json", None, None, None)]


def test_zips(tmp_path, truth):
    def told(members: dict[str, str]) -> list[str]:
        path = tmp_path / "mine.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in members.items():
                archive.writestr(name, text)
        return [each.code for each in check(RULES, truth, path).problems]

    assert told({"sub/mine.csv": GOOD, "__MACOSX/sub/._mine.csv": "x", "read.me": "x"}) == []
    assert told({"mine.json": '[{"id": 1, "y": 2}]'})[0] == "row_count"
    assert told({"a.csv": GOOD, "b.csv": GOOD}) == ["zip_members"]
    assert told({"a.txt": GOOD}) == ["zip_members"]
    assert told({"xl/workbook.xml": "", "a.csv": GOOD}) == ["unsupported"]
    assert told({"a.csv": "id,y\n" + "0,0\n" * 4_000_000}) == ["zip_bomb"]
    path = tmp_path / "cut.zip"
    path.write_bytes((tmp_path / "mine.zip").read_bytes()[:-30])
    assert [each.code for each in check(RULES, truth, path).problems] == ["bad_zip"]


def test_a_huge_cell_and_a_huge_row_are_refused(told):
    assert told("id,y\n1,1\n2," + "9" * 100_000_000 + "\n") == [("too_long", 3, None, None)]
    assert told("id,y\n1,1\n" + "2," * 1_500_000 + "\n3,3\n") == [("too_long", 3, None, None)]
    assert told("id,y\n1,1\n" + "2," * 400_000 + "\n3,3\n") == [("too_many_values", 3, None, None)]


def test_a_million_rows(tmp_path):
    """Every row is looked at, the problems are counted, twenty are listed."""
    rows = 1_000_000
    truth = tmp_path / "truth.csv"
    truth.write_text("id,y\n" + "".join(f"{n},{n % 100}\n" for n in range(rows)))
    wrong = tmp_path / "mine.csv"
    wrong.write_text("id,y\n" + "".join(f"{n},{'x' if n % 2 else 5}\n" for n in range(rows)))
    with Scorer(RULES, truth) as scorer:
        assert scorer.score(truth).total == 0
        report = scorer.check(wrong)
    assert report.total == rows // 2 and report.rows == rows
    assert [each.row for each in report.problems] == list(range(3, 3 + 2 * MOST_LISTED, 2))
    assert report.sentences("en")[-1] == "And 499980 more."


def test_the_list_has_some_of_each_kind(tmp_path, truth, told):
    lines = [f"{n},{'x' if n % 2 else 'inf'}" for n in range(100)]
    codes = [each[0] for each in told("id,y\n" + "\n".join(lines) + "\n")]
    assert len(codes) == MOST_LISTED
    assert {"row_count", "unknown_id", "not_a_number", "not_finite"} == set(codes)


def test_labels_probabilities_lists_and_masks(tmp_path):
    def told(rules: Rules, truth: dict, mine: dict):
        truth_file = write(tmp_path / "t.csv", truth)
        report = check(rules, truth_file, write(tmp_path / "m.csv", mine))
        return [(each.code, each.row, each.column, each.value) for each in report.problems]

    ids = [1, 2, 3]
    rules = Rules((Column("y", "label"),), (MetricUse("accuracy"),))
    assert told(
        rules, {"id": ids, "y": ["猫", "狗", "猫"]}, {"id": ids, "y": ["猫", "鸟", ""]}
    ) == [
        ("not_allowed", 3, "y", "鸟"),
        ("empty", 4, "y", None),
    ]
    assert told(rules, {"id": ids, "y": [0, 1, 10]}, {"id": ids, "y": ["1.0", "+10", "2"]}) == [
        ("not_allowed", 4, "y", "2")
    ]
    rules = Rules(
        (Column("kind", "label", values=("a", "b", "c")),),
        (MetricUse("log_loss"),),
        predictions=tuple(Column(each, "probability") for each in "abc"),
    )
    truth = {"id": ids, "kind": ["a", "b", "c"]}
    good = {"a": [0.2, 0.2, 0.3], "b": [0.3, 0.3, 0.3], "c": [0.5, 0.5, 0.3999]}
    assert told(rules, truth, {"id": ids, **good}) == []
    assert told(rules, truth, {"id": ids, **good, "c": [0.5, 0.6, 0.4]}) == [
        ("sum", 3, None, "1.1")
    ]
    assert told(rules, truth, {"id": ids, **good, "a": [1.2, 0.2, 0.3]}) == [
        ("too_great", 2, "a", "1.2")
    ]
    rules = Rules((Column("y", "list"),), (MetricUse("map_at_k", {"k": 2}),))
    truth = {"id": ids, "y": ["a", "b", "c"]}
    assert told(rules, truth, {"id": ids, "y": ["a b", "a a", "a b c"]}) == [
        ("bad_list", 3, "y", "a a"),
        ("bad_list", 4, "y", "a b c"),
    ]
    rules = Rules((Column("y", "mask"),), (MetricUse("miou", {"pixels": 10}),))
    truth = {"id": ids, "y": ["1 2", "", "3 4"]}
    assert told(rules, truth, {"id": ids, "y": ["1 10", "", "10 1"]}) == []
    for bad in ("1", "0 1", "10 2", "3 2 4 1", "1 -1", "1 x", "1 1 1 1", "9" * 30 + " 1"):
        found = told(rules, truth, {"id": ids, "y": ["1 10", "", bad]})
        assert [each[:3] for each in found] == [("bad_mask", 4, "y")]


def test_a_metric_limits_its_columns(tmp_path):
    """Whatever the rules say of them: else there would be no number."""

    def told(metric: str, truth: list, mine: list, **more) -> list[str]:
        type_ = "label" if metric in ("log_loss", "auc") else "number"
        rules = Rules(
            (Column("y", type_),), (MetricUse(metric),), predictions=(Column("y"),), **more
        )
        columns = {"id": [1, 2], "y": truth, **({"q": [1, 1]} if more else {})}
        truth_file = write(tmp_path / "t.csv", columns)
        mine_file = write(tmp_path / "m.csv", {"id": [1, 2], "y": mine})
        return [each.code for each in check(rules, truth_file, mine_file).problems]

    assert told("rmsle", [0, 1], [-0.5, 1]) == ["too_small"]
    assert told("log_loss", [0, 1], [0.5, 1.5]) == ["too_great"]
    assert told("auc", [0, 1], [-3, 7]) == []
    assert told("ndcg_at_k", [0, 1], [-3, 7], group="q") == []
    assert told("rmse", [0, 1], ["1e200", "-1e200"]) == ["too_small", "too_great"]
    with pytest.raises(RulesError, match="below 0"):
        told("ndcg_at_k", [-1, 1], [0, 0], group="q")


def test_a_header_that_looks_like_a_zip_or_is_huge(told):
    assert told("PK,y\n1,2\n")[0][0] == "missing_column"
    assert told("x" * 1_000_000 + ",y\n1,2\n")[0][:3] == ("missing_column", 1, "id")


def test_texts_as_ids(tmp_path):
    rules = Rules((Column("y"),), (MetricUse("mae"),), Identity("name"))
    truth = write(tmp_path / "truth.csv", {"name": ["b", "007", "é"], "y": [1, 2, 3]})
    mine = write(tmp_path / "mine.csv", {"name": ["007", " b ", "é"], "y": [2, 1, 4]})
    assert score(rules, truth, mine).total == pytest.approx(1 / 3)
    mine = write(tmp_path / "mine.csv", {"name": ["7", "b", "é"], "y": [2, 1, 4]})
    codes = [each.code for each in check(rules, truth, mine).problems]
    assert codes == ["unknown_id", "missing_id"]


def test_every_sentence_can_be_said():
    """With the parameters that any of them may need."""
    params = {
        name: 1
        for name in ("most", "encoding", "found", "ratio", "detail", "line", "expected", "hint",
                     "first", "least", "allowed", "within")
    }  # fmt: skip
    for code in CODES:
        problem = Problem(code, 2, "y", "x", params)
        assert problem.sentence("en").startswith("Row 2, column “y”: ")
        assert problem.sentence("zh-hans").startswith("第 2 行，列“y”：")
        assert problem.as_dict()["code"] == code


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=80), st.text('id,y\n"01234\t;\r x.', max_size=60)))
def test_nothing_breaks_the_check(tmp_path, scorer, content):
    path = tmp_path / "mine"
    path.write_bytes(b"id,y\n" + (content if isinstance(content, bytes) else content.encode()))
    assert scorer.check(path).total > 0
