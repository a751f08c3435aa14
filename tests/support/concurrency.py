"""Several calls at the same moment, on whatever database the tests run."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection

from lyceum.common.errors import DomainError


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Each call's result or refusal, all started at the same moment."""
    barrier = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(index: int, call: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[index] = call()
        except DomainError as refusal:
            results[index] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def refusals(results: list[object]) -> list[str]:
    return [result.code for result in results if isinstance(result, DomainError)]
