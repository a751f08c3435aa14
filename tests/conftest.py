"""Every test runs against a platform home of its own, never the operator's."""

from __future__ import annotations

import os
import tempfile

os.environ["LYCEUM_HOME"] = tempfile.mkdtemp(prefix="lyceum-test-")
