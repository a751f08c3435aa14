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
_MOST_FAILED_JOINS = 3


class Answerer(object):
    """``answer`` for ``service``; each piece of work moves ``progress`` on."""

    def __init__(self, service, progress):
        self._service = service
        self._progress = progress
        self._failed_joins = 0 if service.batchable else _MOST_FAILED_JOINS

    def answer(self, requests):
        """The results ``(id, status, bytes)`` of ``(id, flags, bytes)``, as one list or,
        where they are too large for one frame, as several."""
        end = now() + self._service.timeout
        self._progress.step()
        results = self._untested([each for each in requests if not each[1]], end)
        for number, flags, content in requests:
            if flags:
                self._again()
                results.append((number,) + self._tested(content, end))
        self._progress.step()
        return _frames(results)

    def _untested(self, requests, end):
        results, calls = [], []
        for number, _, content in requests:
            call = _Call(number, content)
            try:
                _be_in_time(end)
                call.prepare(self._service)
                calls.append(call)
            except BaseException:
                results.append((number, protocol.CONVERTER_RAISED, _told()))
            self._again()
        if not self._together(calls, end, results):
            results += [(call.number,) + self._alone(call, end) for call in calls]
        return results

    def _together(self, calls, end, results):
        """Run all of ``calls`` at once and add to ``results``; ``False`` if that can't be."""
        if len(calls) < 2 or self._failed_joins >= _MOST_FAILED_JOINS:
            return False
        try:
            _be_in_time(end)
            feeds = self._service.source.join([call.prepared for call in calls])
            parts = _split(self._service.model.run(feeds), calls)
        except _NotByRows:
            self._failed_joins += 1
            return False
        except BaseException:
            return False
        self._failed_joins = 0
        for call, part in zip(calls, parts):
            self._again()
            results.append((call.number,) + self._finished(call, part))
        return True

    def _alone(self, call, end):
        self._again()
        try:
            _be_in_time(end)
            feeds = self._service.source.join([call.prepared])
            found = self._service.model.run(feeds)
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
            ((_, status, told),) = self._untested([(0, 0, content)], end)
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
    if None in counts or any(not _has_rows(each, sum(counts)) for each in results):
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


def _frames(results):
    frame, room = [], _FRAME_BYTES
    for result in results:
        if frame and len(result[2]) > room:
            yield frame
            frame, room = [], _FRAME_BYTES
        frame.append(result)
        room -= len(result[2])
    yield frame
