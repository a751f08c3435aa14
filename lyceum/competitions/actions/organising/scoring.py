"""How a round is scored: rules and truth, which change together and must fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError
from lyceum.common.text import clean_line
from lyceum.competitions import folders, wake
from lyceum.competitions.actions.organising import _fields, _storing
from lyceum.competitions.actions.organising.rounds import hold_round, organised_round
from lyceum.competitions.models import AuditAction, Round
from lyceum.scoring import Rules, RulesError, apart

_LONGEST_RULES = 200_000
Upload = tuple[BinaryIO, str]


def set_scoring(
    user: User,
    round_id: int,
    *,
    rules_json: str,
    truth: Upload | None = None,
    reason: str = "",
) -> Round:
    """Score the round by these rules (`lyceum.scoring.Rules`), and by a new ``truth`` (a
    file and its name) where one is given.

    A split without a seed gets a secret one, or keeps the one it had. Once something has
    been scored ``reason`` must say why it changes, and the split stays: it decides who is
    on which board. Scores there are stay until a rejudge. Raises ``NotFound``,
    ``Forbidden``, ``DomainError`` about ``rules``, ``truth`` or ``reason``, and ``Conflict``
    (code ``split_fixed``).
    """
    round_ = organised_round(user, round_id)
    rules = _seeded(_parsed(rules_json), _rules_of(round_))
    return change_scoring(user, round_, rules=rules, truth=truth, reason=reason)


def change_scoring(
    user: User,
    round_: Round,
    *,
    rules: Rules | None = None,
    truth: Upload | None = None,
    reason: str = "",
) -> Round:
    """Change rules, truth or both of an organised round; see `set_scoring`."""
    reason = clean_reason(round_, reason)
    values: dict[str, Any] = {}
    if rules is not None:
        _check_split(round_, rules)
        values |= _of_rules(rules)
    rules = rules or _rules_of(round_)
    if truth is None:
        if rules is not None and round_.truth_name:
            values["truth_rows"] = _rows(rules, folders.truth(round_))
    else:
        values |= _keep_truth(round_, rules, truth)
    changed = {"rules": "rules" in values, "truth": "truth_name" in values}
    return use_scoring(user, round_, values, reason=reason, **changed)


def use_scoring(
    user: User, round_: Round, values: dict[str, Any], *, reason: str, **changed: Any
) -> Round:
    """Store what the round is scored by from now on, and let those who wait be scored."""
    with transaction.atomic():
        held = hold_round(round_)
        for name, value in values.items():
            setattr(held, name, value)
        held.fault = ""
        held.save(update_fields=[*values, "fault"])
        if held.competition.published:
            _fields.log(
                held.competition, AuditAction.SCORING_CHANGED, user,
                reason=reason, round=held.number, **changed,
            )  # fmt: skip
        if name := values.get("truth_name"):
            folder = folders.truth(held).parent
            transaction.on_commit(lambda: _storing.keep_only(folder, name))
        transaction.on_commit(wake.dispatcher)
    return held


def clean_reason(round_: Round, reason: str) -> str:
    """Why the scoring changes; must be said once something has been scored by it."""
    return clean_line(
        reason, field="reason", longest=_fields.LONGEST_REASON, required=_has_scores(round_)
    )


def _has_scores(round_: Round) -> bool:
    return round_.submissions.filter(public_score__isnull=False).exists()


def _rules_of(round_: Round) -> Rules | None:
    return Rules.from_json(round_.rules) if round_.rules else None


def _parsed(text: str) -> Rules:
    if len(text) > _LONGEST_RULES:
        raise DomainError("bad_rules", _("These rules are too long."), field="rules")
    try:
        return msgspec.json.decode(text, type=Rules)
    except msgspec.MsgspecError as error:
        raise _bad_rules(error) from None


def _seeded(rules: Rules, before: Rules | None) -> Rules:
    """The rules with a seed that nobody can guess, and found good."""
    split = rules.split
    if split is not None and not split.column and not split.seed:
        known = before.split.seed if before and before.split else ""
        split = msgspec.structs.replace(split, seed=known or _storing.new_seed())
        rules = msgspec.structs.replace(rules, split=split)
    try:
        rules.validate()
    except RulesError as error:
        raise _bad_rules(error) from None
    return rules


def _bad_rules(error: Exception) -> DomainError:
    sentence = _("These rules can't be used: %(fault)s") % {"fault": str(error)[:500]}
    return DomainError("bad_rules", sentence, field="rules")


def _check_split(round_: Round, rules: Rules) -> None:
    before = _rules_of(round_)
    if before and before.split != rules.split and _has_scores(round_):
        sentence = _("The public part can't be drawn anew once something has been scored.")
        raise Conflict("split_fixed", sentence, field="rules")


def _of_rules(rules: Rules) -> dict[str, Any]:
    return {
        "rules": rules.to_json(),
        "program": "",
        "program_environment": "",
        "metric": " + ".join(use.shown for use in rules.metrics)[:60],
        "higher_is_better": rules.higher_is_better,
        "has_private": rules.split is not None,
    }


def _keep_truth(round_: Round, rules: Rules | None, truth: Upload) -> dict[str, Any]:
    """Keep a new truth; the fields that say so. Its name is one that no other content has
    had, so whoever is scoring by the one before goes on with a whole file."""
    folder = folders.of_round(round_) / "truth"
    with _storing.staged(folder, *truth, field="truth") as fresh:
        rows = 0 if rules is None else _rows(rules, fresh.path)
        name = f"truth-{fresh.sha256[:16]}{Path(fresh.name).suffix}"
        fresh.publish(name)
    return {"truth_name": name, "truth_sha256": fresh.sha256, "truth_rows": rows}


def _rows(rules: Rules, truth: Path) -> int:
    """How many rows a truth that fits the rules has."""
    found = apart.inspect(rules, truth)
    if found.report is None:
        sentence = _("The truth does not fit the rules: %(fault)s") % {"fault": found.fault}
        raise DomainError("bad_truth", sentence, field="truth")
    return found.report.rows
