"""The first page of a large CSV: our preview against DuckDB alone and pandas.

    .venv/bin/python -m benchmarks.datasets_preview [--gigabytes 2] [--rounds 5]

Ours is what the portal does: the request goes to a worker process, which opens a
database that may touch nothing else, sniffs the file and gives 50 rows as text.
DuckDB alone is the same query in this process, on a new connection. pandas reads
the file (it has no other way to know what is in it) in an environment of its own
that this makes with uv. Rounds alternate, so a busy machine slows all alike.
Goals: at most 1.5 times DuckDB, at least 10 times faster than pandas (issue 3).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from lyceum import previews

ROWS_A_GIGABYTE = 20_700_000
PANDAS = "import sys, time; import pandas; b = time.perf_counter(); pandas.read_csv(sys.argv[1]); print(time.perf_counter() - b)"  # noqa: E501


def make_csv(path: Path, gigabytes: float) -> None:
    """Numbers, words and dates, about ``gigabytes`` of them."""
    rows = int(ROWS_A_GIGABYTE * gigabytes)
    duckdb.sql(
        f"COPY (SELECT i AS id, round(random(), 6) AS x, round(random() * 1000, 3) AS y, "
        f"'name ' || (i % 1000) AS label, DATE '2020-01-01' + CAST(i % 1000 AS INT) AS day, "
        f"CAST(random() * 100 AS INT) AS n FROM range({rows}) t(i)) TO '{path}' (HEADER)"
    )


def ours(path: Path, cache: Path) -> float:
    began = time.perf_counter()
    page = previews.first_page(path, "csv", cache)
    assert len(page.rows) == 50 and page.problem is None
    return time.perf_counter() - began


def duckdb_alone(path: Path) -> float:
    began = time.perf_counter()
    with duckdb.connect(config={"threads": 2}) as connection:
        rows = connection.execute(f"SELECT * FROM read_csv('{path}') LIMIT 51").fetchall()
    assert len(rows) == 51
    return time.perf_counter() - began


def pandas_read(path: Path, folder: Path) -> float:
    uv = Path(sys.executable).with_name("uv")
    run = subprocess.run(
        [str(uv), "run", "--no-project", "--quiet", "--with", "pandas", "python", "-c", PANDAS,
         str(path)],
        cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(run.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lyceum-bench-") as name:
        folder = Path(name)
        path = folder / "big.csv"
        make_csv(path, chosen.gigabytes)
        ours(path, folder / "warm")  # a portal has started its workers long before
        mine, alone = [], []
        for number in range(chosen.rounds):
            mine.append(ours(path, folder / f"cache-{number}"))
            alone.append(duckdb_alone(path))
        pandas = pandas_read(path, folder)
        middle = statistics.median(mine)
        ratio = statistics.median(a / b for a, b in zip(mine, alone, strict=True))
        print(f"file {path.stat().st_size / 1e9:.2f} GB")
        print(f"ours {middle * 1000:.0f} ms, DuckDB {statistics.median(alone) * 1000:.0f} ms")
        print(f"median ratio {ratio:.2f} (goal <= 1.5)")
        print(f"pandas {pandas:.1f} s: {pandas / middle:.0f} times ours (goal >= 10)")
    return 0 if ratio <= 1.5 and pandas / middle >= 10 else 1


if __name__ == "__main__":
    sys.exit(main())
