"""Where packages come from: the machine's own settings, and a definition's indexes."""

from __future__ import annotations

import functools
import hashlib
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lyceum import environments
from lyceum.environments import definition, installers
from tests.environments.making import SIX, write_definition

WHEEL = "lyceum_probe-1.0+cpu-py3-none-any.whl"


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    installers._pip_settings.cache_clear()
    yield
    installers._pip_settings.cache_clear()


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A package index with one package that PyPI does not have."""
    folder = tmp_path / "index" / "lyceum-probe"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        info = "lyceum_probe-1.0+cpu.dist-info"
        wheel.writestr("lyceum_probe.py", "__version__ = '1.0+cpu'\n")
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: lyceum-probe\nVersion: 1.0+cpu\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    (folder / "index.html").write_text(f'<a href="{WHEEL.replace("+", "%2B")}">{WHEEL}</a>')
    return folder


@pytest.fixture
def index(wheels: Path) -> Iterator[str]:
    """The address of that index."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(wheels.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def define(small: Path, wheels: Path):
    """``define(url)``: ``small`` has the package, of the index at ``url``, beside six."""

    def define(url: str) -> environments.Environment:
        digest = hashlib.sha256((wheels / WHEEL).read_bytes()).hexdigest()
        lock = f"lyceum-probe==1.0+cpu --hash=sha256:{digest}\n{SIX}"
        write_definition(
            small.parent,
            lock=lock,
            toml=f'index = [{{url = "{url}", packages = ["lyceum-probe"]}}]',
        )
        definition._all.cache_clear()
        return environments.get("small")

    return define


def test_packages_come_from_the_definitions_index_and_the_machines(define, index: str) -> None:
    define(index)

    prefix = environments.build("small")

    done = subprocess.run(
        [prefix / "bin" / "python", "-c", "import lyceum_probe, six"], capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_a_folder_of_wheels_that_pip_knows_stands_in_for_the_index(
    define, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    define("http://127.0.0.1:9")

    prefix = environments.build("small")

    assert list(prefix.glob("lib/python*/site-packages/lyceum_probe.py"))


def test_the_index_is_asked_when_the_folder_has_another_version(
    define, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wheels / WHEEL).rename(wheels / WHEEL.replace("1.0", "2.0"))
    (wheels / WHEEL).write_bytes((wheels / WHEEL.replace("1.0", "2.0")).read_bytes())
    environment = define("https://example.org/simple")
    (wheels / WHEEL).unlink()
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))

    options = installers.sources(environment, environment.pins)

    assert options[options.index("--index") + 1] == "https://example.org/simple"


def test_pips_index_is_uvs_unless_uv_has_its_own(small: Path, monkeypatch) -> None:
    environment = environments.get("small")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example.org/simple")
    options = installers.sources(environment, environment.pins)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example.org/simple")
    own = installers.sources(environment, environment.pins)

    assert options[options.index("--default-index") + 1] == "https://mirror.example.org/simple"
    assert "--default-index" not in own
