"""Checks and scores what people hand in to competitions; no Django here (docs/scoring.md).

The platform and ``lyceum competition score`` call the same functions, so that a file has
the same number at home. Metrics and the tables' reader are imported when they are used.
"""

from lyceum.scoring.problems import Problem, Report
from lyceum.scoring.rules import Column, Identity, MetricUse, Rules, RulesError, Split

__all__ = [
    "Column",
    "Identity",
    "MetricUse",
    "Problem",
    "Report",
    "Rules",
    "RulesError",
    "Split",
]
