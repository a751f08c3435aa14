"""``python __main__.py SCORE_PY TRUTH SUBMISSION OUT``: calls ``score(truth, submission)``
and writes ``OUT/result.json``: its ``values``, or ``error`` and ``traceback``.
"""

import builtins
import json
import math
import os
import sys
import traceback

_MOST_VALUES = 50
_LONGEST_NAME = 100
_LONGEST_MESSAGE = 500
_LONGEST_TRACEBACK = 20000


def main(arguments):
    """The exit code: 0 with values, 1 with an error."""
    program, truth, submission, out = arguments
    module = {"__name__": "score", "__file__": program}
    sys.path.insert(0, os.path.dirname(os.path.abspath(program)))
    try:
        with open(program, "rb") as file:
            exec(compile(file.read(), program, "exec"), module)  # noqa: S102 - what it is for
        if not callable(module.get("score")):
            raise TypeError("score.py has no function score(truth_path, submission_path)")
        result = {"values": _values(module["score"](truth, submission))}
    except BaseException as error:
        result = {"error": _told(error, module), "traceback": _traceback()}
    path = os.path.join(out, "result.json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(result, file, allow_nan=False)
    os.replace(path + ".new", path)
    return 0 if "values" in result else 1


def _values(returned):
    """``{"total": …}`` and what else it told; NumPy's numbers are numbers too."""
    values = returned if isinstance(returned, dict) else {"total": returned}
    if not 0 < len(values) <= _MOST_VALUES:
        raise ValueError("score() gives 1 to %d values" % _MOST_VALUES)
    found = {}
    for name, value in values.items():
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
            raise ValueError("a value's name is a text of 1 to %d characters" % _LONGEST_NAME)
        number = float(value)
        if not math.isfinite(number):
            raise ValueError("score() gave %r for %s" % (number, name))
        found[name] = number
    found.setdefault("total", next(iter(found.values())))
    return found


def _told(error, module):
    """What a participant may know: score.py's own SubmissionError is told in full; of
    others only which of Python's own exceptions it is. A message could hold the truth."""
    own = module.get("SubmissionError")
    if isinstance(own, type) and type(error) is own:
        return {"kind": "submission", "message": str(error)[:_LONGEST_MESSAGE]}
    known = (each.__name__ for each in type(error).__mro__ if _is_pythons(each))
    return {"kind": "program", "type": next(known, "Exception")}


def _is_pythons(kind):
    return getattr(builtins, kind.__name__, None) is kind


def _traceback():
    text = traceback.format_exc()
    sys.stderr.write(text)
    return text[-_LONGEST_TRACEBACK:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
