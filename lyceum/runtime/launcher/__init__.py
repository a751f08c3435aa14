"""Starts the members of a gang and makes one log of what they say.

Runs inside the sandbox, in the learner's own Python (2.7 and 3): standard library only,
and nothing of ours but this folder.
"""
