"""Words of tasks' templates."""

from __future__ import annotations

from django import template

from lyceum.projects.choices import environment_label
from lyceum.tasks import sentences

register = template.Library()
register.filter("environment", environment_label)
register.filter("ending", sentences.ending)
register.filter("gang", sentences.gang)
register.filter("share", sentences.share)
register.filter("ran_for", sentences.ran_for)
register.filter("length", sentences.length_of)
