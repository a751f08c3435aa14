"""What organisers do: making a competition, its rounds, files, scoring and texts.

Each action asks first whether ``user`` organises the competition.
"""

from lyceum.competitions.actions.organising.competition import (
    create_competition,
    delete_competition,
    edit_competition,
    install_competition,
    publish,
    set_cover,
    set_organisers,
)
from lyceum.competitions.actions.organising.files import set_example, set_inputs, set_truth
from lyceum.competitions.actions.organising.programs import program_files, set_program
from lyceum.competitions.actions.organising.rounds import add_round, edit_round, remove_round
from lyceum.competitions.actions.organising.schedule import (
    due_months,
    make_month,
    make_template,
    schedule,
)
from lyceum.competitions.actions.organising.scoring import set_scoring
from lyceum.competitions.actions.organising.texts import (
    announce,
    take_back,
    write_page,
    write_rules,
)

__all__ = [
    "add_round",
    "announce",
    "create_competition",
    "delete_competition",
    "due_months",
    "edit_competition",
    "edit_round",
    "install_competition",
    "make_month",
    "make_template",
    "program_files",
    "publish",
    "remove_round",
    "schedule",
    "set_cover",
    "set_example",
    "set_inputs",
    "set_organisers",
    "set_program",
    "set_scoring",
    "set_truth",
    "take_back",
    "write_page",
    "write_rules",
]
