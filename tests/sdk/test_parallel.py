"""Several at once: each thing once, and what ends it."""

from __future__ import annotations

import threading

import pytest

from lyceum.sdk.backoff import Backoff
from lyceum.sdk.parallel import AT_ONCE, Parallel

PATIENCE = 30


def test_each_thing_is_done_once_and_many_at_once() -> None:
    meeting = threading.Barrier(AT_ONCE, timeout=PATIENCE)
    done: list[int] = []

    def work(number: int) -> None:
        if number < AT_ONCE:
            meeting.wait()  # all of them are under way together
        done.append(number)

    Parallel().each(work, range(1000))
    assert sorted(done) == list(range(1000))
    Parallel().each(work, [])


def test_a_failure_ends_the_waiting_of_others_and_begins_nothing_more() -> None:
    parallel = Parallel()
    begun: list[int] = []
    waiting = threading.Barrier(AT_ONCE, timeout=PATIENCE)

    def work(number: int) -> None:
        begun.append(number)
        waiting.wait()
        if number == 0:
            raise ValueError("refused")
        backoff = Backoff(PATIENCE * 100, stop=parallel.stop)
        while True:
            backoff.pause(ConnectionError("lost"))

    with pytest.raises(ValueError, match="refused"):
        parallel.each(work, range(1000))
    assert sorted(begun) == list(range(AT_ONCE))
