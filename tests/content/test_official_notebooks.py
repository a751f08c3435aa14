"""Each official project runs from top to bottom, offline, in its own environment."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from lyceum import environments
from lyceum.cli.examples import Source, project_sources
from tests.support.environments import SHARED
from tests.support.notebooks import execute

SOURCES = project_sources()
NOTEBOOKS = [source for source in SOURCES if source.notebook]
MODELS = {
    "house-prices": "model/house_price.json",
    "house-prices-fluid": "fit_a_line.inference.model/__model__",
    "mnist-digits": "model/lenet.json",
    "iris": "model/iris.joblib",
    "digits-pytorch": "model/digits.pt",
}
DASHBOARDS = {"house-prices", "house-prices-fluid", "mnist-digits", "digits-pytorch"}


def needs_interpreter(source: Source) -> None:
    found = environments.availability(source.about["environment"])
    if not found.available:
        pytest.skip(f"{source.about['environment']} can't be had here: {found.reason}")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda source: source.slug)
def test_it_runs_top_to_bottom(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))
    needs_interpreter(source)
    done = execute(source, tmp_path)
    blocks = [cell for cell in done.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in blocks] == list(range(1, len(blocks) + 1))
    complaints = [
        output.text
        for cell in blocks
        for output in cell.outputs
        if output.output_type == "stream" and "warning" in output.text.lower()
    ]
    assert complaints == []
    if source.slug in MODELS:
        assert (tmp_path / MODELS[source.slug]).is_file()
    if source.slug in DASHBOARDS:
        assert any(path.stat().st_size for path in (tmp_path / "log").rglob("*") if path.is_file())


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda source: source.slug)
def test_what_it_prints_is_kept(source: Source) -> None:
    notebook = nbformat.reads(source.notebook.decode(), as_version=4)
    nbformat.validate(notebook)
    blocks = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in blocks), "run examples/projects/refresh.py"
    assert "/tmp/" not in source.notebook.decode()
    assert not any(output.output_type == "error" for cell in blocks for output in cell.outputs)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.slug)
def test_it_speaks_both_languages(source: Source) -> None:
    about = source.about
    assert all(
        about[name].strip() for name in ("name", "name_en", "description", "description_en")
    )
    if source.notebook is None:
        return
    notebook = nbformat.reads(source.notebook.decode(), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and len(cell.source) > 120:
            words = [word for word in cell.source.split() if word.isascii() and word.isalpha()]
            chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in cell.source)
            assert len(words) > 8 and chinese > 20, cell.source[:80]
