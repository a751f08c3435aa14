"""What templates say of notifications."""

from __future__ import annotations

from django import template

from lyceum.notifications import words

register = template.Library()
register.filter("sentence", words.sentence)
