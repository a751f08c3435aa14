"""``lyceum competition``: so far, scoring at home what is to be handed in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lyceum.cli.problems import ExitCode, Problem

if TYPE_CHECKING:
    # NumPy and scikit-learn come with it, which other commands have no use for.
    from lyceum.scoring.problems import Report
    from lyceum.scoring.rules import Parameter, Rules
    from lyceum.scoring.scores import Part, Score

commands = typer.Typer(help="Competitions: score a file at home.", no_args_is_help=True)


@commands.callback()
def root() -> None:
    """Options of every command."""


@commands.command("score")
def score(
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="What is right.", exists=True)],
    submission: Annotated[
        Path,
        typer.Argument(
            metavar="SUBMISSION", help="CSV, JSON, or a zip of one.", exists=True, dir_okay=False
        ),
    ],
    metric: Annotated[str, typer.Option(help="As `lyceum competition metrics` lists.")] = "",
    rules: Annotated[
        Path | None, typer.Option(help="A competition's rules.json.", exists=True, dir_okay=False)
    ] = None,
    program: Annotated[
        Path | None,
        typer.Option("--score-py", help="An organiser's score.py.", exists=True, dir_okay=False),
    ] = None,
    id_name: Annotated[str, typer.Option("--id", help="The column of ids.")] = "",
    targets: Annotated[
        list[str] | None, typer.Option("--target", help="A column that counts; may be repeated.")
    ] = None,
    group: Annotated[str, typer.Option(help="The truth's column of queries or classes.")] = "",
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="NAME=VALUE of the metric; may be repeated."),
    ] = None,
    language: Annotated[str, typer.Option(help="en or zh, for what is wrong with a file.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check SUBMISSION and score it against TRUTH: the platform's own number.

    Give one of --metric, --rules and --score-py.
    """
    if sum(each not in (None, "") for each in (metric, rules, program)) != 1:
        raise Problem(ExitCode.USAGE, "Give one of --metric, --rules and --score-py.")
    if program is not None:
        _score_by_program(program, truth, submission, language, as_json=as_json)
        return
    from lyceum.scoring.inferring import rules_for
    from lyceum.scoring.problems import Refused
    from lyceum.scoring.rules import Rules, RulesError
    from lyceum.scoring.scorer import Scorer

    try:
        if rules is not None:
            known = Rules.from_json(rules.read_bytes())
        else:
            given = _parameters(parameters or [])
            known = rules_for(
                metric,
                truth,
                id_name=id_name,
                targets=targets or (),
                group=group,
                parameters=given,
            )
        with Scorer(known, truth) as scorer:
            made = scorer.score(submission)
    except RulesError as error:
        raise Problem(ExitCode.FAILED, str(error)) from None
    except Refused as refused:
        _refuse(refused.report, language, as_json=as_json)
        return
    if as_json:
        typer.echo(json.dumps(made.as_dict(), ensure_ascii=False))
    else:
        Console().print(_table(made, known))


@commands.command("metrics")
def metrics(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the metrics: what is better, what they are of, their parameters."""
    from lyceum.scoring.metrics.catalogue import METRICS

    if as_json:
        listed = [
            {
                "name": each.name,
                "en": each.en,
                "zh": each.zh,
                "formula": each.formula,
                "higher_is_better": each.higher_is_better,
                "columns": each.inputs,
                "parameters": {name: one.default for name, one in each.parameters.items()},
            }
            for each in METRICS.values()
        ]
        typer.echo(json.dumps(listed, ensure_ascii=False))
        return
    table = Table()
    table.add_column("metric", no_wrap=True)
    for name in ("name", "better", "of", "parameters"):
        table.add_column(name)
    for each in METRICS.values():
        table.add_row(
            each.name,
            each.en,
            "higher" if each.higher_is_better else "lower",
            each.inputs,
            " ".join(f"{name}={one.default}" for name, one in each.parameters.items()),
        )
    Console().print(table)


def _score_by_program(
    program: Path, truth: Path, submission: Path, language: str, *, as_json: bool
) -> None:
    from lyceum.scoring import programs

    outcome = programs.run_at_home(program.resolve(), truth.resolve(), submission.resolve())
    if as_json:
        said = {"values": dict(outcome.values), "blame": outcome.blame}
        told = {"message": outcome.sentence(language), "detail": outcome.detail}
        typer.echo(json.dumps(said if outcome.values else {**said, **told}, ensure_ascii=False))
        raise typer.Exit(ExitCode.OK if outcome.values else ExitCode.FAILED)
    if not outcome.values:
        # At home the organiser and the participant are one person.
        words = [outcome.sentence(language), outcome.detail.strip()]
        raise Problem(ExitCode.FAILED, "\n".join(filter(None, words)))
    table = Table("", "all")
    for name, value in outcome.values.items():
        table.add_row(Text(name), repr(value))
    Console().print(table)


def _parameters(given: list[str]) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise Problem(ExitCode.USAGE, f"--parameter is NAME=VALUE, not {each!r}.")
        found[name] = int(value) if value.isdecimal() and name != "positive" else value
    return found


def _refuse(report: Report, language: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False))
        raise typer.Exit(ExitCode.FAILED)
    raise Problem(ExitCode.FAILED, "\n".join(report.sentences(language)))


def _table(score: Score, rules: Rules) -> Table:
    parts: dict[str, Part] = {"all": score.whole}
    if score.public is not None and score.private is not None:
        parts |= {"public": score.public, "private": score.private}
    table = Table("", *(f"{name} ({part.rows:,} rows)" for name, part in parts.items()))
    if len(rules.metrics) > 1:
        for use in rules.metrics:
            shown = [repr(part.metrics[use.shown]) for part in parts.values()]
            table.add_row(Text(use.shown), *shown)
        name = "total"
    else:
        name = rules.metrics[0].shown
    arrow = "↑" if rules.higher_is_better else "↓"
    table.add_row(Text(f"{name} {arrow}"), *(repr(part.total) for part in parts.values()))
    return table
