# -*- coding: utf-8 -*-
"""Answers the requests of one frame, by one run of the model where that can be."""

# ruff: noqa: RUF005, B905 - Python 2.7 has no such thing

from __future__ import unicode_literals

import json
import time

from predictor import encoding, failures, protocol
from predictor.failures import Failure
from predictor.prints import Listener
from predictor.supervisor import now

_FRAME_BYTES = 48 * 1024 * 1024
_HELD_SECONDS = 0.01
_MOST_FAILED_JOINS = 3
_JOINS_TO_CHECK = 3


class Answerer(object):
    """``answer`` for ``service``; each piece of work moves ``progress`` on.

    The first runs of several calls at once are made again for each call alone: where
    that gives something else (a model that mixes rows, or has its rows elsewhere than on
    the first axis), calls are run one by one from then on.
    """

    def __init__(self, service, progress):
        self._service = service
        self._progress = progress
        self._failed_joins = 0 if service.batchable else _MOST_FAILED_JOINS
        self._unchecked = _JOINS_TO_CHECK

    def answer(self, requests):
        """Lists of results ``(id, status, bytes)`` for ``(id, flags, bytes)``: one list, or
        several where they would be too large together or the first ones would wait."""
        self._progress.step()
        try:
            for results in _gathered(self._results(requests)):
                yield results
        finally:
            self._progress.step()

    def _results(self, requests):
        end = now() + self._service.timeout
        untested = [(number, content) for number, flags, content in requests if not flags]
        for result in self._untested(untested, end):
            yield result
        for number, flags, content in requests:
            if flags:
                self._again()
                yield (number,) + self._tested(content, end)

    def _untested(self, requests, end):
        calls = []
        for number, content in requests:
            call = _Call(number, content)
            try:
                _be_in_time(end)
                call.prepare(self._service)
                calls.append(call)
            except BaseException:
                yield number, protocol.CONVERTER_RAISED, _told()
            self._again()
        parts = self._together(calls, end)
        for index, call in enumerate(calls):
            self._again()
            if parts is None:
                yield (call.number,) + self._alone(call, end)
            else:
                yield (call.number,) + self._finished(call, parts[index])

    def _together(self, calls, end):
        """Each call's results of one run for all; ``None`` where there can't be one."""
        if len(calls) < 2 or self._failed_joins >= _MOST_FAILED_JOINS:
            return None
        if any(call.prepared.count is None for call in calls):
            return None
        try:
            _be_in_time(end)
            parts = _split(self._run(calls), calls)
        except _NotByRows:
            self._failed_joins += 1
            return None
        except BaseException:
            return None
        self._failed_joins = 0
        return self._checked(calls, parts, end) if self._unchecked else parts

    def _checked(self, calls, parts, end):
        self._unchecked -= 1
        try:
            for call, part in zip(calls, parts):
                self._again()
                _be_in_time(end)
                if not _equal(part, self._run([call])):
                    self._failed_joins = _MOST_FAILED_JOINS
                    return None
        except BaseException:
            return None
        return parts

    def _run(self, calls):
        return self._service.model.run(
            self._service.source.join([call.prepared for call in calls])
        )

    def _alone(self, call, end):
        try:
            _be_in_time(end)
            found = self._run([call])
        except BaseException:
            return protocol.MODEL_FAILED, _told()
        return self._finished(call, found)

    def _finished(self, call, found):
        try:
            output = self._service.output(found, call.arguments, call.prepared)
        except BaseException:
            return protocol.CONVERTER_RAISED, _told()
        try:
            return protocol.OK, encoding.encode(output)
        except BaseException:
            return protocol.BAD_OUTPUT, _told()

    def _tested(self, content, end):
        began = time.time()
        with Listener() as prints:
            ((_, status, told),) = self._untested([(0, content)], end)
        more = {"prints": prints.text(), "seconds": round(time.time() - began, 6)}
        if status == protocol.OK:
            told = b'{"output": ' + told + b"}"
        return status, told[:-1] + b", " + encoding.to_json(more)[1:]

    def _again(self):
        """The time that a step may take begins anew."""
        self._progress.step()
        self._progress.step()


class _Call(object):
    def __init__(self, number, content):
        self.number = number
        self._content = content

    def prepare(self, service):
        self.arguments = json.loads(self._content.decode("utf-8"))
        self.prepared = service.source.prepare(self.arguments)


class _NotByRows(Exception):
    """The results do not have a row for each row that went in."""


def _split(results, calls):
    """Each call's own rows of each of the results; raises ``_NotByRows``."""
    counts = [call.prepared.count for call in calls]
    if any(not _has_rows(each, sum(counts)) for each in results):
        raise _NotByRows
    parts, start = [], 0
    for count in counts:
        parts.append([each[start : start + count] for each in results])
        start += count
    return parts


def _has_rows(result, count):
    try:
        return len(result) == count
    except TypeError:
        return False


def _be_in_time(end):
    if now() > end:
        raise Failure(
            "Not run: the calls before it in its batch took too long.",
            "未运行：同一批中排在前面的调用耗时过长。",
        )


def _told():
    return encoding.to_json(failures.describe())


def _gathered(results):
    """``results`` in lists that fit into a frame, none held back for long."""
    frame, room, since = [], _FRAME_BYTES, now()
    for result in results:
        if frame and (len(result[2]) > room or now() - since > _HELD_SECONDS):
            yield frame
            frame, room, since = [], _FRAME_BYTES, now()
        frame.append(result)
        room -= len(result[2])
    yield frame


def _equal(part, alone):
    import numpy as np

    for one, other in zip(part, alone):
        one, other = np.asarray(one), np.asarray(other)
        if one.shape != other.shape:
            return False
        if one.dtype.kind != "f":
            if not np.array_equal(one, other):
                return False
        elif not np.allclose(one, other, rtol=1e-3, atol=1e-5, equal_nan=True):
            return False
    return True
