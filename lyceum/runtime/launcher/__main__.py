"""``python -E -S -B <this file> GANG``; see `gang.main`."""

import os
import sys

# The folder is run by its path, wherever it is mounted.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from launcher.gang import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
