"""Run Python with the project's own packages: ``lyceum_run.py ARGUMENTS OF PYTHON``.

Runs inside the sandbox, in the environment's interpreter (2.7 to 3.13), with
the standard library alone. The environment is read-only there, so what a
learner installs needs a place of the project's: a second virtual environment
in the home folder, on top of ours. ``pip`` then behaves as anywhere: it sees
our packages as installed, puts a wanted other version above them, and
uninstalls only what it put there. All of it is made again when missing, so
nothing a learner deletes can keep a notebook from starting.
"""

from __future__ import print_function

import errno
import os
import sys
import tempfile

# What a plain virtual environment of Python 2.7 brings along by links to its
# base; later versions need nothing of the kind.
_SHARED_LIBRARY = ("site-packages", "__pycache__")

_PIP = """#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -m pip "$@"
"""


def main():
    prefix = sys.prefix
    home = os.path.expanduser("~")
    python = os.path.join(prefix, "bin", "python")
    try:
        seed(os.path.join(prefix, "share", "lyceum", "home"), home)
        python = overlay(prefix, home)
    except (OSError, IOError) as error:
        print("The project's own packages are not available: %s" % error, file=sys.stderr)
    os.environ["PATH"] = _path(os.path.dirname(python), os.path.join(prefix, "bin"))
    os.execv(python, [python] + sys.argv[1:])


def overlay(prefix, home):
    """Make the project's environment over the one at ``prefix``; return its Python."""
    name = os.path.basename(os.path.dirname(prefix))
    folder = os.path.join(home, ".lyceum", "environments", name)
    library = os.path.join("lib", "python%d.%d" % sys.version_info[:2])
    packages = os.path.join(folder, library, "site-packages")
    for needed in (os.path.join(folder, "bin"), packages):
        _make_folder(needed)
    with open(os.path.join(prefix, "pyvenv.cfg")) as file:
        _write(os.path.join(folder, "pyvenv.cfg"), file.read())
    ours = os.path.join(prefix, library, "site-packages")
    _write(
        os.path.join(packages, "lyceum-environment.pth"),
        "import site; site.addsitedir(%r)\n" % ours,
    )
    if sys.version_info[0] == 2:
        _copy_python2(prefix, folder, library)
    else:
        base = os.readlink(os.path.join(prefix, "bin", "python"))
        _link(base, os.path.join(folder, "bin", "python"))
    for alias in ("python%d" % sys.version_info[0], "python%d.%d" % sys.version_info[:2]):
        _link("python", os.path.join(folder, "bin", alias))
    for alias in ("pip", "pip%d" % sys.version_info[0]):
        program = os.path.join(folder, "bin", alias)
        if not os.path.exists(program):
            _write(program, _PIP, permissions=0o755)
    return os.path.join(folder, "bin", "python")


def seed(source, home):
    """Copy what ``source`` has and ``home`` has not; existing files are the learner's."""
    for parent, _, names in os.walk(source):
        target = os.path.join(home, os.path.relpath(parent, source))
        for name in names:
            path = os.path.join(target, name)
            if not os.path.lexists(path):
                _make_folder(target)
                with open(os.path.join(parent, name), "rb") as file:
                    _write(path, file.read(), "wb")


def _copy_python2(prefix, folder, library):
    """Python 2.7 finds its home from its own place, links followed: so a copy."""
    for name in os.listdir(os.path.join(prefix, library)):
        if name not in _SHARED_LIBRARY:
            _link(os.path.join(prefix, library, name), os.path.join(folder, library, name))
    program = os.path.join(folder, "bin", "python")
    with open(os.path.join(prefix, "bin", "python"), "rb") as file:
        _write(program, file.read(), "wb", permissions=0o755)


def _make_folder(path):
    try:
        os.makedirs(path)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise


def _link(target, path):
    if os.path.islink(path) and os.readlink(path) == target:
        return
    fresh = "%s.%d" % (path, os.getpid())
    os.symlink(target, fresh)
    os.rename(fresh, path)


def _write(path, content, mode="w", permissions=0o644):
    """Replace the file at once, unless it is as it should be: two kernels may start."""
    try:
        with open(path, mode.replace("w", "r")) as file:
            if file.read() == content:
                return
    except (IOError, OSError, ValueError):
        pass
    descriptor, fresh = tempfile.mkstemp(dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, mode) as file:
            file.write(content)
        os.chmod(fresh, permissions)
        os.rename(fresh, path)
    except Exception:
        os.unlink(fresh)
        raise


def _path(*programs):
    """The PATH with the folders ``programs`` in front, each folder once."""
    folders = list(programs)
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if folder not in folders:
            folders.append(folder)
    return os.pathsep.join(folders)


if __name__ == "__main__":
    main()
