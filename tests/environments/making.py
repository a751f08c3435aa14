"""A tiny environment to build, and a sandbox to try a built one in."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyceum import environments

SIX = """\
six==1.17.0 \\
    --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274
"""
HOME = "/home/aistudio"
_IN_KERNEL = Path(__file__).with_name("in_kernel.py")


def write_definition(definitions: Path, *, lock: str = SIX, toml: str = "") -> Path:
    """A definition ``small`` for this test's own Python version, with ``lock``."""
    folder = definitions / "small"
    folder.mkdir(parents=True, exist_ok=True)
    version = "{}.{}".format(*sys.version_info)
    (folder / "environment.toml").write_text(
        f'framework = "none"\ninterpreter = "{version}"\n'
        f'label.zh = "小"\nlabel.en = "small"\n{toml}\n'
        '[kernel]\nname = "python3"\nlabel = "Small"\n'
    )
    (folder / "requirements.in").write_text("six\n")
    (folder / "requirements.lock").write_text(lock)
    return folder


@dataclass
class Sandbox:
    """A project's home at ``/home/aistudio``; everything else is read-only."""

    environment: str
    home: Path

    def command(self, *argv: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run ``argv`` inside."""
        return subprocess.run(
            [*self.argv(), *argv], capture_output=True, text=True, timeout=seconds, check=False
        )

    def argv(self) -> list[str]:
        """What comes before a command to run it inside."""
        variables = {
            **environments.kernel_environment(self.environment),
            "HOME": HOME,
            "TMPDIR": "/var/tmp",
        }
        argv = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        argv += ["--tmpfs", "/var/tmp", "--tmpfs", "/home", "--bind", str(self.home), HOME]
        argv += ["--chdir", HOME, "--die-with-parent", "--unshare-pid", "--clearenv"]
        for name, value in variables.items():
            argv += ["--setenv", name, value]
        return argv

    def run_blocks(self, *sources: str) -> list[dict[str, Any]]:
        """Run the blocks in a fresh kernel that the notebook server's Jupyter starts."""
        kernels = environments.jupyter_path(self.environment) / "kernels"
        done = subprocess.run(
            [
                *self.argv(),
                str(environments.python(environments.SERVER)),
                str(_IN_KERNEL),
                str(kernels),
                environments.get(self.environment).kernel_name,
            ],
            input=json.dumps(sources),
            capture_output=True,
            text=True,
            timeout=290,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run_block(self, source: str) -> str:
        """What the block prints, which must succeed."""
        (answer,) = self.run_blocks(source)
        assert answer["status"] == "ok", answer["text"]
        return answer["text"]
