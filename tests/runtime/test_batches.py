"""Frames answered in this process, by a service of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.runtime.making import PREDICTOR


class Progress:
    """Counts as the supervisor's does; odd while the worker works."""

    def __init__(self) -> None:
        self.count = 0

    def step(self) -> None:
        self.count += 1


class Service:
    """Doubles ``{"n": number}``; keeps each run's numbers."""

    timeout = 30
    batchable = True

    def __init__(self, run: Callable[[list[int]], list[int]] | None = None) -> None:
        self.source = self.model = self
        self.runs: list[list[int]] = []
        self._run = run or (lambda numbers: [2 * number for number in numbers])

    def prepare(self, arguments: dict[str, int]) -> Any:
        return SimpleNamespace(numbers=[arguments["n"]], count=1)

    def join(self, prepared: list[Any]) -> list[int]:
        return [number for each in prepared for number in each.numbers]

    def run(self, numbers: list[int]) -> list[list[int]]:
        self.runs.append(numbers)
        return [self._run(numbers)]

    def output(self, results: list[list[int]], arguments: dict, prepared: Any) -> Any:
        return results[0]


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PREDICTOR.parent))
    import predictor.batches as module

    monkeypatch.setattr(module, "_JOINS_TO_CHECK", 0)
    return module


def frame(*numbers: Any) -> list[tuple[int, int, bytes]]:
    return [(i, 0, json.dumps({"n": number}).encode()) for i, number in enumerate(numbers)]


def answers(answerer: Any, requests: list) -> dict[int, tuple[int, Any]]:
    found = [result for results in answerer.answer(requests) for result in results]
    return {number: (status, json.loads(content)) for number, status, content in found}


def test_a_frame_is_one_run(batches: ModuleType) -> None:
    service, progress = Service(), Progress()

    found = answers(batches.Answerer(service, progress), frame(1, 2, 3))

    assert found == {0: (0, [2]), 1: (0, [4]), 2: (0, [6])}
    assert service.runs == [[1, 2, 3]]
    assert progress.count % 2 == 0


def test_a_run_that_fails_is_made_for_each_call_alone(batches: ModuleType) -> None:
    def run(numbers: list[int]) -> list[int]:
        if 13 in numbers:
            raise RuntimeError("thirteen")
        return numbers

    service = Service(run)

    found = answers(batches.Answerer(service, Progress()), frame(1, 13, 2))

    assert (found[0], found[2]) == ((0, [1]), (0, [2]))
    assert found[1][0] == 2
    assert found[1][1]["message"] == "RuntimeError: thirteen"
    assert service.runs == [[1, 13, 2], [1], [13], [2]]


def test_results_with_other_rows_are_given_up_after_three_frames(batches: ModuleType) -> None:
    service = Service(lambda numbers: [sum(numbers), 0])
    answerer = batches.Answerer(service, Progress())

    for _ in range(5):
        assert answers(answerer, frame(1, 2, 3))[2] == (0, [3, 0])

    assert [len(each) for each in service.runs] == [3, 1, 1, 1] * 3 + [1, 1, 1] * 2


def test_answers_do_not_wait_for_slow_ones_nor_grow_beyond_a_frame(
    batches: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_FRAME_BYTES", 8)
    answerer = batches.Answerer(Service(), Progress())

    sizes = [len(results) for results in answerer.answer(frame(1, 2, 3, 4, 5))]

    assert sizes == [2, 2, 1]
    monkeypatch.setattr(batches, "_FRAME_BYTES", 1000)
    monkeypatch.setattr(batches, "_HELD_SECONDS", -1)
    assert [len(results) for results in answerer.answer(frame(1, 2))] == [1, 1]


def test_answers_that_nobody_takes_do_not_count_as_a_call_that_hangs(
    batches: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_HELD_SECONDS", -1)
    progress = Progress()
    given = batches.Answerer(Service(), progress).answer(frame(1, 2, 3))

    next(given)
    assert progress.count % 2 == 1
    given.close()

    assert progress.count % 2 == 0


def test_calls_that_are_late_are_not_run(batches: ModuleType) -> None:
    service = Service()
    service.timeout = -1

    found = answers(batches.Answerer(service, Progress()), frame(1, 2))

    assert {status for status, _ in found.values()} == {1}
    assert "took too long" in found[0][1]["message"]
    assert "未运行" in found[0][1]["message_zh"]
    assert service.runs == []
