from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lyceum import environments
from lyceum.environments import definition
from tests.environments.making import SIX, write_definition

BUILDER = """
import sys
from pathlib import Path
from lyceum.environments import definition, build
definition.DEFINITIONS = Path(sys.argv[1])
build("small", lambda progress: print(progress.step, flush=True))
"""


def test_a_build_reports_rising_fractions_and_is_there(small: Path) -> None:
    seen: list[environments.Progress] = []

    prefix = environments.build("small", seen.append)

    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert [fractions[0], fractions[-1]] == [0.0, 1.0]
    assert seen[-1].step == "ready"
    assert environments.availability("small").built
    assert prefix == environments.prefix("small")
    assert imported(prefix, "six") == "1.17.0"


def test_a_second_build_has_nothing_to_do(small: Path) -> None:
    environments.build("small")
    seen: list[environments.Progress] = []

    environments.build("small", seen.append)

    assert [progress.step for progress in seen] == ["ready"]


def test_the_kernel_starts_through_our_launcher(small: Path) -> None:
    environments.build("small")

    (path,) = environments.jupyter_path("small").glob("kernels/*/kernel.json")
    spec = json.loads(path.read_text())

    assert path.parent.name == "python3"
    assert spec == environments.kernel_spec("small")
    assert Path(spec["argv"][0]).exists()
    assert Path(spec["argv"][1]).exists()


def test_what_an_interrupted_build_left_is_cleared(small: Path) -> None:
    rubbish = environments.prefix("small") / "lib" / "half-written"
    rubbish.parent.mkdir(parents=True)
    rubbish.touch()

    environments.build("small")

    assert not rubbish.exists()
    assert environments.availability("small").built


def test_a_lock_that_cannot_be_had_leaves_nothing_that_looks_built(small: Path) -> None:
    write_definition(small.parent, lock=SIX.replace("4721", "0000"))
    definition._all.cache_clear()

    with pytest.raises(environments.BuildError, match=r"[Hh]ash"):
        environments.build("small")

    assert not environments.availability("small").built


def test_changed_files_are_replaced_without_installing_again(small: Path) -> None:
    prefix = environments.build("small")
    kept = prefix / "lib" / "kept"
    kept.touch()
    extra = small / "files" / "etc" / "extra"
    extra.parent.mkdir(parents=True)
    extra.write_text("one")

    assert not environments.availability("small").built
    environments.build("small")

    assert (prefix / "etc" / "extra").read_text() == "one"
    assert kept.exists()


def test_a_changed_lock_is_built_beside_the_old_one(small: Path) -> None:
    old = environments.build("small")
    write_definition(small.parent, lock=SIX + "# changed\n")
    definition._all.cache_clear()

    new = environments.build("small")

    assert new != old
    assert environments.superseded("small") == [old]
    environments.remove_build(old)
    assert environments.superseded("small") == []


def test_of_several_builders_one_builds_and_the_others_wait(small: Path) -> None:
    builders = [start_builder(small) for _ in range(4)]

    steps = [builder.communicate(timeout=120)[0].split() for builder in builders]

    assert [builder.returncode for builder in builders] == [0] * 4
    assert sum("creating" in said for said in steps) == 1
    assert all(said[-1] == "ready" for said in steps)


def test_threads_wait_for_each_other_too(small: Path) -> None:
    seen: list[str] = []
    threads = [
        threading.Thread(
            target=environments.build, args=("small", lambda progress: seen.append(progress.step))
        )
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert seen.count("creating") == 1
    assert seen.count("ready") == 4


@pytest.mark.parametrize("after", ["creating", "installing", "finishing"])
def test_a_builder_killed_at_any_step_is_no_harm(small: Path, after: str) -> None:
    builder = start_builder(small)
    assert builder.stdout is not None
    for line in builder.stdout:
        if line.strip() == after:
            break
    os.kill(builder.pid, signal.SIGKILL)
    builder.wait()

    prefix = environments.build("small")

    assert imported(prefix, "six") == "1.17.0"


def test_a_killed_builders_installer_keeps_the_lock(small: Path, tmp_path: Path) -> None:
    """What uv still writes after our death must not meet the next builder's files."""
    home = environments.prefix("small").parent
    script = (
        "import subprocess, sys; from pathlib import Path;"
        "from lyceum.environments.build import _one_builder\n"
        f"with _one_builder(Path({str(home)!r}), print) as lock:\n"
        "    subprocess.Popen(['sleep', '2'], pass_fds=(lock,)); print('held', flush=True)\n"
        "    import time; time.sleep(60)"
    )
    builder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert builder.stdout is not None
    assert builder.stdout.readline() == "held\n"
    builder.kill()
    builder.wait()
    began = time.monotonic()
    steps: list[str] = []

    environments.build("small", lambda progress: steps.append(progress.step))

    assert steps[0] == "waiting"
    assert time.monotonic() - began > 1


def start_builder(small: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(small.parent)], stdout=subprocess.PIPE, text=True
    )


def imported(prefix: Path, package: str) -> str:
    """The version of ``package`` in the environment at ``prefix``."""
    code = f"import {package}; print({package}.__version__)"
    done = subprocess.run(
        [prefix / "bin" / "python", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
