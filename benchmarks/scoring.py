"""Checking and scoring many submissions against a bare loop of pandas and scikit-learn.

    .venv/bin/python -m benchmarks.scoring [--files 100] [--rounds 3]

Each file is a CSV of 1 MB whose rows are in another order than the truth's. Ours is what
the platform does: encoding, columns, ids, types and values are checked, then the file is
scored on all, public and private rows. The bare loop checks nothing: it reads the file,
merges it with the truth by id, and calls the metric once. It runs in an environment of its
own that this makes with uv, with the same scikit-learn. Rounds alternate, so a busy machine
slows both alike. Goal: at most 1.5 times the bare loop (issue 6).
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from lyceum.scoring.inferring import rules_for
from lyceum.scoring.rules import Split
from lyceum.scoring.scorer import Scorer
from tests.scoring.files import write

CLASSES = ("aardvark", "badger", "civet", "dugong")
BARE = """
import sys, time
import pandas as pd
from sklearn.metrics import f1_score, root_mean_squared_error
metric, truth, *files = sys.argv[1:]
truth = pd.read_csv(truth)
def score(path):
    both = truth.merge(pd.read_csv(path), on="id", suffixes=("", "_said"))
    if metric == "rmse":
        return root_mean_squared_error(both["y"], both["y_said"])
    return f1_score(both["y"], both["y_said"], average="macro")
score(files[0])
began = time.perf_counter()
total = sum(score(path) for path in files)
print(time.perf_counter() - began, total)
"""


def make_files(folder: Path, metric: str, count: int) -> tuple[Path, list[Path]]:
    """A truth, and ``count`` submissions of about 1 MB."""
    chance = random.Random(6)
    rows = 63_000 if metric == "rmse" else 78_000
    ids = range(1, rows + 1)

    def values() -> list[str]:
        if metric == "rmse":
            return [f"{chance.random() * 1000:.6f}" for _ in ids]
        return [chance.choice(CLASSES) for _ in ids]

    truth = write(folder / f"{metric}.csv", {"id": ids, "y": values()})
    said = values()
    files = [
        write(folder / f"{metric}-{n}.csv", {"id": ids, "y": said}, shuffled=n)
        for n in range(count)
    ]
    return truth, files


def ours(scorer: Scorer, files: list[Path]) -> tuple[float, float]:
    scorer.score(files[0])
    began = time.perf_counter()
    total = sum(scorer.score(path).total for path in files)
    return time.perf_counter() - began, total


def bare(metric: str, truth: Path, files: list[Path]) -> tuple[float, float]:
    uv = Path(sys.executable).with_name("uv")
    needed = f"pandas,scikit-learn=={version('scikit-learn')},numpy=={version('numpy')}"
    run = subprocess.run(
        [str(uv), "run", "--no-project", "--quiet", "--python", sys.executable, "--with", needed,
         "python", "-c", BARE, metric, str(truth), *map(str, files)],
        cwd=truth.parent, check=True, capture_output=True, text=True,
    )  # fmt: skip
    seconds, total = run.stdout.split()
    return float(seconds), float(total)


def compared(folder: Path, metric: str, *, files: int, rounds: int) -> float:
    """The median ratio, printed with what it is of."""
    truth, paths = make_files(folder, metric, files)
    rules = rules_for(metric, truth, split=Split(public=0.3, seed="benchmark"))
    mine, plain = [], []
    with Scorer(rules, truth) as scorer:
        for _ in range(rounds):
            seconds, total = ours(scorer, paths)
            mine.append(seconds)
            seconds, expected = bare(metric, truth, paths)
            plain.append(seconds)
            assert abs(total - expected) <= 1e-9 * abs(expected)
    ratio = statistics.median(a / b for a, b in zip(mine, plain, strict=True))
    each = [statistics.median(times) / files * 1000 for times in (mine, plain)]
    size = paths[0].stat().st_size / 1e6
    print(f"{metric}: {files} files of {size:.2f} MB")
    print(f"ours {each[0]:.1f} ms a file, pandas and scikit-learn {each[1]:.1f} ms")
    print(f"median ratio {ratio:.2f} (goal <= 1.5)")
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lyceum-bench-") as name:
        ratios = [
            compared(Path(name), metric, files=chosen.files, rounds=chosen.rounds)
            for metric in ("rmse", "f1_macro")
        ]
    return 0 if max(ratios) <= 1.5 else 1


if __name__ == "__main__":
    sys.exit(main())
