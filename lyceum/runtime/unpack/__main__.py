"""``python -I -S <this folder> ARCHIVE FOLDER RARFILE BOUNDS``; see `work.main`."""

import os
import sys

# The folder is run by its path, wherever it is mounted.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from unpack.work import main

sys.exit(main(sys.argv[1:]))
