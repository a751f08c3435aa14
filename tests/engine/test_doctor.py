from __future__ import annotations

import pytest

from lyceum.engine import doctor, sandbox


@pytest.mark.sandbox
def test_each_part_is_tried_for_real():
    checks = {check.name: check for check in doctor.checks()}
    names = {"sandbox", "host_user", "network", "limits", "system_calls", "names", "live_mounts"}
    assert set(checks) == names
    assert checks["sandbox"].ok
    assert checks["network"].ok
    assert all(check.detail for check in checks.values())


def test_what_is_missing_is_named_with_its_fix(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    broken = {check.name: check for check in doctor.checks()}
    assert not broken["sandbox"].ok
    assert "apt-get install bubblewrap" in broken["sandbox"].detail + broken["sandbox"].fix
