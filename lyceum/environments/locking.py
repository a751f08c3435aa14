"""Write an environment's lock: ``python -m lyceum.environments.locking NAME``.

Run it after changing ``requirements.in``; the builder installs nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from lyceum.environments import installers
from lyceum.environments.definition import Environment, get

_HEADER = "# Made by `lyceum env lock {name}` from requirements.in; don't edit.\n"

# jsonschema takes it where it is there, and then parses a grammar for seconds at each
# import; so would every notebook server. Without it, the formats of IRIs go unchecked.
_LEFT_OUT = ("rfc3987-syntax", "lark")


def lock(name: str) -> Path:
    """Resolve ``requirements.in`` anew and write ``requirements.lock``.

    Raises ``installers.InstallError`` when there is no solution.
    """
    environment = get(name)
    resolve = _with_uv if environment.version >= (3, 7) else _with_pip
    content = _HEADER.format(name=name) + resolve(environment)
    environment.lock.write_text(content)
    return environment.lock


def _with_uv(environment: Environment) -> str:
    argv = [
        *installers.uv("pip", "compile"),
        *("--quiet", "--upgrade", "--generate-hashes", "--no-annotate", "--no-header"),
        *("--no-emit-index-url", "--python-version", environment.interpreter),
        *(f"--no-emit-package={name}" for name in _LEFT_OUT),
        *installers.sources(environment, {}),
        str(environment.requirements),
    ]
    return installers.output_of(argv)


def _with_pip(environment: Environment) -> str:
    """uv resolves for Python 3.6 and later only, so pip itself says what it takes.

    The hashes are of the files for this machine; the packages concerned have
    wheels for x86-64 alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "environment"
        installers.create(environment, scratch)
        wheels = Path(folder) / "files"
        argv = [
            *(str(scratch / "bin" / "python"), "-m", "pip", "download", "--quiet"),
            *("--dest", str(wheels), "--requirement", str(environment.requirements)),
        ]
        installers.output_of(argv)
        return "".join(_pin(path) for path in sorted(wheels.iterdir(), key=_lower_name))


def _lower_name(path: Path) -> str:
    return path.name.lower()


def _pin(path: Path) -> str:
    parse = parse_wheel_filename if path.suffix == ".whl" else parse_sdist_filename
    name, version = parse(path.name)[:2]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="+")
    for name in parser.parse_args().name:
        try:
            print(lock(name))
        except installers.InstallError as error:
            raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
