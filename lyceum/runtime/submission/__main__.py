"""``python __main__.py MAIN_FILE OUT``: runs a script or a notebook as in a notebook's kernel;
where that raises, ``OUT/error`` says which of Python's own exceptions it was.
"""

import builtins
import json
import os
import runpy
import sys
import traceback


def main(arguments):
    """The exit code: 0, what the code says itself, or 1 after an exception."""
    program, out = arguments
    sys.argv = [program]
    sys.path[0] = os.path.dirname(os.path.abspath(program))
    try:
        if program.endswith(".ipynb"):
            _run_notebook(program)
        else:
            runpy.run_path(program, run_name="__main__")
    except SystemExit:
        raise
    except BaseException as error:
        traceback.print_exc()
        _tell(type(error), out)
        return 1
    return 0


def _run_notebook(path):
    from IPython.core.interactiveshell import InteractiveShell

    class Shell(InteractiveShell):
        def enable_gui(self, gui=None):
            """``%matplotlib`` asks for one; nobody looks."""

    shell = Shell.instance()
    with open(path, encoding="utf-8") as file:
        notebook = json.load(file)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            source = source if isinstance(source, str) else "".join(source)
            shell.run_cell(source, store_history=True).raise_error()


def _tell(kind, out):
    known = (each.__name__ for each in kind.__mro__ if _is_pythons(each))
    with open(os.path.join(out, "error"), "w", encoding="ascii") as file:
        file.write(next(known, "Exception"))


def _is_pythons(kind):
    return getattr(builtins, kind.__name__, None) is kind


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
