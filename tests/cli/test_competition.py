"""``lyceum competition score``: the platform's number, at home."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lyceum.cli import main
from lyceum.cli.problems import ExitCode, Problem
from lyceum.scoring.rules import Column, MetricUse, Rules, Split
from lyceum.scoring.scorer import Scorer
from tests.scoring.files import write
from tests.scoring.programs import GOOD


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write(tmp_path / "truth.csv", {"id": range(9), "y": [n / 7 for n in range(9)]})


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return write(
        tmp_path / "mine.csv", {"id": range(9), "y": [n / 6 for n in range(9)]}, shuffled=1
    )


def run(*words: object) -> str:
    """What the command prints; what stops it is raised."""
    result = CliRunner().invoke(
        main.commands, ["competition", *map(str, words)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.output


def refusal(*words: object) -> Problem:
    with pytest.raises(Problem) as raised:
        CliRunner().invoke(
            main.commands, ["competition", *map(str, words)], catch_exceptions=False
        )
    return raised.value


def test_the_same_number_as_the_platform(tmp_path, truth, mine):
    rules = Rules((Column("y"),), (MetricUse("rmse"), MetricUse("mae")), split=Split(seed="x"))
    file = tmp_path / "rules.json"
    file.write_text(rules.to_json())
    with Scorer(rules, truth) as scorer:
        known = scorer.score(mine)
    told = json.loads(run("score", "--rules", file, "--json", truth, mine))
    assert told == known.as_dict()
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.write(mine, "mine.csv")
    assert repr(known.total) in run("score", "--rules", file, truth, tmp_path / "mine.zip")
    single = json.loads(run("score", "--metric", "rmse", "--target", "y", "--id", "id", "--json",
                            truth, mine))  # fmt: skip
    assert single["total"] == known.whole.metrics["rmse"]


def test_a_wrong_file(tmp_path, truth):
    wrong = write(tmp_path / "wrong.csv", {"id": range(9), "y": [*"12345678", "nine"]})
    problem = refusal("score", "--metric", "rmse", truth, wrong)
    assert problem.code == ExitCode.FAILED
    assert problem.sentence == "Row 10, column “y”: “nine” is no number."
    problem = refusal("score", "--metric", "rmse", "--language", "zh", truth, wrong)
    assert problem.sentence == "第 10 行，列“y”：“nine” 不是数字。"
    result = CliRunner().invoke(
        main.commands,
        ["competition", "score", "--metric", "rmse", "--json", str(truth), str(wrong)],
    )
    told = json.loads(result.output)
    assert result.exit_code == ExitCode.FAILED
    assert [each["code"] for each in told["problems"]] == ["not_a_number"]


def test_what_is_typed_wrongly(truth, mine):
    assert refusal("score", truth, mine).code == ExitCode.USAGE
    assert "no metric 'best'" in refusal("score", "--metric", "best", truth, mine).sentence
    assert "NAME=VALUE" in refusal("score", "--metric", "rmse", "-p", "k", truth, mine).sentence
    assert (
        "no parameter" in refusal("score", "--metric", "rmse", "-p", "k=3", truth, mine).sentence
    )


def test_a_program_of_the_organisers(tmp_path, truth, mine):
    program = tmp_path / "score.py"
    program.write_text(GOOD)
    told = json.loads(run("score", "--score-py", program, "--json", truth, mine))
    assert told["values"]["total"] > 0
    mine.write_text("id,y\n1,1\n")
    said = refusal("score", "--score-py", program, truth, mine).sentence
    assert said.startswith("There are 1 rows instead of 9.\nTraceback")


def test_the_metrics_are_listed():
    listed = json.loads(run("metrics", "--json"))
    assert {"name", "en", "zh", "formula", "higher_is_better"} <= listed[0].keys()
    assert all(each["name"] in run("metrics") for each in listed)
