"""Runs what was handed in to a code competition; inside the sandbox.

Standard library only, and the environment's IPython for notebooks; imports nothing of ours.
"""
