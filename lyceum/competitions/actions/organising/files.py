"""A round's files: the hidden truth, hidden inputs, and the example of a submission."""

from __future__ import annotations

from typing import BinaryIO

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError
from lyceum.competitions import folders
from lyceum.competitions.actions.organising import _storing
from lyceum.competitions.actions.organising.rounds import hold_round, organised_round
from lyceum.competitions.actions.organising.scoring import change_scoring
from lyceum.competitions.models import Round
from lyceum.scoring import Report, Rules, apart


def set_truth(user: User, round_id: int, *, file: BinaryIO, name: str, reason: str = "") -> Round:
    """Keep ``file`` as what submissions are scored against; readable by the scorer alone.

    With rules it must fit them; to change both at once see `set_scoring`. Scores there
    are stay until a rejudge, and ``reason`` must say why it changes. Raises ``NotFound``,
    ``Forbidden`` and ``DomainError`` about ``truth`` or ``reason``.
    """
    round_ = organised_round(user, round_id)
    return change_scoring(user, round_, truth=(file, name), reason=reason)


def set_inputs(user: User, round_id: int, *, file: BinaryIO, name: str) -> Round:
    """Keep ``file`` as the inputs that code or a service of participants is run on, which
    they see under this name. Raises as `set_truth`, about ``inputs``."""
    round_ = organised_round(user, round_id)
    stored = _storing.keep(folders.of_round(round_) / "inputs", file, name, field="inputs")
    return _use(round_, "inputs", stored.name)


def set_example(user: User, round_id: int, *, file: BinaryIO, name: str) -> Round:
    """Keep ``file`` as the example of a submission that everybody may download.

    With rules and truth it must be one that would be scored. Raises as `set_truth`,
    about ``example``.
    """
    round_ = organised_round(user, round_id)
    folder = folders.of_round(round_) / "example"
    with _storing.staged(folder, file, name, field="example") as stored:
        if round_.rules and round_.truth_name:
            found = apart.check(Rules.from_json(round_.rules), folders.truth(round_), stored.path)
            if found.report is None:
                sentence = _("The example can't be checked: %(fault)s")
                raise DomainError(
                    "bad_example", sentence % {"fault": found.fault}, field="example"
                )
            if not found.report.ok:
                raise DomainError("bad_example", _told(found.report), field="example")
        stored.publish()
    return _use(round_, "example", stored.name)


def _use(round_: Round, what: str, name: str) -> Round:
    """Have the round use a file of ``folders.of_round(…) / what`` that is there."""
    field = f"{what}_name"
    with transaction.atomic():
        held = hold_round(round_)
        setattr(held, field, name)
        held.save(update_fields=[field])
        folder = folders.of_round(round_) / what
        transaction.on_commit(lambda: _storing.keep_only(folder, name))
    return held


def _told(report: Report) -> str:
    return " ".join(report.sentences(get_language() or "en"))
