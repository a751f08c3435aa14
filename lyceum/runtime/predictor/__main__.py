"""``python -B <this file> serve|inspect|try``; see `supervisor` and `probes`.

By its own path: to run a folder Python imports half a megabyte that stays in memory.
"""

import os
import sys

# Wherever it is mounted, its folder must not stay on the path of the converter's imports:
# a `protocol` of the learner's is not ours.
_FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = os.path.dirname(_FOLDER)

from predictor import places  # noqa: E402

sys.path[0:1] = []
sys.path += [os.path.join(_FOLDER, "guide"), places.model_folder()]


def main(words):
    """Run the mode named by the first of ``words``; the exit status."""
    mode = words[0] if len(words) == 1 else None
    if mode == "serve":
        from predictor import supervisor

        return supervisor.serve()
    if mode in ("inspect", "try"):
        from predictor import probes

        return probes.probe(mode)
    sys.stderr.write("usage: predictor serve|inspect|try\n")
    return 2


sys.exit(main(sys.argv[1:]))
