"""The loader brings official content up to date, and touches nothing else."""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from pathlib import Path

import pytest

from lyceum.accounts.models import User
from lyceum.cli.content import install_official_content
from lyceum.cli.examples import EXAMPLES, english_tags
from lyceum.common.tags import names_both
from lyceum.datasets.queries import file_path, newest_version, official_dataset
from lyceum.projects import actions as projects
from lyceum.projects import workfolder
from lyceum.projects.models import Project, Tag
from lyceum.projects.queries import official_project
from lyceum.projects.queries.hall import HallFilter, Tab, hall_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of two datasets and two projects, which may be changed; a home of its own."""
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    folder = tmp_path / "examples"
    folder.mkdir()
    shutil.copy(EXAMPLES / "tags.toml", folder)
    for name in (
        "datasets/iris",
        "datasets/uci-housing",
        "projects/iris",
        "projects/house-prices",
    ):
        shutil.copytree(EXAMPLES / name, folder / name)
    return folder


def test_the_housing_data_is_the_published_file(examples: Path) -> None:
    install_official_content(examples)
    version = newest_version(official_dataset("uci-housing"))
    content = file_path(version, "housing.data").read_bytes()
    assert len(content) == 49_082
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert digest == "d4accdce7a25600298819f8e28e8d593"  # as PaddlePaddle asks for it


def test_it_installs_once(examples: Path) -> None:
    assert install_official_content(examples) == ["iris", "house-prices"]
    assert install_official_content(examples) == []
    project = official_project("house-prices")
    assert (project.name, project.name_en) == ("房价预测", "House prices")
    assert project.cover
    assert [link.dataset.slug for link in project.dataset_links.all()] == ["uci-housing"]
    assert Project.objects.filter(is_official=True).count() == 2
    owner = User.objects.get(pk=project.owner_id)
    assert owner.username == "lyceum" and not owner.has_usable_password()


def test_a_changed_project_gets_a_new_version_in_its_place(examples: Path) -> None:
    install_official_content(examples)
    before = official_project("iris")
    about = examples / "projects" / "iris" / "project.toml"
    about.write_text(about.read_text().replace("鸢尾花分类", "认识鸢尾花"))
    (examples / "projects" / "iris" / "files").mkdir()
    (examples / "projects" / "iris" / "files" / "more.py").write_text("print(1)\n")
    assert install_official_content(examples) == ["iris"]
    after = official_project("iris")
    assert (after.pk, after.name) == (before.pk, "认识鸢尾花")
    assert after.versions.count() == before.versions.count() == 2
    assert workfolder.read_file(workfolder.home(after.pk), "more.py", limit=100) == b"print(1)\n"


def test_tags_are_in_both_languages_also_where_they_were_mixed(examples: Path) -> None:
    """A platform of before has the English words as tags of their own."""
    about = examples / "projects" / "house-prices" / "project.toml"
    now = about.read_text()
    about.write_text(now.replace('"回归"]', '"回归", "beginner", "regression"]'))
    (examples / "tags.toml").write_text("")
    install_official_content(examples)
    learner = User.objects.create_user("lin")
    mine = projects.create_project(
        learner, name="Mine", environment="sklearn-py311", tags=["beginner", "own"]
    )

    about.write_text(now)
    shutil.copy(EXAMPLES / "tags.toml", examples)
    install_official_content(examples)
    install_official_content(examples)
    tags = names_both(official_project("house-prices").tags.all())
    assert tags == {"入门": "beginner", "回归": "regression"}
    assert names_both(mine.tags.all()) == {"own": "", "入门": "beginner"}
    assert not Tag.objects.filter(name__in=["beginner", "regression"]).exists()
    for words in ("beginner", "入门"):
        found = hall_page(learner, HallFilter(words=words)).items
        assert {each.slug for each in found} == {"iris", "house-prices"}, words
        found = hall_page(learner, HallFilter(Tab.MINE, words)).items
        assert [each.pk for each in found] == [mine.pk], words


def test_every_shipped_tag_has_its_english_name() -> None:
    shipped = set()
    for about in EXAMPLES.glob("*/*/*.toml"):
        shipped |= set(tomllib.loads(about.read_text(encoding="utf-8"))["tags"])
    assert {tag for tag in shipped if not tag.isascii()} == set(english_tags())


def test_a_lost_record_does_no_harm(examples: Path, tmp_path: Path) -> None:
    install_official_content(examples)
    (tmp_path / "home" / "content.json").unlink()
    install_official_content(examples)
    assert Project.objects.filter(is_official=True).count() == 2
    assert official_project("iris").versions.count() == 1


def test_a_project_waits_for_its_environment(
    examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lyceum.environments.state.interpreters.find", lambda version: None)
    assert install_official_content(examples) == []
    assert official_project("iris") is None
    monkeypatch.undo()
    monkeypatch.setenv("LYCEUM_HOME", str(examples.parent / "home"))
    assert install_official_content(examples) == ["iris", "house-prices"]
