"""The template tags of the look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation
from django.utils.timezone import now

from lyceum.accounts.models import User
from lyceum.portal.templatetags import lyceum as tags
from lyceum.projects.models import Project


def render(source: str, **context: object) -> str:
    return Template("{% load lyceum %}" + source).render(Context(context))


def test_an_icon_is_inlined_and_hidden_from_screen_readers_unless_named() -> None:
    plain = render("{% icon 'star' %}")
    assert plain.startswith("<svg") and 'aria-hidden="true"' in plain and "<path" in plain
    named = render("{% icon 'star-filled' label=label %}", label='"><script>')
    assert 'role="img"' in named and "<script>" not in named


def test_an_icon_that_does_not_exist_is_found_in_development() -> None:
    with pytest.raises(KeyError):
        render("{% icon 'no-such-icon' %}")


def test_an_avatar_without_a_picture_is_an_initial_of_one_colour() -> None:
    lin = User(pk=3, username="lin", display_name="<林>")
    first, second = render("{% avatar lin 40 %}", lin=lin), render("{% avatar lin 40 %}", lin=lin)
    assert first == second
    assert "&lt;" in first and "--size: 40px" in first


def test_covers_are_drawn_from_the_id_alone() -> None:
    one, same, other = (Project(pk=pk, name="x") for pk in (1, 1, 2))
    drawn = [render("{% cover project %}", project=project) for project in (one, same, other)]
    assert drawn[0] == drawn[1] != drawn[2]
    table = render("{% cover project 'cells' %}", project=Project(pk=1))
    assert "<svg" in table and "cover-line" not in table


def test_an_uploaded_cover_is_shown() -> None:
    assert 'src="/media/covers/a.webp"' in render(
        "{% cover project %}", project=Project(pk=1, cover="covers/a.webp")
    )


class Form(forms.Form):
    name = forms.CharField(help_text="hint", widget=forms.TextInput(attrs={"class": "wide"}))
    agree = forms.BooleanField()
    colour = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    size = forms.ChoiceField(choices=[("a", "A")])
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_keeps_what_was_typed_and_points_to_its_hint_and_error() -> None:
    form = Form({"name": "", "size": "z"})
    html = render("{% field form.name %}", form=form)
    assert 'class="wide form-control is-invalid"' in html
    assert 'aria-describedby="id_name_help id_name_error"' in html
    assert 'id="id_name_error"' in html and 'id="id_name_help"' in html
    assert 'value="&lt;b&gt;"' in render("{% field form.name %}", form=Form({"name": "<b>"}))


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("agree", "form-check-input"),
        ("colour", "<fieldset"),
        ("size", "form-select"),
        ("secret", 'type="hidden"'),
    ],
)
def test_each_kind_of_field(field: str, part: str) -> None:
    assert part in render("{% field bound %}", bound=Form()[field])


@dataclass
class Named:
    name: str
    name_en: str


@pytest.mark.parametrize(
    ("language", "english", "shown"),
    [("en", "Houses", "Houses"), ("en", "", "房价"), ("zh-hans", "Houses", "房价")],
)
def test_a_name_in_the_pages_language(language: str, english: str, shown: str) -> None:
    with translation.override(language):
        assert tags.localized(Named("房价", english), "name") == shown


def test_query_changes_one_key_and_keeps_the_rest() -> None:
    request = RequestFactory().get("/", {"q": "a b", "after": "9"})
    assert render("{% query after=None sort='new' %}", request=request) == "?q=a+b&amp;sort=new"


def test_a_moment_is_written_for_the_readers_own_zone() -> None:
    noon = datetime(2026, 1, 2, 20, 0, tzinfo=timezone(timedelta(hours=8)))
    html = render("{% local_time noon %}", noon=noon)
    assert 'datetime="2026-01-02T12:00:00+00:00" data-local-time' in html
    assert "UTC</time>" in html


@pytest.mark.parametrize(
    ("passed", "english", "chinese"),
    [
        (timedelta(seconds=59), "just now, for less than a minute", "刚刚, for 不到 1 分钟"),
        (timedelta(minutes=5), "5\xa0minutes ago, for 5\xa0minutes", "5 分钟前, for 5 分钟"),
    ],
)
def test_no_time_is_told_as_zero_minutes(passed: timedelta, english: str, chinese: str) -> None:
    said = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            moment = now() - passed
            said[language] = render("{{ then|ago }}, for {{ then|lasting }}", then=moment)
    assert said["en"] == english
    assert said["zh-hans"].replace("\xa0", " ") == chinese
