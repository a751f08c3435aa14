"""Programs of organisers for tests."""

GOOD = """
import csv
from pathlib import Path
import numpy as np

class SubmissionError(Exception):
    pass

def score(truth_path, submission_path):
    def column(path):
        with open(path) as file:
            return np.array([float(row["y"]) for row in csv.DictReader(file)])
    truth, said = column(truth_path), column(submission_path)
    if len(truth) != len(said):
        raise SubmissionError(f"There are {len(said)} rows instead of {len(truth)}.")
    return {"mae": np.abs(truth - said).mean(), "ends": float(Path(truth_path).suffix == ".csv")}
"""


def harm(action: str) -> str:
    return f"import os, socket, time\ndef score(truth_path, submission_path):\n    {action}\n"
