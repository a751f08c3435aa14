"""Every environment of a learner, used as in a notebook: read-only, through Jupyter."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from lyceum import environments
from lyceum.environments import fonts, housing
from lyceum.environments.definition import definitions
from tests.environments.dashboard import PUBLIC_PATH, serve_dashboard
from tests.environments.making import Sandbox

NAMES = [environment.name for environment in definitions()]
FLUID = ["fluid-py27", "fluid-py37"]
GUIDE_LISTING = Path(__file__).parent / "data" / "guide_fit_a_line.txt"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PLOT = """
# -*- coding: utf-8 -*-
%matplotlib inline
import warnings
import matplotlib.pyplot as plt
plt.rcParams["font.sans-serif"] = ["SimHei"]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    figure, axes = plt.subplots()
    axes.plot([-1, 1], [-1, 1], label=u"损失曲线")
    axes.set_title(u"{title}", fontsize=40)
    axes.legend()
    figure.canvas.draw()
print([str(w.message) for w in caught if "lyph" in str(w.message) or "findfont" in str(w.message)])
plt.show()
"""

LOG_1 = """
from visualdl import LogWriter
with LogWriter("./log", sync_cycle=10).mode("train") as writer:
    loss = writer.scalar("loss")
for step in range(50):
    loss.add_record(step, 1.0 / (step + 1))
"""

LOG_2 = """
from visualdl import LogWriter
with LogWriter(logdir="./log/train") as writer:
    for step in range(50):
        writer.add_scalar(tag="loss", step=step, value=1 / (step + 1))
"""


@pytest.mark.parametrize("name", NAMES)
def test_the_kernel_is_the_definitions_interpreter(
    name: str, sandbox: Callable[[str], Sandbox]
) -> None:
    said = sandbox(name).run_block("import sys; print('%d.%d' % sys.version_info[:2])")

    assert said.strip() == environments.get(name).interpreter


@pytest.mark.parametrize("name", NAMES)
def test_pip_install_lasts(name: str, sandbox: Callable[[str], Sandbox]) -> None:
    project = sandbox(name)
    installed, fresh = "!pip install six==1.15.0", "import six; print(six.__version__)"
    assert project.run_block(fresh).strip() != "1.15.0"

    answer = project.run_block(installed)

    assert "Successfully installed six-1.15.0" in answer
    assert project.run_block(fresh).strip() == "1.15.0"


@pytest.mark.parametrize("name", NAMES)
def test_pip_works_in_a_terminal_before_any_notebook(
    name: str, sandbox: Callable[[str], Sandbox]
) -> None:
    project = sandbox(name)

    done = project.command("pip", "install", "--no-deps", "six==1.15.0")
    gone = project.command("pip", "uninstall", "--yes", "six")

    assert "Successfully installed six-1.15.0" in done.stdout, done.stderr
    assert "Successfully uninstalled six-1.15.0" in gone.stdout, gone.stderr
    assert project.command("python", "-c", "import six").returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_plots_draw_chinese(name: str, sandbox: Callable[[str], Sandbox]) -> None:
    if not fonts.available():
        pytest.skip("fonts-noto-cjk is not installed")
    project = sandbox(name)

    (one, other) = project.run_blocks(PLOT.format(title="房价"), PLOT.format(title="训练"))

    assert one["text"].splitlines()[0] == "[]", one["text"]
    # Missing characters all look the same: an empty box.
    assert pixels(one) != pixels(other)


@pytest.mark.parametrize("name", ["paddle3-py311", *FLUID])
def test_paddles_housing_data_is_in_the_home(name: str, sandbox: Callable[[str], Sandbox]) -> None:
    project = sandbox(name)
    project.run_block("1")

    data = project.home / ".cache/paddle/dataset/uci_housing/housing.data"

    assert hashlib.md5(data.read_bytes()).hexdigest() == housing.MD5


@pytest.mark.parametrize("name", FLUID)
def test_the_guides_listing_trains_unchanged_in_one_block(
    name: str, sandbox: Callable[[str], Sandbox]
) -> None:
    project = sandbox(name)

    said = project.run_block(GUIDE_LISTING.read_text())

    assert said.splitlines()[0].startswith("0 ")  # print is a function, as the listing wants
    assert len(said.splitlines()) > 200
    model = project.home / "fit_a_line.inference.model"
    assert (model / "__model__").stat().st_size > 0
    assert (model / "fc_0.w_0").exists()


def test_paddle_3_reads_the_housing_data_offline(sandbox: Callable[[str], Sandbox]) -> None:
    said = sandbox("paddle3-py311").run_block(
        "import paddle, logging\n"
        "from paddle.text.datasets import UCIHousing\n"
        "print(len(UCIHousing(mode='train')), len(UCIHousing(mode='test')))"
    )

    assert said.strip().endswith("404 102")


@pytest.mark.parametrize("name", NAMES)
def test_the_dashboard_shows_the_log_under_its_public_path(
    name: str, sandbox: Callable[[str], Sandbox]
) -> None:
    project = sandbox(name)
    first_generation = name in FLUID
    project.run_block(LOG_1 if first_generation else LOG_2)
    tags = "data/plugin/scalars/tags" if first_generation else "api/scalar/tags"

    with serve_dashboard(project) as origin:
        pages = [open_page(origin, language) for language in ("zh-CN,zh;q=0.9", "fr", "")]
        answer = httpx.get(f"{origin}{PUBLIC_PATH}/{tags}").json()
        stripped = httpx.get(f"{origin}/{tags}").json()

    for page in pages:
        assert page.status_code == 200
        assert page.url.path.startswith(f"{PUBLIC_PATH}/")
        assert "https://" not in page.text
    assert "loss" in str(answer["data"])
    assert stripped == answer


def open_page(origin: str, language: str) -> httpx.Response:
    """The dashboard as a browser with ``language`` gets it."""
    headers = {"Accept-Language": language}
    return httpx.get(f"{origin}{PUBLIC_PATH}", headers=headers, follow_redirects=True)


def pixels(answer: dict[str, list[str]]) -> bytes:
    (picture,) = answer["pictures"]
    return Image.open(io.BytesIO(base64.b64decode(picture))).tobytes()
