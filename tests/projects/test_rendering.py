"""Notebooks as read-only HTML: what is kept, what never comes through, what is cut."""

from __future__ import annotations

import json

import pytest

from lyceum.common.errors import DomainError
from lyceum.common.markup import clean_html, formula
from lyceum.projects import rendering, versions, workfolder
from lyceum.projects.models import Version


def code(source: str, *outputs: dict) -> dict:
    return {
        "cell_type": "code", "source": source, "outputs": list(outputs),
        "execution_count": 1, "metadata": {},
    }  # fmt: skip


def text(source: str, **extra) -> dict:
    return {"cell_type": "markdown", "source": source, "metadata": {}, **extra}


def display(**data: str) -> dict:
    kinds = {kind.replace("__", "+").replace("_", "/", 1): value for kind, value in data.items()}
    return {"output_type": "display_data", "data": kinds, "metadata": {}}


def rendered(*cells: dict, files: dict[str, bytes] | None = None) -> str:
    return rendering.notebook_html(1, saved(*cells, files=files), "1.ipynb")


def saved(*cells: dict, files: dict[str, bytes] | None = None) -> Version:
    home = workfolder.create(1)
    notebook = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    workfolder.write_file(home, "1.ipynb", json.dumps(notebook).encode())
    for path, data in (files or {}).items():
        workfolder.write_file(home, path, data)
    tree = versions.snapshot(1).tree
    return Version(
        commit=versions.commit(1, tree, number=1, parent=None, note="", author="user 1")
    )


def test_shows_text_code_formulas_tables_pictures_and_tracebacks():
    html = rendered(
        text("# 标题\n\n$x^2$\n\n$$\\frac{1}{2}$$\n\n|a|\n|-|\n|1|\n\n![p](img/p.png)"),
        text("![q](attachment:q.png)", attachments={"q.png": {"image/png": "AAAA"}}),
        code("print('hi')", {"output_type": "stream", "name": "stdout", "text": "hi\n"}),
        code("1/0", {"output_type": "error", "ename": "E", "evalue": "v",
                     "traceback": ["\x1b[31mZeroDivisionError\x1b[0m: <b>"]}),
        code("df", display(text_html="<table><tr><td>42</td></tr></table>", text_plain="x")),
        code("plt", display(image_png="iVBORw0KGgo=")),
        code("svg", display(image_svg__xml="<svg><script>evil()</script></svg>")),
        code("tex", display(text_latex="$\\alpha$")),
        files={"img/p.png": b"PNG"},
    )  # fmt: skip
    for part in (
        "标题", "<msup><mi>x</mi><mn>2</mn></msup>", "<mfrac>", "<td>42</td>",
        'src="data:image/png;base64,UE5H"', 'src="data:image/png;base64,AAAA"',
        '<span class="ansi-red-fg">ZeroDivisionError</span>: &lt;b&gt;', "<mi>α</mi>",
        'src="data:image/svg+xml;base64,', '<span class="nb">print</span>',
    ):  # fmt: skip
        assert part in html, part
    assert "<svg" not in html


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<iframe src=//x></iframe>",
        "<a href='javascript:alert(1)'>x</a>", "<style>body{display:none}</style>",
        "<form action=//x><button>go</button></form>", "<meta http-equiv=refresh content=0>",
        "<div style='position:fixed;inset:0'>x</div>", "<base href=//x>",
        "<math><mtext><script>alert(1)</script></mtext></math>", "<link rel=stylesheet href=//x>",
        "<object data=//x></object>", "<a href='data:text/html,x'>x</a>",
        "<svg onload=alert(1)></svg>", "<img src='data:text/html;base64,x'>",
    ],
)  # fmt: skip
def test_nothing_that_runs_or_loads_comes_through(evil):
    html = clean_html(evil).lower()
    for part in (
        "<script", "onerror", "onload", "<iframe", "javascript:", "<style", "<form", "<meta",
        "position", "<base", "<link", "<object", "text/html", "<svg",
    ):  # fmt: skip
        assert part not in html, html


def test_pictures_of_other_places_are_not_read():
    html = rendered(text("![a](../versions.git/config)\n![b](/etc/passwd.png)\n![c](gone.png)"))
    assert "data:" not in html


def test_a_link_in_the_version_is_not_followed():
    home = workfolder.create(1)
    (home / "p.png").symlink_to("/etc/passwd")
    assert "data:" not in rendered(text("![a](p.png)"))


def test_long_output_is_cut_and_says_so():
    html = rendered(code("x", {"output_type": "stream", "name": "stdout", "text": "a" * 200_000}))
    assert len(html) < 100_000 and "Cut here" in html


def test_what_would_take_for_ever_is_given_up_and_remembered(monkeypatch):
    """200,000 open tags take the HTML parser minutes: its process is stopped."""
    monkeypatch.setattr(rendering, "_CPU_SECONDS", 3)
    version = saved(text("<div>" * 200_000))
    with pytest.raises(DomainError) as refusal:
        rendering.notebook_html(1, version, "1.ipynb")
    assert refusal.value.code == "cannot_show"
    monkeypatch.setattr(rendering, "_render", None)  # not asked again
    with pytest.raises(DomainError):
        rendering.notebook_html(1, version, "1.ipynb")


def test_what_is_no_notebook_can_not_be_shown():
    home = workfolder.create(1)
    workfolder.write_file(home, "1.ipynb", b"no notebook")
    tree = versions.snapshot(1).tree
    commit = versions.commit(1, tree, number=1, parent=None, note="", author="user 1")
    with pytest.raises(DomainError):
        rendering.notebook_html(1, Version(commit=commit), "1.ipynb")


@pytest.mark.parametrize("latex", ["\\frac", "{" * 3000, "\\begin{matrix}", "x" * 10_000, "<b>"])
def test_broken_formulas_are_shown_as_they_are(latex):
    assert "<b>" not in clean_html(formula(latex, display=True))
