"""What can stop a command: one sentence and one exit code each."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the ``lyceum`` command; listed in ``docs/operators.md``."""

    OK = 0
    FAILED = 1
    USAGE = 2
    HOME_UNUSABLE = 10
    HOME_FULL = 11
    PORT_TAKEN = 12
    ALREADY_RUNNING = 13
    SANDBOX_MISSING = 14
    NODE_MISSING = 15
    INTERPRETER_MISSING = 16
    NOT_SET_UP = 17
    DATABASE_UNREACHABLE = 18
    ENVIRONMENT_BUILD_FAILED = 19
    PART_NOT_READY = 20
    NOT_RUNNING = 21
    INTERRUPTED = 130


class Problem(Exception):
    """A reason to stop, said to the operator in one sentence, without a traceback."""

    def __init__(self, code: ExitCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
