"""Runs an organiser's ``score.py``; inside the sandbox, or at home (docs/scoring.md).

Standard library only; imports nothing of ours.
"""
